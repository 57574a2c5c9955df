import type { ChangeFeed, Store, StoreUsage, TableName, Tables } from '../store/store.ts';
import { eachTable, TABLE_NAMES } from '../store/tables.ts';

/** Every row of a store, by table. */
export type Rows = { readonly [T in TableName]: readonly Tables[T][] };

/** A store whose rows can be replaced as a whole. */
export interface ReplaceableStore extends Store {
  /** Returns all rows. */
  copyRows(): Promise<Rows>;
  /**
   * Replaces all rows. Waits for the transactions in progress. A new stream of changes begins, so open subscriptions end
   * with CURSOR_EXPIRED, as after the restore of a backup.
   */
  replaceRows(rows: Rows): Promise<void>;
}

/** Opens a store, and another one whenever its rows are replaced. `open` returns an empty store. */
export async function openReplaceableStore(open: () => Promise<Store> | Store): Promise<ReplaceableStore> {
  let current = await open();
  const changes = replaceableFeed(() => current.changes);
  return {
    isSynchronous: current.isSynchronous,
    changes,
    counters: {
      add: (...counts) => current.counters.add(...counts),
      deleteBefore: (before) => current.counters.deleteBefore(before),
    },
    ...(current.usage && { usage: usageOf(() => current.usage as StoreUsage) }),
    ...(current.rowCounts && { rowCounts: () => current.rowCounts?.() ?? eachTable(() => 0) }),
    read: (...options) => current.read(...options),
    transact: (...work) => current.transact(...work),
    snapshot: (...work) => current.snapshot(...work),
    scan: (...work) => current.scan(...work),
    load: (work) => current.load(work),
    refreshWords: () => current.refreshWords(),
    analyze: () => current.analyze(),
    cleanUp: () => current.cleanUp(),
    findFault: () => current.findFault(),
    abandonWork: () => current.abandonWork(),
    close: () => current.close(),
    copyRows: () => copyRows(current),
    replaceRows: async (rows) => {
      const next = await open();
      await insertRows(next, rows);
      await current.close();
      current = next;
      changes.follow();
    },
  };
}

async function copyRows(store: Store): Promise<Rows> {
  const rows = eachTable<{ readonly [T in TableName]: Tables[T][] }>(() => []);
  await store.scan('ALL', async (scan) => {
    const copyTable = async <T extends TableName>(name: T): Promise<void> => {
      const copied: Tables[T][] = rows[name];
      for await (const page of scan.rows(name)) copied.push(...page);
    };
    for (const name of TABLE_NAMES) await copyTable(name);
  });
  return rows;
}

const insertRows = (store: Store, rows: Rows): Promise<void> =>
  store.load(async (load) => {
    const insertTable = <T extends TableName>(name: T): Promise<void> => load.insert(name, rows[name]);
    for (const name of TABLE_NAMES) await insertTable(name);
  });

/** Returns the feed of the current store. `follow` must be called after the store was replaced. */
function replaceableFeed(feed: () => ChangeFeed): ChangeFeed & { follow(): void } {
  const listeners = new Set<() => void>();
  const wake = (): void => {
    for (const listener of listeners) listener();
  };
  let unfollow = feed().onChanges(wake);
  return {
    cursorKey: () => feed().cursorKey(),
    assignSequences: () => feed().assignSequences(),
    read: (...range) => feed().read(...range),
    deleteBefore: (before) => feed().deleteBefore(before),
    onChanges: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow: () => {
      unfollow();
      unfollow = feed().onChanges(wake);
      wake();
    },
  };
}

const usageOf = (usage: () => StoreUsage): StoreUsage => ({
  get usedBytes() {
    return usage().usedBytes;
  },
  get maxBytes() {
    return usage().maxBytes;
  },
  get unrecordedAttempts() {
    return usage().unrecordedAttempts;
  },
  countUnrecordedAttempt: () => usage().countUnrecordedAttempt(),
});
