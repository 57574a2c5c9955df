import { describe, expect, it } from 'vitest';
import { bearer, endpointOn, PRODUCTION, post, ROOT_TOKEN } from '../support/endpoint.ts';

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const PREFLIGHT = { 'graphql-require-preflight': '1' };
const SCHEMA = '{ __schema { types { name fields { name } } } }';
const CIRCLES = `{ __schema { types ${'{ fields { type '.repeat(4)} { name } ${'} }'.repeat(4)} } }`;

describe('attacks of graphql-cop in production with an API key', () => {
  const endpoint = endpointOn(PRODUCTION);
  const key = () => endpoint().houses[0].admin;
  const ask = async (query: string) => (await post(endpoint().url, key(), { query })).text();
  const get = async (query: string, headers: object = {}) =>
    (
      await fetch(`${endpoint().url}?query=${encodeURIComponent(query)}`, { headers: { ...bearer(key()), ...headers } })
    ).text();

  it('a plain query succeeds, so that the rejections of the other tests have a cause', async () => {
    expect(await ask('query cop { __typename }')).toBe('{"data":{"__typename":"Query"}}');
    expect(await get('query cop { __typename }', PREFLIGHT)).toBe('{"data":{"__typename":"Query"}}');
  });

  it.each([
    'query cop { __schema { directive } }',
    '{ positons { totalCount } }',
    '{ positions { totalCont } }',
    '{ positions(frist: 1) { totalCount } }',
    '{ positions(orderBy: { field: CREATED_ATT, direction: ASC }) { totalCount } }',
    '{ positions(filter: { institutionIdd: "x" }) { totalCount } }',
    'query ($a: PositionFiltr) { positions(filter: $a) { totalCount } }',
    '{ node(id: "x") { ... on Positoin { id } } }',
    '{ viewer @skp(if: true) { __typename } }',
  ])('no similar names are suggested for %s', async (query) => {
    const text = await ask(query);
    expect(text).toMatch(/"code":"(GRAPHQL_VALIDATION_FAILED)"/);
    expect(text).not.toMatch(/did you mean/i);
  });

  it('no similar names are suggested in errors about variables', async () => {
    const query = 'query ($f: PositionFilter, $o: PositionOrder) { positions(filter: $f, orderBy: $o) { totalCount } }';
    for (const variables of [{ f: { institutionIdd: 'x' } }, { o: { field: 'CREATED_ATT', direction: 'ASC' } }]) {
      for (const accept of ['application/json', 'text/event-stream']) {
        const text = await (await post(endpoint().url, key(), { query, variables }, { accept })).text();
        expect(text).toContain('"code":"BAD_USER_INPUT"');
        expect(text).not.toMatch(/did you mean/i);
      }
    }
  });

  it.each([SCHEMA, CIRCLES, '{ __type(name: "Query") { name } }'])('introspection is rejected: %s', async (query) => {
    expect(await ask(query)).toMatch(/^\{"errors":\[\{"message":"[^"]*introspection/);
    expect(await ask(query)).not.toContain('"data"');
  });

  it('GraphiQL and other playgrounds are not served', async () => {
    const { origin } = new URL(endpoint().url);
    for (const path of ['/', '/graphiql', '/playground', '/console', '/graphql', '/altair', '/voyager']) {
      for (const headers of [{ accept: 'text/html' }, { accept: 'text/html', ...bearer(key()) }, { accept: '*/*' }]) {
        const response = await fetch(`${origin}${path}`, { headers });
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect(await response.text()).not.toMatch(/graphi\s?ql|playground|altair|voyager|<html|<script/i);
      }
    }
  });

  it('a query by GET requires a header that a link cannot have, such as the credential', async () => {
    const link = `${endpoint().url}?${new URLSearchParams({ query: 'query cop { __typename }' })}`;
    expect(await (await fetch(link)).text()).not.toContain('"data"');
    expect(await get('query cop { __typename }')).toContain('"data"');
  });

  it('a mutation by GET is rejected', async () => {
    for (const query of ['mutation cop { __typename }', 'query a { __typename } mutation cop { __typename }']) {
      expect(await get(query)).not.toContain('"data"');
      expect(await get(query, PREFLIGHT)).not.toContain('"data"');
    }
  });

  it('101 aliases, or more than 15 aliases of one field, are rejected', async () => {
    expect(await ask(`query cop { ${times(101, (index) => `alias${index}: __typename`)} }`)).toMatch(
      /QUERY_TOO_COMPLEX/,
    );
    expect(await ask(`query cop { ${times(16, (index) => `alias${index}: __typename`)} }`)).toMatch(
      /QUERY_TOO_COMPLEX/,
    );
    expect(await ask(`query cop { ${times(15, (index) => `alias${index}: __typename`)} }`)).toContain(
      '"alias14":"Query"',
    );
  });

  it('1,001 equal fields are rejected for their number of tokens', async () => {
    expect(await ask(`query cop { ${times(1_001, () => '__typename')} }`)).toMatch(/QUERY_TOO_COMPLEX/);
  });

  it('a batch is rejected', async () => {
    const batch = Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }));
    for (const body of [batch, batch.slice(0, 1), []]) {
      const response = await post(endpoint().url, key(), body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  });

  it('a response contains no tracing', async () => {
    for (const header of ['apollo-tracing', 'x-apollo-tracing', 'apollo-federation-include-trace']) {
      const response = await post(endpoint().url, key(), { query: 'query cop { __typename }' }, { [header]: 'ftv1' });
      expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    }
  });

  it('ten unknown directives return one error', async () => {
    const text = await ask(`query cop { __typename ${'@aa'.repeat(10)} }`);
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] });
  });

  it('requests with the content type of a form or of plain text are rejected', async () => {
    const forms = ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', ''];
    for (const type of forms) {
      for (const body of ['query=query+cop+%7B__typename%7D', '{"query":"query cop { __typename }"}']) {
        const response = await post(endpoint().url, key(), body, { 'content-type': type });
        expect([type, response.status]).toEqual([type, 415]);
        expect(await response.text()).toMatch(/"code":"BAD_REQUEST"/);
      }
    }
  });

  it('errors reveal nothing about the server', async () => {
    for (const query of ['qwerty cop { abc }', '', '{', '{ abc }', 'query { __typename } query { __typename }']) {
      expect(await ask(query)).toMatch(/"code":"[A-Z_]+"/);
      expect(await ask(query)).not.toMatch(/exception|stack|node_modules|\.[jt]s\b/i);
    }
  });

  it('root may introspect the schema, and gets suggestions of similar names', async () => {
    const asRoot = async (query: string) => (await post(endpoint().url, ROOT_TOKEN, { query })).text();
    expect(await asRoot(SCHEMA)).toContain('"name":"Position"');
    expect(await asRoot('{ positons { totalCount } }')).toMatch(/did you mean/i);
    expect(endpoint().faults).toEqual([]);
  });

  it('a cached document of one role is not returned to another role', async () => {
    const asRoot = async (query: string) => (await post(endpoint().url, ROOT_TOKEN, { query })).text();
    for (const [index, first] of [ask, asRoot, ask, asRoot].entries()) {
      for (const wrong of ['positons', '__type(name: "Query") { name }']) {
        const query = `query Q${index} { ${wrong} }`;
        await first(query);
        expect(await ask(query)).toMatch(/GRAPHQL_VALIDATION_FAILED/);
        expect(await ask(query)).not.toMatch(/did you mean|"data"/i);
        expect(await asRoot(query)).toMatch(/did you mean|"data"/i);
      }
    }
  });
});

describe('production without introspection', () => {
  const endpoint = endpointOn({ ...PRODUCTION, documents: { ...PRODUCTION.documents, introspection: 'none' } });

  it('root may not introspect the schema if introspection is off', async () => {
    for (const query of [SCHEMA, CIRCLES, '{ positons { totalCount } }', '{ __type(name: "Query") { name } }']) {
      const text = await (await post(endpoint().url, ROOT_TOKEN, { query })).text();
      expect(text).toContain('"code":"GRAPHQL_VALIDATION_FAILED"');
      expect(text).not.toMatch(/did you mean|"data"/i);
    }
  });
});
