import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { auditLogOf, occurrencesOf } from '../support/auditLog.ts';
import { newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { greeted, overSocket } from '../support/keyedLive.ts';
import { atAddress, overHttp, rated } from '../support/limited.ts';

const MINUTE_MS = 60_000;
const FORBIDDEN = 'createInstitution(input: { name: "Bank", regions: [US] }) { ... on UserError { code } }';
const DONE = 'createApiKey(input: { label: "x", role: ADMIN }) { ... on UserError { code } }';
const documentOf = (...fields: readonly string[]): string =>
  `mutation { ${fields.map((field, index) => `f${index}: ${field}`).join(' ')} }`;

async function limitedTo(limits: { readonly key?: number; readonly institution?: number }) {
  const store = createMemoryStore();
  const free = serveKeys(store);
  const institutionId = await newInstitution(free);
  const { token } = await newKey(free, institutionId);
  const server = serveKeys(store, rated(limits));
  return { store, server, institutionId, token, address: await atAddress(server.app) };
}

describe('a mutation field after a rejected one', () => {
  it.each(['key', 'institution'] as const)(
    'a mutation field after a rejected one counts as another request on the %s, and is not executed beyond the limit',
    async (limit) => {
      const { store, server, institutionId, token, address } = await limitedTo({ [limit]: 3 });
      const { status, headers, body } = await overHttp(
        address,
        token,
        documentOf(...(Array(6).fill(FORBIDDEN) as string[])),
      );
      expect([status, headers.get('retry-after')]).toEqual([200, '60']);
      const refused = { code: 'FORBIDDEN' };
      expect(body.data).toEqual({ f0: refused, f1: refused, f2: refused, f3: null, f4: null, f5: null });
      expect(body.errors?.map(({ extensions }) => extensions)).toEqual(
        Array.from({ length: 3 }, () => ({ code: 'RATE_LIMITED', retryAfter: 60 })),
      );
      expect((await overHttp(address, token)).status).toBe(429);
      server.now += MINUTE_MS;
      await server.app.flushCounters();
      const { events } = await auditLogOf(store, institutionId);
      const counts = ['FORBIDDEN', 'RATE_LIMITED'].map((code) =>
        occurrencesOf(events.filter(({ errorCode }) => errorCode === code)),
      );
      // Three fields and the request after them are one event.
      expect([counts, events.length]).toEqual([[3, 4], 3 + 1]);
    },
  );

  it('a mutation field after a rejected one counts even if it succeeds', async () => {
    const { token, address } = await limitedTo({ key: 2 });
    const { body } = await overHttp(address, token, documentOf(FORBIDDEN, DONE));
    expect([body.errors, body.data]).toEqual([undefined, { f0: { code: 'FORBIDDEN' }, f1: {} }]);
    expect((await overHttp(address, token)).status).toBe(429);
  });

  it('a document of successful mutations is one request', async () => {
    const { token, address } = await limitedTo({ key: 2 });
    const { body } = await overHttp(address, token, documentOf(...(Array(5).fill(DONE) as string[]), FORBIDDEN));
    expect([body.errors, Object.keys(body.data ?? {}).length]).toEqual([undefined, 6]);
    expect((await overHttp(address, token)).status).toBe(200);
    expect((await overHttp(address, token)).status).toBe(429);
  });

  it('a mutation field after a rejected one counts over WebSocket and server-sent events as well', async () => {
    const { token, address } = await limitedTo({ key: 4 });
    const bare = await greeted(address, { authorization: `Bearer ${token}` });
    expect(await bare.next()).toMatchObject({ type: 'connection_ack' });
    const result = await overSocket(bare, '1', documentOf(FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN)).next();
    expect(result?.errors?.map(({ extensions }) => extensions)).toEqual([{ code: 'RATE_LIMITED', retryAfter: 60 }]);
    const { token: own, address: other } = await limitedTo({ key: 2 });
    const response = await fetch(other, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${own}` },
      body: JSON.stringify({ query: documentOf(FORBIDDEN, FORBIDDEN, FORBIDDEN) }),
    });
    expect((await response.text()).match(/RATE_LIMITED|FORBIDDEN/g)).toEqual(
      expect.arrayContaining(['FORBIDDEN', 'RATE_LIMITED']),
    );
  });
});
