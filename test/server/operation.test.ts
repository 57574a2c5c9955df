import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { type Operation, operationOf } from '../../src/server/operations/operation.ts';

function createdOperation(text: string, name?: string): Operation {
  const operation = operationOf(schema, parse(text), name);
  if (!operation) throw new Error('The document has no such operation.');
  return operation;
}

const TWO = `query A { position(id: "a") { ...Ids } chatSessions(filter: { search: "a" }) { totalCount } }
  query B { asset(id: "a") { ...Names } }
  fragment Ids on Position { id asset { ...Names } }
  fragment Names on Asset { label }`;

it('creates an operation once per document and name', () => {
  const document = parse(TWO);
  const [a, b] = [operationOf(schema, document, 'A'), operationOf(schema, document, 'B')];
  expect(a?.definition.name?.value).toBe('A');
  expect(b?.definition.name?.value).toBe('B');
  expect(operationOf(schema, document, 'A')).toBe(a);
  expect(operationOf(schema, document, 'B')).toBe(b);
});

it.each([undefined, null, 'C'])(
  'returns undefined if the name %s does not select one of several operations',
  (name) => {
    expect(operationOf(schema, parse(TWO), name)).toBeUndefined();
  },
);

it('includes the fragments that the operation spreads, and no fields of other operations', () => {
  expect([...createdOperation(TWO, 'A').fieldNames].toSorted()).toEqual([
    'asset',
    'chatSessions',
    'id',
    'label',
    'position',
    'totalCount',
  ]);
  expect([...createdOperation(TWO, 'B').fieldNames].toSorted()).toEqual(['asset', 'label']);
  expect([...createdOperation(TWO, 'A').rateLimitedFields({})]).toEqual([['search', 1]]);
  expect([...createdOperation(TWO, 'B').rateLimitedFields({})]).toEqual([]);
});

it('estimates the same for variables in any order as an operation that was estimated only once', () => {
  const text = `query ($n: Int, $all: Boolean = false, $filter: ChatSessionFilter, $m: Int) {
    chatSessions(first: $n, filter: $filter) { nodes { id } totalCount @include(if: $all) }
    positions(first: $m) @include(if: $all) { nodes { id } } }`;
  const operation = createdOperation(text);
  const search = { search: 'a' };
  const requests = [
    { n: 5, all: false },
    { n: 5, all: false, m: 50 },
    { n: 5, all: true, m: 50 },
    { n: 5, all: true, m: 7 },
    { n: 5, all: true },
    { n: 5, all: false, filter: search },
    { n: 5, all: false, filter: {} },
    { n: 5, all: false, filter: null },
    { n: null, all: false },
    { n: 9, all: false },
    { n: 5, all: false },
  ];
  const estimates = requests.map((variables) => operation.estimate(variables));
  expect(estimates).toEqual(requests.map((variables) => createdOperation(text).estimate(variables)));
  expect(new Set(estimates.map(({ cost }) => cost)).size).toBeGreaterThan(5);
});

it('keeps an estimate until a value changes that it depends on', () => {
  const operation = createdOperation(
    `query ($id: ID!, $n: Int) { position(id: $id) { id events(first: $n) { totalCount nodes { id } } } }`,
  );
  const first = operation.estimate({ id: 'a', n: 3 });
  expect(operation.estimate({ id: 'b', n: 3 })).toBe(first);
  expect(operation.estimate({ id: 'b', n: 4 })).not.toBe(first);
});
