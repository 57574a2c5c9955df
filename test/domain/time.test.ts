import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, EARLIEST, formatInstant, LATEST, parseInstant } from '../../src/domain/time.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const instants = fc.oneof(
  fc.integer({ min: EARLIEST + DAY_MS, max: LATEST - DAY_MS }),
  fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
);
const two = (n: number) => n.toString().padStart(2, '0');
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const exists = (year: number, month: number, day: number) =>
  parseInstant(`${year.toString().padStart(4, '0')}-${two(month)}-${two(day)}T12:00:00Z`) !== undefined;
const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

describe('parsing a time', () => {
  // All numbers are milliseconds since 1970 in UTC; a parser that used the time zone of the host would be hours off.
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:00:00.001Z', 1],
    ['1969-12-31T23:59:59.999Z', -1],
    ['2026-01-31T12:34:56Z', 1_769_862_896_000],
    ['2026-01-31t12:34:56z', 1_769_862_896_000],
    ['2026-01-31T12:34:56+00:00', 1_769_862_896_000],
    ['2026-01-31T12:34:56-00:00', 1_769_862_896_000],
    ['2026-01-31T20:34:56+08:00', 1_769_862_896_000],
    ['2026-01-31T18:04:56+05:30', 1_769_862_896_000],
    ['2026-01-31T00:34:56-12:00', 1_769_862_896_000],
    ['2026-02-01T02:34:56+14:00', 1_769_862_896_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000],
    ['2000-02-29T00:00:00Z', 951_782_400_000],
  ])('the time %s is parsed', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  test('a fraction of up to nine digits is truncated to milliseconds, never rounded', () => {
    const fractions = {
      9: 900,
      99: 990,
      999: 999,
      9999: 999,
      999999999: 999,
      '0009': 0,
      1: 100,
      '01': 10,
      123456789: 123,
    };
    for (const [fraction, milliseconds] of Object.entries(fractions)) {
      expect(parseInstant(`1970-01-01T00:00:00.${fraction}Z`)).toBe(milliseconds);
    }
    expect(parseInstant('1970-01-01T01:00:00.9999+01:00')).toBe(999);
  });

  test('any time is parsed to the same instant as it was formatted, with any offset', () =>
    checked(
      COUNTS.instantCases,
      fc.property(instants, fc.integer({ min: -1_439, max: 1_439 }), (instant, offset) => {
        expect(parseInstant(formatInstant(instant))).toBe(instant);
        const local = formatInstant(instant + offset * 60_000).slice(0, -1);
        const size = Math.abs(offset);
        const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        expect(parseInstant(local + zone)).toBe(instant);
      }),
    ));

  test('a time is formatted in UTC with milliseconds', () => {
    expect(formatInstant(1_769_862_896_000)).toBe('2026-01-31T12:34:56.000Z');
    expect([formatInstant(EARLIEST), formatInstant(LATEST)]).toEqual([
      '0001-01-01T00:00:00.000Z',
      '9999-12-31T23:59:59.999Z',
    ]);
  });
});

describe('days and years', () => {
  test('29 February exists only in leap years, for all years from 1 to 9999', () => {
    const years = Array.from({ length: 9_999 }, (_, index) => index + 1);
    expect(years.filter((year) => exists(year, 2, 29))).toEqual(years.filter(isLeap));
    expect(years.filter((year) => !exists(year, 2, 28) || exists(year, 2, 30))).toEqual([]);
  });

  test('every month has its number of days', () => {
    const lastDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const days = range(0, 99);
    expect(range(0, 99).flatMap((month) => days.filter((day) => exists(2026, month, day)).slice(-1))).toEqual(lastDays);
    expect(range(1, 12).map((month) => days.filter((day) => exists(2026, month, day)).length)).toEqual(lastDays);
  });

  test('times in the years 1 to 9999 in UTC are accepted, and none a millisecond outside', () => {
    expect(parseInstant('0001-01-01T00:00:00Z')).toBe(EARLIEST);
    expect(parseInstant('0001-01-01T01:00:00+01:00')).toBe(EARLIEST);
    expect(parseInstant('0001-01-01T00:00:00+00:01')).toBeUndefined();
    expect(parseInstant('0000-12-31T23:59:59Z')).toBeUndefined();
    expect(parseInstant('9999-12-31T23:59:59.999Z')).toBe(LATEST);
    expect(parseInstant('9999-12-31T23:59:59-00:01')).toBeUndefined();
  });
});

describe('malformed times', () => {
  test.each([
    ['no zone', '2026-01-31T12:34:56'],
    ['a fraction, no zone', '2026-01-31T12:34:56.123'],
    ['a date only', '2026-01-31'],
    ['a space instead of T', '2026-01-31 12:34:56Z'],
    ['no seconds', '2026-01-31T12:34Z'],
    ['month 0', '2026-00-10T12:34:56Z'],
    ['month 13', '2026-13-10T12:34:56Z'],
    ['day 0', '2026-01-00T12:34:56Z'],
    ['day 32', '2026-01-32T12:34:56Z'],
    ['31 April', '2026-04-31T12:34:56Z'],
    ['29 February 1900', '1900-02-29T00:00:00Z'],
    ['hour 24', '2026-01-31T24:00:00Z'],
    ['minute 60', '2026-01-31T12:60:00Z'],
    ['second 60', '2026-01-31T12:34:60Z'],
    ['a zone of 24 hours', '2026-01-31T12:34:56+24:00'],
    ['a zone with minute 60', '2026-01-31T12:34:56+01:60'],
    ['a zone without a colon', '2026-01-31T12:34:56+0100'],
    ['a zone with hours only', '2026-01-31T12:34:56+01'],
    ['a zone by name', '2026-01-31T12:34:56 UTC'],
    ['two zones', '2026-01-31T12:34:56Z+01:00'],
    ['a decimal point without digits', '2026-01-31T12:34:56.Z'],
    ['a comma', '2026-01-31T12:34:56,5Z'],
    ['ten digits of fraction', '2026-01-31T12:34:56.0123456789Z'],
    ['a year of five digits', '12026-01-31T12:34:56Z'],
    ['a sign before the year', '+2026-01-31T12:34:56Z'],
    ['a year of six digits', '+002026-01-31T12:34:56Z'],
    ['digits of another script', '２０２６-01-31T12:34:56Z'],
    ['a number', '1769862896000'],
    ['a line break at the end', '2026-01-31T12:34:56Z\n'],
    ['a space in front', ' 2026-01-31T12:34:56Z'],
    ['the format of mail headers', 'Sat, 31 Jan 2026 12:34:56 GMT'],
    ['empty text', ''],
  ])('a malformed time is rejected: %s', (_what, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
