import { createHash } from 'node:crypto';
import { base32 } from '../../src/domain/base32.ts';

/** Returns a token as versions made them whose tokens did not contain the institution. */
export function earlierTokenOf(random: Readonly<Uint8Array>): string {
  const named = `eg_${base32(random.subarray(0, 8)).slice(0, 12)}_${base32(random.subarray(8, 40))}`;
  return named + base32(createHash('sha256').update(named).digest().subarray(0, 4)).slice(0, 6);
}
