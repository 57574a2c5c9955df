import { beforeAll, expect, it } from 'vitest';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import type { Store, TableName } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { makeDeal } from '../support/deal.ts';
import {
  callKey,
  type KeyRow,
  type KeyServer,
  newInstitution,
  newKey,
  ROOT_TOKEN,
  serveKeys,
} from '../support/keyed.ts';
import { START, serve } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const UNKNOWN = `key_${'0'.repeat(26)}`;
const KEYS_AT_MOST = 3;
const LIST =
  'query($id: ID!) { institution(id: $id) { apiKeys(first: 100) { nodes { id label role prefix revokedAt } } } }';
const TRAIL = `query($filter: AuditEventFilter) { auditEvents(filter: $filter, first: 100) {
  nodes { action outcome errorCode resourceType resourceId payload actor { kind apiKey { id } } } } }`;
interface Trail {
  readonly auditEvents: { readonly nodes: readonly Readonly<Record<string, unknown>>[] };
}

/** Returns all rows of all tables as one text. */
async function recordIn(store: Store): Promise<string> {
  const read = store.read('ALL');
  const tables = Object.entries(LAYOUTS).map(async ([table, { orders }]) => {
    const window = firstOf<never>({ order: { by: orders[0] as never, direction: 'ASC' }, limit: 10_000 });
    return orders[0] && (await read[table as TableName].pages([window as never]))[0]?.rows;
  });
  const whole = await Promise.all(tables);
  return JSON.stringify(whole, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

onBothStores((open) => {
  let store: Store;
  let server: KeyServer;
  beforeAll(async () => {
    store = await open();
    const settings = { apiKeysPerInstitution: KEYS_AT_MOST };
    server = serveKeys(store, { settings });
  });
  const list = async (id: string, token = ROOT_TOKEN): Promise<readonly KeyRow[]> => {
    const { data } = await server.ask<{ institution: { apiKeys: { nodes: readonly KeyRow[] } } | null }>(
      LIST,
      { id },
      token,
    );
    return data?.institution?.apiKeys.nodes ?? [];
  };
  const trail = async (filter: object, token = ROOT_TOKEN): Promise<Trail['auditEvents']['nodes']> =>
    (await server.ask<Trail>(TRAIL, { filter }, token)).data?.auditEvents.nodes ?? [];

  it('root creates the first API key of an institution, an ADMIN creates more, and READ_ONLY none', async () => {
    const of = await newInstitution(server);
    expect(await callKey(server, 'createApiKey', { label: 'x', role: 'ADMIN' })).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['institutionId'],
    });
    const admin = await newKey(server, of, { label: 'Back office' });
    const { apiKey, token: reader } = await callKey(
      server,
      'createApiKey',
      { label: 'Reports', role: 'READ_ONLY', expiresAt: '2027-03-01T00:00:00Z' },
      admin.token,
    );
    expect(apiKey).toEqual({
      id: expect.stringMatching(/^key_[0-9a-z]{26}$/) as string,
      label: 'Reports',
      role: 'READ_ONLY',
      prefix: reader?.slice(0, 15),
      createdAt: new Date(START).toISOString(),
      expiresAt: '2027-03-01T00:00:00.000Z',
      revokedAt: null,
      lastUsedAt: null,
    });
    const input = { label: 'x', role: 'READ_ONLY' };
    expect(await callKey(server, 'createApiKey', input, reader)).toMatchObject({ code: 'FORBIDDEN' });
    for (const mutation of ['revokeApiKey', 'rotateApiKey'] as const) {
      expect(await callKey(server, mutation, { apiKeyId: admin.id }, reader)).toMatchObject({ code: 'FORBIDDEN' });
    }
    // Every API key sees all API keys of its institution, newest first.
    for (const token of [ROOT_TOKEN, admin.token, reader]) {
      expect((await list(of, token)).map(({ label }) => label)).toEqual(['Reports', 'Back office']);
    }
  });

  it('a token is returned once and never stored', async () => {
    const of = await newInstitution(server);
    const { id, token } = await newKey(server, of);
    const { token: next = '' } = await callKey(server, 'rotateApiKey', { apiKeyId: id }, token);
    await callKey(server, 'revokeApiKey', { apiKeyId: id }, next);
    const record = await recordIn(store);
    for (const each of [token, next]) {
      expect(record).toContain(each.slice(0, 15));
      expect(record).not.toContain(each.slice(42, 66));
      expect(record).not.toContain(each.slice(-20));
    }
    expect(record).not.toContain(ROOT_TOKEN);
    expect(JSON.stringify(await trail({ institutionId: of }))).not.toContain(next.slice(42, 66));
  });

  it('node, viewer and the actor of events return the API key', async () => {
    const of = await newInstitution(server);
    const { id, token } = await newKey(server, of);
    const query = `query($id: ID!) { node(id: $id) { ... on ApiKey { id institution { id } } }
      viewer { role institution { id } apiKey { id } } }`;
    const own = await server.ask(query, { id }, token);
    expect(own.data).toEqual({
      node: { id, institution: { id: of } },
      viewer: { role: 'ADMIN', institution: { id: of }, apiKey: { id } },
    });
    const root = await server.ask('{ viewer { role institution { id } apiKey { id } } }');
    expect(root.data).toEqual({ viewer: { role: 'ROOT', institution: null, apiKey: null } });
    await callKey(server, 'createApiKey', { label: 'Second', role: 'ADMIN' }, token);
    const actor = { kind: 'API_KEY', apiKey: { id } };
    expect(await trail({ apiKeyId: id })).toMatchObject([{ action: 'API_KEY_CREATED', outcome: 'SUCCESS', actor }]);
    const { institution, assetId } = await makeDeal(serve(store));
    const other = await newKey(server, institution.id);
    const create = `mutation($input: CreatePositionInput!) { createPosition(input: $input) { ... on CreatePositionPayload {
      position { events(first: 1) { nodes { actor { kind apiKey { id } } } } } } } }`;
    const input = { assetId, holderReference: 'holder', amount: { amount: '1', currencyCode: 'USD' } };
    const opened = await server.ask(create, { input }, other.token);
    const nodes = [{ actor: { kind: 'API_KEY', apiKey: { id: other.id } } }];
    expect(opened.data).toEqual({ createPosition: { position: { events: { nodes } } } });
    expect(await trail({ apiKeyId: id })).toHaveLength(1);
  });

  it('each change of an API key writes one audit event, with the API key and without a token', async () => {
    const of = await newInstitution(server);
    const { id } = await newKey(server, of, { label: 'Back office' });
    const { apiKey } = await callKey(server, 'rotateApiKey', { apiKeyId: id, overlapSeconds: 60 });
    await callKey(server, 'revokeApiKey', { apiKeyId: id });
    const events = (await trail({ institutionId: of })).filter(({ resourceType }) => resourceType === 'ApiKey');
    const recorded = events.map(({ action, resourceId, payload }) => [action, resourceId, payload]);
    expect(recorded).toEqual([
      ['API_KEY_REVOKED', id, { apiKeyId: id }],
      ['API_KEY_ROTATED', id, { apiKeyId: id, overlapSeconds: 60, followedById: apiKey?.id }],
      ['API_KEY_CREATED', id, { institutionId: of, label: 'Back office', role: 'ADMIN' }],
    ]);
    expect(apiKey).toMatchObject({ label: 'Back office', role: 'ADMIN', expiresAt: null });
  });

  it('revoking a revoked API key returns it unchanged, and writes only an audit event', async () => {
    const of = await newInstitution(server);
    const { id } = await newKey(server, of);
    server.now += 1_000;
    const first = await callKey(server, 'revokeApiKey', { apiKeyId: id });
    expect(first.apiKey?.revokedAt).toBe(new Date(server.now).toISOString());
    const [before] = await store.read('ALL').apiKeys.byIds([id]);
    server.now += 1_000;
    expect(await callKey(server, 'revokeApiKey', { apiKeyId: id })).toEqual(first);
    expect(await store.read('ALL').apiKeys.byIds([id])).toEqual([before]);
    expect(await trail({ resourceId: id, actions: ['API_KEY_REVOKED'] })).toHaveLength(2);
    expect(await callKey(server, 'rotateApiKey', { apiKeyId: id })).toMatchObject({ code: 'CONFLICT' });
  });

  it('a rotated API key stays valid during the overlap, and its successor afterwards', async () => {
    const of = await newInstitution(server);
    const { id, token } = await newKey(server, of);
    const { token: next, previous } = await callKey(server, 'rotateApiKey', { apiKeyId: id, overlapSeconds: 60 });
    expect(previous).toEqual({ id, expiresAt: new Date(server.now + 60_000).toISOString(), revokedAt: null });
    const again = await callKey(server, 'rotateApiKey', { apiKeyId: id, overlapSeconds: 60 });
    expect(again).toMatchObject({
      code: 'CONFLICT',
      message: 'The API key was already rotated. Rotate the one that replaced it.',
    });
    const status = async (shown?: string) => (await server.ask('{ __typename }', {}, shown)).status;
    server.now += 59_999;
    expect([await status(token), await status(next)]).toEqual([200, 200]);
    server.now += 1;
    expect([await status(token), await status(next)]).toEqual([401, 200]);
    expect(await callKey(server, 'rotateApiKey', { apiKeyId: id })).toMatchObject({ code: 'CONFLICT' });
    for (const overlapSeconds of [-1, 604_801]) {
      const reply = await callKey(server, 'rotateApiKey', { apiKeyId: id, overlapSeconds });
      expect(reply).toMatchObject({ code: 'VALIDATION_FAILED', path: ['overlapSeconds'] });
    }
  });

  it('the number of API keys per institution is limited, even for concurrent calls', async () => {
    const of = await newInstitution(server);
    const input = { institutionId: of, label: 'Key', role: 'ADMIN' };
    const replies = await Promise.all(Array.from({ length: 8 }, () => callKey(server, 'createApiKey', input)));
    expect(replies.filter(({ token }) => token !== undefined)).toHaveLength(KEYS_AT_MOST);
    expect(new Set(replies.map(({ code }) => code))).toEqual(new Set([undefined, 'CAPACITY_EXCEEDED']));
    expect(await list(of)).toHaveLength(KEYS_AT_MOST);
  });

  it('an API key of another institution is reported like one that never existed', async () => {
    const [own, other] = [await newInstitution(server), await newInstitution(server)];
    const admin = await newKey(server, own);
    const theirs = await newKey(server, other);
    for (const mutation of ['revokeApiKey', 'rotateApiKey'] as const) {
      const refused = await callKey(server, mutation, { apiKeyId: theirs.id }, admin.token);
      const unknown = await callKey(server, mutation, { apiKeyId: UNKNOWN }, admin.token);
      expect(refused).toMatchObject({ code: 'NOT_FOUND' });
      expect(JSON.stringify(refused).replaceAll(theirs.id, UNKNOWN)).toBe(JSON.stringify(unknown));
    }
    const input = { institutionId: other, label: 'x', role: 'ADMIN' };
    expect(await callKey(server, 'createApiKey', input, admin.token)).toMatchObject({ code: 'NOT_FOUND' });
    const { data } = await server.ask('query($id: ID!) { node(id: $id) { id } }', { id: theirs.id }, admin.token);
    expect(data).toEqual({ node: null });
    expect(await list(other, admin.token)).toEqual([]);
    expect((await list(other)).map(({ id, revokedAt }) => [id, revokedAt])).toEqual([[theirs.id, null]]);
  });
});
