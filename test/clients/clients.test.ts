import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { HANG_MS } from '../counts.ts';
import { openPosition } from '../support/deal.ts';
import { endpointOn, houseOf } from '../support/endpoint.ts';
import { serve } from '../support/server.ts';
import { type LossyProxy, startLossyProxy } from './lossyProxy.ts';
import { NODE, type Program, startIn } from './startProgram.ts';
import { BLOCKS, commandsOf, connectTo, createWorkspace, installLibraries, typeErrors } from './workspace.ts';

const endpoint = endpointOn();
let folder: string;

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const missingPrograms = ['curl', 'python3'].filter((program) => !has(program));
if (missingPrograms.length > 0) {
  process.stderr.write(`Without ${missingPrograms.join(' and ')}, a part of docs/clients.md is not tested.\n`);
}

const start = (command: readonly string[], env?: NodeJS.ProcessEnv): Program => startIn(folder, command, env);

interface Section {
  /** The positions of the institution, newest first: two that are open, a cancelled, a funded and an open one. */
  readonly ids: readonly [string, string, string, string, string];
  readonly proxy: LossyProxy;
  readonly cancel: (positionId: string) => Promise<void>;
  readonly fund: (positionId: string) => Promise<void>;
  /** Waits until a subscription is open. */
  readonly subscribed: () => Promise<void>;
}

/** Creates an institution with positions, and connects the programs to it through a proxy. */
async function newSection(): Promise<Section> {
  const { store, url, app } = endpoint();
  const builder = serve(store);
  const house = await houseOf(builder);
  const [, , , open = '', funded = ''] = house.ids;
  const transition = (mutation: string) => async (positionId: string) => {
    const input = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
    const document = `mutation ($input: ${input}!) { ${mutation}(input: $input) { ... on PositionChangePayload { replayed } } }`;
    const { data } = await builder.ask(document, { input: { positionId } });
    expect(data).toEqual({ [mutation]: { replayed: false } });
  };
  const cancel = transition('cancelPosition');
  const made: string[] = [];
  for (let index = 0; index < 3; index += 1) made.unshift((await openPosition(builder, house.deal)).id);
  const [first = '', second = '', third = ''] = made;
  await cancel(third);
  const proxy = await startLossyProxy(Number(new URL(url).port));
  onTestFinished(() => proxy.away());
  connectTo(folder, `http://127.0.0.1:${proxy.port}/graphql`, house.admin);
  const subscribed = async (): Promise<void> => {
    while (app.liveSubscriptions() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { ids: [first, second, third, funded, open], proxy, cancel, fund: transition('fundPosition'), subscribed };
}

/** Cancels a position while the connection is interrupted. */
async function cancelWhileAway({ proxy, cancel }: Section, positionId: string): Promise<void> {
  await proxy.away();
  await cancel(positionId);
  await proxy.back();
}

it('installs exactly the packages that the guide names', () => {
  const packages = commandsOf('npm install').flatMap((list) =>
    list
      .replace('--save-dev ', '')
      .split(' ')
      .map((name) => name.replace(/(.)@\d+$/, '$1')),
  );
  const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  // The test compiles the tags of Relay with Babel, as the bundler of a frontend does.
  expect(new Set([...packages, '@babel/core'])).toEqual(new Set(Object.keys(devDependencies)));
});

it('executes every block of the guide', () => {
  const commands = /^(npm install|npx) /;
  const others = BLOCKS.filter(({ file }) => file === undefined);
  const unknown = others.filter(({ language, code }) => {
    return (
      language !== 'sh' ||
      code
        .trimEnd()
        .split('\n')
        .some((line) => !commands.test(line))
    );
  });
  expect(unknown).toEqual([]);
  expect(BLOCKS.length - others.length).toBeGreaterThan(15);
});

/** Runs the program with the folder of the blocks on its path. */
const PYTHON = 'import runpy, sys; sys.path.insert(0, "."); runpy.run_path("programs/python.py")';

describe('a program with the blocks of the guide', { timeout: HANG_MS.longTest }, () => {
  let isInstalled: boolean;
  let types: string;
  beforeAll(async () => {
    isInstalled = await installLibraries();
    if (!isInstalled) return;
    folder = await createWorkspace();
    types = await typeErrors(folder);
  }, HANG_MS.longTest);
  beforeEach(({ skip }) => skip(!isInstalled));

  it('compiles all TypeScript of the guide', () => {
    expect(types).toBe('');
  });

  it.for([
    { library: 'apollo', transport: 'webSocket', attempts: 1, rest: [] },
    { library: 'apollo', transport: 'sse', attempts: 1, rest: [] },
    { library: 'urql', transport: 'sse', attempts: 2, rest: [] },
    { library: 'relay', transport: 'webSocket', attempts: 2, rest: [{ refetched: true }] },
  ])('pages, funds optimistically and follows changes with $library over $transport', async (each) => {
    const { library, transport, attempts, rest } = each;
    const section = await newSection();
    const [first, second] = section.ids;
    section.proxy.loseResponseTo(second);
    const program = start([...NODE, `programs/${library}.ts`, transport]);
    expect(await program.next()).toEqual({ lengths: [2, 4, 5], ids: section.ids });
    expect(await program.next()).toEqual({
      funded: { optimistic: 'FUNDED 1 100.00', result: null, row: 'FUNDED 2 100.00' },
    });
    expect(await program.next()).toEqual({ retried: { attempts, result: null, row: 'FUNDED 2 100.00' } });
    expect(await program.next()).toEqual({
      rejected: {
        optimistic: 'FUNDED 2 100.00',
        result: 'The position is CANCELLED; allowed: nothing.',
        row: 'CANCELLED 2 0.00',
      },
    });
    expect(await program.next()).toEqual({ unknown: expect.stringContaining('not found') });
    await section.subscribed();
    await section.cancel(first);
    expect(await program.next()).toEqual({ live: 'CANCELLED 3 0.00' });
    await cancelWhileAway(section, second);
    expect(await program.next()).toEqual({ resumed: 'CANCELLED 3 0.00', listsLoaded: 0 });
    expect(await program.rest()).toEqual([{ stopped: true }, ...rest]);
  });

  it('resumes after the newest cursor, and loads the lists when it has to', async () => {
    await newSection();
    expect(await start([...NODE, 'programs/live.ts']).rest()).toEqual([
      {
        calls: ['null', 'b', 'null'].flatMap((after) => [`after ${after}`, 'reload', 'unsubscribe']),
        ended: 'Error: The subscription ended with UNAUTHENTICATED.',
      },
    ]);
  });

  it('pages, retries and narrows errors with graphql-request', async () => {
    const { ids, proxy } = await newSection();
    proxy.loseResponseTo(ids[0]);
    expect(await start([...NODE, 'programs/request.ts']).rest()).toEqual([
      { lengths: [2, 2, 1], ids },
      { retried: [2, true] },
      { rejected: 'FUNDED' },
      { conflict: 'IdempotencyConflictError' },
      { code: 'BAD_REQUEST' },
    ]);
  });

  it('releases money once and narrows errors with gql.tada', async () => {
    const [, , , funded] = (await newSection()).ids;
    expect(await start([...NODE, 'programs/tada.ts', funded]).rest()).toEqual([
      { released: ['99.99', '99.99'] },
      { rejected: ['Only 99.99 USD is held.', expect.stringContaining('amount')] },
    ]);
  });

  it('pages and narrows errors with genql', async () => {
    const { ids, fund } = await newSection();
    const [first, second, , funded] = ids;
    await fund(first);
    await fund(second);
    expect(await start([...NODE, 'programs/genql.ts']).rest()).toEqual([
      { ids: [first, second, funded].map((id) => `${id} 100.00`) },
      { cancelled: ['100.00', expect.stringContaining('CANCELLED')] },
    ]);
  });

  it.skipIf(!has('curl'))('pages, retries and follows changes with curl', async () => {
    const section = await newSection();
    const [first, second] = section.ids;
    section.proxy.loseResponseTo(first);
    const [page, funded] = await start(['sh', 'fund.sh'], { POSITION: first }).rest(/^curl: \(52\) /);
    expect(page).toMatchObject({ data: { positions: { nodes: [{ id: first }, { id: second }] } } });
    expect(funded).toEqual({ data: { fundPosition: { __typename: 'FundPositionPayload', replayed: true } } });
    const program = start(['sh', 'follow.sh']);
    const change = (kind: string, id?: string) => ({
      data: { positionChanged: { kind, position: id === undefined ? null : { id, state: 'CANCELLED' } } },
    });
    expect(await program.next()).toEqual(change('CAUGHT_UP'));
    await section.cancel(first);
    expect(await program.next()).toEqual(change('UPDATED', first));
    await cancelWhileAway(section, second);
    expect(await program.next()).toEqual(change('UPDATED', second));
    expect(await program.next()).toEqual(change('CAUGHT_UP'));
  });

  it.skipIf(!has('python3'))('pages, retries and follows changes with Python', async () => {
    const section = await newSection();
    const [first, second] = section.ids;
    section.proxy.loseResponseTo(first);
    const program = start(['python3', '-c', PYTHON]);
    expect(await program.next()).toEqual({ ids: section.ids, total: '100.00' });
    expect(await program.next()).toEqual({ retried: null, rejected: expect.stringContaining('FUNDED') });
    expect(await program.next()).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
    expect(await program.next()).toEqual({ kind: 'CAUGHT_UP', id: null, state: null });
    await section.cancel(first);
    expect(await program.next()).toEqual({ kind: 'UPDATED', id: first, state: 'CANCELLED' });
    await cancelWhileAway(section, second);
    expect(await program.next()).toEqual({ kind: 'UPDATED', id: second, state: 'CANCELLED' });
    expect(await program.next()).toEqual({ kind: 'CAUGHT_UP', id: null, state: null });
  });
});
