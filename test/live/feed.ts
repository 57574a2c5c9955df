import { Hub, type HubOptions, type Point, type Tick } from '../../src/live/hub.ts';
import type { Change } from '../../src/domain/change.ts';
import { MemoryChanges } from '../../src/store/memory/changes.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';

/** A feed and a hub on it that looks only when it is told to. */
export interface Live {
  readonly feed: MemoryChanges;
  readonly hub: Hub;
  readonly faults: unknown[];
  /** Commits so many changes of one transaction. */
  readonly commit: (count?: number, over?: Partial<Change>) => void;
  /** A place of this feed. */
  readonly at: (place: number) => Point;
}

const ANY: Change = {
  topic: 'CHAT_MESSAGE',
  kind: 'CREATED',
  institutionId: 'inst',
  objectId: 'msg',
  detailId: 'chat',
  createdAt: 0,
};
/** Longer than any test: what is heard is heard because somebody called. */
const NEVER_MS = 2 ** 30;

export function liveOn(feed: MemoryChanges, options: Partial<HubOptions> = {}): Live {
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => void faults.push(error);
  const hub = new Hub({ feed, lookEveryMs: NEVER_MS, queueChanges: 1_000, perOwner: 100, onFault, ...options });
  const commit: Live['commit'] = (count = 1, over = {}) =>
    feed.append(Array.from({ length: count }, () => ({ ...ANY, ...over })));
  return { feed, hub, faults, commit, at: (place) => ({ log: feed.log, place }) };
}

export const live = (options: Partial<HubOptions> = {}): Live => liveOn(new MemoryChanges(new MemoryMeter()), options);

export const everything = (): boolean => true;

/** The next so many ticks, as places; the one without a change as "live". */
export async function places(ticks: AsyncIterator<Tick>, count: number): Promise<(number | 'live')[]> {
  const seen: (number | 'live')[] = [];
  while (seen.length < count) {
    const { value, done } = await ticks.next();
    if (done) break;
    seen.push(value.change ? value.place : 'live');
  }
  return seen;
}

export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_each, at) => from + at);
