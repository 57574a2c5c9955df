import * as fc from 'fast-check';
import type { House } from './endpoint.ts';

/** An exact HTTP request, as it is sent over a socket. */
export interface BrokenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** Whether Content-Length is correct. Otherwise a header sets it, or it is missing. */
  readonly hasContentLength: boolean;
}

const DOCUMENTS = [
  '{ lifecycle { state } }',
  'query Q($n: Int = 3, $f: PositionFilter) { positions(first: $n, filter: $f) { nodes { id held { formatted } } } }',
  'mutation M($input: CreateAssetInput!) { createAsset(input: $input) { ... on UserError { code message path } } }',
  'subscription { positionChanged(after: "x") { cursor } }',
  'query A { viewer { __typename } } query B { chatSessions(filter: { search: "a" }) { totalCount } }',
  '{ node(id: "pos_x") { ... on Position { ...P } } } fragment P on Position { id asset { label } }',
];
const PIECES = [
  ...'{}()[]:!$@|&="#,\\\u0000\ud800\udc00\ufeff\u202e',
  '"""',
  '...',
  '__proto__',
  'fragment F on F { ...F }',
];

/** Valid documents with parts removed, repeated or inserted. */
const mutated: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...DOCUMENTS),
    fc.array(fc.tuple(fc.nat(200), fc.nat(12), fc.constantFrom('', ...PIECES)), { maxLength: 4 }),
  )
  .map(([document, edits]) =>
    edits.reduce((text, [index, cut, piece]) => {
      const from = index % (text.length + 1);
      return text.slice(0, from) + piece + text.slice(from + cut);
    }, document),
  );

const ODD_TEXTS = fc.constantFrom(
  '',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\ud800',
  '\u0000',
  'Q',
  'M',
  'é'.repeat(99),
);
const ODD: fc.Arbitrary<unknown> = fc.oneof(
  ODD_TEXTS,
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 53,
    1e308,
    [],
    {},
    [[[]]],
    { __proto__: null },
    { input: { __proto__: 1 } },
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(fc.oneof(fc.constantFrom('n', 'f', 'input'), ODD_TEXTS), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
);
const sometimes = <V>(value: fc.Arbitrary<V>) => fc.option(value, { nil: undefined });

/** JSON that JSON.stringify does not produce: numbers beyond all limits, repeated keys, and a key "__proto__". */
const RAW_ENDS = [
  '',
  ',"variables":{"n":1e999}',
  ',"variables":{"__proto__":{"a":1}}',
  ',"query":5',
  ',"variables":{"n":-0}',
  `,"variables":{"n":${'9'.repeat(400)}}`,
];
const requestText: fc.Arbitrary<string> = fc
  .record({
    query: fc.oneof({ weight: 6, arbitrary: mutated }, ODD),
    variables: sometimes(ODD),
    operationName: sometimes(ODD),
    extensions: sometimes(fc.oneof(ODD, fc.record({ persistedQuery: ODD }))),
    documentId: sometimes(ODD),
    end: fc.constantFrom(...RAW_ENDS),
  })
  .map(({ end, ...params }) => `${JSON.stringify(params).slice(0, -1)}${end}}`);

const brokenText = fc
  .tuple(requestText, fc.nat(), fc.constantFrom('cut', 'double', 'wrap'))
  .map(([text, index, how]) => {
    if (how === 'cut') return text.slice(0, index % (text.length + 1));
    return how === 'double' ? text + text : `[${text}]`;
  });
const encoder = new TextEncoder();
const bodies = fc.oneof(
  { weight: 6, arbitrary: requestText.map((text) => encoder.encode(text)) },
  { weight: 2, arbitrary: brokenText.map((text) => encoder.encode(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);

/** Text of a header: any characters except those that would end it. */
const headerText = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  [
    'Content-Type',
    [
      'application/json',
      'application/json; charset=utf-16',
      'text/plain',
      'application/graphql',
      'multipart/form-data',
      ';',
      'application/json, text/html',
    ],
  ],
  [
    'Accept',
    ['*/*', 'text/event-stream', 'application/graphql-response+json', 'text/html', 'multipart/mixed', ';;q=', 'x'],
  ],
  ['X-Forwarded-For', ['1.2.3.4', '::1', ',,,,', "' or 1=1", '1.2.3.4, evil', '[::ffff:1.2.3.4%eth0]:99999']],
  ['Origin', ['null', 'http://evil.example', 'http://127.0.0.1', '://', 'file://', 'http://[::1']],
  ['Host', ['127.0.0.1', 'evil.example', '[', '', 'a b']],
  ['Content-Length', ['0', '5', '-1', '1e3', '99999999999999999999', '5, 6', 'x']],
  ['Transfer-Encoding', ['chunked', 'gzip', 'identity', 'chunked, chunked', 'x']],
  ['Content-Encoding', ['gzip', 'br', 'x']],
  ['Expect', ['100-continue', 'x']],
  ['Connection', ['close', 'keep-alive', 'upgrade', 'x']],
  ['Upgrade', ['websocket', 'h2c']],
  ['Sec-WebSocket-Version', ['13', '99']],
  ['Sec-WebSocket-Key', ['x', 'dGhlIHNhbXBsZSBub25jZQ==']],
  ['Idempotency-Key', ['k', '', 'x'.repeat(300)]],
  ['X-Request-Id', ['r', '<script>', 'x'.repeat(300)]],
  ['X-GraphQL-Cost', ['1']],
  ['Cookie', ['a=b', ';']],
  ['graphql-require-preflight', ['1']],
  ['Access-Control-Request-Method', ['PUT', 'POST']],
];
const header = fc
  .constantFrom(...HEADERS)
  .chain(([name, values]) =>
    fc.tuple(fc.constant(name), fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, headerText)),
  );

const credential = (tokens: readonly string[]) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(...tokens).map((token) => [['Authorization', `Bearer ${token}`] as const]),
    },
    fc.constantFrom(...tokens).map((token) => [['X-API-Key', token] as const]),
    fc
      .tuple(
        fc.constantFrom('Authorization', 'X-API-Key'),
        fc.oneof(headerText, fc.constantFrom('Bearer', 'Basic YTpi', 'bearer  x y')),
      )
      .map((one) => [one]),
    fc
      .constantFrom(...tokens)
      .map((token) => [['Authorization', `Bearer ${token}`] as const, ['X-API-Key', 'other'] as const]),
    fc.constant([]),
  );

const METHODS = [
  'POST',
  'POST',
  'POST',
  'POST',
  'GET',
  'GET',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'HEAD',
  'TRACE',
  'QUERY',
  'post',
  'X',
];
const PATHS = [
  '/graphql',
  '/graphql',
  '/graphql',
  '/graphql',
  '/graphql/',
  '/graphql?',
  '//graphql',
  '/%00',
  '/../etc/passwd',
  '/graphql%2f',
  '*',
  '/graphql?query=%ff',
  '/graphql?query=%7Blifecycle%7Bstate%7D%7D&variables=%7B',
  'http://x/graphql',
];

/** Random requests, most of them malformed. */
export const brokenRequests = (houses: readonly House[], root: string): fc.Arbitrary<BrokenRequest> =>
  fc
    .record({
      method: fc.oneof({ weight: 3, arbitrary: fc.constant('POST') }, fc.constantFrom(...METHODS)),
      path: fc.oneof(
        { weight: 12, arbitrary: fc.constant('/graphql') },
        { weight: 3, arbitrary: fc.constantFrom(...PATHS) },
        mutated.map((document) => `/graphql?query=${encodeURIComponent(document.toWellFormed())}`),
      ),
      shown: credential([root, ...houses.flatMap(({ admin, reader }) => [admin, reader])]),
      json: fc.integer({ min: 0, max: 3 }),
      headers: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(header, { maxLength: 3 })),
      body: bodies,
      hasContentLength: fc.integer({ min: 0, max: 20 }).map((one) => one > 0),
    })
    .map(({ shown, json, headers, ...request }) => ({
      ...request,
      headers: [...shown, ...(json > 0 ? [['Content-Type', 'application/json'] as const] : []), ...headers],
    }));
