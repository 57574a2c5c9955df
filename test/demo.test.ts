import { type DefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { writeDemoData } from '../src/demo/data.ts';
import { DEMO_TABS } from '../src/demo/tabs.ts';
import { POSITION_STATES } from '../src/domain/lifecycle.ts';
import type { Store } from '../src/store/store.ts';
import { makeDeal, openPosition } from './support/deal.ts';
import { START, serve, type TestServer } from './support/server.ts';
import { onBothStores } from './support/stores.ts';

const isOperation = (node: DefinitionNode): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION;
const operationsOf = (query: string) => parse(query).definitions.filter(isOperation);

/** Whether a result is null, empty or a user error. */
const saysNothing = (result: unknown): boolean =>
  result === null ||
  (Array.isArray(result) && result.length === 0) ||
  ['code', 'nodes'].some((key) => {
    const value: unknown = Reflect.get(Object(result), key);
    return typeof value === 'string' || (Array.isArray(value) && value.length === 0);
  });

async function demo(store: Store): Promise<TestServer> {
  await writeDemoData(store, () => START);
  return serve(store);
}

async function statesIn(server: TestServer): Promise<readonly string[]> {
  const { data, errors } = await server.ask<{ positions: { nodes: readonly { state: string }[] } }>(
    '{ positions(first: 100) { nodes { state } } }',
  );
  expect(errors).toBeUndefined();
  return data?.positions.nodes.map(({ state }) => state) ?? [];
}

describe('the example operations', () => {
  it('each example is one operation with a unique name', () => {
    const names = DEMO_TABS.map(({ query }) => operationsOf(query).map(({ name }) => name?.value));
    expect(names.every((each) => each.length === 1 && each[0] !== undefined)).toBe(true);
    expect(new Set(names.flat()).size).toBe(DEMO_TABS.length);
    expect(DEMO_TABS.length).toBeGreaterThanOrEqual(5);
  });
});

onBothStores((open) => {
  it('every example succeeds on the demo data, any number of times', async () => {
    const server = await demo(await open());
    for (const { query, variables = '{}' } of [...DEMO_TABS, ...DEMO_TABS]) {
      const { data, errors } = await server.ask(query, JSON.parse(variables));
      const results = Object.values(data ?? {});
      expect({ query, errors, results }).toEqual({ query, errors: undefined, results: expect.any(Array) });
      expect({ query, results, without: results.filter(saysNothing) }).toEqual({ query, results, without: [] });
    }
    expect(server.faults).toEqual([]);
  });

  it('the demo data contains positions in every state', async () => {
    const states = await statesIn(await demo(await open()));
    expect(new Set(states)).toEqual(new Set(POSITION_STATES));
  });

  it('the demo data is written once, even by two concurrent servers', async () => {
    const store = await open();
    await Promise.all([demo(store), demo(store)]);
    const before = await statesIn(serve(store));
    await demo(store);
    expect(await statesIn(serve(store))).toEqual(before);
    expect(before).toHaveLength(7);
  });

  it('the demo data is written only to an empty store', async () => {
    const store = await open();
    const server = serve(store);
    await openPosition(server, await makeDeal(server));
    expect(await statesIn(await demo(store))).toEqual(['CREATED']);
  });
});
