import type { EscrowGridError } from './errors.ts';
import type { LiveItem } from './live.ts';

/** An object that a list can keep up to date. */
export interface LiveRow {
  readonly id: string;
  readonly version: number;
}

/** A list that is kept up to date. */
export interface LiveList<R> {
  /** The rows: first those that were loaded, in their order, then those that were created since. */
  readonly rows: readonly R[];
  /** The reason why the list may be out of date: the stream was lost and is not open again yet. */
  readonly error?: EscrowGridError | undefined;
}

/**
 * Keeps a list up to date: loads it with `load` when the stream says so, and then applies each change. Returns the list
 * after each item. `rowOf` returns the object of a change, or null if the change does not belong in the list. A deleted
 * object stays in the list with `deletedAt`, if its type has that field. Throws what the stream and `load` throw.
 */
export async function* liveList<R extends LiveRow, T>(
  items: AsyncIterable<LiveItem<T>>,
  load: () => Promise<readonly R[] | null | undefined>,
  rowOf: (data: T) => R | null | undefined,
): AsyncGenerator<LiveList<R>, void, undefined> {
  let rows = new Map<string, R>();
  for await (const item of items) {
    if (item.type === 'RELOAD') rows = new Map((await load())?.map((row) => [row.id, row]));
    const row = item.type === 'CHANGE' ? rowOf(item.data) : undefined;
    if (row && row.version >= (rows.get(row.id)?.version ?? 0)) rows.set(row.id, row);
    yield { rows: [...rows.values()], error: item.type === 'DISCONNECTED' ? item.error : undefined };
  }
}

/** A list that is kept up to date as long as it has listeners, for `useSyncExternalStore` of React and the like. */
export interface LiveStore<R> {
  /** Adds a listener. Returns the function that removes it. The first listener opens the stream, the last one ends it. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Returns the newest list. It is the same object until the list changes. */
  readonly getSnapshot: () => LiveList<R>;
}

/**
 * Creates a store of a list, from the arguments of `liveList`; `follow` opens the stream. If the list cannot be kept up to
 * date any more, its `error` says why, and the next first listener starts over.
 */
export function liveStore<R extends LiveRow, T>(
  follow: (signal: AbortSignal) => AsyncIterable<LiveItem<T>>,
  load: () => Promise<readonly R[] | null | undefined>,
  rowOf: (data: T) => R | null | undefined,
): LiveStore<R> {
  const listeners = new Set<() => void>();
  let list: LiveList<R> = { rows: [] };
  let stream = new AbortController();
  const run = async ({ signal }: AbortController): Promise<void> => {
    const put = (next: LiveList<R>): void => {
      if (signal.aborted) return;
      list = next;
      for (const listener of listeners) listener();
    };
    try {
      for await (const next of liveList(follow(signal), load, rowOf)) put(next);
    } catch (error) {
      put({ rows: list.rows, error: error as EscrowGridError });
    }
  };
  return {
    subscribe: (listener) => {
      // The same function may be added twice; each addition is removed by itself.
      const own = (): void => listener();
      if (listeners.size === 0) void run((stream = new AbortController()));
      listeners.add(own);
      return () => {
        if (listeners.delete(own) && listeners.size === 0) stream.abort();
      };
    },
    getSnapshot: () => list,
  };
}
