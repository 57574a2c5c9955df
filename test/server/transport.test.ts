import { once } from 'node:events';
import { request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
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

describe('requests by GET', () => {
  const csrf = { 'x-graphql-yoga-csrf': '1' };

  it.each(ASKED_BEFORE)('GET executes queries with the header %s, which a link cannot have', async (name) => {
    const { status, body } = await sent({ headers: { [name]: '1' }, search: { query: QUERY } });
    expect([status, body]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it.each([
    ['authorization', KNOWN.authorization],
    ['x-api-key', ROOT_TOKEN],
    ['content-type', 'application/json; charset=utf-8'],
  ])('GET executes queries with only the header %s, as clients send them', async (name, value) => {
    const credential: Readonly<Record<string, string>> = name === 'content-type' ? KNOWN : {};
    const headers = { ...credential, [name]: value };
    const response = await fetch(`${address}?${new URLSearchParams({ query: QUERY })}`, { headers });
    expect([response.status, await response.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('GET is rejected if a form or a link of another page could have sent it', async () => {
    const app = createApp({
      store: createMemoryStore(),
      viewerOf: () => ({ role: 'ROOT' }),
      onInternalError: (_id, error) => expect.fail(String(error)),
    });
    const link = `${await atAddress(app)}?${new URLSearchParams({ query: QUERY })}`;
    for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const response = await fetch(link, { headers: type === undefined ? {} : { 'content-type': type } });
      expect(outcome(await answered(response))).toEqual(bad(403));
    }
  });

  it('GET executes no mutation: 405 with the allowed method', async () => {
    const query = 'mutation { createInstitution(input: { name: "By link", regions: [US] }) { __typename } }';
    const refused = await sent({ headers: csrf, search: { query } });
    expect(outcome(refused)).toEqual(bad(405));
    expect(refused.headers.get('allow')).toBe('POST');
    const { data } = await server.ask('{ institutions { totalCount } }');
    expect(data).toEqual({ institutions: { totalCount: 0 } });
  });

  it.each(['variables', 'extensions'])('GET with %s that are not a JSON object is a bad request', async (name) => {
    for (const text of ['{', 'x', '[]', '"x"', '5', 'true', '{"a":1}}']) {
      expect(outcome(await sent({ headers: csrf, search: { query: QUERY, [name]: text } }))).toEqual(bad(400));
    }
    for (const text of ['', 'null', '{}', '{"a": 1}']) {
      expect((await sent({ headers: csrf, search: { query: QUERY, [name]: text } })).status).toBe(200);
    }
  });
});

describe('requests by POST', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    '',
  ])('POST with content type %j is rejected with 415', async (type) => {
    expect(
      outcome(
        await sent({ method: 'POST', headers: { 'content-type': type }, body: JSON.stringify({ query: QUERY }) }),
      ),
    ).toEqual(bad(415));
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON', 'application/graphql+json'])(
    'POST with content type %s is accepted',
    async (type) => {
      const body = JSON.stringify({ query: QUERY });
      expect((await sent({ method: 'POST', headers: { 'content-type': type }, body })).status).toBe(200);
    },
  );

  it('POST with a body that is not a JSON object, or with a batch, is a bad request', async () => {
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

  it.each(['PUT', 'DELETE', 'PATCH'])('the method %s is rejected with 405', async (method) => {
    const refused = await sent({ method, headers: JSON_TYPE, body: '{}' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST']);
  });
});

describe('the encoding of a body', () => {
  const JSON_TEXT = JSON.stringify({ query: QUERY });
  const post = (body: Uint8Array<ArrayBuffer> | string, headers: Readonly<Record<string, string>> = {}) =>
    sent({ method: 'POST', headers: { ...JSON_TYPE, ...headers }, body });

  it('a body in Latin-1, in UTF-16 or cut within a character is rejected with 400, and nothing is stored', async () => {
    const input = '{ name: "Café", regions: [US] }';
    const text = JSON.stringify({ query: `mutation { createInstitution(input: ${input}) { __typename } }` });
    const [before] = Buffer.from(text).toString('latin1').split('Ã');
    for (const body of [
      Buffer.from(text, 'latin1'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`${before}Ã`, 'latin1'),
    ]) {
      expect(outcome(await post(Uint8Array.from(body)))).toEqual(bad(400));
    }
    const { data } = await server.ask('{ institutions { totalCount } }');
    expect(data).toEqual({ institutions: { totalCount: 0 } });
  });

  it.each(['iso-8859-1', 'utf-16', '"latin1"', 'us-ascii'])(
    'a body declared as %s is rejected with 415',
    async (charset) => {
      const type = { 'content-type': `application/json; charset=${charset}` };
      expect(outcome(await post(JSON_TEXT, type))).toEqual(bad(415));
    },
  );

  it.each(['utf-8', 'UTF-8', '"utf-8"', 'utf8'])('a body declared as %s is accepted', async (charset) => {
    expect((await post(JSON_TEXT, { 'content-type': `application/json; charset=${charset}` })).status).toBe(200);
  });

  it('a body may begin with a byte order mark', async () => {
    expect((await post(`\uFEFF${JSON_TEXT}`)).status).toBe(200);
  });

  it.each(['identity', 'Identity', 'none', ''])('a body with content-encoding %j is accepted', async (encoding) => {
    expect((await post(JSON_TEXT, { 'content-encoding': encoding })).status).toBe(200);
  });

  it.each(['gzip', 'br', 'identity, gzip'])(
    'a body with content-encoding %s is rejected with 415',
    async (encoding) => {
      expect(outcome(await post(JSON_TEXT, { 'content-encoding': encoding }))).toEqual(bad(415));
    },
  );
});

it.each(['%DF', '%C3%28', 'a%ED%A0%80', '%FF%FE'])(
  'a GET with %s in its URL, which is not UTF-8, is rejected with 400',
  async (text) => {
    const at = (query: string) => fetch(`${address}?query=${query}`, { headers: KNOWN });
    expect((await at(`{__typename}%23${text}`)).status).toBe(400);
    expect((await at('{__typename}%23%C3%9F%F0%9F%98%80+100%')).status).toBe(200);
  },
);

it('an empty operationName counts as none', async () => {
  const params = { query: 'query Only { __typename }', operationName: '' };
  const { body } = await sent({ method: 'POST', headers: JSON_TYPE, body: JSON.stringify(params) });
  expect(body).toEqual({ data: { __typename: 'Query' } });
  expect((await sent({ search: params })).body).toEqual({ data: { __typename: 'Query' } });
});

describe('the media type of a response', () => {
  const GRAPHQL = 'application/graphql-response+json';
  const typeOf = ({ headers }: Answered) => headers.get('content-type')?.split(';')[0];
  const subscription = JSON.stringify({ query: 'subscription { positionChanged(institutionId: "x") { kind } }' });
  const apollo =
    'multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/graphql-response+json, application/json;q=0.9';

  it('the media type follows the weights of Accept', async () => {
    const typeFor = async (accept: string) =>
      typeOf(await sent({ method: 'POST', headers: { ...JSON_TYPE, accept }, body: JSON.stringify({ query: QUERY }) }));
    expect(await typeFor(`application/json;q=0.5, ${GRAPHQL};q=0.9`)).toBe(GRAPHQL);
    expect(await typeFor(`${GRAPHQL};q=0, */*`)).toBe('application/json');
    expect(await typeFor(apollo)).toBe(GRAPHQL);
    expect(await typeFor('text/event-stream;q=0, application/json')).toBe('application/json');
  });

  it('the media type is the same for requests rejected before GraphQL, always with a code', async () => {
    const accept = `${GRAPHQL}, application/json;q=0.9`;
    const rejected: readonly (readonly [status: number, path: string, init: RequestInit])[] = [
      [401, '/graphql', { method: 'POST', headers: { accept, ...JSON_TYPE }, body: '{}' }],
      [403, '/graphql', { headers: { accept, origin: 'https://evil.example.com' } }],
      [404, '/else', { headers: { accept } }],
      [405, '/graphql', { method: 'PUT', headers: { accept, ...KNOWN } }],
      [
        413,
        '/graphql',
        { method: 'POST', headers: { accept, ...KNOWN, ...JSON_TYPE }, body: 'x'.repeat(BODY_BYTES + 1) },
      ],
      [415, '/graphql', { method: 'POST', headers: { accept, ...KNOWN, 'content-type': 'text/plain' }, body: 'x' }],
    ];
    for (const [status, path, init] of rejected) {
      const response = await fetch(new URL(path, address), init);
      const body = (await response.json()) as { errors: readonly { extensions: { code: string } }[] };
      expect([response.status, response.headers.get('content-type')]).toEqual([status, `${GRAPHQL}; charset=utf-8`]);
      expect(body.errors[0]?.extensions.code).toMatch(/^[A-Z_]+$/);
    }
  });

  it.each(['text/html;q=0.5, image/png', '*/*;q=0', 'application/json;q=0'])(
    'an Accept header that cannot be satisfied (%s) is rejected with 406 before anything is executed',
    async (accept) => {
      const query = 'mutation { createInstitution(input: { name: "A", regions: [US] }) { __typename } }';
      const init = { method: 'POST', headers: { ...JSON_TYPE, accept }, body: JSON.stringify({ query }) };
      expect(outcome(await sent(init))).toEqual(bad(406));
      const { data } = await server.ask('{ institutions { totalCount } }');
      expect(data).toEqual({ institutions: { totalCount: 0 } });
    },
  );

  it.each([apollo, 'application/json', 'application/json, text/event-stream;q=0'])(
    'a subscription is text/event-stream, and accepting only %s is rejected with 406',
    async (accept) => {
      const init = { method: 'POST', headers: { ...JSON_TYPE, accept }, body: subscription };
      expect(outcome(await sent(init))).toEqual(bad(406));
    },
  );
});

describe('a request target in absolute form', () => {
  it.each(['', '/', '/graphql/x'])(
    'a target in absolute form with the path %j is 404, and with /graphql it is executed',
    async (path) => {
      const { host, port, hostname } = new URL(address);
      const ask = async (target: string) => {
        const sentAs = request({
          host: hostname,
          port,
          path: target,
          method: 'POST',
          headers: { ...KNOWN, ...JSON_TYPE },
        });
        sentAs.end(JSON.stringify({ query: QUERY }));
        const [response] = (await once(sentAs, 'response')) as [{ readonly statusCode: number; resume(): void }];
        response.resume();
        return response.statusCode;
      };
      expect(await ask(`http://${host}${path}`)).toBe(404);
      expect(await ask(`HTTP://${host}/graphql`)).toBe(200);
      expect(await ask(`http://${host}/graphql?x=http://else/`)).toBe(200);
      expect(await ask('http://two hosts/graphql'.replace(' ', '%20'))).toBe(400);
    },
  );
});

describe('the size of a body', () => {
  const sized = (bytes: number): string => {
    const bare = JSON.stringify({ query: QUERY, variables: { x: '' } }).length;
    return JSON.stringify({ query: QUERY, variables: { x: 'x'.repeat(bytes - bare) } });
  };
  /** A stream of chunks without a content length. */
  const chunked = (text: string) => new Blob([text]).stream();
  const post = (body: string | ReadableStream) =>
    sent({ method: 'POST', headers: JSON_TYPE, body, duplex: 'half' } as RequestInit);

  it('a body of exactly the limit is accepted, with a length or in chunks, and one byte more is rejected with 413', async () => {
    const fits = sized(BODY_BYTES);
    expect(Buffer.byteLength(fits)).toBe(BODY_BYTES);
    expect((await post(fits)).status).toBe(200);
    expect((await post(chunked(fits))).status).toBe(200);
    const tooLong = sized(BODY_BYTES + 1);
    expect(outcome(await post(tooLong))).toEqual(bad(413));
    expect(outcome(await post(chunked(tooLong)))).toEqual(bad(413));
  });

  it.each([true, false])(
    'a body of 5 MB is rejected while it is still being sent (with a length: %s)',
    async (length) => {
      const bytes = 5 * 1024 * 1024;
      const headers = { ...KNOWN, ...JSON_TYPE, ...(length && { 'content-length': bytes }) };
      const clientRequest = request(address, { method: 'POST', headers });
      clientRequest.on('error', () => undefined);
      const answer = once(clientRequest, 'response');
      const part = Buffer.alloc(64 * 1024, 'x');
      clientRequest.write(part);
      // The response arrives before the rest is sent.
      const [response] = (await answer) as [{ readonly statusCode: number; resume(): void }];
      expect(response.statusCode).toBe(413);
      response.resume();
      const closed = once(clientRequest, 'close');
      for (let left = bytes - part.length; left > 0; left -= part.length) clientRequest.write(part);
      clientRequest.end();
      await closed;
      expect((await overHttp(address, ROOT_TOKEN)).status).toBe(200);
    },
  );
});

describe('the cost in a response', () => {
  it('the cost is returned only with the header x-graphql-cost', async () => {
    const query = '{ institutions(first: 10) { nodes { id } } }';
    const withHeader = await overHttp(address, ROOT_TOKEN, query, { 'x-graphql-cost': '1' });
    expect(withHeader.body.extensions?.cost).toBeGreaterThanOrEqual(10);
    expect((await overHttp(address, ROOT_TOKEN, query)).body).not.toHaveProperty('extensions');
  });
});
