import { beforeAll, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Store } from '../../src/store/store.ts';
import { serve, type TestServer } from '../support/server.ts';
import { openPostgres } from '../support/stores.ts';
import { anAsset, anEvent, anInstitution, aPosition, aTemplate, insertAll, START } from './rows.ts';

const institutions = 10;
/** The numbers per institution, template, asset and position. */
const EACH = { templates: 3, assets: 4, positions: 2, events: 7 };
const times = <V>(count: number, make: (index: number) => V): V[] =>
  Array.from({ length: count }, (_one, index) => make(index));

let server: TestServer;
let sent: string[] = [];

beforeAll(async () => {
  const store = await openPostgres(({ text }) => sent.push(text));
  await fill(store);
  server = serve(store);
});

async function fill(store: Store): Promise<void> {
  const rows = times(institutions, (index) => anInstitution({ createdAt: START + index }));
  const templates = rows.flatMap((row) => times(EACH.templates, () => aTemplate(row)));
  const assets = templates.flatMap((row) => times(EACH.assets, () => anAsset(row)));
  // Adjacent positions in the list belong to different institutions.
  const positions = times(EACH.positions, (index) =>
    assets.map((row) => aPosition(row, { createdAt: START + index })),
  ).flat();
  const lifecycleEvents = positions.flatMap((row) =>
    times(EACH.events, (index) => anEvent({ ...row, sequence: index + 1 })),
  );
  await store.transact('ALL', async (tx) => {
    insertAll(tx, { institutions: rows, assetTemplates: templates, assets, positions, lifecycleEvents });
  });
}

/**
 * Returns the tables that a document reads, one entry per statement, without BEGIN, set_config and COMMIT. A list of all
 * institutions is read for each of the institutions `i`.
 */
async function statementsFor(document: string, variables: object): Promise<readonly string[]> {
  sent = [];
  const { errors } = await server.ask(document, variables);
  if (errors) throw new Error(JSON.stringify(errors), { cause: server.faults.at(-1) });
  return sent.map((text) => /from (?!unnest|\(|institutions i )([a-z_]+)/.exec(text)?.[1] ?? text).toSorted();
}

const nested = (counts: string) => `query ($first: Int) {
  positions(first: $first) {
    ${counts}
    nodes {
      id
      institution { name }
      asset { label institution { name } template { name institution { name } } }
      events(first: 5) { ${counts} nodes { sequence position { id } } }
    }
  }
}`;

describe('predecessor mistake 8: the number of statements grew with the rows', () => {
  test('50 positions with asset, template, institution and first 5 events send one statement', async () => {
    const statements = await statementsFor(nested(''), { first: 50 });
    expect(statements).toEqual(['positions']);
    expect(await statementsFor(nested(''), { first: 1 })).toEqual(statements);
  });

  test('the statement returns all 50 positions with 5 events each', async () => {
    const { data } = await server.ask<{ positions: { nodes: { events: { nodes: unknown[] } }[] } }>(nested(''), {
      first: 50,
    });
    expect(data?.positions.nodes.map(({ events }) => events.nodes.length)).toEqual(times(50, () => 5));
  });

  test('a total count on a level sends one more statement', async () => {
    const without = await statementsFor(nested(''), { first: 50 });
    const statements = await statementsFor(nested('totalCount'), { first: 50 });
    expect(statements).toEqual([...without, 'lifecycle_events', 'positions'].toSorted());
    expect(await statementsFor(nested('totalCount'), { first: 1 })).toEqual(statements);
  });

  test('institutions with all their lists send one statement per filtered list and per count', async () => {
    const document = `query ($first: Int) {
      institutions(first: $first) {
        nodes {
          assetTemplates(first: 2) { totalCount nodes { name assets(first: 2) { nodes { label positions(first: 2) { nodes { id } } } } } }
          assets(last: 3) { nodes { label template { name } } }
          positions(first: 3, filter: { states: [CREATED, FUNDED] }) { totalCount nodes { id events(last: 1) { nodes { sequence } } } }
          positionTotals { currencyCode held { amount } byState { count } }
        }
      }
    }`;
    const statements = await statementsFor(document, { first: institutions });
    expect(await statementsFor(document, { first: 1 })).toEqual(statements);
    expect(statements).toEqual(['asset_templates', 'institutions', 'positions', 'positions', 'positions']);
  });

  test('a list of one parent sends one statement per set of arguments other than its size', async () => {
    const ways = [
      'first: 2',
      'last: 2',
      'first: 2, orderBy: { field: AMOUNT, direction: ASC }',
      'first: 2, filter: { states: [] }',
    ];
    const lists = ways.map((way, index) => `way${index}: positions(${way}) { nodes { id } }`).join(' ');
    const statements = await statementsFor(`{ institutions { nodes { ${lists} } } }`, {});
    expect(statements).toEqual(['institutions', 'positions', 'positions']);
  });

  test('many ids send one statement per type', async () => {
    const { data } = await server.ask<{ positions: { nodes: { id: string; asset: { id: string } }[] } }>(
      '{ positions(first: 40) { nodes { id asset { id } } } }',
    );
    const ids = data?.positions.nodes.flatMap(({ id, asset }) => [id, asset.id, 'nonsense']).slice(0, 100);
    const statements = await statementsFor('query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }', { ids });
    expect(statements).toEqual(['assets', 'positions']);
  });

  test('nothing is counted that was not requested', async () => {
    await statementsFor('{ positions(first: 5) { nodes { id } pageInfo { hasNextPage } } }', {});
    expect(sent.filter((text) => text.includes('count('))).toEqual([]);
    expect(sent).toHaveLength(1);
  });
});

describe('large fields are read only if a query selects them', () => {
  const row = '{ positions(first: 2) { nodes { ...Row } } }';
  const columns = async (document: string, variables: object = {}): Promise<readonly string[]> => {
    await statementsFor(document, variables);
    return sent.flatMap((text) =>
      [...text.matchAll(/t\.(metadata|reason|payload|body|description)(?:::text)? as/g)].map(([, name]) => name ?? ''),
    );
  };

  test.each<[string, string, readonly string[]]>([
    [
      'a query that selects none',
      '{ positions(first: 2) { nodes { id asset { label } events { nodes { sequence } } } } }',
      [],
    ],
    [
      'a query that selects one in a fragment',
      `${row} fragment Row on Position { id asset { a: metadata } }`,
      ['metadata', 'metadata'],
    ],
    [
      'a query that selects one in another fragment',
      `${row} fragment Row on Position { events { nodes { reason } } }`,
      ['reason'],
    ],
    ['a query of a node by its id', '{ node(id: "pos_0") { id } nodes(ids: ["aud_1"]) { id } }', []],
    [
      'a query that skips one by a variable',
      `query ($with: Boolean!) { positions(first: 2) { nodes { id metadata @include(if: $with) } } }`,
      ['metadata'],
    ],
  ])('large fields are read exactly as selected: %s', async (_case, document, expected) => {
    expect(await columns(document, { with: false })).toEqual(expected);
  });

  test('a field omitted by one query is returned by the next', async () => {
    const { data } = await server.ask<{ positions: { nodes: { id: string }[] } }>(
      '{ positions(first: 1) { nodes { id } } }',
    );
    const id = data?.positions.nodes[0]?.id;
    const answer = await server.ask(
      `{ position(id: "${id}") { metadata asset { metadata } events { nodes { metadata reason } } } }`,
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toMatchObject({ position: { metadata: {}, asset: { metadata: {} } } });
  });
});

test('JSON is returned as it is stored, as in the memory store', async () => {
  const metadata = { b: 1, a: ['{"x"', null, { '\u2028': 'é"\\' }], '7': {} };
  const answers = await Promise.all(
    [await openPostgres(), createMemoryStore()].map(async (store) => {
      const institution = anInstitution({ id: 'inst_0000000000000000000000000j' });
      const template = aTemplate(institution);
      const asset = anAsset(template, { metadata });
      await store.transact('ALL', async (tx) => {
        insertAll(tx, { institutions: [institution], assetTemplates: [template], assets: [asset] });
      });
      const document =
        '{ assets(first: 1) { nodes { metadata template { config } again: metadata } totalCount } nothing: node(id: "x") { id } }';
      const { text } = await serve(store).ask(document);
      return text;
    }),
  );
  expect(answers[0]).toBe(answers[1]);
  expect(JSON.parse(answers[0] ?? '')).toMatchObject({ data: { assets: { nodes: [{ metadata, again: metadata }] } } });
});
