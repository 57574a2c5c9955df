import { expect, it } from 'vitest';
import { DAY_MS } from '../../src/domain/time.ts';
import { retryAfterMsOf } from '../../src/webhooks/retryAfter.ts';

const NOW = Date.parse('2026-03-01T00:00:00.000Z');

it.each([
  ['0', 0],
  ['120', 120_000],
  [' 120 ', 120_000],
  ['0120', 120_000],
  ['86400', DAY_MS],
  ['86401', DAY_MS],
  ['999999999999999', DAY_MS],
  ['Sun, 01 Mar 2026 00:01:00 GMT', 60_000],
  ['Sat, 28 Feb 2026 00:00:00 GMT', 0],
  ['Fri, 01 Jan 2100 00:00:00 GMT', DAY_MS],
])('the header Retry-After: %s requests a delay of %i ms', (value, delayMs) => {
  expect(retryAfterMsOf(value, NOW)).toBe(delayMs);
});

it.each([
  undefined,
  '',
  ' ',
  '-1',
  '+1',
  '1.5',
  '1e3',
  '0x10',
  '120s',
  '120, 240',
  'Infinity',
  '9999999999999999',
  'tomorrow',
  '2026-03-01T00:01:00Z',
  'Sun, 99 Mar 2026 00:01:00 GMT',
  'Sun, 01 Foo 2026 00:01:00 GMT',
  'Sun, 01 Mar 2026 00:01:00',
  'Sunday, 01-Mar-26 00:01:00 GMT',
])('the header Retry-After: %s is ignored', (value) => {
  expect(retryAfterMsOf(value, NOW)).toBeNull();
});
