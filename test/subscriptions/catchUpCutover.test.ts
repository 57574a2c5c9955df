import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryChanges } from '../../src/store/memory/changes.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';
import type { StreamPage } from '../../src/store/store.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { everything, type Live, liveOn, numbers } from './feed.ts';

/** A feed whose results and notifications arrive when the scheduler decides, like those of a database. */
class LateFeed extends MemoryChanges {
  readonly #scheduler: fc.Scheduler;

  constructor(scheduler: fc.Scheduler) {
    super(new MemoryMeter());
    this.#scheduler = scheduler;
  }

  override onChanges(wake: () => void): () => void {
    return super.onChanges(() => void this.#scheduler.schedule(Promise.resolve(), 'notified').then(wake));
  }

  override async assignSequences(): Promise<void> {
    await this.#scheduler.schedule(Promise.resolve(), 'assigned');
  }

  override async read(...args: Parameters<MemoryChanges['read']>): Promise<StreamPage> {
    await this.#scheduler.schedule(Promise.resolve(), 'requested');
    const page = await super.read(...args);
    await this.#scheduler.schedule(Promise.resolve(), 'answered');
    return page;
  }
}

/** Subscribes from the cursor on, unsubscribes after some changes and resumes, repeatedly. Returns what it received. */
function follow({ hub, cursors }: Live, scheduler: fc.Scheduler, after: string | null, stays: readonly number[]): Seen {
  const seen: Seen = { sequences: [], begins: undefined, lives: 0, stays: 0, failed: undefined };
  const run = async (): Promise<void> => {
    const codec = await cursors;
    const sequenceOf = (text: string): number | undefined => codec.decode(text)?.sequence;
    seen.begins = after === null ? undefined : sequenceOf(after);
    let cursor = after;
    for (const stay of [...stays, Infinity]) {
      await scheduler.schedule(Promise.resolve(), 'subscribed');
      const items = hub.subscribe('a', cursor, everything);
      seen.stays += 1;
      for (let left = stay; left > 0; left -= 1) {
        const { value, done } = await items.next();
        if (done) return;
        cursor = value.cursor;
        if (value.change) seen.sequences.push(value.change.sequence);
        else seen.lives += 1;
        seen.begins ??= sequenceOf(value.cursor);
        await scheduler.schedule(Promise.resolve(), 'read');
      }
      await items.return?.();
    }
  };
  run().catch((error: unknown) => (seen.failed = error));
  return seen;
}

interface Seen {
  readonly sequences: number[];
  /** The sequence after which the first item is expected. */
  begins: number | undefined;
  lives: number;
  stays: number;
  failed: unknown;
}

const commit = fc.record({ count: fc.integer({ min: 1, max: 3 }), isForeign: fc.boolean() });
const follower = fc.record({
  missed: fc.option(fc.nat(1), { nil: null }),
  stays: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
});

it('a subscriber receives each of its changes once across every cutover, in any order of commits, polls and readers', () =>
  checked(
    COUNTS.liveSeams,
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(commit, { maxLength: 12 }),
      fc.array(follower, { minLength: 1, maxLength: 4 }),
      async (scheduler, commits, followers) => {
        const before = 2;
        const live = liveOn(new LateFeed(scheduler));
        live.commit(before);
        live.hub.start();
        const cursors = [await live.at(before), await live.at(before - 1)];
        const all = followers.map(({ missed, stays }) =>
          follow(live, scheduler, missed === null ? null : (cursors[missed] ?? null), stays),
        );
        const own = numbers(1, before);
        let last = before;
        const publish = ({ count, isForeign }: (typeof commits)[number]): void => {
          live.commit(count, isForeign ? { institutionId: 'other' } : {});
          if (!isForeign) own.push(...numbers(last + 1, last + count));
          last += count;
        };
        for (const each of commits) {
          void scheduler.schedule(Promise.resolve(), 'commit').then(() => publish(each));
        }
        await scheduler.waitIdle();
        for (const { sequences, begins, failed, stays, lives } of all) {
          expect(failed).toBeUndefined();
          expect(sequences).toEqual(own.filter((sequence) => sequence > (begins ?? Infinity)));
          expect(lives).toBeLessThanOrEqual(stays);
          expect(lives).toBeGreaterThan(0);
        }
        expect(live.hub.size).toBe(all.length);
        const stopped = live.hub.stop();
        await scheduler.waitIdle();
        await stopped;
        expect([live.hub.size, live.faults]).toEqual([0, []]);
      },
    ),
  ));
