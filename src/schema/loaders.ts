import DataLoader from 'dataloader';
import { couldBeId, type Id } from '../domain/ids.ts';
import type { Position } from '../domain/position.ts';
import type { Scope } from '../domain/viewer.ts';
import type {
  AnyRow,
  Bring,
  Deadline,
  MaybePromise,
  Page,
  Reader,
  Readers,
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
import { firstOf } from '../store/window.ts';
import type { Pace } from './pace.ts';
import { ReadAhead } from './readAhead.ts';

/** Reads from one table for resolvers. Concurrent reads are batched. */
export interface Loader<E> {
  /** Returns the row, and may read more with it. */
  byId(id: Id, bring?: Bring): MaybePromise<E | undefined>;
  page(window: Window<E>): MaybePromise<Page<E>>;
  count(selection: Selection<E>): MaybePromise<number>;
}

/** The readers of one request. */
export type Loaders = TableLoaders & {
  positionTotals(selection: Selection<Position>): MaybePromise<readonly Total[]>;
  unreadCount(request: UnreadOf): MaybePromise<number>;
  /** Whether rows are read together with others. */
  readonly looksAhead: boolean;
  /** Sets the options with which rows are read from now on. */
  use(options: ReadOptions): void;
  /** Keeps the reads of all items of a list in one batch, although the list yields to other requests. */
  follow(pace: Pace): void;
  /** Clears the cache after a write. */
  clear(): void;
};

/**
 * Returns the readers of one request. A synchronous store is read directly, without promises; any other is read in
 * batches, one per tick.
 */
export const loadersOf = (store: Store, scope: Scope, until?: Deadline): Loaders =>
  store.isSynchronous ? directLoaders(store.read(scope, until)) : batchedLoaders(store, scope, until);

/** Returns the loaders of a store that ignores how rows are read. Rows are not cached, so nothing has to be cleared. */
const directLoaders = (readers: Readers): Loaders =>
  Object.assign(
    lazyTables<TableLoaders>(<T extends TableName>(name: T) => directLoader(readerIn(readers, name))),
    {
      positionTotals: (selection: Selection<Position>) => first(readers.positionTotals([selection])),
      unreadCount: (request: UnreadOf) => first(readers.unreadCounts([request])),
      looksAhead: false,
      use: ignore,
      follow: ignore,
      clear: ignore,
    },
  );

const ignore = (): void => undefined;

/** Returns the only item of a result of a synchronous store. */
const first = <A>(items: MaybePromise<readonly A[]>): A => (items as readonly [A])[0];

const readerIn = <T extends TableName>(tables: TableReaders, name: T): Reader<Tables[T]> => tables[name];

function batchedLoaders(store: Store, scope: Scope, until?: Deadline): Loaders {
  let options: ReadOptions = {};
  let pace: Pace | undefined;
  /** Dispatches a batch when all resolvers that can run have run. */
  const schedule = (dispatch: () => void): void => {
    const dispatchOrWait = (): void => (pace?.isInterrupted ? pace.whenResumed(() => schedule(dispatch)) : dispatch());
    void Promise.resolve().then(() => process.nextTick(dispatchOrWait));
  };
  const readers = store.read(scope, until, () => options);
  const loaders: { clear(): void }[] = [];
  const ahead = new ReadAhead();
  const reading = <E extends { readonly id: Id }>(table: TableName, reader: Reader<E>): Loader<E> => {
    const loader = new BatchedLoader(table, reader, schedule, ahead);
    loaders.push(loader);
    return loader;
  };
  const readings = {
    positionTotals: oneOf(readers.positionTotals, schedule),
    unreadCount: oneOf(readers.unreadCounts, schedule),
    use: (used: ReadOptions) => {
      options = used;
    },
    follow: (followed: Pace) => {
      pace = followed;
    },
    looksAhead: true,
    clear: () => {
      ahead.clear();
      loaders.forEach((loader) => loader.clear());
    },
  };
  return Object.assign(
    lazyTables<TableLoaders>(<T extends TableName>(name: T) => reading(name, readerIn(readers, name))),
    readings,
  );
}

type TableLoaders = { readonly [T in TableName]: Loader<Tables[T]> };

const directLoader = <E>(reader: Reader<E>): Loader<E> => ({
  byId: (id) => first(reader.byIds([id])),
  page: (window) => first(reader.pages([window])),
  count: (selection) => first(reader.counts([selection])),
});

/** Reads in batches, and returns what was read ahead at once. */
class BatchedLoader<E extends { readonly id: Id }> implements Loader<E> {
  readonly #table: TableName;
  readonly #ahead: ReadAhead;
  /** The rows that were requested by their ids. */
  readonly #rows = new Map<Id, Promise<E | undefined>>();
  readonly #ids: DataLoader<Id, E | undefined>;
  readonly #pages: DataLoader<Window<E>, Page<E>>;
  readonly #counts: DataLoader<Selection<E>, number>;

  constructor(table: TableName, reader: Reader<E>, schedule: Schedule, ahead: ReadAhead) {
    this.#table = table;
    this.#ahead = ahead;
    this.#ids = new DataLoader((ids) => reader.byIds(ids) as Promise<(E | undefined)[]>, {
      cacheMap: this.#rows,
      batchScheduleFn: schedule,
    });
    this.#pages = batching(async (windows: readonly Window<E>[]) => {
      const pages = await reader.pages(windows);
      for (const { brought } of pages) ahead.add(brought);
      return pages;
    }, schedule);
    this.#counts = batching((selections: readonly Selection<E>[]) => reader.counts(selections), schedule);
  }

  byId(id: Id, bring?: Bring): MaybePromise<E | undefined> {
    // The rows that were read ahead of a table are those of the table.
    const row = this.#ahead.row(this.#table, id) as E | undefined;
    if (row) return row;
    const known = this.#rows.get(id);
    if (known || !bring || !couldBeId(id)) return known ?? this.#ids.load(id);
    const page = this.#pages.load(windowOfId<E>(id, bring));
    const read = page.then(({ rows }) => rows[0]);
    this.#rows.set(id, read);
    return read;
  }

  page(window: Window<E>): MaybePromise<Page<E>> {
    // The window is one of the rows of the table.
    const own = window as Window<never> as unknown as Window<AnyRow>;
    return (this.#ahead.page(this.#table, own) as Page<E> | undefined) ?? this.#pages.load(window);
  }

  count(selection: Selection<E>): Promise<number> {
    return this.#counts.load(selection);
  }

  clear(): void {
    this.#ids.clearAll();
  }
}

/** Returns the window of a single row. Windows that differ only in the id are read together. */
const windowOfId = <E extends { readonly id: Id }>(id: Id, bring: Bring): Window<E> =>
  firstOf({ parent: { field: 'id', id }, order: { by: [], direction: 'ASC' }, limit: 1, bring });

/** Returns a function that reads one item in a batch. */
function oneOf<Q, A>(
  ask: (questions: readonly Q[]) => MaybePromise<readonly A[]>,
  schedule: Schedule,
): (one: Q) => MaybePromise<A> {
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
