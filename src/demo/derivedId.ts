import { hash } from 'node:crypto';
import { type Id, type IdPrefix, typeId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';

/** The time of the first derived id. */
export const FIRST_TIME: Instant = Date.parse('2026-01-01T00:00:00.000Z');

/**
 * Returns the nth id of sample data with this name. It is always the same, so that examples can use it; real ids cannot
 * be guessed. Ids of a larger n sort after those of a smaller one.
 */
export function derivedId(name: string, prefix: IdPrefix, n: number): Id {
  const bytes = hash('sha256', `${name} ${prefix} ${n}`, 'buffer').subarray(0, 16);
  bytes.writeUIntBE(FIRST_TIME + n, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return typeId(prefix, bytes);
}
