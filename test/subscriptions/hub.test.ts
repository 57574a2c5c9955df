import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryChanges } from '../../src/store/memory/changes.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';
import type { StreamPage } from '../../src/store/store.ts';
import {
  CredentialEndedError,
  CursorExpiredError,
  StoppingError,
  TooManySubscriptionsError,
  TooSlowError,
} from '../../src/subscriptions/errors.ts';
import type { StreamItem } from '../../src/subscriptions/hub.ts';
import { ANY, everything, type Live, live, liveOn, numbers, sequences } from './feed.ts';

/** Starts a hub that is stopped when the test ends. */
function started(made: Live = live()): Live {
  made.hub.start();
  onTestFinished(() => made.hub.stop());
  return made;
}

describe('a subscription of the hub', () => {
  it('a subscription without a cursor is live at once, and receives no earlier changes', async () => {
    const { hub, commit, cursors } = started();
    commit(3);
    const ticks = hub.subscribe('a', null, everything);
    const { value } = await ticks.next();
    expect(value).toMatchObject({ change: null });
    expect((await cursors).decode((value as StreamItem).cursor)).toMatchObject({ sequence: 3 });
    commit(2);
    expect(await sequences(ticks, 2)).toEqual([4, 5]);
  });

  it('a subscription receives missed changes in pages, and then exactly one live marker', async () => {
    const { hub, commit, at } = started();
    commit(1_234);
    const ticks = hub.subscribe('a', await at(34), everything);
    expect(await sequences(ticks, 1_201)).toEqual([...numbers(35, 1_234), 'live']);
    commit();
    expect(await sequences(ticks, 1)).toEqual([1_235]);
  });

  it('a subscription resumes after any change', async () => {
    const { hub, commit, at } = started();
    commit(5);
    for (const after of numbers(0, 5)) {
      const ticks = hub.subscribe('a', await at(after), everything);
      expect(await sequences(ticks, 6 - after)).toEqual([...numbers(after + 1, 5), 'live']);
      await ticks.return?.();
    }
    expect(hub.size).toBe(0);
  });

  it('a subscription receives only matching changes, both missed and live', async () => {
    const { hub, commit, at } = started();
    for (const objectId of ['a', 'b', 'a']) commit(1, { objectId });
    const ticks = hub.subscribe('a', await at(0), { ...everything, objectId: 'a' });
    expect(await sequences(ticks, 3)).toEqual([1, 3, 'live']);
    for (const objectId of ['b', 'a']) commit(1, { objectId });
    expect(await sequences(ticks, 1)).toEqual([5]);
  });

  it('a subscription receives changes that are committed before the first poll', async () => {
    const { hub, commit, at } = live();
    commit(2);
    const ticks = hub.subscribe('a', await at(1), everything);
    hub.start();
    onTestFinished(() => hub.stop());
    expect((await ticks.next()).value).toMatchObject({ change: { sequence: 2 } });
    commit();
    expect(new Set(await sequences(ticks, 2))).toEqual(new Set([3, 'live']));
  });

  it('an authentic cursor of a change that is not in the stream is rejected', async () => {
    const { hub, commit, cursors, at } = started();
    commit(3);
    const codec = await cursors;
    for (const sequence of numbers(0, 5)) {
      const after = codec.encodeChange({ sequence, id: randomUUID() });
      await expect(hub.subscribe('a', after, everything).next()).rejects.toThrow(CursorExpiredError);
    }
    expect(await sequences(hub.subscribe('a', await at(3), everything), 1)).toEqual(['live']);
  });

  it('a cursor of another feed is rejected, for any sequence', async () => {
    const { hub, commit } = started();
    const earlier = live();
    for (const each of [earlier.commit, commit]) each(3);
    for (const sequence of numbers(0, 3)) {
      const after = await earlier.at(sequence);
      await expect(hub.subscribe('a', after, everything).next()).rejects.toThrow(CursorExpiredError);
    }
    expect(hub.size).toBe(0);
  });

  it('a cursor is rejected if changes after it were deleted', async () => {
    const { hub, feed, commit, at } = started();
    for (const createdAt of [1, 2, 3]) commit(1, { createdAt });
    const [first, second] = [await at(1), await at(2)];
    expect(await feed.deleteBefore(3)).toBe(2);
    await expect(hub.subscribe('a', first, everything).next()).rejects.toThrow(CursorExpiredError);
    expect(await sequences(hub.subscribe('a', second, everything), 2)).toEqual([3, 'live']);
  });

  it('a subscription resumes from the last change after it was deleted, and from the start of an empty feed', async () => {
    const { hub, feed, commit, at } = started();
    expect(await sequences(hub.subscribe('a', await at(0), everything), 1)).toEqual(['live']);
    commit(2);
    const after = await at(2);
    expect(await feed.deleteBefore(1)).toBe(2);
    const items = hub.subscribe('a', after, everything);
    const { value } = await items.next();
    commit();
    expect(await sequences(items, 1)).toEqual([3]);
    expect(await sequences(hub.subscribe('a', (value as StreamItem).cursor, everything), 2)).toEqual([3, 'live']);
  });

  it('a subscription that is ahead of the notifications takes no change from the others', async () => {
    const { hub, commit } = started(liveOn(new SilentFeed(new MemoryMeter())));
    const first = hub.subscribe('a', null, everything);
    expect(await sequences(first, 1)).toEqual(['live']);
    commit(2);
    const second = hub.subscribe('a', null, everything);
    expect(await sequences(second, 1)).toEqual(['live']);
    expect(await sequences(first, 2)).toEqual([1, 2]);
  });

  it('a subscription resumes after changes of others between its own', async () => {
    const { hub, commit } = started();
    const foreign = { institutionId: 'other' };
    for (const over of [{}, foreign, foreign]) commit(1, over);
    const first = hub.subscribe('a', null, everything);
    const { value: caughtUp } = await first.next();
    commit(1, foreign);
    commit();
    commit(1_200, foreign);
    const again = hub.subscribe('a', (caughtUp as StreamItem).cursor, everything);
    expect(await sequences(again, 1)).toEqual([5]);
    const { value: last } = await again.next();
    expect(last).toMatchObject({ change: null });
    commit();
    for (const items of [first, hub.subscribe('b', (last as StreamItem).cursor, everything)]) {
      expect((await sequences(items, 2)).filter((each) => each !== 'live').at(-1)).toBe(1_206);
    }
  });
});

describe('the limits of a hub', () => {
  it('a subscription that is read too slowly ends, without affecting others', async () => {
    const { hub, commit } = started(live({ maxQueuedChanges: 10 }));
    const [slow, quick] = [hub.subscribe('a', null, everything), hub.subscribe('a', null, everything)];
    expect([await sequences(slow, 1), await sequences(quick, 1)]).toEqual([['live'], ['live']]);
    for (let commits = 1; commits <= 11; commits += 1) {
      commit();
      expect(await sequences(quick, 1)).toEqual([commits]);
    }
    await expect(slow.next()).rejects.toThrow(TooSlowError);
    expect(hub.size).toBe(1);
    commit();
    expect(await sequences(quick, 1)).toEqual([12]);
  });

  it('the number of subscriptions per owner is limited, and ended subscriptions do not count', async () => {
    const { hub, commit } = started(live({ maxPerOwner: 2 }));
    const [first, second] = [hub.subscribe('a', null, everything), hub.subscribe('a', null, everything)];
    await Promise.all([first.next(), second.next()]);
    await expect(hub.subscribe('a', null, everything).next()).rejects.toThrow(TooManySubscriptionsError);
    await expect(hub.subscribe('b', null, everything).next()).resolves.toMatchObject({ done: false });
    const unknown = await live().at(0);
    await expect(hub.subscribe('a', unknown, everything).next()).rejects.toThrow(TooManySubscriptionsError);
    await first.return?.();
    await expect(hub.subscribe('a', unknown, everything).next()).rejects.toThrow(CursorExpiredError);
    const third = hub.subscribe('a', null, everything);
    expect(await sequences(third, 1)).toEqual(['live']);
    commit();
    expect([await sequences(second, 1), await sequences(third, 1)]).toEqual([[1], [1]]);
  });

  it('a subscriber can unsubscribe while it waits', async () => {
    const { hub } = started();
    const ticks = hub.subscribe('a', null, everything);
    await ticks.next();
    const waiting = ticks.next();
    await turn();
    await ticks.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(hub.size).toBe(0);
  });

  it('a stopping hub ends every subscription and accepts no other', async () => {
    const { hub, faults, commit, at } = started();
    const ticks = numbers(1, 5).map(() => hub.subscribe('a', null, everything));
    for (const each of ticks) await each.next();
    expect(hub.size).toBe(5);
    const ends = ticks.map((each) => each.next().catch((error: unknown) => error));
    await hub.stop();
    expect(await Promise.all(ends)).toEqual(ticks.map(() => expect.any(StoppingError) as StoppingError));
    expect([hub.size, hub.owners]).toEqual([0, []]);
    commit();
    await expect(hub.subscribe('a', await at(0), everything).next()).rejects.toThrow(StoppingError);
    expect([hub.size, faults]).toEqual([0, []]);
  });

  it.each([
    ['when the hub stops', StoppingError, ({ hub }: Live) => hub.stop()],
    ['when its credential ends', CredentialEndedError, async ({ hub }: Live) => hub.endAll('a')],
  ] as const)('a subscription that is catching up ends %s, before the next page', async (_when, reason, end) => {
    const made = started();
    made.commit(1_234);
    const ticks = made.hub.subscribe('a', await made.at(0), everything);
    expect(await sequences(ticks, 10)).toEqual(numbers(1, 10));
    await end(made);
    expect(await sequences(ticks, 490)).toEqual(numbers(11, 500));
    await expect(ticks.next()).rejects.toThrow(reason);
    expect(made.hub.owners).toEqual([]);
  });

  it('all subscriptions of one owner end with its credential, and no others', async () => {
    const { hub, commit } = started();
    const own = [hub.subscribe('a', null, everything), hub.subscribe('a', null, everything)];
    const other = hub.subscribe('b', null, everything);
    for (const each of [...own, other]) expect(await sequences(each, 1)).toEqual(['live']);
    hub.endAll('a');
    for (const each of own) await expect(each.next()).rejects.toThrow(CredentialEndedError);
    commit();
    expect([await sequences(other, 1), hub.owners]).toEqual([[1], ['b']]);
  });

  it('a restored store ends every subscription, and new ones start at its end', async () => {
    const feed = new RestoredFeed(new MemoryMeter());
    const { hub, commit, at, faults } = started(liveOn(feed, { pollIntervalMs: 1 }));
    const [start, subscription] = [await at(0), hub.subscribe('a', null, everything)];
    expect(await sequences(subscription, 1)).toEqual(['live']);
    commit(700);
    const catchingUp = hub.subscribe('b', start, everything);
    expect(await sequences(subscription, 700)).toEqual(numbers(1, 700));
    expect(await sequences(catchingUp, 1)).toEqual([1]);
    feed.restored = new MemoryChanges(new MemoryMeter());
    await expect(subscription.next()).rejects.toThrow(CursorExpiredError);
    expect(await sequences(catchingUp, 499)).toEqual(numbers(2, 500));
    await expect(catchingUp.next()).rejects.toThrow(CursorExpiredError);
    await expect(hub.subscribe('a', start, everything).next()).rejects.toThrow(CursorExpiredError);
    const again = hub.subscribe('a', null, everything);
    expect(await sequences(again, 1)).toEqual(['live']);
    feed.restored.append([ANY]);
    expect(await sequences(again, 1)).toEqual([1]);
    expect(faults).toEqual([]);
  });

  it.each(numbers(0, 12))(
    'a change committed %i microtasks after the start of a poll is dispatched',
    async (microtasks) => {
      const { hub, commit } = started();
      const items = hub.subscribe('a', null, everything);
      expect(await sequences(items, 1)).toEqual(['live']);
      await turn();
      commit();
      for (let left = microtasks; left > 0; left -= 1) await Promise.resolve();
      commit();
      expect(await sequences(items, 2)).toEqual([1, 2]);
    },
  );

  it('the hub polls again by itself after a failed poll', async () => {
    const feed = new BreakingFeed(new MemoryMeter());
    feed.broken = true;
    const { hub, faults, commit } = started(liveOn(feed, { pollIntervalMs: 1 }));
    while (faults.length < 3) await turn();
    feed.broken = false;
    const ticks = hub.subscribe('a', null, everything);
    expect(await sequences(ticks, 1)).toEqual(['live']);
    feed.broken = true;
    commit(2);
    const [failed, heard] = [faults.length, sequences(ticks, 2)];
    while (faults.length < failed + 3) await turn();
    feed.broken = false;
    expect(await heard).toEqual([1, 2]);
  });
});

class BreakingFeed extends MemoryChanges {
  broken = false;

  override async assignSequences(): Promise<void> {
    this.#check();
  }

  override async read(...args: Parameters<MemoryChanges['read']>): Promise<StreamPage> {
    this.#check();
    return super.read(...args);
  }

  #check(): void {
    if (this.broken) throw new Error('The database is gone.');
  }
}

/** A feed whose notifications never arrive. */
class SilentFeed extends MemoryChanges {
  override onChanges(): () => void {
    return () => undefined;
  }
}

/** A feed whose history is replaced by another. */
class RestoredFeed extends MemoryChanges {
  restored: MemoryChanges | undefined;

  override async cursorKey(): Promise<Uint8Array> {
    return this.restored?.cursorKey() ?? super.cursorKey();
  }

  override async read(...args: Parameters<MemoryChanges['read']>): Promise<StreamPage> {
    return this.restored?.read(...args) ?? super.read(...args);
  }
}
