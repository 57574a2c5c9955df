import type { Change, ChangeFilter } from '../../src/domain/change.ts';
import { MemoryChanges } from '../../src/store/memory/changes.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';
import { ChangeCursors } from '../../src/subscriptions/changeCursor.ts';
import { Hub, type HubOptions, type StreamItem } from '../../src/subscriptions/hub.ts';

/** A feed, and a hub on it that polls only on request. */
export interface Live {
  readonly feed: MemoryChanges;
  readonly hub: Hub;
  readonly faults: unknown[];
  /** Commits the given number of changes in one transaction. */
  readonly commit: (count?: number, over?: Partial<Change>) => void;
  /** The cursors of this feed. */
  readonly cursors: Promise<ChangeCursors>;
  /** Returns the cursor of a sequence of this feed; nothing up to it may have been deleted yet. */
  readonly at: (sequence: number) => Promise<string>;
}

export const ANY: Change = {
  topic: 'CHAT_MESSAGE',
  kind: 'CREATED',
  institutionId: 'inst',
  objectId: 'msg',
  detailId: 'chat',
  createdAt: 0,
};
/** Longer than any test, so that the hub polls only when a test calls it. */
const NEVER_MS = 2 ** 30;

export function liveOn(feed: MemoryChanges, options: Partial<HubOptions> = {}): Live {
  const faults: unknown[] = [];
  const onInternalError = (error: unknown): void => void faults.push(error);
  const hub = new Hub({
    feed,
    pollIntervalMs: NEVER_MS,
    maxQueuedChanges: 1_000,
    maxPerOwner: 100,
    onInternalError,
    ...options,
  });
  const commit: Live['commit'] = (count = 1, over = {}) =>
    feed.append(Array.from({ length: count }, () => ({ ...ANY, ...over })));
  // Reads the feed directly, even if a subclass of a test changes reads.
  const read = MemoryChanges.prototype.read.bind(feed);
  const start = read(null, 0);
  const cursors = feed.cursorKey().then((key) => new ChangeCursors(key));
  const at: Live['at'] = async (sequence) => {
    const { last } = await start;
    const { changes } = await read(last, Infinity);
    const change = [last, ...changes].find((each) => each.sequence === sequence);
    if (!change) throw new Error(`There is no change with sequence ${sequence}.`);
    return (await cursors).encodeChange(change);
  };
  return { feed, hub, faults, commit, cursors, at };
}

export const live = (options: Partial<HubOptions> = {}): Live => liveOn(new MemoryChanges(new MemoryMeter()), options);

/** Selects all changes that `commit` makes by default. */
export const everything: ChangeFilter = { institutionId: ANY.institutionId, topic: ANY.topic };

/** The sequences of the next n items; the item without a change as "live". */
export async function sequences(items: AsyncIterator<StreamItem>, count: number): Promise<(number | 'live')[]> {
  const seen: (number | 'live')[] = [];
  while (seen.length < count) {
    const { value, done } = await items.next();
    if (done) break;
    seen.push(value.change ? value.change.sequence : 'live');
  }
  return seen;
}

export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_each, index) => from + index);
