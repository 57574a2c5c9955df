/** Crockford's base32 in lower case: no i, l, o or u. In code point order, so that texts sort as their bytes do. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Encodes the bytes in groups of five bits. `zeroBits` zero bits are put in front; the last group is padded with zeros.
 */
export function base32(bytes: Readonly<Uint8Array>, zeroBits = 0): string {
  // Joined at the end: a string built by appending is kept in memory as a tree of its parts.
  const text: string[] = [];
  let bits = 0;
  let pending = zeroBits;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    pending += 8;
    while (pending >= 5) {
      pending -= 5;
      text.push(ALPHABET.charAt((bits >> pending) & 31));
    }
  }
  if (pending > 0) text.push(ALPHABET.charAt((bits << (5 - pending)) & 31));
  return text.join('');
}
