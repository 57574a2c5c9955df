import { type GraphQLSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { plainSchema, schema } from '../../src/schema/index.ts';
import { CompiledQueries } from '../../src/server/compiledQueries.ts';
import { type Operation, operationOf } from '../../src/server/operations/operation.ts';

const operationIn = (text: string, name?: string): Operation => {
  const operation = operationOf(schema, parse(text), name);
  if (!operation) throw new Error('There is no operation.');
  return operation;
};
const compiling = (from: () => GraphQLSchema = plainSchema) => {
  const failures: unknown[] = [];
  return { queries: new CompiledQueries(from, (error) => failures.push(error)), failures };
};
/** Returns whether the operation was compiled after each of some executions. */
const executed = (queries: CompiledQueries, operation: Operation, times = 6): readonly boolean[] =>
  Array.from({ length: times }, () => {
    queries.note(operation);
    return queries.get(operation.document.loc?.source.body ?? '', null) !== undefined;
  });

const REVOKE = 'revokeApiKey(input: { apiKeyId: "key_x" }) { __typename }';

describe('compiled queries', () => {
  it('a query is compiled after three executions', () => {
    const { queries, failures } = compiling();
    expect(executed(queries, operationIn('{ lifecycle { state } }'))).toEqual([false, false, true, true, true, true]);
    expect(failures).toEqual([]);
  });

  it('a mutation of one field is compiled after three executions', () => {
    const { queries } = compiling();
    expect(executed(queries, operationIn(`mutation { ${REVOKE} }`), 4)).toEqual([false, false, true, true]);
  });

  it.each([
    ['a mutation of two fields', `mutation { a: ${REVOKE} b: ${REVOKE} }`, undefined],
    ['a mutation in a fragment', `mutation { ...Revoking } fragment Revoking on Mutation { ${REVOKE} }`, undefined],
    ['a subscription', 'subscription { positionChanged { cursor } }', undefined],
    ['a query with a directive', 'query ($a: Boolean!) { lifecycle { state @include(if: $a) } }', undefined],
    ['introspection', '{ __schema { queryType { name } } }', undefined],
    ['one of two operations', 'query A { viewer { __typename } } query B { lifecycle { state } }', 'B'],
  ])('%s is not compiled', (_what, text, name) => {
    const { queries } = compiling();
    const operation = operationIn(text, name);
    expect(executed(queries, operation)).not.toContain(true);
  });

  it('a query whose fragments expand to many fields is not compiled', () => {
    const { queries, failures } = compiling();
    const levels = Array.from({ length: 12 }, (_each, level) => {
      const next =
        level === 11
          ? 'id'
          : `a: asset { positions { nodes { ...F${level + 1} } } } b: asset { positions { nodes { ...F${level + 1} } } }`;
      return `fragment F${level} on Position { ${next} }`;
    });
    const operation = operationIn(`{ position(id: "a") { ...F0 } } ${levels.join(' ')}`);
    expect(executed(queries, operation, 20)).not.toContain(true);
    expect(failures).toEqual([]);
  });

  it('a failure to compile is reported once, and the queries are executed as any other', () => {
    const { queries, failures } = compiling(() => {
      throw new Error('no schema');
    });
    for (const alias of ['a', 'b']) {
      expect(executed(queries, operationIn(`{ ${alias}: lifecycle { state } }`), 20)).not.toContain(true);
    }
    expect(failures).toEqual([new Error('no schema')]);
  });

  it('a compiled query is returned for its own name only', () => {
    const { queries } = compiling();
    const text = 'query Own { lifecycle { state } }';
    executed(queries, operationIn(text));
    expect([null, undefined, 'Own', 'Other'].map((name) => queries.get(text, name) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it.each([
    ['few fields', 'id', 5_000],
    ['many fields', Array.from({ length: 25 }, (_, index) => `a${index}: id`).join(' '), 2_000],
  ])('a query for objects with %s is executed compiled up to a cost', (_what, fields, maxCost) => {
    const { queries } = compiling();
    const text = `{ positions { nodes { asset { ...Fields } ... on Position { asset { ...Fields } } } } }
      fragment Fields on Asset { ${fields} }`;
    executed(queries, operationIn(text));
    expect(queries.get(text, null)?.maxCost).toBe(maxCost);
  });

  it('at most 256 compiled queries are kept', () => {
    const { queries } = compiling();
    for (let index = 0; index < 300; index += 1)
      executed(queries, operationIn(`{ a${index}: lifecycle { state } }`), 4);
    expect(queries.size).toBe(256);
  });
});
