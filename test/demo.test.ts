import { type DefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { DEMO, writeDemoData } from '../src/demo/data.ts';
import { DEMO_TABS } from '../src/demo/tabs.ts';
import { POSITION_STATES } from '../src/domain/lifecycle.ts';
import { TEMPLATE_KINDS } from '../src/domain/templateKinds.ts';
import { DAY_MS } from '../src/domain/time.ts';
import type { Viewer } from '../src/domain/viewer.ts';
import { createMemoryStore } from '../src/store/memory/index.ts';
import type { Store } from '../src/store/store.ts';
import { makeDeal, openPosition } from './support/deal.ts';
import { sectionOf } from './support/documents.ts';
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

/** The examples that are requests. GraphiQL's own tests run the subscription. */
const REQUESTS = DEMO_TABS.filter(({ query }) => operationsOf(query)[0]?.operation !== 'subscription');
/** The example whose results are user errors. */
const ERRORS = 'ReadAnError';

/** Returns what a client sees of the demo data: its size, the positions by state, and the ids that documents use. */
async function summaryOf(server: TestServer) {
  const { data, errors } = await server.ask<Summary>(
    `query ($ids: [ID!]!) {
      institutions(orderBy: { field: NAME, direction: ASC }) {
        totalCount
        nodes { name positions(first: 0) { totalCount } chatSessions(first: 0) { totalCount } }
      }
      assetTemplates { nodes { code } }
      assets(first: 0) { totalCount }
      positionTotals { currencyCode byState { state count held { amount } } }
      auditEvents(first: 0) { totalCount }
      nodes(ids: $ids) { id }
    }`,
    { ids: Object.values(DEMO) },
  );
  expect(errors).toBeUndefined();
  return data as Summary;
}

interface Summary {
  readonly institutions: { readonly totalCount: number };
  readonly assetTemplates: { readonly nodes: readonly { readonly code: string }[] };
  readonly assets: { readonly totalCount: number };
  readonly positionTotals: readonly {
    readonly byState: readonly { readonly state: string; readonly count: number }[];
  }[];
  readonly nodes: readonly (object | null)[];
}

describe('the example operations', () => {
  it('each example is one operation with a unique name', () => {
    const names = DEMO_TABS.map(({ query }) => operationsOf(query).map(({ name }) => name?.value));
    expect(names.every((each) => each.length === 1 && each[0] !== undefined)).toBe(true);
    expect(new Set(names.flat()).size).toBe(DEMO_TABS.length);
    expect(DEMO_TABS.length).toBe(12);
    expect(DEMO_TABS.filter(({ query }) => !query.startsWith('# '))).toEqual([]);
  });
});

onBothStores((open) => {
  it.each([
    ['the root key', { role: 'ROOT' }],
    ['the admin key', { role: 'ADMIN', institutionId: DEMO.bank }],
  ] satisfies [string, Viewer][])('every example succeeds any number of times with %s', async (_key, viewer) => {
    const server = await demo(await open());
    server.viewer = viewer;
    for (const { query, variables } of [...REQUESTS, ...REQUESTS]) {
      const { data, errors } = await server.ask(query, variables);
      const results = Object.values(data ?? {});
      expect({ query, errors, results }).toEqual({ query, errors: undefined, results: expect.any(Array) });
      const without = query.includes(ERRORS)
        ? results.filter((each) => !saysNothing(each))
        : results.filter(saysNothing);
      expect({ query, results, without }).toEqual({ query, results, without: [] });
    }
    expect(server.faults).toEqual([]);
  });

  it('the demo data has 300 positions in every state, 20 assets, templates of all kinds and the ids of DEMO', async () => {
    const { assets, assetTemplates, positionTotals, nodes } = await summaryOf(await demo(await open()));
    expect(assets.totalCount).toBe(20);
    expect(new Set(assetTemplates.nodes.map(({ code }) => code))).toEqual(new Set(TEMPLATE_KINDS.keys()));
    for (const { byState } of positionTotals) {
      expect(new Set(byState.map(({ state }) => state))).toEqual(new Set(POSITION_STATES));
    }
    const counts = positionTotals.flatMap(({ byState }) => byState.map(({ count }) => count));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(nodes).toEqual(Object.values(DEMO).map((id) => ({ id })));
  });

  it('the demo data is written once, even by two concurrent servers', async () => {
    const store = await open();
    const alone = await summaryOf(await demo(await open()));
    const written = await Promise.all([
      writeDemoData(store, () => START),
      writeDemoData(store, () => START + DAY_MS / 24),
    ]);
    expect(written).toContain(true);
    expect(await summaryOf(serve(store))).toEqual(alone);
    expect(await writeDemoData(store, () => START + DAY_MS)).toBe(false);
    expect(await summaryOf(serve(store))).toEqual(alone);
  });

  it('a server completes demo data that another one writes or has left, on the same day', async () => {
    const store = await open();
    const alone = await summaryOf(await demo(await open()));
    let left = 40;
    const transact: Store['transact'] = (...work) => {
      if (left === 0) throw new Error('The process has ended.');
      left -= 1;
      return store.transact(...work);
    };
    await expect(writeDemoData({ ...store, transact }, () => START)).rejects.toThrow('The process has ended.');
    expect(await writeDemoData(store, () => START + DAY_MS)).toBe(false);
    expect(await writeDemoData(store, () => START)).toBe(true);
    expect(await summaryOf(serve(store))).toEqual(alone);
  });

  it('the demo data is written only to an empty store', async () => {
    const store = await open();
    const server = serve(store);
    await openPosition(server, await makeDeal(server));
    expect(await writeDemoData(store, () => START)).toBe(false);
    const { institutions, nodes } = await summaryOf(server);
    expect(institutions.totalCount).toBe(1);
    expect(nodes.every((node) => node === null)).toBe(true);
  });
});

it('the times of the demo data are in the past, on the memory store', async () => {
  const store = createMemoryStore();
  await writeDemoData(store, () => START);
  const { data } = await serve(store).ask<{ auditEvents: { nodes: readonly { createdAt: string }[] } }>(
    '{ auditEvents(first: 1) { nodes { createdAt } } }',
  );
  const [newest] = data?.auditEvents.nodes ?? [];
  const age = START - Date.parse(newest?.createdAt ?? '');
  expect(age).toBeGreaterThan(0);
  expect(age).toBeLessThan(3 * DAY_MS);
});

it('docs/api.md lists the ids of the demo data', () => {
  const rows = [...sectionOf('docs/api.md', 'Demo data').matchAll(/^\| `(\w+)`/gm)].map(([, id]) => id);
  expect(rows).toEqual(Object.values(DEMO));
});
