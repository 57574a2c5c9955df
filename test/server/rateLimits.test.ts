import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Limits, RateLimits, type RateLimitsOptions } from '../../src/server/access/rateLimits.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { SharedCounters, Store } from '../../src/store/store.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const NONE: Limits = DEFAULTS.rates;
const MINUTE_MS = 60_000;

/** Returns the rate limits of a server, and a clock that only the test advances. */
function limited(limits: Partial<Limits>, options: Partial<RateLimitsOptions> = {}) {
  const time = { now: START };
  const { counters } = createMemoryStore();
  const rates = new RateLimits({ limits: { ...NONE, ...limits }, counters, clock: () => time.now, ...options });
  return { rates, time };
}

/** Records what a server has sent to the shared counters. While it is `away`, calls fail. */
function listening(counters: SharedCounters) {
  const heard = { calls: [] as (readonly [number, Readonly<Record<string, number>>])[], away: false };
  const listened: SharedCounters = {
    add: async (window, counts) => {
      if (heard.away) throw new Error('The record is away.');
      heard.calls.push([window, Object.fromEntries(counts)]);
      return counters.add(window, counts);
    },
    deleteBefore: async (before) => counters.deleteBefore(before),
  };
  return { heard, counters: listened };
}

describe('one server', () => {
  it('requests within the limit are accepted, and then the seconds to the next minute are returned', async () => {
    const { rates, time } = limited({ key: 3 });
    time.now = START + 15_001;
    for (let times = 0; times < 3; times += 1) expect(rates.take('key', 'a')).toBeUndefined();
    expect(rates.take('key', 'a')).toBe(45);
    expect(rates.take('key', 'b', 3)).toBeUndefined();
    time.now = START + MINUTE_MS - 1;
    expect(rates.take('key', 'a')).toBe(1);
    time.now = START + MINUTE_MS;
    expect(rates.take('key', 'a', 3)).toBeUndefined();
    expect(rates.take('key', 'a')).toBe(60);
  });

  it('limits are counted separately, and nothing is counted without a limit', async () => {
    const { rates } = limited({ key: 1, search: 1 });
    expect(rates.take('key', 'a')).toBeUndefined();
    expect(rates.take('search', 'a')).toBeUndefined();
    expect(rates.take('key', 'a')).toBe(60);
    expect(rates.size).toBe(2);
    for (let times = 0; times < 10; times += 1) expect(rates.take('address', 'a', 1e9)).toBeUndefined();
    expect(rates.peek('address', 'a', 1e9)).toBeUndefined();
    expect(rates.size).toBe(2);
  });

  it('peek counts nothing, and returns what a request would get', async () => {
    const { rates } = limited({ failedLogin: 2 });
    for (let times = 0; times < 5; times += 1) expect(rates.peek('failedLogin', 'a')).toBeUndefined();
    expect(rates.peek('failedLogin', 'a', 3)).toBe(60);
    expect(rates.size).toBe(0);
    rates.take('failedLogin', 'a', 2);
    expect(rates.peek('failedLogin', 'a')).toBe(60);
    expect(rates.peek('failedLogin', 'a', 0)).toBeUndefined();
  });

  it.each([4, 1e6, Number.MAX_SAFE_INTEGER, 1e21, Number.MAX_VALUE, Infinity, NaN])(
    '%d points exceed the limit, for any later requests',
    async (points) => {
      const { heard, counters } = listening(createMemoryStore().counters);
      const { rates } = limited({ key: 3 }, { counters });
      for (let times = 0; times < 100; times += 1) expect(rates.take('key', 'a', points)).toBe(60);
      await rates.flush();
      expect(heard.calls).toEqual([[START, { 'key:a': 400 }]]);
      expect(rates.take('key', 'a')).toBe(60);
    },
  );

  it('exactly the points of the limit are accepted', async () => {
    const takes = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 5 })), { maxLength: 40 });
    await checked(
      COUNTS.storeWalks * 10,
      fc.asyncProperty(fc.integer({ min: 0, max: 30 }), takes, async (limit, requested) => {
        const { rates } = limited({ key: limit });
        const spent: Record<string, number> = { a: 0, b: 0 };
        for (const [who, points] of requested) {
          spent[who] = (spent[who] ?? 0) + points;
          const allowed = (spent[who] ?? 0) <= limit;
          expect(rates.take('key', who, points)).toBe(allowed ? undefined : 60);
          if (points > limit) spent[who] = Infinity;
        }
      }),
    );
  });
});

describe('predecessor mistake 12: rate limit counts were never deleted', () => {
  it('no counts are kept after the minute', async () => {
    const { rates, time } = limited({ address: 10, key: 10 });
    for (let index = 0; index < 1_000; index += 1) rates.take(index % 2 ? 'key' : 'address', `${index}`);
    expect(rates.size).toBe(1_000);
    time.now += MINUTE_MS;
    expect(rates.size).toBe(0);
    time.now -= MINUTE_MS;
    expect(rates.size).toBe(0);
  });

  it('many new names use bounded memory, are limited, and do not affect names counted before', async () => {
    const { rates } = limited({ address: 5, key: 5 }, { namesPerLimit: 100 });
    rates.take('address', 'early', 4);
    const waits = [];
    for (let index = 0; index < 20_000; index += 1) waits.push(rates.take('address', `stranger ${index}`));
    expect(rates.size).toBeLessThanOrEqual(100 + 1_024);
    expect(waits.slice(0, 99).filter(Boolean)).toEqual([]);
    const allowed = waits.filter((wait) => wait === undefined).length;
    expect(allowed).toBeGreaterThan(99 + 1_000);
    expect(allowed).toBeLessThanOrEqual(99 + 5 * 1_024);
    expect(rates.take('address', 'early')).toBeUndefined();
    expect(rates.take('address', 'early')).toBe(60);
    expect(rates.take('key', 'somebody')).toBeUndefined();
  });

  it('the shared counters delete the minutes before the last', async () => {
    const { counters } = createMemoryStore();
    const { rates, time } = limited({ key: 5 }, { counters });
    for (let minute = 0; minute < 5; minute += 1) {
      rates.take('key', 'a');
      await rates.flush();
      time.now += MINUTE_MS;
    }
    expect(await counters.deleteBefore(time.now)).toBe(2);
  });
});

describe('flushing the counts', () => {
  it('a flush sends only new counts, in one call, and nothing without new counts', async () => {
    const { heard, counters } = listening(createMemoryStore().counters);
    const { rates, time } = limited({ key: 100, address: 100 }, { counters });
    await rates.flush();
    rates.take('key', 'a', 7);
    rates.take('address', 'x');
    await rates.flush();
    await rates.flush();
    rates.take('key', 'a');
    rates.take('key', 'b');
    await Promise.all([rates.flush(), rates.flush()]);
    rates.take('key', 'late');
    time.now += MINUTE_MS;
    await rates.flush();
    expect(heard.calls).toEqual([
      [START, { 'key:a': 7, 'address:x': 1 }],
      [START, { 'key:a': 1, 'key:b': 1 }],
    ]);
  });

  it('counts that could not be sent reject nobody, and are sent with the next flush', async () => {
    const { heard, counters } = listening(createMemoryStore().counters);
    const { rates } = limited({ key: 10 }, { counters });
    heard.away = true;
    rates.take('key', 'a', 2);
    await expect(rates.flush()).rejects.toThrow('away');
    rates.take('key', 'a', 3);
    await expect(rates.flush()).rejects.toThrow('away');
    heard.away = false;
    expect(rates.take('key', 'a', 5)).toBeUndefined();
    await rates.flush();
    expect(heard.calls).toEqual([[START, { 'key:a': 10 }]]);
  });

  it('no request waits for a flush, and counts made meanwhile are sent with the next', async () => {
    const { heard, counters } = listening(createMemoryStore().counters);
    let arrive = (): void => undefined;
    const slow: SharedCounters = {
      ...counters,
      add: async (window, counts) => {
        await new Promise<void>((resolve) => (arrive = resolve));
        return counters.add(window, counts);
      },
    };
    const { rates } = limited({ key: 10 }, { counters: slow });
    rates.take('key', 'a', 2);
    const settling = rates.flush();
    expect(rates.take('key', 'a', 3)).toBeUndefined();
    arrive();
    await settling;
    const next = rates.flush();
    arrive();
    await next;
    expect(heard.calls.map(([, counts]) => counts)).toEqual([{ 'key:a': 2 }, { 'key:a': 3 }]);
    expect(rates.peek('key', 'a', 5)).toBeUndefined();
    expect(rates.peek('key', 'a', 6)).toBe(60);
  });

  it('counts of many names are sent in parts, the oldest first', async () => {
    const { heard, counters } = listening(createMemoryStore().counters);
    const { rates } = limited({ address: 10 }, { counters });
    for (let index = 0; index < 25_000; index += 1) rates.take('address', `${index}`);
    await rates.flush();
    rates.take('address', '0');
    await rates.flush();
    await rates.flush();
    expect(heard.calls.map(([, counts]) => Object.keys(counts).length)).toEqual([10_000, 10_000, 5_001]);
    expect(heard.calls.map(([, counts]) => counts['address:0'])).toEqual([1, undefined, 1]);
  });

  it('lost shared counters give no points back', async () => {
    const { counters } = createMemoryStore();
    const { rates } = limited({ key: 10 }, { counters });
    rates.take('key', 'a', 4);
    await counters.add(START, new Map([['key:a', 5]]));
    await rates.flush();
    await counters.deleteBefore(START + 1);
    rates.take('key', 'a');
    await rates.flush();
    expect(rates.take('key', 'a')).toBe(60);
  });
});

onBothStores((open) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  const server = (limits: Partial<Limits>): RateLimits => limited(limits, { counters: store.counters }).rates;

  it('servers count together', async () => {
    const limits = { key: 10, address: 10 };
    const [a, b, c] = [server(limits), server(limits), server(limits)];
    a.take('key', 'k', 4);
    b.take('key', 'k', 4);
    b.take('address', 'x', 10);
    expect(c.take('key', 'k')).toBeUndefined();
    for (const each of [a, b, c]) await each.flush();
    // The last server to flush knows all counts of the others.
    expect(c.take('key', 'k')).toBeUndefined();
    expect(c.take('key', 'k')).toBe(60);
    // The first server learns the counts of the others when it has its own to send.
    expect(a.take('key', 'k')).toBeUndefined();
    await a.flush();
    expect(a.take('key', 'k')).toBe(60);
    expect(a.take('address', 'x')).toBeUndefined();
    await a.flush();
    expect(a.take('address', 'x')).toBe(60);
  });

  it('the last server to flush knows the sum of all, in any order of requests and flushes', async () => {
    const step = fc.record({
      at: fc.nat(2),
      does: fc.oneof(fc.constant('settle' as const), fc.constant('settleAll' as const), fc.integer({ min: 1, max: 9 })),
    });
    let cases = 0;
    await checked(
      COUNTS.storeWalks,
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const who = `case ${(cases += 1)}`;
        const all = [1, 2, 3].map(() => server({ search: 1_000 }));
        let taken = 0;
        const take = async (index: number, points: number): Promise<void> => {
          taken += points;
          expect(all[index]?.take('search', who, points)).toBeUndefined();
        };
        for (const { at, does } of steps) {
          if (does === 'settle') await all[at]?.flush();
          else if (does === 'settleAll') await Promise.all(all.map((each) => each.flush()));
          else await take(at, does);
        }
        for (const at of all.keys()) {
          await take(at, 1);
          await all[at]?.flush();
        }
        expect(all.at(-1)?.peek('search', who, 1_000 - taken)).toBeUndefined();
        expect(all.at(-1)?.peek('search', who, 1_001 - taken)).toBe(60);
      }),
    );
  });
});
