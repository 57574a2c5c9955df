import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { newApiKey, TOKEN_BYTES, tokenOf } from '../../src/domain/apiKey.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import type { Store } from '../../src/store/store.ts';
import { nextId } from '../store/rows.ts';
import { earlierTokenOf } from '../support/earlierToken.ts';
import { callKey, type KeyServer, MUTATIONS, newInstitution, newKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { START } from '../support/server.ts';
import { onBothStores, openPostgres } from '../support/stores.ts';

const VIEWER = '{ viewer { role apiKey { id } } }';
const randomToken = (of = nextId('inst')): string => tokenOf(randomBytes(TOKEN_BYTES), of);

onBothStores((open) => {
  let store: Store;
  let server: KeyServer;
  let of: string;
  let key: { readonly id: string; readonly token: string };
  beforeAll(async () => {
    store = await open();
    server = serveKeys(store);
    of = await newInstitution(server);
    key = await newKey(server, of);
  });
  const shown = (headers: Readonly<Record<string, string>>) => server.ask(VIEWER, {}, null, headers);
  const used = async (): Promise<number | null | undefined> =>
    (await store.read('ALL').apiKeys.byIds([key.id]))[0]?.lastUsedAt;

  it('an API key is accepted in either header, or the same in both', async () => {
    for (const [name, token] of [
      ['ADMIN', key.token],
      ['ROOT', ROOT_TOKEN],
    ] as const) {
      for (const headers of [
        { authorization: `Bearer ${token}` },
        { authorization: `bearer   ${token}` },
        { 'x-api-key': token },
        { authorization: `Bearer ${token}`, 'x-api-key': token },
      ]) {
        expect((await shown(headers)).data).toMatchObject({ viewer: { role: name } });
      }
    }
  });

  it('the previous root key is accepted as well as the current one, and no other text', async () => {
    const previous = `previous-${ROOT_TOKEN}`;
    const rotating = serveKeys(store, { previousRootToken: previous });
    for (const token of [ROOT_TOKEN, previous]) {
      expect((await rotating.ask(VIEWER, {}, token)).data).toMatchObject({ viewer: { role: 'ROOT' } });
    }
    for (const token of [`${previous}0`, previous.slice(1), previous.toUpperCase()]) {
      expect(await rotating.ask(VIEWER, {}, token)).toMatchObject({ status: 401 });
    }
    expect(await server.ask(VIEWER, {}, previous)).toMatchObject({ status: 401 });
    const without = serveKeys(store, { rootToken: '', previousRootToken: null });
    for (const token of [previous, ROOT_TOKEN, null]) {
      expect(await without.ask(VIEWER, {}, token)).toMatchObject({ status: 401 });
    }
  });

  it('an API key that is unknown, revoked or expired is rejected with 401', async () => {
    const revoked = await newKey(server, of);
    await callKey(server, 'revokeApiKey', { apiKeyId: revoked.id });
    const expired = await newKey(server, of, { expiresAt: new Date(server.now + 1).toISOString() });
    server.now += 1;
    const wrongSum = `${key.token.slice(0, -1)}${key.token.endsWith('0') ? '1' : '0'}`;
    // A token with a known prefix and another secret is found by the prefix, and rejected by its hash.
    const forged = tokenOf(Buffer.concat([prefixBytes(key.token), randomBytes(TOKEN_BYTES - 8)]), of);
    expect(forged.slice(0, 15)).toBe(key.token.slice(0, 15));
    const bad: readonly Readonly<Record<string, string>>[] = [
      {},
      { authorization: '' },
      { 'x-api-key': '' },
      { authorization: 'Bearer' },
      { authorization: key.token },
      { authorization: `Basic ${Buffer.from(`x:${key.token}`).toString('base64')}` },
      { authorization: `Bearer ${key.token} ${key.token}` },
      { 'x-api-key': `${key.token} x` },
      { authorization: `Bearer ${key.token}`, 'x-api-key': ROOT_TOKEN },
      { authorization: 'Basic x', 'x-api-key': key.token },
      { 'x-api-key': 'x'.repeat(201) },
      { 'x-api-key': 'x'.repeat(10_000) },
      { 'x-api-key': key.token.toUpperCase() },
      { 'x-api-key': key.token.slice(0, 15) },
      { 'x-api-key': ROOT_TOKEN.slice(0, -1) },
      ...[wrongSum, forged, randomToken(), revoked.token, expired.token].map((token) => ({ 'x-api-key': token })),
    ];
    for (const headers of bad) {
      const { status, errors, data, headers: answered } = await shown(headers);
      const rejection = [status, data, errors?.[0]?.extensions, answered.get('www-authenticate')];
      expect([headers, ...rejection]).toEqual([headers, 401, undefined, { code: 'UNAUTHENTICATED' }, 'Bearer']);
    }
    expect(server.faults).toEqual([]);
  });

  it('all invalid API keys are rejected with the same message', async () => {
    const revoked = await newKey(server, of);
    await callKey(server, 'revokeApiKey', { apiKeyId: revoked.id });
    const texts = await Promise.all(
      [revoked.token, randomToken(), 'nonsense'].map(async (token) => (await shown({ 'x-api-key': token })).text),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it('the last use of an API key is written in the background, at most once per minute', async () => {
    server.now += 120_000;
    await shown({ 'x-api-key': key.token });
    const first = server.now;
    expect(await used()).not.toBe(first);
    await server.app.flushCounters();
    expect(await used()).toBe(first);
    const [{ version = 0 } = {}] = await store.read('ALL').apiKeys.byIds([key.id]);
    for (const later of [1, 30_000, 59_999]) {
      server.now = first + later;
      await shown({ 'x-api-key': key.token });
      await server.app.flushCounters();
    }
    expect(await store.read('ALL').apiKeys.byIds([key.id])).toMatchObject([{ version, lastUsedAt: first }]);
    server.now = first + 60_000;
    await Promise.all(Array.from({ length: 20 }, () => shown({ 'x-api-key': key.token })));
    await server.app.flushCounters();
    expect(await store.read('ALL').apiKeys.byIds([key.id])).toMatchObject([
      { version: version + 1, lastUsedAt: first + 60_000 },
    ]);
  });

  it('a token of an earlier version, without the institution, stays valid', async () => {
    const token = earlierTokenOf(randomBytes(TOKEN_BYTES));
    const checked = { label: 'Earlier', role: 'ADMIN', expiresAt: null } as const;
    const id = nextId('key');
    await store.transact('ALL', async (tx) => tx.apiKeys.insert(newApiKey(checked, of, token, id, START)));
    const { data } = await shown({ 'x-api-key': token });
    expect(data).toEqual({ viewer: { role: 'ADMIN', apiKey: { id } } });
    expect((await shown({ 'x-api-key': earlierTokenOf(randomBytes(TOKEN_BYTES)) })).status).toBe(401);
  });

  it('a forged token with the prefix of an API key and another institution is rejected, and does not lock out the API key', async () => {
    const own = await newKey(server, of);
    const random = Buffer.concat([prefixBytes(own.token), randomBytes(TOKEN_BYTES - 8)]);
    const other = await newInstitution(server);
    // On PostgreSQL, the result of a look-up is cached, also that there is no such API key.
    for (const token of [tokenOf(random, other), tokenOf(random, nextId('inst'))]) {
      expect(token.slice(0, 15)).toBe(own.token.slice(0, 15));
      expect((await shown({ 'x-api-key': token })).status).toBe(401);
      expect((await shown({ 'x-api-key': own.token })).status).toBe(200);
    }
  });

  it('an API key revoked before its last use is written stays revoked', async () => {
    const { id, token } = await newKey(server, of);
    await shown({ 'x-api-key': token });
    await callKey(server, 'revokeApiKey', { apiKeyId: id });
    await server.app.flushCounters();
    expect(await store.read('ALL').apiKeys.byIds([id])).toMatchObject([{ revokedAt: server.now }]);
    // A server that has not cached the API key.
    expect((await serveKeys(store).ask(VIEWER, {}, token)).status).toBe(401);
  });

  it('createApiKey and rotateApiKey reject an Idempotency-Key and create nothing', async () => {
    const before = await store.read('ALL').apiKeys.counts([{ where: {} }]);
    for (const [mutation, input] of [
      ['createApiKey', { institutionId: of, label: 'x', role: 'ADMIN' }],
      ['rotateApiKey', { apiKeyId: key.id }],
    ] as const) {
      const { errors } = await server.ask(MUTATIONS[mutation], { input }, ROOT_TOKEN, { 'idempotency-key': 'once' });
      expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    }
    expect(await store.read('ALL').apiKeys.counts([{ where: {} }])).toEqual(before);
    expect((await shown({ 'x-api-key': key.token })).status).toBe(200);
  });
});

/** Returns random bytes of a token with the same prefix. */
function prefixBytes(token: string): Buffer {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  const bits = [...token.slice(3, 15), '0'].map((each) => alphabet.indexOf(each).toString(2).padStart(5, '0')).join('');
  return Buffer.from(
    bits
      .slice(0, 64)
      .match(/.{8}/g)
      ?.map((byte) => Number.parseInt(byte, 2)) ?? [],
  );
}

/** Fills a store with the given number of API keys, and returns the token of the first. */
async function fill(store: Store, keys: number): Promise<string> {
  const of = await newInstitution(serveKeys(store));
  const tokens = Array.from({ length: keys }, () => randomToken(of));
  await store.transact('ALL', async (tx) => {
    for (const token of tokens) {
      const checked = { label: 'Key', role: 'ADMIN', expiresAt: null } as const;
      tx.apiKeys.insert(newApiKey(checked, of, token, nextId('key'), START));
    }
  });
  return tokens[Math.floor(keys / 2)] ?? '';
}

it('on PostgreSQL, an API key is looked up among those of the institution in its token', async () => {
  const sent: Statement[] = [];
  const store = await openPostgres((statement) => void sent.push(statement));
  const server = serveKeys(store);
  const of = await newInstitution(server);
  const { token } = await newKey(server, of);
  sent.length = 0;
  await server.ask('{ __typename }', {}, token);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.text).toMatch(/ from api_keys t where t\.institution_id = \$1::text and t\.prefix = /);
  expect(sent[0]?.values).toEqual([of, token.slice(0, 15)]);
});

describe('the cost of authentication', () => {
  const [few, many] = [10, 1_000];

  it('in memory, the rows scanned to authenticate do not grow with the number of API keys', async () => {
    const touched = async (keys: number): Promise<readonly number[]> => {
      const store = createMemoryStore();
      const token = await fill(store, keys);
      const server = serveKeys(store);
      const rows = [];
      for (const shown of [token, randomToken()]) {
        store.scanStats.rows = 0;
        await server.ask('{ __typename }', {}, shown);
        rows.push(store.scanStats.rows);
      }
      return rows;
    };
    expect(await touched(many)).toEqual(await touched(few));
  });

  it('on PostgreSQL, the statements to authenticate do not grow with the API keys, and a cached API key needs none', async () => {
    let sent: string[] = [];
    const counted = async (keys: number): Promise<readonly number[]> => {
      const store = await openPostgres(({ text }) => sent.push(text));
      const token = await fill(store, keys);
      const server = serveKeys(store);
      const statements = [];
      for (const shown of [token, token, randomToken()]) {
        sent = [];
        await server.ask('{ __typename }', {}, shown);
        statements.push(sent.length);
      }
      return statements;
    };
    expect(await counted(few)).toEqual([1, 0, 1]);
    expect(await counted(many)).toEqual([1, 0, 1]);
  });
});
