import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { checkLists } from '../../src/server/operations/inputLists.ts';
import { asked } from './asked.ts';

const CODE = { code: 'QUERY_TOO_COMPLEX' };

function judged(
  text: string,
  given: Readonly<Record<string, unknown>> = {},
  of = schema,
  most = 3,
): string | undefined {
  const { operation, variables } = asked(text, given, of);
  const error = checkLists(operation.lists, variables, most);
  expect(error?.extensions ?? CODE).toEqual(CODE);
  return error?.message;
}
const long = (path: string, values = 4) => `\`${path}\` must have at most 3 values; it has ${values}.`;
const ids = (count: number) => Array.from({ length: count }, (_, index) => `id${index}`);
const literal = (values: readonly string[]) => JSON.stringify(values);

describe('a list of an argument or of an input field', () => {
  it.each([3, 4])('of %d ids, literal or variable', (count) => {
    const expected = count > 3 ? long('ids') : undefined;
    expect(judged(`{ nodes(ids: ${literal(ids(count))}) { id } }`)).toBe(expected);
    expect(judged('query ($of: [ID!]!) { nodes(ids: $of) { id } }', { of: ids(count) })).toBe(expected);
    expect(judged(`query ($of: [ID!]! = ${literal(ids(count))}) { nodes(ids: $of) { id } }`)).toBe(expected);
  });

  it.each([3, 4])('of %d values in an input, in part or whole a variable', (count) => {
    const expected = count > 3 ? long('filter.assetIds') : undefined;
    const list = (filter: string) => `{ positions(filter: ${filter}) { totalCount } }`;
    expect(judged(list(`{ assetIds: ${literal(ids(count))} }`))).toBe(expected);
    expect(judged(`query ($of: [ID!]) ${list('{ assetIds: $of }')}`, { of: ids(count) })).toBe(expected);
    expect(judged(`query ($of: PositionFilter) ${list('$of')}`, { of: { assetIds: ids(count) } })).toBe(expected);
  });

  it('of operations', () => {
    const batch = 'mutation ($in: ApplyPositionsInput!) { applyPositions(input: $in) { __typename } }';
    const operations = ids(4).map((positionId) => ({ transition: { positionId, toState: 'FUNDED' } }));
    expect(judged(batch, { in: { operations } })).toBe(long('input.operations'));
    expect(judged(batch, { in: { operations: operations.slice(1) } })).toBeUndefined();
    expect(judged(batch, { in: { operations: operations[0] } })).toBeUndefined();
  });

  it('within fragments, nested ones and on any type', () => {
    const list = `positions(filter: { states: [${'FUNDED '.repeat(5)}] }) { totalCount }`;
    const fragments = `fragment A on Node { ... on Institution { ...B } } fragment B on Institution { ${list} }`;
    expect(judged(`{ node(id: "a") { ...A } } ${fragments}`)).toBe(long('filter.states', 5));
    expect(judged(`{ node(id: "a") { ... { ... on Institution { ${list} } } } }`)).toBe(long('filter.states', 5));
  });

  it('of another operation does not count', () => {
    const other = `query B { ...B } fragment B on Query { nodes(ids: ${literal(ids(4))}) { id } }`;
    expect(judged(`query A { lifecycle { state } } ${other}`)).toBeUndefined();
  });
});

it('a JSON object is not looked into', () => {
  const config = { a: ids(10), b: { c: ids(10) } };
  const fields = 'code: "TF_LC", name: "N", vertical: TRADE_FINANCE, region: US';
  const create = (value: string) => `{ createAssetTemplate(input: { ${fields}, config: ${value} }) { __typename } }`;
  expect(judged(`mutation ($config: JSONObject!) ${create('$config')}`, { config })).toBeUndefined();
  expect(judged(`mutation ${create(`{ a: ${literal(ids(10))} }`)}`)).toBeUndefined();
});

describe('whatever the schema', () => {
  const nested = buildSchema(`
    input A { b: B other: [A!] }
    input B { a: A lists: [[Int]] }
    type Query { a(a: A, many: [A]): Int }
  `);

  it('lists within lists and types within each other are looked into, list positions as digits', () => {
    const lists = [[1], [1, 2, 3, 4]];
    const variable = 'query ($a: A) { a(a: $a) }';
    expect(judged(variable, { a: { b: { lists } } }, nested)).toBe(long('a.b.lists.1'));
    expect(judged(variable, { a: { b: { a: { other: [{}, { b: { lists } }] } } } }, nested)).toBe(
      long('a.b.a.other.1.b.lists.1'),
    );
    expect(judged('{ a(many: { b: { lists: [[1], [1, 2, 3, 4]] } }) }', {}, nested)).toBe(long('many.b.lists.1'));
    expect(judged('{ a(many: [{}, { b: { lists: 1 } }]) }', {}, nested)).toBeUndefined();
  });

  it('a variable is looked into once, however often it is used', () => {
    const uses = Array.from({ length: 200 }, (_, index) => `a${index}: a(many: $many)`).join(' ');
    let read = 0;
    const many = Array.from({ length: 1_000 }, () => ({
      get other() {
        read += 1;
        return null;
      },
    }));
    const { operation } = asked(`query ($many: [A]) { ${uses} }`, {}, nested);
    expect(checkLists(operation.lists, { many }, 1_000)).toBeUndefined();
    expect(read).toBe(1_000);
  });
});
