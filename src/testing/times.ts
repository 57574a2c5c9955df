import { DAY_MS, EARLIEST, HOUR_MS, type Instant, LATEST, MINUTE_MS, parseInstant } from '../domain/time.ts';
import { TestServerError } from './errors.ts';

/** A point in time: an RFC 3339 text such as `2026-01-31T12:00:00Z`, a Date, or milliseconds since 1970. */
export type Time = string | number | Date;

/** A duration: the sum of its parts, or a number of milliseconds. */
export type Duration = number | { readonly [U in keyof typeof UNIT_MS]?: number };

const UNIT_MS = { days: DAY_MS, hours: HOUR_MS, minutes: MINUTE_MS, seconds: 1_000, milliseconds: 1 } as const;

/** Returns the point in time in milliseconds. `name` names the argument in errors. Throws TestServerError. */
export function instantOf(time: Time, name: string): Instant {
  const instant = typeof time === 'string' ? parseInstant(time) : Number(time);
  if (instant !== undefined && Number.isInteger(instant) && instant >= EARLIEST && instant <= LATEST) return instant;
  throw new TestServerError(
    `\`${name}\` must be a time such as "2026-01-31T12:00:00Z", a Date or whole milliseconds since 1970; it is ${String(time)}.`,
  );
}

/** Returns the duration in milliseconds. Throws TestServerError if it is negative or not a number. */
export function millisecondsOf(duration: Duration): number {
  const parts: readonly (readonly [string, number])[] =
    typeof duration === 'number' ? [['milliseconds', duration]] : Object.entries(duration);
  let sum = 0;
  for (const [unit, count] of parts) {
    if (!Object.hasOwn(UNIT_MS, unit)) {
      throw new TestServerError(`A duration has no unit \`${unit}\`. Use ${Object.keys(UNIT_MS).join(', ')}.`);
    }
    if (!Number.isFinite(count)) throw new TestServerError(`\`${unit}\` must be a finite number; it is ${count}.`);
    if (count < 0) {
      throw new TestServerError(
        `The clock cannot be set backwards: \`${unit}\` is ${count}. Use reset() or restore().`,
      );
    }
    sum += count * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return Math.round(sum);
}
