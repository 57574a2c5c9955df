import { beforeAll, describe, expect, it } from 'vitest';
import { once } from 'node:events';
import { request } from 'node:http';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { type Answered, answered, atAddress, overHttp } from '../support/limited.ts';

const BODY_BYTES = 2_000;
const JSON_TYPE = { 'content-type': 'application/json' };
const KNOWN = { authorization: `Bearer ${ROOT_TOKEN}` };
const QUERY = '{ __typename }';
const ASKED_BEFORE = ['x-graphql-yoga-csrf', 'apollo-require-preflight', 'graphql-require-preflight'] as const;

const server = serveKeys(createMemoryStore(), { settings: { http: { ...DEFAULTS.http, bodyBytes: BODY_BYTES } } });
let address: string;
beforeAll(async () => {
  address = await atAddress(server.app);
});

async function sent(init: RequestInit & { readonly search?: Readonly<Record<string, string>> }): Promise<Answered> {
  const { search, headers, ...rest } = init;
  const url = search ? `${address}?${new URLSearchParams(search)}` : address;
  return answered(await fetch(url, { ...rest, headers: { ...KNOWN, ...(headers as Record<string, string>) } }));
}
const outcome = ({ status, code }: Answered) => [status, code];
const bad = (status: number) => [status, 'BAD_REQUEST'];

describe('GET', () => {
  const csrf = { 'x-graphql-yoga-csrf': '1' };

  it.each(ASKED_BEFORE)('answers queries with the header %s, which no link can have', async (name) => {
    const { status, body } = await sent({ headers: { [name]: '1' }, search: { query: QUERY } });
    expect([status, body]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('is refused without one', async () => {
    expect(outcome(await sent({ search: { query: QUERY } }))).toEqual(bad(403));
    expect(outcome(await sent({ headers: JSON_TYPE, search: { query: QUERY } }))).toEqual(bad(403));
  });

  it('does no mutation: 405, and says what does', async () => {
    const query = 'mutation { createInstitution(input: { name: "By link", regions: ["US"] }) { __typename } }';
    const refused = await sent({ headers: csrf, search: { query } });
    expect(outcome(refused)).toEqual(bad(405));
    expect(refused.headers.get('allow')).toBe('POST');
    const { data } = await server.ask('{ institutions { totalCount } }');
    expect(data).toEqual({ institutions: { totalCount: 0 } });
  });

  it.each(['variables', 'extensions'])('%s that are no JSON object are a bad request', async (name) => {
    for (const text of ['{', 'x', '[]', '"x"', '5', 'true', '{"a":1}}']) {
      expect(outcome(await sent({ headers: csrf, search: { query: QUERY, [name]: text } }))).toEqual(bad(400));
    }
    for (const text of ['', 'null', '{}', '{"a": 1}']) {
      expect((await sent({ headers: csrf, search: { query: QUERY, [name]: text } })).status).toBe(200);
    }
  });
});

describe('POST', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    '',
  ])('of %s is 415', async (type) => {
    expect(
      outcome(
        await sent({ method: 'POST', headers: { 'content-type': type }, body: JSON.stringify({ query: QUERY }) }),
      ),
    ).toEqual(bad(415));
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/graphql+json'])(
    'of %s is taken',
    async (type) => {
      const body = JSON.stringify({ query: QUERY });
      expect((await sent({ method: 'POST', headers: { 'content-type': type }, body })).status).toBe(200);
    },
  );

  it('of what is no JSON object is a bad request, a batch of operations too', async () => {
    const bodies = ['', '{', 'null', '5', '"x"', '[]', `[${JSON.stringify({ query: QUERY })}]`, '{"query": 5}'];
    for (const body of bodies)
      expect(outcome(await sent({ method: 'POST', headers: JSON_TYPE, body }))).toEqual(bad(400));
    const nothing = {
      method: 'POST',
      headers: { ...JSON_TYPE, accept: 'application/graphql-response+json' },
      body: '{}',
    };
    expect(outcome(await sent(nothing))).toEqual(bad(400));
    for (const name of ['variables', 'extensions']) {
      for (const value of [[], 'x', 5, true]) {
        const body = JSON.stringify({ query: QUERY, [name]: value });
        expect(outcome(await sent({ method: 'POST', headers: JSON_TYPE, body }))).toEqual(bad(400));
      }
    }
    expect(server.faults).toEqual([]);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('%s is 405', async (method) => {
    const refused = await sent({ method, headers: JSON_TYPE, body: '{}' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST']);
  });
});

describe('a body', () => {
  const sized = (bytes: number): string => {
    const bare = JSON.stringify({ query: QUERY, variables: { x: '' } }).length;
    return JSON.stringify({ query: QUERY, variables: { x: 'x'.repeat(bytes - bare) } });
  };
  /** In pieces, without a length. */
  const chunked = (text: string) => new Blob([text]).stream();
  const post = (body: string | ReadableStream) =>
    sent({ method: 'POST', headers: JSON_TYPE, body, duplex: 'half' } as RequestInit);

  it('of exactly the limit is read, with a length or in chunks; of one byte more it is 413', async () => {
    const fits = sized(BODY_BYTES);
    expect(Buffer.byteLength(fits)).toBe(BODY_BYTES);
    expect((await post(fits)).status).toBe(200);
    expect((await post(chunked(fits))).status).toBe(200);
    const tooLong = sized(BODY_BYTES + 1);
    expect(outcome(await post(tooLong))).toEqual(bad(413));
    expect(outcome(await post(chunked(tooLong)))).toEqual(bad(413));
  });

  it.each([true, false])('of 5 MB is answered while it is still being sent (with a length: %s)', async (length) => {
    const bytes = 5 * 1024 * 1024;
    const headers = { ...KNOWN, ...JSON_TYPE, ...(length && { 'content-length': bytes }) };
    const asked = request(address, { method: 'POST', headers });
    asked.on('error', () => undefined);
    const answer = once(asked, 'response');
    const part = Buffer.alloc(64 * 1024, 'x');
    asked.write(part);
    // The answer is there before the rest is sent.
    const [response] = (await answer) as [{ readonly statusCode: number; resume(): void }];
    expect(response.statusCode).toBe(413);
    response.resume();
    const closed = once(asked, 'close');
    for (let left = bytes - part.length; left > 0; left -= part.length) asked.write(part);
    asked.end();
    await closed;
    expect((await overHttp(address, ROOT_TOKEN)).status).toBe(200);
  });
});

describe('what an operation costs', () => {
  it('is told where the header x-graphql-cost asks for it, and nowhere else', async () => {
    const query = '{ institutions(first: 10) { nodes { id } } }';
    const told = await overHttp(address, ROOT_TOKEN, query, { 'x-graphql-cost': '1' });
    expect(told.body.extensions?.cost).toBeGreaterThanOrEqual(10);
    expect((await overHttp(address, ROOT_TOKEN, query)).body).not.toHaveProperty('extensions');
  });
});
