import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/time.ts';
import { MAX_RETRY_AFTER_MS, nextAttemptAt, RETRY_DELAYS_MS } from '../../src/domain/webhookRetries.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const NOW = Date.parse('2026-03-01T00:00:00.000Z');
const after = (attempts: number, random = 0, retryAfterMs: number | null = null): number | null => {
  const next = nextAttemptAt({ attempts, now: NOW, random, retryAfterMs });
  return next === null ? null : next - NOW;
};

it('ten attempts are made over three days', () => {
  const [second, minute, hour] = [1000, MINUTE_MS, HOUR_MS];
  const delays = Array.from({ length: RETRY_DELAYS_MS.length + 1 }, (_, attempts) => after(attempts));
  expect(delays).toEqual([
    0,
    5 * second,
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    14 * hour,
    20 * hour,
    24 * hour,
    null,
  ]);
  const total = RETRY_DELAYS_MS.reduce((sum, each) => sum + each, 0);
  expect(total / DAY_MS).toBeCloseTo(3.15, 2);
});

it.each([
  ['no request of the receiver', 1, 0, null, 5000],
  ['jitter of up to 20 %', 1, 0.5, null, 5500],
  ['a longer Retry-After', 1, 0, 60_000, 60_000],
  ['a longer Retry-After, with jitter', 1, 0.5, 60_000, 66_000],
  ['a shorter Retry-After', 2, 0, 1000, 5 * MINUTE_MS],
  ['a Retry-After of zero', 1, 0, 0, 5000],
  ['a Retry-After of over a day', 1, 0, 400 * DAY_MS, MAX_RETRY_AFTER_MS],
  ['the first attempt', 0, 0.9, null, 0],
])('the next attempt respects %s', (_what, attempts, random, retryAfterMs, expected) => {
  expect(after(attempts, random, retryAfterMs)).toBe(expected);
});

it('Retry-After adds no attempt after the last one', () => {
  expect(after(10, 0, 60_000)).toBeNull();
  expect(after(11)).toBeNull();
});

it('other delays can be passed', () => {
  const input = { now: NOW, random: 0, retryAfterMs: null };
  expect([0, 1, 2].map((attempts) => nextAttemptAt({ ...input, attempts }, [0, 7]))).toEqual([NOW, NOW + 7, null]);
});

it('the next attempt is a whole millisecond, not earlier than requested and at most 20 % later', async () => {
  const cases = fc.record({
    attempts: fc.nat(9),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    retryAfterMs: fc.option(fc.nat(2 * DAY_MS)),
  });
  await checked(
    COUNTS.instantCases,
    fc.property(cases, ({ attempts, random, retryAfterMs }) => {
      const delayMs = after(attempts, random, retryAfterMs) ?? -1;
      const minMs = Math.max(RETRY_DELAYS_MS[attempts] ?? 0, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
      expect(Number.isInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(minMs);
      expect(delayMs).toBeLessThanOrEqual(Math.ceil(minMs * 1.2));
    }),
  );
});
