import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TooSlow } from '../../src/live/changeQueue.ts';
import { CredentialEnded, CursorExpired, Stopping, TooManySubscriptions, UnknownCursor } from '../../src/live/hub.ts';
import { MemoryChanges } from '../../src/store/memory/changes.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';
import { everything, type Live, live, liveOn, numbers, places } from './feed.ts';

/** A hub that has been started and is stopped when the test ends. */
function started(made: Live = live()): Live {
  made.hub.start();
  onTestFinished(() => made.hub.stop());
  return made;
}

describe('a subscription', () => {
  it('is live at once without a cursor, and hears nothing of before', async () => {
    const { hub, commit, at } = started();
    commit(3);
    const ticks = hub.subscribe('a', null, everything);
    expect((await ticks.next()).value).toEqual({ ...at(3), change: null });
    commit(2);
    expect(await places(ticks, 2)).toEqual([4, 5]);
  });

  it('brings what was missed, pages of it, then says once that it is live', async () => {
    const { hub, commit, at } = started();
    commit(1_234);
    const ticks = hub.subscribe('a', at(34), everything);
    expect(await places(ticks, 1_201)).toEqual([...numbers(35, 1_234), 'live']);
    commit();
    expect(await places(ticks, 1)).toEqual([1_235]);
  });

  it('resumes behind each place at which it was left', async () => {
    const { hub, commit, at } = started();
    commit(5);
    for (const after of numbers(0, 5)) {
      const ticks = hub.subscribe('a', at(after), everything);
      expect(await places(ticks, 6 - after)).toEqual([...numbers(after + 1, 5), 'live']);
      await ticks.return?.();
    }
    expect(hub.size).toBe(0);
  });

  it('brings only what is wanted, missed or live', async () => {
    const { hub, commit, at } = started();
    for (const objectId of ['a', 'b', 'a']) commit(1, { objectId });
    const ticks = hub.subscribe('a', at(0), ({ objectId }) => objectId === 'a');
    expect(await places(ticks, 3)).toEqual([1, 3, 'live']);
    for (const objectId of ['b', 'a']) commit(1, { objectId });
    expect(await places(ticks, 1)).toEqual([5]);
  });

  it('misses nothing that comes while the hub has not looked yet', async () => {
    const { hub, commit, at } = live();
    commit(2);
    const ticks = hub.subscribe('a', at(1), everything);
    hub.start();
    onTestFinished(() => hub.stop());
    expect((await ticks.next()).value).toMatchObject({ place: 2 });
    commit();
    expect(new Set(await places(ticks, 2))).toEqual(new Set([3, 'live']));
  });

  it('is refused a cursor that nobody was given', async () => {
    const { hub, commit, at } = started();
    commit(3);
    await expect(hub.subscribe('a', at(4), everything).next()).rejects.toThrow(UnknownCursor);
    expect(await places(hub.subscribe('a', at(3), everything), 1)).toEqual(['live']);
  });

  it('is refused a cursor of another log, wherever it points', async () => {
    const { hub, commit } = started();
    const earlier = live();
    for (const each of [earlier.commit, commit]) each(3);
    for (const place of numbers(0, 4)) {
      await expect(hub.subscribe('a', earlier.at(place), everything).next()).rejects.toThrow(CursorExpired);
    }
    expect(hub.size).toBe(0);
  });

  it('is refused a cursor behind which changes are forgotten', async () => {
    const { hub, feed, commit, at } = started();
    for (const createdAt of [1, 2, 3]) commit(1, { createdAt });
    expect(await feed.forget(3)).toBe(2);
    await expect(hub.subscribe('a', at(1), everything).next()).rejects.toThrow(CursorExpired);
    expect(await places(hub.subscribe('a', at(2), everything), 2)).toEqual([3, 'live']);
  });
});

describe('what a hub holds', () => {
  it('ends who reads too slowly, and hurts nobody else', async () => {
    const { hub, commit } = started(live({ queueChanges: 10 }));
    const [slow, quick] = [hub.subscribe('a', null, everything), hub.subscribe('a', null, everything)];
    expect([await places(slow, 1), await places(quick, 1)]).toEqual([['live'], ['live']]);
    for (let commits = 1; commits <= 11; commits += 1) {
      commit();
      expect(await places(quick, 1)).toEqual([commits]);
    }
    await expect(slow.next()).rejects.toThrow(TooSlow);
    expect(hub.size).toBe(1);
    commit();
    expect(await places(quick, 1)).toEqual([12]);
  });

  it('keeps to so many subscriptions an owner, and counts those that ended no more', async () => {
    const { hub, commit, at } = started(live({ perOwner: 2 }));
    const [first, second] = [hub.subscribe('a', null, everything), hub.subscribe('a', null, everything)];
    await Promise.all([first.next(), second.next()]);
    await expect(hub.subscribe('a', null, everything).next()).rejects.toThrow(TooManySubscriptions);
    await expect(hub.subscribe('b', null, everything).next()).resolves.toMatchObject({ done: false });
    await expect(hub.subscribe('a', at(99), everything).next()).rejects.toThrow(TooManySubscriptions);
    await first.return?.();
    await expect(hub.subscribe('a', at(99), everything).next()).rejects.toThrow(UnknownCursor);
    const third = hub.subscribe('a', null, everything);
    expect(await places(third, 1)).toEqual(['live']);
    commit();
    expect([await places(second, 1), await places(third, 1)]).toEqual([[1], [1]]);
  });

  it('lets a reader leave while it waits', async () => {
    const { hub } = started();
    const ticks = hub.subscribe('a', null, everything);
    await ticks.next();
    const waiting = ticks.next();
    await turn();
    await ticks.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(hub.size).toBe(0);
  });

  it('ends every subscription when it stops, and takes no other', async () => {
    const { hub, faults, commit, at } = started();
    const ticks = numbers(1, 5).map(() => hub.subscribe('a', null, everything));
    for (const each of ticks) await each.next();
    expect(hub.size).toBe(5);
    const ends = ticks.map((each) => each.next().catch((error: unknown) => error));
    await hub.stop();
    expect(await Promise.all(ends)).toEqual(ticks.map(() => expect.any(Stopping) as Stopping));
    expect([hub.size, hub.owners]).toEqual([0, []]);
    commit();
    await expect(hub.subscribe('a', at(0), everything).next()).rejects.toThrow(Stopping);
    expect([hub.size, faults]).toEqual([0, []]);
  });

  it.each([
    ['when it stops', Stopping, ({ hub }: Live) => hub.stop()],
    ['with its credential', CredentialEnded, async ({ hub }: Live) => hub.endAll('a')],
  ] as const)('ends who is still catching up %s, before the next page', async (_when, reason, end) => {
    const made = started();
    made.commit(1_234);
    const ticks = made.hub.subscribe('a', made.at(0), everything);
    expect(await places(ticks, 10)).toEqual(numbers(1, 10));
    await end(made);
    expect(await places(ticks, 490)).toEqual(numbers(11, 500));
    await expect(ticks.next()).rejects.toThrow(reason);
    expect(made.hub.owners).toEqual([]);
  });

  it('ends all of one owner with the credential, and nobody else', async () => {
    const { hub, commit } = started();
    const own = [hub.subscribe('a', null, everything), hub.subscribe('a', null, everything)];
    const other = hub.subscribe('b', null, everything);
    for (const each of [...own, other]) expect(await places(each, 1)).toEqual(['live']);
    hub.endAll('a');
    for (const each of own) await expect(each.next()).rejects.toThrow(CredentialEnded);
    commit();
    expect([await places(other, 1), hub.owners]).toEqual([[1], ['b']]);
  });

  it('looks again on its own after a look that failed', async () => {
    const feed = new BreakingFeed(new MemoryMeter());
    feed.broken = true;
    const { hub, faults, commit } = started(liveOn(feed, { lookEveryMs: 1 }));
    while (faults.length < 3) await turn();
    feed.broken = false;
    const ticks = hub.subscribe('a', null, everything);
    expect(await places(ticks, 1)).toEqual(['live']);
    feed.broken = true;
    commit(2);
    const [failed, heard] = [faults.length, places(ticks, 2)];
    while (faults.length < failed + 3) await turn();
    feed.broken = false;
    expect(await heard).toEqual([1, 2]);
  });
});

class BreakingFeed extends MemoryChanges {
  broken = false;

  override async read(behind: number, limit: number): ReturnType<MemoryChanges['read']> {
    if (this.broken) throw new Error('The database is gone.');
    return super.read(behind, limit);
  }
}
