import { randomBytes, randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamPosition } from '../../src/domain/change.ts';
import { ChangeCursors, isChangeCursor } from '../../src/subscriptions/changeCursor.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const CHARACTERS = 64;
const BITS = 384;
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const position: fc.Arbitrary<StreamPosition> = fc.record({
  sequence: fc.oneof(fc.maxSafeNat(), fc.nat(1_000), fc.constantFrom(0, 2 ** 32, Number.MAX_SAFE_INTEGER)),
  id: fc.oneof(
    fc.uuid(),
    fc.constantFrom('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  ),
});

/** Returns the cursor with one of its bits changed. */
function withFlippedBit(cursor: string, bit: number): string {
  const bytes = Buffer.from(cursor, 'base64url');
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
  return bytes.toString('base64url');
}

describe('a change cursor', () => {
  it('a cursor decodes to the position that it was encoded from, and has the same length for every position', () =>
    checked(
      COUNTS.cursorCases,
      fc.property(key, position, (bytes, each) => {
        const cursors = new ChangeCursors(bytes);
        for (const cursor of [cursors.encodeChange(each), cursors.encodeCaughtUp(each)]) {
          expect(cursor).toHaveLength(CHARACTERS);
          expect(Buffer.from(cursor, 'base64url').toString('base64url')).toBe(cursor);
          expect(isChangeCursor(cursor)).toBe(true);
          expect(new ChangeCursors(bytes).decode(cursor)).toEqual(each);
        }
      }),
    ));

  it('a cursor is the same each time for a change, and differs each time for CAUGHT_UP', () =>
    checked(
      COUNTS.cursorCases,
      fc.property(key, position, (bytes, each) => {
        const cursors = new ChangeCursors(bytes);
        expect(new ChangeCursors(bytes).encodeChange(each)).toBe(cursors.encodeChange(each));
        const caughtUp = [1, 2, 3].map(() => cursors.encodeCaughtUp(each));
        expect(new Set([...caughtUp, cursors.encodeChange(each)]).size).toBe(4);
      }),
    ));

  it('a cursor is rejected with any of its bits changed, or with the tag or the ciphertext of another', () =>
    checked(
      COUNTS.tamperedCursors,
      fc.property(key, position, position, (bytes, each, other) => {
        fc.pre(each.id !== other.id);
        const cursors = new ChangeCursors(bytes);
        const cursor = cursors.encodeChange(each);
        for (let bit = 0; bit < BITS; bit += 1) {
          const changed = withFlippedBit(cursor, bit);
          expect([bit, isChangeCursor(changed), cursors.decode(changed)]).toEqual([bit, true, undefined]);
        }
        const [tag, ciphertext] = [cursor.slice(0, 21), cursor.slice(22)];
        const foreign = cursors.encodeChange(other);
        const mixed = [`${tag}${foreign.slice(21)}`, `${foreign.slice(0, 22)}${ciphertext}`];
        for (const text of mixed) expect(cursors.decode(text)).toBeUndefined();
      }),
    ));

  it('a cursor is rejected with any other encryption key', () =>
    checked(
      COUNTS.cursorCases,
      fc.property(key, key, position, (bytes, others, each) => {
        fc.pre(Buffer.compare(bytes, others) !== 0);
        const cursor = new ChangeCursors(bytes).encodeChange(each);
        expect(new ChangeCursors(others).decode(cursor)).toBeUndefined();
      }),
    ));

  it('cursors reveal nothing of their position: those of adjacent changes differ in about half of their bits', () => {
    const cursors = new ChangeCursors(randomBytes(32));
    const id = randomUUID();
    const neighbours = 200;
    let differing = 0;
    for (let sequence = 0; sequence < neighbours; sequence += 1) {
      const [one, next] = [sequence, sequence + 1].map((each) =>
        Buffer.from(cursors.encodeChange({ sequence: each, id }), 'base64url'),
      ) as [Buffer, Buffer];
      for (const [index, byte] of one.entries()) {
        differing += ((byte ^ (next[index] as number)).toString(2).match(/1/g) ?? []).length;
      }
    }
    // 76,800 independent bits: a deviation of 2 % from one half is eleven standard deviations.
    expect(Math.abs(differing / (neighbours * BITS) - 0.5)).toBeLessThan(0.02);
  });

  it('the format is stable, so cursors stored by clients remain valid', () => {
    const cursors = new ChangeCursors(Buffer.from('00112233445566778899aabbccddeeff'.repeat(2), 'hex'));
    const stored = { sequence: 1_234_567, id: '8f14e45f-ceea-467f-a3c1-2b6d9e07f512' };
    expect(cursors.encodeChange(stored)).toBe('SHzyBoPQsZ9mDe1lPJdvLsWWoJWpRfikcVZPjlnLlH-pVxOKpeomY_8OC3kuRTqI');
  });

  it('only the canonical text, or the format of earlier servers, is accepted as a cursor', () =>
    checked(
      COUNTS.cursorCases,
      fc.property(position, fc.string({ maxLength: 80 }), ({ sequence, id }, text) => {
        const cursor = new ChangeCursors(randomBytes(32)).encodeChange({ sequence, id });
        for (const other of [
          `${cursor}=`,
          `${cursor}==`,
          ` ${cursor}`,
          cursor.slice(1),
          `${cursor}A`,
          `+${cursor.slice(1)}`,
        ]) {
          expect([other, isChangeCursor(other)]).toEqual([other, false]);
        }
        const former = Buffer.from(`${id.slice(-12)}.${sequence % 10 ** 15}`).toString('base64url');
        expect(isChangeCursor(former)).toBe(true);
        expect([isChangeCursor(`${former}=`), isChangeCursor(`${former}.`), isChangeCursor(former.slice(1))]).toEqual([
          false,
          false,
          false,
        ]);
        expect(isChangeCursor(text)).toBe(/^[\w-]{64}$/.test(text));
      }),
    ));
});
