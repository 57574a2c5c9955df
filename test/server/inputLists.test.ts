import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { checkLists } from '../../src/server/operations/inputLists.ts';
import { operationIn } from './estimates.ts';

const CODE = { code: 'QUERY_TOO_COMPLEX' };

function errorFor(
  text: string,
  given: Readonly<Record<string, unknown>> = {},
  of = schema,
  most = 3,
): string | undefined {
  const { operation, variables } = operationIn(text, given, of);
  const error = checkLists(operation.lists, variables, most);
  expect(error?.extensions ?? CODE).toEqual(CODE);
  return error?.message;
}
const long = (path: string, values = 4) => `\`${path}\` must have at most 3 values; it has ${values}.`;
const ids = (count: number) => Array.from({ length: count }, (_, index) => `id${index}`);
const literal = (values: readonly string[]) => JSON.stringify(values);

describe('the length of a list in arguments and input fields', () => {
  it.each([3, 4])('a list of %d ids is limited, as a literal or a variable', (count) => {
    const expected = count > 3 ? long('ids') : undefined;
    expect(errorFor(`{ nodes(ids: ${literal(ids(count))}) { id } }`)).toBe(expected);
    expect(errorFor('query ($of: [ID!]!) { nodes(ids: $of) { id } }', { of: ids(count) })).toBe(expected);
    expect(errorFor(`query ($of: [ID!]! = ${literal(ids(count))}) { nodes(ids: $of) { id } }`)).toBe(expected);
  });

  it.each([3, 4])(
    'a list of %d values in an input is limited, if the input is a literal or partly or entirely a variable',
    (count) => {
      const expected = count > 3 ? long('filter.assetIds') : undefined;
      const list = (filter: string) => `{ positions(filter: ${filter}) { totalCount } }`;
      expect(errorFor(list(`{ assetIds: ${literal(ids(count))} }`))).toBe(expected);
      expect(errorFor(`query ($of: [ID!]) ${list('{ assetIds: $of }')}`, { of: ids(count) })).toBe(expected);
      expect(errorFor(`query ($of: PositionFilter) ${list('$of')}`, { of: { assetIds: ids(count) } })).toBe(expected);
    },
  );

  it('a list of operations is limited', () => {
    const batch = 'mutation ($in: ApplyPositionsInput!) { applyPositions(input: $in) { __typename } }';
    const operations = ids(4).map((positionId) => ({ transition: { positionId, toState: 'FUNDED' } }));
    expect(errorFor(batch, { in: { operations } })).toBe(long('input.operations'));
    expect(errorFor(batch, { in: { operations: operations.slice(1) } })).toBeUndefined();
    expect(errorFor(batch, { in: { operations: operations[0] } })).toBeUndefined();
  });

  it('a list within nested fragments on any type is limited', () => {
    const list = `positions(filter: { states: [${'FUNDED '.repeat(5)}] }) { totalCount }`;
    const fragments = `fragment A on Node { ... on Institution { ...B } } fragment B on Institution { ${list} }`;
    expect(errorFor(`{ node(id: "a") { ...A } } ${fragments}`)).toBe(long('filter.states', 5));
    expect(errorFor(`{ node(id: "a") { ... { ... on Institution { ${list} } } } }`)).toBe(long('filter.states', 5));
  });

  it('a list in another operation does not count', () => {
    const other = `query B { ...B } fragment B on Query { nodes(ids: ${literal(ids(4))}) { id } }`;
    expect(errorFor(`query A { lifecycle { state } } ${other}`)).toBeUndefined();
  });
});

it('lists within a JSON object do not count', () => {
  const config = { a: ids(10), b: { c: ids(10) } };
  const fields = 'code: "TF_LC", name: "N", vertical: TRADE_FINANCE, region: US';
  const create = (value: string) => `{ createAssetTemplate(input: { ${fields}, config: ${value} }) { __typename } }`;
  expect(errorFor(`mutation ($config: JSONObject!) ${create('$config')}`, { config })).toBeUndefined();
  expect(errorFor(`mutation ${create(`{ a: ${literal(ids(10))} }`)}`)).toBeUndefined();
});

describe('other schemas', () => {
  const nested = buildSchema(`
    input A { b: B other: [A!] }
    input B { a: A lists: [[Int]] }
    type Query { a(a: A, many: [A]): Int }
  `);

  it('lists within lists and recursive input types are checked, with list indexes in the path', () => {
    const lists = [[1], [1, 2, 3, 4]];
    const variable = 'query ($a: A) { a(a: $a) }';
    expect(errorFor(variable, { a: { b: { lists } } }, nested)).toBe(long('a.b.lists.1'));
    expect(errorFor(variable, { a: { b: { a: { other: [{}, { b: { lists } }] } } } }, nested)).toBe(
      long('a.b.a.other.1.b.lists.1'),
    );
    expect(errorFor('{ a(many: { b: { lists: [[1], [1, 2, 3, 4]] } }) }', {}, nested)).toBe(long('many.b.lists.1'));
    expect(errorFor('{ a(many: [{}, { b: { lists: 1 } }]) }', {}, nested)).toBeUndefined();
  });

  it('a variable is checked once, however often it is used', () => {
    const uses = Array.from({ length: 200 }, (_, index) => `a${index}: a(many: $many)`).join(' ');
    let read = 0;
    const many = Array.from({ length: 1_000 }, () => ({
      get other() {
        read += 1;
        return null;
      },
    }));
    const { operation } = operationIn(`query ($many: [A]) { ${uses} }`, {}, nested);
    expect(checkLists(operation.lists, { many }, 1_000)).toBeUndefined();
    expect(read).toBe(1_000);
  });
});
