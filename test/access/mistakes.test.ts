import { timingSafeEqual } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApiKey } from '../../src/domain/apiKey.ts';
import { MINUTE_MS } from '../../src/domain/time.ts';
import { RateLimits } from '../../src/server/access/rateLimits.ts';
import { MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE } from '../../src/server/access/rejectionLog.ts';
import type { Store, Window } from '../../src/store/store.ts';
import { type HttpAnswer, type Network, overHttp, RATES, tally } from '../support/overHttp.ts';
import { neverWas } from '../support/probes.ts';
import { FIXTURE_WEBHOOKS, keyOf, makeRlsFixture, type RlsFixture } from '../support/rlsFixture.ts';
import { bearer } from '../support/secretsRun.ts';
import { ROOT_TOKEN, serveKeyed } from '../support/serveKeyed.ts';
import { onBothStores } from '../support/stores.ts';

// Keeps the behaviour of the module and records its calls.
vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<{ readonly timingSafeEqual: typeof timingSafeEqual }>();
  return { ...original, timingSafeEqual: vi.fn<typeof timingSafeEqual>(original.timingSafeEqual) };
});

const WRONG = bearer('no-such-token');
const from = (address: string) => ({ 'x-forwarded-for': address });
/** Sends the given number of requests one after another. */
const inTurn = async (count: number, ask: (index: number) => Promise<HttpAnswer>): Promise<readonly HttpAnswer[]> => {
  const answers: HttpAnswer[] = [];
  for (let index = 0; index < count; index += 1) answers.push(await ask(index));
  return answers;
};

onBothStores((open) => {
  let store: Store;
  let owner: RlsFixture;
  let other: RlsFixture;
  beforeAll(async () => {
    store = await open();
    const server = serveKeyed(store, { webhooks: FIXTURE_WEBHOOKS });
    owner = await makeRlsFixture(server);
    other = await makeRlsFixture(server);
  });
  /** Gives each test its own minutes, so that no test finds the counts of another. */
  let minutes = 0;
  beforeEach(() => void (minutes += 10));
  const network = async (options: Parameters<typeof overHttp>[1] = {}): Promise<Network> => {
    const made = await overHttp(store, options);
    made.server.now += minutes * MINUTE_MS;
    return made;
  };

  describe('predecessor mistake 10: ids could be probed and limits bypassed', () => {
    it('an id of another institution has the same status, headers and body as an id that never existed', async () => {
      const { post } = await network();
      for (const id of Object.values(owner.ids)) {
        const ask = (of: string) => post(bearer(other.admin), `{ node(id: "${of}") { id } }`);
        const [theirs, none] = [await ask(id), await ask(neverWas(id))];
        expect([theirs.status, theirs.text]).toEqual([200, '{"data":{"node":null}}']);
        const comparable = ({ status, text, headers }: HttpAnswer) => {
          const { date: _date, 'x-request-id': _id, ...rest } = Object.fromEntries(headers);
          return { status, text, rest };
        };
        expect(comparable(theirs)).toEqual(comparable(none));
      }
    });

    it('an X-Forwarded-For header that the client made up grants no access and no separate rate limit', async () => {
      const { post } = await network();
      for (const address of ['127.0.0.1', '::1', 'localhost', '10.0.0.1, 127.0.0.1']) {
        expect((await post(from(address))).status).toBe(401);
      }
      const spoofing = await inTurn(25, (index) => post({ ...WRONG, ...from(`198.51.100.${index}`) }));
      expect(tally(spoofing)).toEqual({ 401: RATES.failedLogin, 429: 15 });
    });

    it('behind a trusted proxy, addresses that the client added before the address of the proxy are ignored', async () => {
      const { post } = await network({ trustedProxies: 1 });
      const spoofing = await inTurn(25, (index) => post({ ...WRONG, ...from(`198.51.100.${index}, 203.0.113.9`) }));
      expect(tally(spoofing)).toEqual({ 401: RATES.failedLogin, 429: 15 });
      expect((await post({ ...WRONG, ...from('203.0.113.9, 203.0.113.10') })).status).toBe(401);
    });

    it('a trailing slash, or any other spelling of the path, does not bypass the rate limiter', async () => {
      const { post } = await network();
      await inTurn(RATES.failedLogin ?? 0, () => post(WRONG));
      for (const path of ['/graphql', '/graphql?', '/graphql?again=1', '/graphql#here']) {
        expect([path, (await post(WRONG, undefined, path)).status]).toEqual([path, 429]);
      }
      for (const path of [
        '/graphql/',
        '//graphql',
        '/graphql//',
        '/GraphQL',
        '/graphql%2f',
        '/graphql/.',
        '/x/graphql',
      ]) {
        for (const headers of [WRONG, bearer(owner.admin)]) {
          const { status, text } = await post(headers, undefined, path);
          expect([path, status, text.includes('viewer')]).toEqual([path, 404, false]);
        }
      }
    });
  });

  describe('predecessor mistake 12: unauthenticated clients cost without limit', () => {
    it('requests without an API key are limited with Retry-After, without affecting authenticated clients elsewhere', async () => {
      const { post } = await network({ rates: { address: 60 }, trustedProxies: 1 });
      const strangers = await inTurn(80, () => post(from('203.0.113.9')));
      expect(tally(strangers)).toEqual({ 401: 60, 429: 20 });
      expect(strangers.at(-1)?.headers.get('retry-after')).toBe('60');
      expect((await post({ ...bearer(owner.admin), ...from('203.0.113.10') })).status).toBe(200);
    });

    it('rejected requests write one audit event per minute and address, with the number of occurrences', async () => {
      const { server, post } = await network();
      await inTurn(40, () => post(WRONG));
      const rows = await trailAfterMinute(server);
      expect(rows.map(({ action, payload }) => `${action} ${payload.occurrences}`).toSorted()).toEqual([
        `ACCESS_REFUSED ${RATES.failedLogin}`,
        'RATE_LIMITED 30',
      ]);
    });

    it('rejected requests from many addresses write at most a fixed number of audit events per minute', async () => {
      const { server, post } = await network({ trustedProxies: 1 });
      const count = MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 60;
      await inTurn(count, (index) => post({ ...WRONG, ...from(`203.0.113.${index}`) }));
      const rows = await trailAfterMinute(server);
      expect(rows).toHaveLength(MAX_UNAUTHENTICATED_EVENTS_PER_MINUTE + 1);
      expect(rows.reduce((sum, { payload }) => sum + payload.occurrences, 0)).toBe(count);
    });

    it('the counts of the rate limiter are deleted after the minute', async () => {
      const take = vi.spyOn(RateLimits.prototype, 'take');
      const { server, post } = await network({ trustedProxies: 1 });
      await inTurn(50, (index) => post({ ...WRONG, ...from(`203.0.113.${index}`) }));
      const [limits] = take.mock.contexts as readonly RateLimits[];
      take.mockRestore();
      expect(limits?.size).toBe(100);
      server.now += MINUTE_MS;
      expect(limits?.size).toBe(0);
    });

    it('an API key is looked up by its prefix in one row at most, and a malformed token is not looked up', async () => {
      const server = serveKeyed(store);
      const input = { institutionId: owner.ids['Institution'], label: 'one of many', role: 'READ_ONLY' };
      const { token } = await keyOf(server, input);
      const requestedWindows: Window<ApiKey>[] = [];
      const watched: Store = {
        ...store,
        read: (scope, until) => {
          const read = store.read(scope, until);
          const pages = (windows: readonly Window<ApiKey>[]) => {
            requestedWindows.push(...windows);
            return read.apiKeys.pages(windows);
          };
          return { ...read, apiKeys: { ...read.apiKeys, pages } };
        },
      };
      const { post } = await overHttp(watched);
      expect((await post(bearer(token))).status).toBe(200);
      expect(requestedWindows).toMatchObject([{ where: { prefix: { in: [token.slice(0, 15)] } }, limit: 1 }]);
      for (const wrong of [`${token.slice(0, -1)}!`, token.slice(1), `${token}0`, neverWas(token), 'x']) {
        expect((await post(bearer(wrong))).status).toBe(401);
      }
      expect(requestedWindows).toHaveLength(1);
    });

    it('the root key is compared by its hash in constant time, for any token', async () => {
      const { post } = await network({ rates: { failedLogin: null } });
      const compared = vi.mocked(timingSafeEqual);
      const shown = [ROOT_TOKEN.slice(0, -1), `${ROOT_TOKEN}0`, neverWas(ROOT_TOKEN), `R${ROOT_TOKEN.slice(1)}`, 'r'];
      for (const token of shown) {
        compared.mockClear();
        expect((await post(bearer(token))).status).toBe(401);
        expect(compared.mock.calls.map((pair) => pair.map(({ byteLength }) => byteLength))).toEqual([[32, 32]]);
      }
      expect((await post(bearer(ROOT_TOKEN))).text).toBe('{"data":{"viewer":{"role":"ROOT"}}}');
    });
  });
});

interface Row {
  readonly action: string;
  readonly payload: { readonly occurrences: number };
}
/** Returns the audit events written for the past minute. */
async function trailAfterMinute(server: Network['server']): Promise<readonly Row[]> {
  const since = new Date(server.now).toISOString();
  server.now += MINUTE_MS;
  await server.app.flushCounters();
  const { auditEvents } = await server.data<{ readonly auditEvents: { readonly nodes: readonly Row[] } }>(
    ROOT_TOKEN,
    `{ auditEvents(first: 100, filter: { createdAt: { gte: "${since}" }, actions: ["ACCESS_REFUSED", "RATE_LIMITED"] }) {
      nodes { action payload } } }`,
  );
  return auditEvents.nodes;
}
