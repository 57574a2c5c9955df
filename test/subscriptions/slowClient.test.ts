import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { COUNTS, HANG_MS } from '../counts.ts';
import { changes, sse, type Transport, webSocket } from '../support/live.ts';
import { AS_ROOT } from '../support/program.ts';
import { startRunner } from '../support/runner.ts';

const mostMoreBytes = 64 * 1024 * 1024;
const runsMore = 2;
const MAX_TRIES = 100;
const TRY_PAUSE_MS = 50;
const MEBIBYTE = 1024 * 1024;
/** Each event is large, so that network buffers are soon full. */
const DESCRIPTION = 'd'.repeat(2_000);
const FOLLOW = `subscription($of: ID, $after: String) { chatSessionChanged(institutionId: $of, after: $after) {
  cursor kind chatSession { id description } } }`;

const leaves: (() => void)[] = [];
afterAll(() => {
  for (const leave of leaves) leave();
});

interface Memory {
  readonly heapUsed: number;
  readonly most: number;
  readonly subscriptions: number;
}
type Ask = (query: string, variables: object) => Promise<Record<string, Record<string, { readonly id: string }>>>;
const asking =
  (address: string): Ask =>
  async (query, variables) => {
    const headers = { 'content-type': 'application/json', ...AS_ROOT };
    const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return ((await response.json()) as { readonly data: never }).data;
  };

/** Clients that subscribe to all changes and then never read. */
const NEVER_READING = {
  none: async () => undefined,
  'server-sent events': async (address: string, of: string) => {
    const { port, hostname } = new URL(address);
    const socket = connect(Number(port), hostname);
    leaves.push(() => socket.destroy());
    await once(socket, 'connect');
    const body = JSON.stringify({ query: FOLLOW, variables: { of } });
    const asRoot = `Authorization: ${AS_ROOT.authorization}`;
    const head = `POST /graphql HTTP/1.1\r\nHost: x\r\n${asRoot}\r\nContent-Type: application/json\r\nAccept: text/event-stream`;
    socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await once(socket, 'readable');
  },
  WebSocket: async (address: string, of: string) => {
    const socket = new WebSocket(address.replace(/^http/, 'ws'), 'graphql-transport-ws');
    leaves.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: AS_ROOT }));
    await once(socket, 'message');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: FOLLOW, variables: { of } } }));
    await once(socket, 'message');
    socket.pause();
  },
} as const;
type NeverReading = keyof typeof NEVER_READING;

/** Runs one server with one client that never reads, and two others that must lose nothing. */
async function run(slow: NeverReading): Promise<Memory> {
  const server = await startRunner<Memory>('subscriptions/slowServer.ts');
  const address = server.firstLine;
  const ask = asking(address);
  const made = await ask(
    'mutation($input: CreateInstitutionInput!) { createInstitution(input: $input) { ... on CreateInstitutionPayload { institution { id } } } }',
    { input: { name: 'Harbor Bank', regions: ['US'] } },
  );
  const of = made['createInstitution']?.['institution']?.id ?? '';
  const opened = await ask(
    'mutation($input: CreateChatSessionInput!) { createChatSession(input: $input) { ... on CreateChatSessionPayload { chatSession { id } } } }',
    { input: { institutionId: of, ownerReference: 'ada', title: 'Pier 9', description: DESCRIPTION } },
  );
  const session = opened['createChatSession']?.['chatSession']?.id ?? '';
  await NEVER_READING[slow](address, of);
  const reading = [sse, webSocket].map((transport) => follow(transport, address, of));
  await Promise.all(reading.map(({ ready }) => ready));
  const memory = await server.send(`announce ${of} ${session} ${COUNTS.liveEvents}`);
  // Both receive each change once and in the same order. A client throws on an error that it cannot resume from.
  const [one, other] = await Promise.all(reading.map(({ cursors }) => cursors));
  expect(new Set(one).size).toBe(COUNTS.liveEvents);
  expect(other).toEqual(one);
  // A subscription that is never read is ended, but its client notices only when its connection ends.
  const left = slow === 'none' ? 0 : 1;
  let after = await server.send('memory');
  // The server notices slightly later that the two others have disconnected.
  for (let tries = 0; after.subscriptions > left && tries < MAX_TRIES; tries += 1) {
    await setTimeout(TRY_PAUSE_MS);
    after = await server.send('memory');
  }
  expect(after.subscriptions).toBeLessThanOrEqual(left);
  await server.stop();
  return { ...memory, most: Math.max(memory.most, after.most) };
}

/** Reads all changes, and resumes whenever the server reports that it is too slow. */
function follow(transport: Transport, address: string, of: string) {
  const client = transport.connect(address);
  let first = client.ask(FOLLOW, { of });
  const caughtUp = changes(first, 1);
  const cursors = (async (): Promise<string[]> => {
    let after = (await caughtUp)[0]?.cursor;
    const seen: string[] = [];
    while (seen.length < COUNTS.liveEvents) {
      for await (const { data, errors } of first) {
        const change = data?.['chatSessionChanged'];
        if (errors?.some(({ extensions }) => extensions?.code !== 'BUSY')) throw new Error(JSON.stringify(errors));
        if (!change) break;
        after = change.cursor;
        if (change.kind !== 'CAUGHT_UP') seen.push(after);
        if (seen.length === COUNTS.liveEvents) break;
      }
      if (seen.length < COUNTS.liveEvents) first = client.ask(FOLLOW, { of, after });
    }
    client.vanish();
    return seen;
  })();
  return { ready: caughtUp, cursors };
}

/** Returns the minimum memory of a few runs. Memory held for a client appears in every run, and garbage does not. */
async function leastOf(slow: NeverReading, base: Memory): Promise<Memory> {
  let least = await run(slow);
  for (let again = 0; again < runsMore && least.most - base.most >= mostMoreBytes; again += 1) {
    const next = await run(slow);
    if (next.most < least.most) least = next;
  }
  return least;
}

it('a client that never reads does not increase memory, and does not affect others', {
  timeout: HANG_MS.longTest,
}, async () => {
  const base = await run('none');
  for (const slow of ['server-sent events', 'WebSocket'] as const) {
    const { most, heapUsed } = await leastOf(slow, base);
    const more = [most - base.most, heapUsed - base.heapUsed].map((bytes) => (bytes / MEBIBYTE).toFixed(1));
    process.stdout.write(
      `${COUNTS.liveEvents} events past a client over ${slow} that never reads: ${more[0]} MB more resident at most, ${more[1]} MB more heap\n`,
    );
    expect(most - base.most).toBeLessThan(mostMoreBytes);
    expect(heapUsed - base.heapUsed).toBeLessThan(mostMoreBytes);
  }
});
