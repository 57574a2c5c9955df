import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryChanges } from '../../src/store/memory/changes.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { everything, type Live, liveOn, numbers } from './feed.ts';

/** A feed whose answers come when the scheduler says, as those of a database do. */
class LateFeed extends MemoryChanges {
  readonly #scheduler: fc.Scheduler;

  constructor(scheduler: fc.Scheduler) {
    super(new MemoryMeter());
    this.#scheduler = scheduler;
  }

  override async read(behind: number, limit: number): ReturnType<MemoryChanges['read']> {
    await this.#scheduler.schedule(Promise.resolve(), 'asked');
    const answer = await super.read(behind, limit);
    await this.#scheduler.schedule(Promise.resolve(), 'answered');
    return answer;
  }
}

/** Follows from the cursor on, leaves after so many changes and comes back, again and again. Answers what it saw. */
function follow({ hub, at }: Live, scheduler: fc.Scheduler, after: number | null, stays: readonly number[]): Seen {
  const seen: Seen = { places: [], begins: after, lives: 0, stays: 0, failed: undefined };
  const run = async (): Promise<void> => {
    let cursor = after === null ? null : at(after);
    for (const stay of [...stays, Infinity]) {
      await scheduler.schedule(Promise.resolve(), 'subscribed');
      const ticks = hub.subscribe('a', cursor, everything);
      seen.stays += 1;
      for (let left = stay; left > 0; left -= 1) {
        const { value, done } = await ticks.next();
        if (done) return;
        cursor = value;
        if (value.change) seen.places.push(value.place);
        else seen.lives += 1;
        seen.begins ??= value.place;
        await scheduler.schedule(Promise.resolve(), 'read');
      }
      await ticks.return?.();
    }
  };
  run().catch((error: unknown) => (seen.failed = error));
  return seen;
}

interface Seen {
  readonly places: number[];
  begins: number | null;
  lives: number;
  stays: number;
  failed: unknown;
}

const follower = fc.record({
  missed: fc.option(fc.nat(1), { nil: null }),
  stays: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
});

it('brings each change once across every seam, however commits, looks and readers meet', () =>
  checked(
    COUNTS.liveSeams,
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 12 }),
      fc.array(follower, { minLength: 1, maxLength: 4 }),
      async (scheduler, commits, followers) => {
        const before = 2;
        const live = liveOn(new LateFeed(scheduler));
        live.commit(before);
        live.hub.start();
        const all = followers.map(({ missed, stays }) =>
          follow(live, scheduler, missed === null ? null : before - missed, stays),
        );
        for (const count of commits) {
          void scheduler.schedule(Promise.resolve(), 'commit').then(() => live.commit(count));
        }
        await scheduler.waitIdle();
        const last = before + commits.reduce((sum, count) => sum + count, 0);
        for (const { places, begins, failed, stays, lives } of all) {
          expect(failed).toBeUndefined();
          expect(places).toEqual(numbers((begins ?? Infinity) + 1, last));
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
