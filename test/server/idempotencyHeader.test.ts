import { once } from 'node:events';
import { request } from 'node:http';
import { beforeAll, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { atAddress, overHttp } from '../support/limited.ts';

const server = serveKeys(createMemoryStore());
let address: string;
beforeAll(async () => {
  address = await atAddress(server.app);
});

const CREATE = `mutation ($key: String) {
  createInstitution(input: { name: "Harbor Bank", regions: [US], idempotencyKey: $key }) {
    ... on CreateInstitutionPayload { replayed institution { id } } } }`;
const field = (name: string) =>
  `createInstitution(input: { name: "${name}", regions: [US] }) { ... on CreateInstitutionPayload { replayed } }`;
const keyed = (header: string) => ({ 'idempotency-key': header });

interface Created {
  readonly createInstitution: { readonly replayed: boolean; readonly institution: { readonly id: string } };
}
const create = async (header: string | null, key: string | null): Promise<Created> => {
  const headers: Readonly<Record<string, string>> = header === null ? {} : keyed(header);
  const { body } = await overHttp(address, ROOT_TOKEN, CREATE, headers, { key });
  return body.data as unknown as Created;
};

it('an Idempotency-Key header in UTF-8 is equivalent to the argument', async () => {
  const key = 'Überweisung-東京';
  const first = await create(null, key);
  const second = await create(Buffer.from(key).toString('latin1'), null);
  expect(second.createInstitution).toEqual({ ...first.createInstitution, replayed: true });
});

it('an Idempotency-Key header that is not UTF-8 is rejected with 400', async () => {
  const { status, code } = await overHttp(address, ROOT_TOKEN, CREATE, keyed('\xdcber'), {});
  expect([status, code]).toEqual([400, 'BAD_REQUEST']);
});

it('a repeated Idempotency-Key header is rejected with 400, even with equal values', async () => {
  for (const values of [
    ['a', 'b'],
    ['a', 'a'],
  ]) {
    const headers = { 'content-type': 'application/json', 'x-api-key': ROOT_TOKEN, 'Idempotency-Key': values };
    const sent = request(address, { method: 'POST', headers });
    sent.end(JSON.stringify({ query: CREATE }));
    const [response] = (await once(sent, 'response')) as [{ readonly statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(400);
  }
});

it('the Idempotency-Key header is ignored for queries, even with several fields', async () => {
  const { body } = await overHttp(address, ROOT_TOKEN, '{ viewer { role } __typename }', keyed('q'));
  expect(body).toEqual({ data: { viewer: { role: 'ROOT' }, __typename: 'Query' } });
});

it.each([
  `mutation { a: ${field('A')} b: ${field('B')} }`,
  `mutation { ...two } fragment two on Mutation { a: ${field('A')} ... { b: ${field('B')} } }`,
  `mutation { a: ${field('A')} revokeApiKey(input: { apiKeyId: "x" }) { __typename } b: ${field('B')} }`,
])('the Idempotency-Key header is rejected with several fields that accept it: %s', async (query) => {
  const { code } = await overHttp(address, ROOT_TOKEN, query, keyed('several'));
  expect(code).toBe('BAD_USER_INPUT');
});

it('the Idempotency-Key header applies to the one field that accepts it, while others ignore it', async () => {
  const query = `mutation { ${field('Beside')} revokeApiKey(input: { apiKeyId: "x" }) { __typename } __typename }`;
  const replayed = async () => {
    const { body } = await overHttp(address, ROOT_TOKEN, query, keyed('beside'));
    return body.data?.['createInstitution'];
  };
  expect([await replayed(), await replayed()]).toEqual([{ replayed: false }, { replayed: true }]);
});
