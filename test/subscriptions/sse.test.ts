import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { chat } from '../support/chat.ts';
import { makeDeal } from '../support/deal.ts';
import { listening, sse } from '../support/live.ts';
import { serve } from '../support/server.ts';
import { changesOver } from './changes.ts';

const leastHeartbeatMs = 15_000;
const SESSIONS = (of: string): string =>
  `subscription { chatSessionChanged(institutionId: "${of}") { kind chatSession { id } } }`;

changesOver(sse);

describe('a stream of server-sent events', () => {
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
  });
  const server = serve(createMemoryStore());
  const ready = (async () => ({
    address: await listening(server, (end) => ends.push(end)),
    of: (await makeDeal(server)).institution.id,
  }))();

  /** Opens a stream over a plain HTTP request. */
  async function open(): Promise<{ readonly clientRequest: ClientRequest; readonly response: IncomingMessage }> {
    const { address, of } = await ready;
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const clientRequest = request(address, { method: 'POST', headers, agent: false });
    clientRequest.on('error', () => undefined);
    clientRequest.end(JSON.stringify({ query: SESSIONS(of) }));
    onTestFinished(() => void clientRequest.destroy());
    const [response] = (await once(clientRequest, 'response')) as [IncomingMessage];
    response.setEncoding('utf8').on('error', () => undefined);
    return { clientRequest, response };
  }

  /** Reads until the text has arrived. */
  async function until(response: IncomingMessage, text: string, heard = ''): Promise<string> {
    let all = heard;
    while (!all.includes(text)) all += String((await once(response, 'data'))[0]);
    return all;
  }

  it('headers and a comment are sent at once, then one event per change', async () => {
    const { response } = await open();
    const { statusCode, headers } = response;
    expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      expect.stringMatching(/^text\/event-stream/),
      'no-store, no-transform',
    ]);
    const begin = await until(response, 'CAUGHT_UP');
    expect(begin).toMatch(
      /^:\n\nid: [\w-]{64}\nevent: next\ndata: \{"data":\{"chatSessionChanged":\{"kind":"CAUGHT_UP"/,
    );
    const { of } = await ready;
    const id = await chat(server)('createChatSession', { institutionId: of, ownerReference: 'ada', title: 'Pier 9' });
    const event = await until(response, id);
    expect(event).toMatch(/event: next\ndata: \{.*"CREATED".*\}\n\n$/s);
  });

  it('each operation has its own stream', async () => {
    const [one, other] = await Promise.all([open(), open()]);
    await Promise.all([until(one.response, 'CAUGHT_UP'), until(other.response, 'CAUGHT_UP')]);
    one.clientRequest.destroy();
    while (server.app.liveSubscriptions() > 1) await turn();
    const { of } = await ready;
    const id = await chat(server)('createChatSession', { institutionId: of, ownerReference: 'ada', title: 'Pier 9' });
    expect(await until(other.response, id)).toContain('CREATED');
  });

  it('an idle stream sends a heartbeat at most every 15 s, and its timer ends with the client', async () => {
    const [set, cleared] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
    onTestFinished(() => void vi.restoreAllMocks());
    const { clientRequest, response } = await open();
    await until(response, 'CAUGHT_UP');
    const beats = set.mock.calls.map(([, ms]) => ms ?? 0);
    expect(beats.length).toBeGreaterThan(0);
    for (const ms of beats) expect(ms).toBeLessThanOrEqual(leastHeartbeatMs);
    // The test calls the function of the timer.
    for (const [beat] of set.mock.calls) beat();
    await until(response, ':\n\n');
    clientRequest.destroy();
    while (server.app.liveSubscriptions() > 0) await turn();
    const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(cleared.mock.calls.map(([timer]) => timer)).toEqual(expect.arrayContaining(timers));
  });

  it.each(['destroy', 'resetAndDestroy'] as const)('a subscription ends when its socket ends by %s', async (end) => {
    const all = await Promise.all([open(), open(), open()]);
    for (const { response } of all) await until(response, 'CAUGHT_UP');
    while (server.app.liveSubscriptions() !== 3) await turn();
    for (const { clientRequest } of all) clientRequest.socket?.[end]();
    while (server.app.liveSubscriptions() > 0) await turn();
    expect(server.faults).toEqual([]);
  });
});
