import { setImmediate as turn } from 'node:timers/promises';
import {
  type ExecutionResult,
  GraphQLError,
  GraphQLInt,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  parse,
} from 'graphql';
import { expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import { withCursor } from '../../src/server/eventStream.ts';
import { useSubscriptionContext } from '../../src/server/subscriptionContext.ts';
import type { StreamItem } from '../../src/subscriptions/hub.ts';

const COST = 100;
const SHARED = COST / 10;
const READER: Viewer = { role: 'READ_ONLY', institutionId: 'inst_a', apiKeyId: 'key_a' };
const FOLLOW = 'subscription ($after: String, $n: Int) { changed(after: $after) { place(n: $n) } }';

const itemAt = (sequence: number): StreamItem => ({
  cursor: `cursor ${sequence}`,
  change: {
    topic: 'POSITION',
    kind: 'UPDATED',
    institutionId: 'inst_a',
    objectId: 'pos_a',
    detailId: null,
    createdAt: 0,
    sequence,
    id: `change ${sequence}`,
  },
});

interface Context {
  readonly viewer: Viewer;
  readonly requested: { readonly estimate: { readonly cost: number; readonly bytes: number } };
  readonly items: AsyncIterable<StreamItem>;
}
interface Subscribed {
  readonly query?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly viewer?: Viewer;
}
type Results = AsyncIterableIterator<ExecutionResult>;

/** The event delivery of one server. It counts executions, records charges, and has a budget. */
class Delivery {
  executions = 0;
  readonly charges: number[] = [];
  readonly revoked = new Set<Viewer>();
  budget = Infinity;

  readonly #schema = schemaOf(() => (this.executions += 1));
  readonly #plugin = useSubscriptionContext<Context>({
    renew: async (context) => {
      if (this.revoked.has(context.viewer)) throw coded('UNAUTHENTICATED');
      return context;
    },
    charge: (_context, points) => {
      this.budget -= points;
      if (this.budget < 0) throw coded('RATE_LIMITED', { retryAfter: 7, http: { status: 429 } });
      this.charges.push(points);
    },
  });

  async subscribe(
    items: AsyncIterable<StreamItem>,
    { query = FOLLOW, variables = {}, viewer = READER }: Subscribed = {},
  ): Promise<Results> {
    let subscribe = async (_args: object): Promise<Results> => Promise.reject(new Error('It was not set.'));
    void this.#plugin.onSubscribe?.({ setSubscribeFn: (set: typeof subscribe) => (subscribe = set) } as never);
    const contextValue: Context = { viewer, requested: { estimate: { cost: COST, bytes: 0 } }, items };
    return subscribe({ schema: this.#schema, document: parse(query), variableValues: variables, contextValue });
  }

  /** Subscribes to these items and returns all results. */
  async resultsOf(items: readonly StreamItem[], subscribed: Subscribed = {}): Promise<readonly ExecutionResult[]> {
    const results: ExecutionResult[] = [];
    for await (const result of await this.subscribe(stream(items), subscribed)) results.push(result);
    return results;
  }
}

const coded = (code: string, more: object = {}): GraphQLError =>
  new GraphQLError(code, { extensions: { code, ...more } });

function schemaOf(onExecution: () => void): GraphQLSchema {
  const Change = new GraphQLObjectType<StreamItem>({
    name: 'Change',
    fields: {
      place: {
        type: GraphQLInt,
        args: { n: { type: GraphQLInt } },
        resolve: ({ cursor }) => {
          onExecution();
          return Number(cursor.replace('cursor ', ''));
        },
      },
    },
  });
  const changed = {
    type: Change,
    args: { after: { type: GraphQLString } },
    subscribe: (_root: unknown, _args: object, { items }: Context) => items,
    resolve: (tick: StreamItem) => tick,
  };
  const query = new GraphQLObjectType({ name: 'Query', fields: { place: { type: GraphQLInt } } });
  return new GraphQLSchema({
    query,
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { changed } }),
  });
}

async function* stream(items: readonly StreamItem[]): AsyncGenerator<StreamItem, void, undefined> {
  yield* items;
}

const resultOf = (place: number) => withCursor({ data: { changed: { place } } }, `cursor ${place}`);

it('equal subscriptions are executed once per change, and the others are charged a tenth', async () => {
  const delivery = new Delivery();
  const items = [itemAt(1), itemAt(2)];
  const all = await Promise.all(Array.from({ length: 5 }, () => delivery.resultsOf(items)));
  expect(all).toEqual(all.map(() => [resultOf(1), resultOf(2)]));
  expect(delivery.executions).toBe(2);
  expect(delivery.charges.toSorted((a, b) => a - b)).toEqual([...Array<number>(8).fill(SHARED), COST, COST]);
});

it.each<[string, Subscribed, Subscribed, number]>([
  ['equal variables', { variables: { n: 1, after: 'a' } }, { variables: { after: 'a', n: 1 } }, 1],
  ['different arguments of the root field', { variables: { after: 'a' } }, { variables: { after: 'b' } }, 1],
  ['different variables of the selection', { variables: { n: 1 } }, { variables: { n: 2 } }, 2],
  ['different documents', {}, { query: FOLLOW.replace('{ place', '{ alias: place') }, 2],
  ['different API keys', {}, { viewer: { ...READER, apiKeyId: 'key_b' } }, 1],
  ['different roles', {}, { viewer: { ...READER, role: 'ADMIN' } }, 2],
  ['different institutions', {}, { viewer: { ...READER, institutionId: 'inst_b' } }, 2],
  ['root and an institution', {}, { viewer: { role: 'ROOT' } }, 2],
])(
  'two subscriptions with %s are executed as often as their results can differ',
  async (_what, one, other, executions) => {
    const delivery = new Delivery();
    const items = [itemAt(1)];
    const [first, second] = await Promise.all([delivery.resultsOf(items, one), delivery.resultsOf(items, other)]);
    expect([first.length, second.length]).toEqual([1, 1]);
    expect(Object.values(Object.values(second[0]?.data ?? {})[0] as object)).toEqual([1]);
    expect(delivery.executions).toBe(executions);
  },
);

it('changes delivered separately share no result, and nothing is kept after a delivery', async () => {
  const delivery = new Delivery();
  await Promise.all([delivery.resultsOf([itemAt(1)]), delivery.resultsOf([itemAt(1)])]);
  expect(delivery.executions).toBe(2);
  const live = itemAt(2);
  await delivery.resultsOf([live]);
  await delivery.resultsOf([live]);
  expect(delivery.executions).toBe(4);
});

it('access is checked for each subscriber, also if a result is shared', async () => {
  const delivery = new Delivery();
  const revoked: Viewer = { ...READER, apiKeyId: 'key_b' };
  delivery.revoked.add(revoked);
  const items = [itemAt(1)];
  const [served, rejected] = await Promise.all([
    delivery.resultsOf(items),
    delivery.resultsOf(items, { viewer: revoked }),
  ]);
  expect(served).toEqual([resultOf(1)]);
  expect(rejected).toMatchObject([{ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] }]);
  expect(rejected[0]).not.toHaveProperty('data');
});

it('a stream beyond the budget ends with RATE_LIMITED and the cursor of the last delivered change', async () => {
  const delivery = new Delivery();
  delivery.budget = 2 * COST;
  const results = await delivery.resultsOf([itemAt(4), itemAt(6), itemAt(9), itemAt(10)]);
  expect(results.slice(0, 2)).toEqual([resultOf(4), resultOf(6)]);
  expect(results).toHaveLength(3);
  const [error] = results[2]?.errors ?? [];
  expect(error?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfter: 7, cursor: 'cursor 6' });
});

it('no cursor is returned if the first change exceeds the budget, because the client still has its own', async () => {
  const delivery = new Delivery();
  delivery.budget = 0;
  const [result] = await delivery.resultsOf([itemAt(4)]);
  expect(result?.errors?.[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfter: 7 });
  expect(delivery.executions).toBe(0);
});

it('CAUGHT_UP is delivered without a charge', async () => {
  const delivery = new Delivery();
  delivery.budget = 0;
  expect(await delivery.resultsOf([{ cursor: 'cursor 4', change: null }])).toEqual([resultOf(4)]);
});

it('nothing is executed for a subscriber that unsubscribes while its event waits', async () => {
  const delivery = new Delivery();
  const results = await delivery.subscribe(stream([itemAt(1)]));
  const next = results.next();
  await results.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(delivery.executions).toBe(0);
});

it('the event loop is yielded while one change is delivered to 1,000 subscribers', async () => {
  const delivery = new Delivery();
  const live = itemAt(1);
  const started = performance.now();
  const perTurn: number[] = [];
  let delivered = 0;
  const deliveries = Array.from({ length: 1_000 }, async (_each, index) => {
    await delivery.resultsOf([live], { variables: { n: index } });
    delivered += 1;
  });
  for (let seen = 0; delivered < deliveries.length; ) {
    await turn();
    perTurn.push(delivered - seen);
    seen = delivered;
  }
  await Promise.all(deliveries);
  process.stdout.write(
    `One change for 1,000 subscribers: ${perTurn.length} turns of the event loop, at most ${Math.max(...perTurn)} events in one, ${(performance.now() - started).toFixed(0)} ms\n`,
  );
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(32);
  expect(delivery.executions).toBe(1_000);
});
