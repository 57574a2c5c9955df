import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusyError } from '../../src/store/errors.ts';
import { ReadWriteLock } from '../../src/store/memory/lock.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const LIMIT_MS = 1_000;
type Kind = 'reads' | 'writes';

/** Records the current holders of the lock, and all holders in the order of acquisition. */
class Room {
  readonly lock: ReadWriteLock;
  readonly entered: number[] = [];
  readonly inside = new Set<number>();
  mostReaders = 0;
  #writing = false;

  constructor(limitMs = LIMIT_MS) {
    this.lock = new ReadWriteLock(limitMs);
  }

  /** Acquires the lock as `who`, holds it during the work, and checks the rules of the lock. */
  visit<T>(who: number, kind: Kind, work: () => Promise<T>): Promise<T> {
    return this.lock[kind === 'reads' ? 'reading' : 'writing'](async () => {
      this.entered.push(who);
      if (this.#writing || (kind === 'writes' && this.inside.size > 0)) throw new Error('A writer is not alone.');
      this.#writing = kind === 'writes';
      this.inside.add(who);
      this.mostReaders = Math.max(this.mostReaders, kind === 'reads' ? this.inside.size : 0);
      try {
        return await work();
      } finally {
        this.inside.delete(who);
        this.#writing = false;
      }
    });
  }
}

/** Starts a holder that keeps the lock until it is released. */
function guest(room: Room, who: number, kind: Kind) {
  let leave = (): void => undefined;
  const stay = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const done = room.visit(who, kind, () => stay);
  // The rejection of a holder may remain unhandled.
  done.catch(() => undefined);
  return { done, leave: () => (leave(), done) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the lock', () => {
  it('under any schedule readers share the lock, writers hold it exclusively, and all acquire it in order of arrival', () =>
    checked(
      COUNTS.lockSchedules,
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ kind: fc.constantFrom<Kind>('reads', 'writes'), fails: fc.boolean() }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (scheduler, visitors) => {
          const room = new Room();
          const arrived: number[] = [];
          const visits = visitors.map(async ({ kind, fails }, who) => {
            await scheduler.schedule(Promise.resolve(), `${who} comes and ${kind}`);
            arrived.push(who);
            await room.visit(who, kind, async () => {
              await scheduler.schedule(Promise.resolve(), `${who} goes on`);
              await scheduler.schedule(Promise.resolve(), `${who} leaves`);
              if (fails) throw new RangeError(`${who} fails`);
            });
          });
          const ended = Promise.allSettled(visits);
          await scheduler.waitFor(ended);
          const ends = await ended;
          expect(ends.map((end) => (end.status === 'rejected' ? String(end.reason) : 'done'))).toEqual(
            visitors.map(({ fails }, who) => (fails ? `RangeError: ${who} fails` : 'done')),
          );
          expect(room.entered).toEqual(arrived);
          expect(room.inside.size).toBe(0);
          // The lock is free again.
          await room.visit(99, 'writes', async () => undefined);
        },
      ),
    ));

  it('readers share the lock', async () => {
    const room = new Room();
    const readers = [0, 1, 2].map((who) => guest(room, who, 'reads'));
    await settled();
    expect(room.mostReaders).toBe(3);
    for (const { leave } of readers) await leave();
  });

  it('no reader overtakes a waiting writer, and no writer overtakes readers, so writers never starve', async () => {
    const room = new Room();
    const kinds: readonly Kind[] = ['reads', 'writes', 'reads', 'reads', 'writes', 'reads'];
    const guests = kinds.map((kind, who) => guest(room, who, kind));
    const stages: (readonly number[])[] = [];
    for (const leaving of [[0], [1], [2, 3], [4], [5]]) {
      await settled();
      stages.push([...room.inside]);
      for (const who of leaving) await guests[who]?.leave();
    }
    expect(stages).toEqual([[0], [1], [2, 3], [4], [5]]);
  });

  it('the lock is released if the work throws before it returns a promise', async () => {
    const lock = new ReadWriteLock(LIMIT_MS);
    const thrower = (): Promise<never> => {
      throw new RangeError('at once');
    };
    await expect(lock.writing(thrower)).rejects.toThrow(RangeError);
    await expect(lock.reading(thrower)).rejects.toThrow(RangeError);
    expect(await lock.writing(async () => 'free')).toBe('free');
  });

  describe('waiting for the lock longer than the limit', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('waiting longer than the limit fails with Busy, and the queue continues', async () => {
      const room = new Room();
      const holder = guest(room, 0, 'reads');
      const writer = guest(room, 1, 'writes');
      vi.advanceTimersByTime(1);
      const readers = [guest(room, 2, 'reads'), guest(room, 3, 'reads')];
      const last = guest(room, 4, 'writes');
      vi.advanceTimersByTime(LIMIT_MS - 1);
      await expect(writer.done).rejects.toThrow(BusyError);
      await settled();
      // The readers after it in the queue join the first reader immediately.
      expect([...room.inside]).toEqual([0, 2, 3]);
      for (const { leave } of [holder, ...readers]) await leave();
      await settled();
      expect([...room.inside]).toEqual([4]);
      await last.leave();
      expect(room.entered).toEqual([0, 2, 3, 4]);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('a lock acquired just before the limit can be held for any time', async () => {
      const room = new Room();
      const holder = guest(room, 0, 'writes');
      const next = guest(room, 1, 'reads');
      vi.advanceTimersByTime(LIMIT_MS - 1);
      await holder.leave();
      await settled();
      vi.advanceTimersByTime(10 * LIMIT_MS);
      expect([...room.inside]).toEqual([1]);
      await next.leave();
    });
  });
});
