import DataLoader from 'dataloader';
import type { Id } from '../domain/ids.ts';
import type { Position } from '../domain/position.ts';
import type { Scope } from '../domain/viewer.ts';
import type {
  Deadline,
  MaybePromise,
  Page,
  Reader,
  ReadOptions,
  Selection,
  Store,
  TableName,
  TableReaders,
  Tables,
  Total,
  UnreadOf,
  Window,
} from '../store/store.ts';
import { lazyTables } from '../store/tables.ts';
import type { Pace } from './pace.ts';

/** Reads from one table for resolvers. Concurrent reads are batched. */
export interface Loader<E> {
  byId(id: Id): MaybePromise<E | undefined>;
  page(window: Window<E>): MaybePromise<Page<E>>;
  count(selection: Selection<E>): MaybePromise<number>;
}

/** The readers of one request. */
export type Loaders = TableLoaders & {
  positionTotals(selection: Selection<Position>): MaybePromise<readonly Total[]>;
  unreadCount(request: UnreadOf): MaybePromise<number>;
  /** Sets the options with which rows are read from now on. */
  use(options: ReadOptions): void;
  /** Keeps the reads of all items of a list in one batch, although the list yields to other requests. */
  follow(pace: Pace): void;
  /** Clears the cache after a write. */
  clear(): void;
};

/**
 * Returns the readers of a request. A synchronous store is read directly, without promises; any other is read in
 * batches, one per tick.
 */
export function loadersOf(store: Store, scope: Scope, until?: Deadline): Loaders {
  let options: ReadOptions = {};
  let pace: Pace | undefined;
  /** Dispatches a batch when all resolvers that can run have run. */
  const schedule = (dispatch: () => void): void => {
    const dispatchOrWait = (): void => (pace?.isInterrupted ? pace.whenResumed(() => schedule(dispatch)) : dispatch());
    void Promise.resolve().then(() => process.nextTick(dispatchOrWait));
  };
  const readers = store.read(scope, until, () => options);
  const loaders: { clearAll(): void }[] = [];
  const reading = <E extends { readonly id: Id }>(reader: Reader<E>): Loader<E> => {
    if (store.isSynchronous) return directLoader(reader);
    const ids = new DataLoader<Id, E | undefined>((keys) => reader.byIds(keys) as Promise<(E | undefined)[]>, {
      batchScheduleFn: schedule,
    });
    loaders.push(ids);
    return batchedLoader(reader, ids, schedule);
  };
  const readings = {
    positionTotals: oneOf(store, readers.positionTotals, schedule),
    unreadCount: oneOf(store, readers.unreadCounts, schedule),
    use: (used: ReadOptions) => {
      options = used;
    },
    follow: (followed: Pace) => {
      pace = followed;
    },
    clear: () => loaders.forEach((loader) => loader.clearAll()),
  };
  return Object.assign(
    lazyTables<TableLoaders>(<T extends TableName>(name: T) => {
      const tables: TableReaders = readers;
      const reader: Reader<Tables[T]> = tables[name];
      return reading(reader);
    }),
    readings,
  );
}

type TableLoaders = { readonly [T in TableName]: Loader<Tables[T]> };

const directLoader = <E>(reader: Reader<E>): Loader<E> => ({
  byId: (id) => (reader.byIds([id]) as readonly (E | undefined)[])[0],
  page: (window) => (reader.pages([window]) as readonly Page<E>[])[0] as Page<E>,
  count: (selection) => (reader.counts([selection]) as readonly number[])[0] as number,
});

function batchedLoader<E>(reader: Reader<E>, ids: DataLoader<Id, E | undefined>, schedule: Schedule): Loader<E> {
  const pages = batching((windows: readonly Window<E>[]) => reader.pages(windows), schedule);
  const counts = batching((selections: readonly Selection<E>[]) => reader.counts(selections), schedule);
  return { byId: (id) => ids.load(id), page: (window) => pages.load(window), count: (each) => counts.load(each) };
}

/** Returns a function that reads one item, directly or in a batch. */
function oneOf<Q, A>(
  store: Store,
  ask: (questions: readonly Q[]) => MaybePromise<readonly A[]>,
  schedule: Schedule,
): (one: Q) => MaybePromise<A> {
  if (store.isSynchronous) return (one) => (ask([one]) as readonly A[])[0] as A;
  const loader = batching(ask, schedule);
  return (one) => loader.load(one);
}

/** Calls a function when a batch is due. */
type Schedule = (dispatch: () => void) => void;

const batching = <Q, A>(
  ask: (questions: readonly Q[]) => MaybePromise<readonly A[]>,
  schedule: Schedule,
): DataLoader<Q, A> =>
  new DataLoader<Q, A>(async (questions) => ask(questions), { cache: false, batchScheduleFn: schedule });
