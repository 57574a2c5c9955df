import { hash } from 'node:crypto';
import { type Id, type IdPrefix, typeId } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';

/** The time of the first derived id. */
export const FIRST_TIME: Instant = Date.parse('2026-01-01T00:00:00.000Z');

/**
 * Returns the nth id of sample data with this name. It is always the same, so that examples can use it; real ids cannot
 * be guessed. Ids of a larger n sort after those of a smaller one.
 */
export const derivedId = (name: string, prefix: IdPrefix, n: number): Id =>
  idOf(hash('sha256', `${name} ${prefix} ${n}`, 'buffer'), prefix, n);

/** Returns a function that returns the same kind of ids for one name and type, with one hash for all of them. */
export function derivedIds(name: string, prefix: IdPrefix): (n: number) => Id {
  const seed = hash('sha256', `${name} ${prefix}`, 'buffer').subarray(0, 16);
  return (n) => {
    const bytes = Buffer.from(seed);
    // The product differs for each n, because the factor is odd.
    bytes.writeUInt32BE((bytes.readUInt32BE(10) ^ Math.imul(n, 0x9e3779b1)) >>> 0, 10);
    return idOf(bytes, prefix, n);
  };
}

/** Writes the time of the nth id, and the version and the variant of a UUID, into the first 16 bytes. */
function idOf(bytes: Buffer, prefix: IdPrefix, n: number): Id {
  bytes.writeUIntBE(FIRST_TIME + n, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return typeId(prefix, bytes.subarray(0, 16));
}
