// The delivery of one change to many subscribers.
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadGenerator, ServerProcess } from './children.ts';
import { positionInput } from './data.ts';
import { CHANGED, CREATE } from './operations.ts';
import type { Plan } from './plan.ts';
import { authorizationOf } from './reads.ts';
import type { Row } from './report.ts';
import { median, ROUNDS } from './rounds.ts';

/** The text that every event contains once. */
const EVENT = '"positionChanged":';
const SUBSCRIBERS = 1_000;
/** The changes of a round. Each is delivered to all subscribers. */
const CHANGES = 10;

const POLL_MS = 5;
/** The time after which an event is lost. */
const MAX_WAIT_MS = 60_000;

/** Subscribes many times with server-sent events, and measures the CPU time of the server per delivered change. */
export async function measureFanOut(
  load: LoadGenerator,
  store: Row['store'],
  server: ServerProcess,
  plan: Plan,
): Promise<Row> {
  const authorization = authorizationOf(server) ?? '';
  const changes = Math.ceil(CHANGES * plan.part);
  const agent = new Agent({ maxSockets: Infinity });
  const delivered = { count: 0 };
  const subscribe = async (): Promise<IncomingMessage> => {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization };
    const sent = request(server.url, { method: 'POST', headers, agent });
    sent.end(JSON.stringify({ query: CHANGED, variables: {} }));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    let tail = '';
    response.on('data', (part: Buffer) => {
      const parts = (tail + part.toString('latin1')).split(EVENT);
      delivered.count += parts.length - 1;
      // An event may arrive in two parts.
      tail = parts.at(-1)?.slice(1 - EVENT.length) ?? '';
    });
    return response;
  };
  const streams: IncomingMessage[] = [];
  while (streams.length < SUBSCRIBERS) streams.push(...(await Promise.all(Array.from({ length: 50 }, subscribe))));
  await delay(1_000);
  const body = JSON.stringify({ query: CREATE, variables: { input: positionInput(server.data.assetIds, 0) } });
  const rounds: { readonly cpuUs: number; readonly perSecond: number }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    delivered.count = 0;
    const before = await server.usage();
    const began = performance.now();
    for (let change = 1; change <= changes; change += 1) {
      await load.run({ url: server.url, authorization, bodies: [body], connections: 1, requests: 1, expected: '"id"' });
      await arrival(delivered, change * SUBSCRIBERS);
    }
    const seconds = (performance.now() - began) / 1_000;
    const cpuUs = ((await server.usage()).cpuUs - before.cpuUs) / delivered.count;
    if (round > 0) rounds.push({ cpuUs, perSecond: delivered.count / seconds });
  }
  for (const stream of streams) stream.destroy();
  agent.destroy();
  return {
    store,
    operation: 'change to 1,000 subscribers, per event',
    server: server.name,
    cpuUs: median(rounds.map((each) => each.cpuUs)),
    perSecond: median(rounds.map((each) => each.perSecond)),
  };
}

/** Waits until the expected number of events has arrived. */
async function arrival(delivered: { readonly count: number }, expected: number): Promise<void> {
  for (let waitedMs = 0; delivered.count < expected; waitedMs += POLL_MS) {
    if (waitedMs > MAX_WAIT_MS) throw new Error(`Only ${delivered.count} of ${expected} events arrived.`);
    await delay(POLL_MS);
  }
}
