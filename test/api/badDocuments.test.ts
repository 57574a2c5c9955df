import { beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { errorOf, recordOf, send } from '../support/answers.ts';
import { type Deal, makeDeal } from '../support/deal.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const JSON_BODY = { method: 'POST', headers: { 'content-type': 'application/json' } } as const;
const long = (characters: number, of = 'a'): string => of.repeat(characters);

onBothStores((open) => {
  let store: Store;
  let server: TestServer;
  let deal: Deal;
  let before: unknown;
  beforeAll(async () => {
    store = await open();
    server = serve(store);
    deal = await makeDeal(server);
    before = await recordOf(store);
  });
  const nothingWritten = async () => expect(await recordOf(store)).toEqual(before);

  it.each([
    [
      'an amount as a number',
      'mutation { releasePosition(input: { positionId: "x", amount: 1.00 }) { __typename } }',
      /A Decimal must be a string/,
    ],
    [
      'an amount as a word',
      'mutation { releasePosition(input: { positionId: "x", amount: ONE }) { __typename } }',
      /A Decimal must be a string/,
    ],
    [
      'a list as metadata',
      'mutation { createAsset(input: { templateId: "x", label: "l", metadata: [] }) { __typename } }',
      /A JSONObject must be an object/,
    ],
    [
      'a time without a zone',
      '{ positions(filter: { expiresAt: { gte: "2027-01-01T00:00:00" } }) { totalCount } }',
      /RFC 3339/,
    ],
    ['an unknown field', '{ positions { colour } }', /Cannot query field "colour"/],
    ['an unknown argument', '{ positions(colour: 1) { totalCount } }', /Unknown argument "colour"/],
    ['no selection', '{ positions }', /must have a selection/],
    ['an unknown type', 'query ($a: Colour) { positions(after: $a) { totalCount } }', /Unknown type "Colour"/],
    ['a missing input', 'mutation { createAsset { __typename } }', /"CreateAssetInput!" is required/],
  ])('a document with %s is GRAPHQL_VALIDATION_FAILED', async (_what, document, sentence) => {
    const { code, message } = await errorOf(server, document);
    expect([code, message]).toEqual(['GRAPHQL_VALIDATION_FAILED', expect.stringMatching(sentence)]);
  });

  it.each([
    '{',
    'query {',
    'hello',
    '{ positions(first: 1e) { totalCount } }',
    '\u0000',
    '"""',
    '{ a(b: "\\ud800") }x}',
    long(100, '{'),
  ])('the unparsable document %j is GRAPHQL_PARSE_FAILED', async (document) => {
    const { code, message } = await errorOf(server, document);
    expect([code, message]).toEqual(['GRAPHQL_PARSE_FAILED', expect.stringMatching(/^Syntax Error/)]);
  });

  it('an odd value is rejected in a literal as it is in variables', async () => {
    const create = (metadata: string) =>
      `mutation { createAsset(input: { templateId: "${deal.templateId}", label: "l", metadata: ${metadata} }) { ... on ValidationError { code path message } } }`;
    for (const metadata of [
      '{ __proto__: { admin: true } }',
      '{ a: { __proto__: 1 } }',
      '{ a: 1e999 }',
      '{ a: ["\\u0000"] }',
      `${long(11, '{ a: ')}1${long(11, '}')}`,
    ]) {
      const { data } = await server.ask(create(metadata));
      expect([metadata, data]).toMatchObject([
        metadata,
        { createAsset: { code: 'VALIDATION_FAILED', path: ['metadata'] } },
      ]);
    }
    await nothingWritten();
  });

  it('brackets within strings and comments do not count as nesting, and unterminated strings are scanned in linear time', async () => {
    const brackets = long(200, '([{');
    const document = `{ position(id: "${brackets} \\" ${brackets}") { id } } # ${brackets}`;
    expect((await server.ask(document)).data).toEqual({ position: null });
    const block = `{ position(id: """${brackets} " \\""" ${brackets}""") { id } }`;
    expect((await server.ask(block)).data).toEqual({ position: null });
    const begun = performance.now();
    for (const endless of [long(150_000, '\\"'), long(100_000, '\\"""'), long(300_000, '#'), long(150_000, '"\n')]) {
      const { code } = await errorOf(server, `{ position(id: "${endless}`);
      expect(code).toMatch(/^(GRAPHQL_PARSE_FAILED|QUERY_TOO_COMPLEX)$/);
    }
    // Quadratic scanning would take minutes.
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it.each([
    [50, /^GRAPHQL_(PARSE|VALIDATION)_FAILED$/],
    [2_000, /^QUERY_TOO_COMPLEX$/],
    [40_000, /^QUERY_TOO_COMPLEX$/],
  ])('a document or a body with %d levels of nesting causes no internal error', async (levels, expected) => {
    const metadata = `${long(levels, '{"a":')}1${long(levels, '}')}`;
    const body = `{"query":${JSON.stringify('mutation ($m: JSONObject) { createAsset(input: { templateId: "x", label: "l", metadata: $m }) { ... on UserError { code } } }')},"variables":{"m":${metadata}}}`;
    const inBody = await send(server, { ...JSON_BODY, body });
    expect(inBody.data ?? inBody.errors).toBeDefined();
    for (const document of [
      long(levels, '{ position(id: "x") '),
      `{ positions(filter: ${long(levels, '[')}${long(levels, ']')}) { totalCount } }`,
    ]) {
      expect((await errorOf(server, document)).code).toMatch(expected);
    }
    await nothingWritten();
  });
});
