import type { Issues, Maybe } from './issues.ts';
import { type Instant, notBefore } from './time.ts';

/**
 * Returns the fields that an update sets. Adds an issue for each field that is null; an absent field stays as it is.
 */
export function givenFields<P extends object>(
  issues: Issues,
  fields: P,
): { readonly [F in keyof P]?: NonNullable<P[F]> } {
  const given = Object.entries(fields).filter(([, value]: [string, Maybe<unknown>]) => value !== undefined);
  for (const [name, value] of given) if (value === null) issues.add([name], 'must not be null.');
  return Object.fromEntries(given.filter(([, value]) => value !== null)) as { [F in keyof P]?: NonNullable<P[F]> };
}

/** Returns the fields of the patch that differ from the row. The key order of JSON values counts. */
export const changedFields = <E extends object>(row: E, patch: Partial<E>): Partial<E> =>
  Object.fromEntries(
    Object.entries(patch).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(row[name as keyof E])),
  ) as Partial<E>;

/** Returns the row with changed fields and the next version. */
export const nextVersion = <E extends { readonly version: number; readonly updatedAt: Instant }>(
  row: E,
  changes: Partial<E>,
  now: Instant,
): E => Object.freeze({ ...row, ...changes, version: row.version + 1, updatedAt: notBefore(row.updatedAt, now) });
