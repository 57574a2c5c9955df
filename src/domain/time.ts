/**
 * A point in time: milliseconds since 1970-01-01T00:00:00Z. A number, because a Date could be changed by its recipient.
 */
export type Instant = number;

/** Returns the current time. Injected, so that tests control it. */
export type Clock = () => Instant;

export const MINUTE_MS = 60 * 1000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * 60 * 60 * 1000;

/** The range of instants: the years that four digits can write. */
export const EARLIEST: Instant = Date.parse('0001-01-01T00:00:00.000Z');
export const LATEST: Instant = Date.parse('9999-12-31T23:59:59.999Z');

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Parses an RFC 3339 time, truncated to milliseconds. Returns undefined if it is malformed, has no time zone or names a
 * day that does not exist.
 */
export function parseInstant(text: string): Instant | undefined {
  const parts = RFC_3339.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > lastDay || hour > 23 || minute > 59 || second > 59) return undefined;
  const zone = text.slice(parts[7] === undefined ? 19 : 20 + parts[7].length);
  const fraction = (parts[7] ?? '').slice(0, 3).padEnd(3, '0');
  const instant = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction}${zone.toUpperCase()}`);
  return instant >= EARLIEST && instant <= LATEST ? instant : undefined;
}

/** Whether a time that `parseInstant` accepts is more precise than a millisecond. */
export const isFinerThanMs = (text: string): boolean => /\.\d{3}\d*[1-9]/.test(text);

/** Formats the instant as the API does: RFC 3339, UTC, with milliseconds. */
export const formatInstant = (instant: Instant): string => new Date(instant).toISOString();

/**
 * Returns the time to record for a change of an object whose last change was at `previous`: the later of the two, so
 * that a clock that is set back never puts an object's history out of order. Decisions use the clock's own time.
 */
export const notBefore = (previous: Instant, now: Instant): Instant => Math.max(previous, now);

/** Returns the start of the minute that contains the instant. */
export const minuteOf = (instant: Instant): Instant => Math.floor(instant / MINUTE_MS) * MINUTE_MS;
