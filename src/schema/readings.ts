import DataLoader from 'dataloader';
import type { Id } from '../domain/ids.ts';
import type { Position } from '../domain/position.ts';
import type { Scope } from '../domain/viewer.ts';
import type { Pace } from './pace.ts';
import type {
  Deadline,
  MaybePromise,
  Page,
  Reader,
  ReadOptions,
  Selection,
  Store,
  TableName,
  Tables,
  Total,
  UnreadOf,
  Window,
} from '../store/store.ts';

/** Reads one thing at a time for a resolver; what is asked for together is read together. */
export interface Reading<E> {
  byId(id: Id): MaybePromise<E | undefined>;
  page(window: Window<E>): MaybePromise<Page<E>>;
  count(selection: Selection<E>): MaybePromise<number>;
}

/** The readings of one request. */
export type Readings = { readonly [T in TableName]: Reading<Tables[T]> } & {
  positionTotals(selection: Selection<Position>): MaybePromise<readonly Total[]>;
  unreadCount(of: UnreadOf): MaybePromise<number>;
  /** Reads rows with these options from now on. */
  use(options: ReadOptions): void;
  /** Batches what the rows of a list ask for as a whole, though the list is interrupted. */
  follow(pace: Pace): void;
  /** Forgets what was read, after something was written. */
  clear(): void;
};

/** A store that answers at once needs no batches, and its resolvers make no promises; any other is asked once a tick. */
export function readingsOf(store: Store, scope: Scope, until?: Deadline): Readings {
  let options: ReadOptions = {};
  let pace: Pace | undefined;
  /** Dispatches a batch when everything that can be asked for is asked for. */
  const schedule = (dispatch: () => void): void => {
    const dispatchOrWait = (): void => (pace?.isInterrupted ? pace.whenResumed(() => schedule(dispatch)) : dispatch());
    void Promise.resolve().then(() => process.nextTick(dispatchOrWait));
  };
  const readers = store.read(scope, until, () => options);
  const loaders: { clearAll(): void }[] = [];
  const reading = <E extends Entity>(reader: Reader<E>): Reading<E> => {
    if (store.answersAtOnce) return near(reader);
    const ids = new DataLoader<Id, E | undefined>((keys) => reader.byIds(keys) as Promise<(E | undefined)[]>, {
      batchScheduleFn: schedule,
    });
    loaders.push(ids);
    return far(reader, ids, schedule);
  };
  const { positionTotals: ask, unreadCounts, ...tables } = readers;
  const readings = {
    positionTotals: oneOf(store, ask, schedule),
    unreadCount: oneOf(store, unreadCounts, schedule),
    use: (used: ReadOptions) => {
      options = used;
    },
    follow: (followed: Pace) => {
      pace = followed;
    },
    clear: () => loaders.forEach((loader) => loader.clearAll()),
  };
  // Made when first asked for: a request reads from few tables.
  for (const [name, reader] of Object.entries(tables)) {
    let made: Reading<Entity> | undefined;
    Object.defineProperty(readings, name, { get: () => (made ??= reading(reader as Reader<Entity>)) });
  }
  return readings as Readings;
}

type Entity = Tables[TableName];

const near = <E>(reader: Reader<E>): Reading<E> => ({
  byId: (id) => (reader.byIds([id]) as readonly (E | undefined)[])[0],
  page: (window) => (reader.pages([window]) as readonly Page<E>[])[0] as Page<E>,
  count: (selection) => (reader.counts([selection]) as readonly number[])[0] as number,
});

function far<E>(reader: Reader<E>, ids: DataLoader<Id, E | undefined>, schedule: Schedule): Reading<E> {
  const pages = batching((windows: readonly Window<E>[]) => reader.pages(windows), schedule);
  const counts = batching((selections: readonly Selection<E>[]) => reader.counts(selections), schedule);
  return { byId: (id) => ids.load(id), page: (window) => pages.load(window), count: (each) => counts.load(each) };
}

/** One question at a time: answered at once, or batched. */
function oneOf<Q, A>(
  store: Store,
  ask: (questions: readonly Q[]) => MaybePromise<readonly A[]>,
  schedule: Schedule,
): (one: Q) => MaybePromise<A> {
  if (store.answersAtOnce) return (one) => (ask([one]) as readonly A[])[0] as A;
  const loader = batching(ask, schedule);
  return (one) => loader.load(one);
}

/** Calls a function when a batch is to be read. */
type Schedule = (dispatch: () => void) => void;

const batching = <Q, A>(
  ask: (questions: readonly Q[]) => MaybePromise<readonly A[]>,
  schedule: Schedule,
): DataLoader<Q, A> =>
  new DataLoader<Q, A>(async (questions) => ask(questions), { cache: false, batchScheduleFn: schedule });
