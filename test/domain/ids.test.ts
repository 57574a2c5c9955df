import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IdPrefix, isId, prefixOf, typeId } from '../../src/domain/ids.ts';
import { compareText } from '../../src/domain/text.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const PREFIXES = ['inst', 'tmpl', 'ast', 'pos', 'evt'] as const satisfies readonly IdPrefix[];

const bytesOf = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex');
const uuids = fc.uint8Array({ minLength: 16, maxLength: 16 });

/** Computes the suffix from the integer of 128 bits, as the TypeID standard defines it. */
const suffixOf = (bytes: Uint8Array) => {
  const number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const digits = number.toString(32).padStart(26, '0').split('');
  return digits.map((digit) => '0123456789abcdefghjkmnpqrstvwxyz'.charAt(Number.parseInt(digit, 32))).join('');
};

describe('ids are TypeIDs', () => {
  test.each([
    ['00000000-0000-0000-0000-000000000000', '00000000000000000000000000'],
    ['00000000-0000-0000-0000-000000000001', '00000000000000000000000001'],
    ['00000000-0000-0000-0000-00000000000a', '0000000000000000000000000a'],
    ['00000000-0000-0000-0000-000000000010', '0000000000000000000000000g'],
    ['00000000-0000-0000-0000-000000000020', '00000000000000000000000010'],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', '7zzzzzzzzzzzzzzzzzzzzzzzzz'],
    ['0110c853-1d09-52d8-d73e-1194e95b5f19', '0123456789abcdefghjkmnpqrs'],
    ['01890a5d-ac96-774b-bcce-b302099a8057', '01h455vb4pex5vsknk084sn02q'],
    ['0188bac7-4afa-78aa-bc3b-bd1eef28d881', '01h2xcejqtf2nbrexx3vqjhp41'],
  ])('the UUID %s is written as %s, as in the examples of the standard', (uuid, suffix) => {
    expect(typeId('pos', bytesOf(uuid))).toBe(`pos_${suffix}`);
  });

  test('any UUID is encoded as its integer, and decoded with its type', () =>
    checked(
      COUNTS.idCases,
      fc.property(fc.constantFrom(...PREFIXES), uuids, (prefix, bytes) => {
        const id = typeId(prefix, bytes);
        expect(id).toBe(`${prefix}_${suffixOf(bytes)}`);
        expect(prefixOf(id)).toBe(prefix);
        expect(PREFIXES.filter((other) => isId(other, id))).toEqual([prefix]);
      }),
    ));

  test('ids of one type sort like their UUIDs', () =>
    checked(
      COUNTS.idCases,
      fc.property(uuids, uuids, fc.nat(16), (one, two, shared) => {
        two.set(one.subarray(0, shared));
        expect(Math.sign(compareText(typeId('evt', one), typeId('evt', two)))).toBe(Buffer.compare(one, two));
      }),
    ));
});

describe('malformed ids', () => {
  const suffix = '01h2xcejqtf2nbrexx3vqjhp41';

  test.each([
    ['empty text', ''],
    ['a prefix only', 'pos'],
    ['a prefix and no suffix', 'pos_'],
    ['a suffix only', suffix],
    ['no prefix', `_${suffix}`],
    ['no separator', `pos${suffix}`],
    ['another separator', `pos-${suffix}`],
    ['a capital prefix', `POS_${suffix}`],
    ['a digit in the prefix', `po5_${suffix}`],
    ['a capital suffix', `pos_${suffix.toUpperCase()}`],
    ['25 characters', `pos_${suffix.slice(1)}`],
    ['27 characters', `pos_0${suffix}`],
    ['more than 128 bits', `pos_8${suffix.slice(1)}`],
    ['the letter i', `pos_${suffix.slice(0, 25)}i`],
    ['the letter l', `pos_${suffix.slice(0, 25)}l`],
    ['the letter o', `pos_${suffix.slice(0, 25)}o`],
    ['the letter u', `pos_${suffix.slice(0, 25)}u`],
    ['a line break at the end', `pos_${suffix}\n`],
    ['a space in front', ` pos_${suffix}`],
    ['NUL', `pos_${suffix.slice(0, 25)}\u0000`],
    ['a UUID', '0188bac7-4afa-78aa-bc3b-bd1eef28d881'],
    ['a prefix without end', `${'a'.repeat(100_000)}_${suffix}`],
  ])('a malformed id has no prefix: %s', (_what, text) => {
    expect(prefixOf(text)).toBeUndefined();
    expect(isId('pos', text)).toBe(false);
  });

  test('a well-formed id of another type has a prefix, but not the expected type', () => {
    expect([isId('ast', `pos_${suffix}`), isId('pos', `pos_${suffix}`)]).toEqual([false, true]);
    expect(prefixOf(`user_${suffix}`)).toBe('user');
  });
});
