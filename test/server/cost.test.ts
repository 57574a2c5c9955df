import * as fc from 'fast-check';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { documentOf } from '../support/randomDocument.ts';
import { costOfText, doubling, operationIn } from './estimates.ts';
import { naiveCost } from './naiveCost.ts';

/** Returns the cost of the given numbers of objects and of leaves of ordinary size. */
const costOf = (objects: number, leaves: number): number => Math.max(0, Math.ceil(objects + leaves * 0.4 - 1e-6));

describe('the cost of an operation', () => {
  it.each([
    ['a leaf costs 0.4', '{ __typename }', 0, 1],
    ['a time costs 0.8', '{ position(id: "a") { createdAt } }', 1, 2],
    ['an object costs 1', '{ position(id: "a") { id state amount { amount } } }', 2, 3],
    [
      'a connection costs 1, and each item what is selected below it',
      '{ assets(first: 5) { nodes { id } } }',
      1 + 5,
      5,
    ],
    ['a page has 20 items by default', '{ assets { nodes { id template { id } } } }', 1 + 20 * 2, 40],
    ['a null limit counts as the default', '{ assets(first: null, last: null) { nodes { id } } }', 1 + 20, 20],
    ['`last` counts like `first`', '{ assets(last: 7, first: null) { nodes { id } } }', 1 + 7, 7],
    [
      'a page counts at most 100 items; more are rejected later',
      '{ assets(first: 101) { nodes { id } } }',
      1 + 100,
      100,
    ],
    ['a negative limit counts as 0', '{ assets(first: -1) { nodes { id } } }', 1, 0],
    ['an edge is an object, and so is its node', '{ assets(first: 5) { edges { node { id } } } }', 1 + 5 * 2, 5],
    [
      'edges and nodes are counted separately',
      '{ assets(first: 5) { edges { __typename } nodes { id } } }',
      1 + 5 + 5,
      10,
    ],
    ['pageInfo is an object', '{ assets(first: 0) { pageInfo { hasNextPage } } }', 2, 1],
    ['a total count costs 10, because it may scan an index', '{ assets(first: 0) { totalCount } }', 11, 0],
    [
      'read marks of a participant cost extra',
      '{ chatSession(id: "a") { a: lastReadSequence(participantReference: "a") unreadCount(participantReference: "a") } }',
      12,
      0,
    ],
    ['totals cost 50, because they scan many rows', '{ positionTotals { count held { amount } } }', 50 + 10 * 2, 20],
    ['a search costs 100 more', '{ chatSessions(first: 3, filter: { search: "a" }) { nodes { id } } }', 1 + 100 + 3, 3],
    [
      'a search for null costs nothing extra',
      '{ chatSessions(first: 3, filter: { search: null }) { nodes { id } } }',
      1 + 3,
      3,
    ],
    [
      'each condition on metadata costs 20 more',
      '{ assets(first: 3, filter: { metadata: [{ path: "a", equals: "1" }, { path: "b", equals: "2" }] }) { nodes { id } } }',
      1 + 2 * 20 + 3,
      3,
    ],
    [
      'a single condition counts as a list of one, and null as none',
      '{ positions(first: 0, filter: { metadata: { path: "a", equals: "1" } }) { totalCount } positionTotals(filter: { metadata: null }) { count } }',
      1 + 20 + 10 + 50 + 10,
      10,
    ],
    ['an update costs 10', 'mutation { updateAsset(input: { assetId: "a" }) { __typename } }', 10, 1],
    ['nodes cost as much as the number of ids', '{ nodes(ids: ["a", "b", "c"]) { id } }', 3, 3],
    ['an unbounded list counts as 10 items', '{ node(id: "a") { ... on Policy { limits { currencyCode } } } }', 11, 10],
    ['revisions count as 2 items', '{ node(id: "a") { ... on ChatMessage { revisions { version } } } }', 3, 2],
    ['a fixed list counts its length', '{ lifecycle { state } templateKinds { code } }', 7 + 4, 11],
    ['a repeated field counts twice', '{ a: position(id: "a") { id } b: position(id: "a") { id } }', 2, 2],
    ['a deletion costs 10', 'mutation { deletePolicy(input: { region: US }) { __typename } }', 10, 1],
    [
      'each locale other than the default costs extra',
      '{ positionTotals { held { a: formatted formatted(locale: "de") } } }',
      50 + 10 * (2 + 1 + 4),
      0,
    ],
    ['all types cost 10,000, one type 500', '{ __schema { types { name } } __type(name: "A") { name } }', 10_500, 0],
    [
      'skipped fields cost nothing',
      '{ position(id: "a") @skip(if: true) { id } assets @include(if: false) { totalCount } }',
      0,
      0,
    ],
  ])('%s', (_rule, document, objects, leaves) => {
    expect(costOfText(document)).toBe(costOf(objects, leaves));
  });

  it.each([
    ['a body', '{ node(id: "a") { ... on ChatMessage { body } } }', 39],
    ['a description', '{ chatSession(id: "a") { description } }', 39],
    ['a reason', '{ node(id: "a") { ... on LifecycleEvent { reason } } }', 3],
  ])('%s costs 2 more for each KiB of its maximum size', (_leaf, document, kibibytes) => {
    expect(costOfText(document)).toBe(costOf(1 + 2 * kibibytes, 1));
  });

  it.each([
    ['metadata', '{ position(id: "a") { metadata } }'],
    ['a config', '{ assetTemplate(id: "a") { config } }'],
    ['a config of a position', '{ position(id: "a") { templateConfig } }'],
    ['a payload', '{ node(id: "a") { ... on AuditEvent { payload } } }'],
  ])('%s costs 4 more for each of the 64 KiB of its maximum size', (_leaf, document) => {
    expect(costOfText(document)).toBe(costOf(1 + 4 * 64, 1));
  });

  it('an abstract type costs as much as its most expensive member', () => {
    const union = `mutation { fundPosition(input: { positionId: "a" }) { ... on UserError { code }
      ... on FundPositionPayload { position { id } event { id } } ... on ValidationError { issues { message } } } }`;
    expect(costOfText(union)).toBe(costOf(10 + 5, 6));
    const document = `{ node(id: "a") { id
      ... on Position { amount { amount } held { amount } }
      ... on Asset { template { id } }
      ... on Node { ... on ChatSession { messages(first: 2) { nodes { id } } } } } }`;
    expect(costOfText(document)).toBe(costOf(1 + 3, 3));
  });

  it('a fragment has the number of items of the page that it is spread in', () => {
    const document = `{ a: assets(first: 2) { ...Rows } b: assets(first: 5) { ...Rows } }
      fragment Rows on AssetConnection { nodes { id } }`;
    expect(costOfText(document)).toBe(costOf(1 + 2 + 1 + 5, 7));
  });

  it('a subscription costs as much as one of its events', () => {
    const document =
      'subscription { positionChanged { kind position { amount { amount } } event { actor { kind } } } }';
    expect(costOfText(document)).toBe(costOf(1 + 2 + 2, 3));
  });
});

const MONEY = '{ amount currencyCode }';
const PAGE_IN_PAGE = `{ positions(first: 100) { nodes { id amount ${MONEY} held ${MONEY} asset { label }
  events(first: 100) { nodes { id moved ${MONEY} actor { kind } } } } } }`;
const BATCH = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { ... on ApplyPositionsPayload {
  results { status position { id amount ${MONEY} } event { id } ledgerEvent { id } error { code message } } } } }`;
/** The cost of one operation: its write, and of its result one object per field, seven leaves and a message text. */
const OF_OPERATION = 25 + 6 + 7 * 0.4 + (0.4 + 2 * 1);
const operations = (count: number) =>
  Array.from({ length: count }, () => ({ transition: { positionId: 'a', toState: 'FUNDED' } }));

describe('the cost limit', () => {
  it('a page of 100 with pages of 100, and a batch of 1,000 with all results, are within the limit', () => {
    expect(costOfText(PAGE_IN_PAGE)).toBe(costOf(1 + 100 * (5 + 100 * 3), 100 * (6 + 100 * 4)));
    expect(costOfText(PAGE_IN_PAGE)).toBeLessThan(DEFAULTS.operations.cost);
    expect(costOfText(BATCH, { input: { operations: operations(1_000) } })).toBe(costOf(10 + 1_000 * OF_OPERATION, 0));
    expect(10 + 1_000 * OF_OPERATION).toBeLessThan(DEFAULTS.operations.cost);
  });

  it('three nested pages of 100 exceed the limit', () => {
    const page = (field: string, below: string) => `${field}(first: 100) { nodes { id ${below} } }`;
    const three = page('institutions', page('assets', page('positions', '')));
    expect(costOfText(`{ ${three} }`)).toBe(costOf(1 + 100 * (1 + 1 + 100 * (1 + 1 + 100)), 100 + 100 ** 2 + 100 ** 3));
    expect(costOfText(`{ ${three} }`)).toBeGreaterThan(DEFAULTS.operations.cost);
  });
});

describe('values as literals, variables and defaults', () => {
  it.each([0, 1, 20, 100, 1_000])(
    'the cost of first: %d is the same as a literal, a variable and a default',
    (first) => {
      const list = (value: string) => `{ positions(first: ${value}) { totalCount nodes { amount { amount } } } }`;
      const cost = costOfText(list(`${first}`));
      expect(cost).toBe(costOf(11 + Math.min(first, 100) * 2, Math.min(first, 100)));
      expect(costOfText(`query ($rows: Int) ${list('$rows')}`, { rows: first })).toBe(cost);
      expect(costOfText(`query ($rows: Int = ${first}) ${list('$rows')}`)).toBe(cost);
    },
  );

  it('operations, ids, a search and a condition cost the same as literals and variables', () => {
    const batch = BATCH.replace('$input: ApplyPositionsInput!', '$of: [PositionOperation!]!');
    const literal = `[${'{ transition: { positionId: "a", toState: FUNDED } } '.repeat(3)}]`;
    const costs = [
      costOfText(BATCH, { input: { operations: operations(3) } }),
      costOfText(batch.replace('input: $input', 'input: { operations: $of }'), { of: operations(3) }),
      costOfText(BATCH.replace('($input: ApplyPositionsInput!)', '').replace('$input', `{ operations: ${literal} }`)),
    ];
    const each = costOf(10 + 3 * OF_OPERATION, 0);
    expect(costs).toEqual([each, each, each]);
    expect(costOfText('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: ['a', 'b'] })).toBe(costOf(2, 2));
    expect(costOfText('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: 'a' })).toBe(costOf(1, 1));
    const search = '{ chatSessions(first: 0, filter: $filter) { nodes { id } } }';
    expect(costOfText(`query ($filter: ChatSessionFilter) ${search}`, { filter: { search: 'a' } })).toBe(101);
    expect(costOfText(`query ($filter: ChatSessionFilter) ${search}`, { filter: {} })).toBe(1);
    const condition = 'query ($yes: Boolean!) { position(id: "a") @include(if: $yes) { id } }';
    expect([true, false].map((yes) => costOfText(condition, { yes }))).toEqual([costOf(1, 1), 0]);
  });
});

const choices = fc.array(fc.nat(1_000), { size: 'max', minLength: 20, maxLength: 150 });
const values = (rows: number | null, yes: boolean) => ({
  rows,
  yes,
  ids: ['a', 'b'],
  words: yes ? 'a' : null,
  sessions: yes ? { search: 'a' } : null,
  batch: { operations: operations(4) },
});

describe('random documents', () => {
  it('the cost of any document equals that with all fragments inlined', () =>
    checked(
      COUNTS.documents,
      fc.property(choices, fc.option(fc.nat(120)), fc.boolean(), (chosen, rows, yes) => {
        const text = documentOf(chosen);
        expect(validate(schema, parse(text))).toEqual([]);
        const operation = operationIn(text, values(rows, yes));
        expect([text, costOfText(text, values(rows, yes))]).toEqual([
          text,
          Math.max(0, Math.ceil(naiveCost(operation) - 1e-6)),
        ]);
      }),
    ));

  it('the cost never decreases with more requested items', () =>
    checked(
      COUNTS.documents,
      fc.property(choices, fc.nat(120), fc.nat(120), (chosen, few, more) => {
        const text = documentOf(chosen);
        const [less = 0, most = 0] = [few, few + more].map((rows) => costOfText(text, values(rows, true)));
        expect(less).toBeLessThanOrEqual(most);
      }),
    ));

  it('the random documents cover all kinds of fields', () => {
    const texts = fc.sample(choices, { numRuns: 300, seed: 1 }).map((chosen) => documentOf(chosen));
    const costs = texts.map((text) => costOfText(text, values(3, true)));
    expect(costs.filter((cost) => cost > 100).length).toBeGreaterThan(50);
    for (const part of ['mutation', 'edges', 'nodes', 'search', '@skip', '... on', 'first: $rows', 'positionTotals']) {
      expect([part, texts.some((text) => text.includes(part))]).toEqual([part, true]);
    }
    const twice = texts.filter((text) => /\.\.\.(F\d+) [^]*\.\.\.\1 /.test(text));
    expect(twice.length).toBeGreaterThan(10);
  });
});

describe('documents that are expensive to estimate', () => {
  it('a document whose fragments double 30 times is estimated at its full cost', () => {
    const document = `{ position(id: "a") { ...F0 } } ${doubling(30, 'Position', '{ amount { amount } }')}`;
    expect(costOfText(document)).toBe(costOf(1 + 2 ** 30, 2 ** 30));
  });

  it('a cost beyond the largest exact integer is the largest exact integer, and without items it is 1', () => {
    const page = (levels: number): string =>
      levels === 0 ? 'id' : `id asset { positions(first: 100) { nodes { ${page(levels - 1)} } } }`;
    expect(costOfText(`{ position(id: "a") { ${page(200)} } }`)).toBe(Number.MAX_SAFE_INTEGER);
    expect(costOfText(`{ positions(first: 0) { nodes { ${page(200)} } } }`)).toBe(1);
  });

  it('a cycle of fragments, which is invalid, ends', () => {
    const { operation } = operationIn(`{ node(id: "a") { ...A } } fragment A on Node { ...B ...A }
      fragment B on Position { ...A amount { amount } }`);
    expect(operation.estimate({}).cost).toBeGreaterThanOrEqual(1);
  });
});
