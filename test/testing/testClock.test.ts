import { printSchema } from 'graphql';
import { expect, it, onTestFinished } from 'vitest';
import { type App, createApp } from '../../src/app.ts';
import { writeDemoData } from '../../src/demo/data.ts';
import { plainSchema, schema, schemaText } from '../../src/schema/index.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { openControlledWorld } from '../../src/testing/controlledWorld.ts';
import { runCommands } from '../support/documents.ts';
import { openEvents, resultOf } from '../support/eventSource.ts';
import { buildProgram, startProgram } from '../support/program.ts';
import { headersWith } from './ask.ts';

const START = Date.parse('2026-03-01T12:00:00.000Z');
const ROOT = 'root-Hb6TqXw3RnKz8PvMd2JyFc9LsGu5Ve7W';

interface Controlled {
  readonly app: App;
  readonly url: string;
  readonly internalErrors: readonly unknown[];
  readonly ask: (query: string, variables?: object, key?: string) => Promise<Record<string, unknown>>;
}

/** Starts a server with a test clock, as the process does. */
async function controlled(): Promise<Controlled> {
  const world = await openControlledWorld(async () => createMemoryStore(), START);
  await writeDemoData(world.store, world.clock);
  const internalErrors: unknown[] = [];
  const onInternalError = (_id: string, error: unknown) => internalErrors.push(error);
  const app = createApp({ store: world.store, rootToken: ROOT, onInternalError, ...world.appOptions });
  await world.start(app);
  app.start();
  const listening = await app.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    await app.stop();
    await listening.close(0);
  });
  const url = `${listening.origin}/graphql`;
  const ask = async (query: string, variables: object = {}, key = ROOT) => {
    const body = JSON.stringify({ query, variables });
    const response = await fetch(url, { method: 'POST', headers: headersWith(key), body });
    return ((await response.json()) as { readonly data: Record<string, unknown> }).data;
  };
  return { app, url, internalErrors, ask };
}

async function firstInstitution(ask: Controlled['ask']): Promise<string | undefined> {
  const { institutions } = await ask('{ institutions(first: 1) { nodes { id } } }');
  return (institutions as { readonly nodes: readonly { readonly id: string }[] }).nodes[0]?.id;
}

const ADVANCE = `mutation ($input: TestClockAdvanceInput!) {
  testClockAdvance(input: $input) {
    ... on TestClockAdvancePayload { now }
    ... on UserError { code message }
  }
}`;
const RESET = 'mutation { testReset { ... on TestResetPayload { now } ... on UserError { code message } } }';
const COUNTS =
  '{ testClock { now } open: positions(filter: { states: [FUNDED] }) { totalCount } expired: positions(filter: { states: [EXPIRED] }) { totalCount } }';

it('has no trace in the schema of other servers', () => {
  const text = [schemaText(), printSchema(plainSchema()), Object.keys(schema.getTypeMap()).join()].join();
  expect(text).not.toMatch(/testClock|testReset|TestClock|TestReset/);
});

it('advances the clock for the root key, again and again, and expires what is due', async () => {
  const { ask, internalErrors } = await controlled();
  const before = await ask(COUNTS);
  expect(before).toMatchObject({ testClock: { now: '2026-03-01T12:00:00.000Z' } });
  // A repeated mutation is compiled, which must not change its result.
  for (let day = 1; day <= 5; day += 1) {
    const now = `2026-03-0${1 + day}T12:00:00.000Z`;
    expect(await ask(ADVANCE, { input: { seconds: 86_400 } })).toEqual({ testClockAdvance: { now } });
  }
  expect(await ask(ADVANCE, { input: { to: '2027-03-01T00:00:00Z' } })).toEqual({
    testClockAdvance: { now: '2027-03-01T00:00:00.000Z' },
  });
  const after = await ask(COUNTS);
  const countOf = (data: Record<string, unknown>, name: string): number =>
    (data[name] as { readonly totalCount: number }).totalCount;
  expect(countOf(after, 'expired')).toBeGreaterThan(countOf(before, 'expired'));
  expect(countOf(after, 'open')).toBeLessThan(countOf(before, 'open'));
  for (let round = 0; round < 5; round += 1) {
    expect(await ask(RESET)).toEqual({ testReset: { now: '2026-03-01T12:00:00.000Z' } });
    expect(await ask(COUNTS)).toEqual(before);
  }
  expect(internalErrors).toEqual([]);
});

it('rejects other keys, and times that the clock cannot have', async () => {
  const { ask } = await controlled();
  const create = `mutation ($id: ID!) {
    createApiKey(input: { institutionId: $id, label: "x", role: ADMIN }) { ... on CreateApiKeyPayload { token } }
  }`;
  const id = await firstInstitution(ask);
  const made = (await ask(create, { id })) as {
    readonly createApiKey: { readonly token: string };
  };
  const { token } = made.createApiKey;
  const forbidden = { code: 'FORBIDDEN', message: 'This mutation requires the root key.' };
  expect(await ask(ADVANCE, { input: { seconds: 1 } }, token)).toEqual({ testClockAdvance: forbidden });
  expect(await ask(RESET, {}, token)).toEqual({ testReset: forbidden });
  expect(await ask('{ testClock { now } }', {}, token)).toEqual({ testClock: { now: '2026-03-01T12:00:00.000Z' } });
  const invalid: readonly (readonly [object, string])[] = [
    [{}, 'to or `seconds` is required; set exactly one of them.'],
    [{ seconds: 1, to: '2027-03-01T00:00:00Z' }, 'to or `seconds` is required; set exactly one of them.'],
    [{ seconds: -1 }, 'seconds must not set the clock back; it is 2026-03-01T12:00:00.000Z.'],
    [{ to: '2026-03-01T11:59:59.999Z' }, 'to must not set the clock back; it is 2026-03-01T12:00:00.000Z.'],
  ];
  for (const [input, message] of invalid) {
    expect(await ask(ADVANCE, { input })).toEqual({ testClockAdvance: { code: 'VALIDATION_FAILED', message } });
  }
});

it('ends open subscriptions with CURSOR_EXPIRED when it is reset', async () => {
  const { ask, url } = await controlled();
  const id = await firstInstitution(ask);
  const query = 'subscription ($id: ID!) { positionChanged(institutionId: $id) { kind } }';
  const stream = await openEvents(url, { query, variables: { id }, headers: headersWith(ROOT) });
  expect(resultOf(await stream.next()).data).toEqual({ positionChanged: { kind: 'CAUGHT_UP' } });
  await ask(RESET);
  expect(resultOf(await stream.next()).errors?.[0]?.extensions?.code).toBe('CURSOR_EXPIRED');
  stream.close();
});

it('runs in a process with TEST_CLOCK=true, where the commands of the document work', async () => {
  const program = startProgram(await buildProgram(), { TEST_CLOCK: 'true' });
  const address = await program.address;
  const before = ((await program.ask('{ testClock { now } }')) as { readonly data: object }).data;
  const printed = await runCommands('docs/testing.md', 'A server in another process', address);
  expect(printed.map((line) => (JSON.parse(line) as { readonly data: unknown }).data)).toEqual([
    { testClockAdvance: { __typename: 'TestClockAdvancePayload' } },
    { testReset: { __typename: 'TestResetPayload' } },
    before,
  ]);
  expect(program.stdout() + program.stderr()).toContain('test clock: time stands still');
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});
