import { beforeAll, expect, it } from 'vitest';
import { UnavailableError } from '../../src/store/errors.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Store } from '../../src/store/store.ts';
import { type KeyServer, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { greeted, overSocket } from '../support/keyedLive.ts';
import { atAddress, overHttp } from '../support/limited.ts';

/** The error that the lookup of API keys throws, or null for none. */
let failing: Error | null = null;
let server: KeyServer;
let address: string;
let token: string;

beforeAll(async () => {
  const memory = createMemoryStore();
  const store: Store = {
    ...memory,
    read: (...args) => {
      if (failing) throw failing;
      return memory.read(...args);
    },
  };
  server = serveKeys(store);
  address = await atAddress(server.app);
  ({ token } = await newKey(server, await newInstitution(server)));
});

it.each([
  [new UnavailableError('psql: could not connect to 10.0.0.7'), 503, 'SERVICE_UNAVAILABLE', 0],
  [new Error('relation "api_keys" does not exist'), 500, 'INTERNAL_SERVER_ERROR', 1],
])('a caller whose API key cannot be looked up is rejected with a code: %s', async (error, status, code, faults) => {
  const bare = await greeted(address, { 'x-api-key': token });
  expect(await bare.next()).toMatchObject({ type: 'connection_ack' });
  failing = error;
  const refused = await overHttp(address, token);
  expect([refused.status, refused.code]).toEqual([status, code]);
  expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
  expect(refused.headers.get('x-request-id')).toMatch(/./);
  expect(JSON.stringify(refused.body)).not.toMatch(/psql|relation|10\.0/);
  const result = await overSocket(bare, '1', '{ __typename }').next();
  expect(result).toMatchObject({ errors: [{ extensions: { code } }] });
  expect(JSON.stringify(result)).not.toMatch(/psql|relation|10\.0/);
  expect(await (await greeted(address, { 'x-api-key': token })).closed).toBe(1013);
  expect(server.faults.splice(0)).toHaveLength(3 * faults);
  failing = null;
  expect((await overHttp(address, token)).status).toBe(200);
  expect(await overSocket(bare, '2', '{ __typename }').next()).toEqual({ data: { __typename: 'Query' } });
});
