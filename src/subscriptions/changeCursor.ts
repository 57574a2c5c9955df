import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { StreamPosition } from '../domain/change.ts';

// A cursor is base64url(tag, ciphertext) of 48 bytes: 64 characters without padding or spare bits, so each cursor has
// one spelling. The construction is that of a synthetic IV (SIV): the tag authenticates the plaintext and is the IV of
// its encryption, so an IV repeats only together with the whole plaintext.
//
//   plaintext (32 bytes)   version (1), sequence (8, big-endian), UUID of the change (16), salt (7)
//   tag (16 bytes)         the first half of HMAC-SHA-256(macKey, plaintext)
//   ciphertext (32 bytes)  AES-256-CTR(cipherKey, IV = tag, plaintext)
//
// The keys are derived from the key of the store. The format is final: cursors are kept by clients.
const VERSION = 1;
const TAG_BYTES = 16;
const ID_OFFSET = 9;
const SALT_OFFSET = 25;
const PLAINTEXT_BYTES = 32;
const FORM = /^[\w-]{64}$/;

/** The salt of a change's cursor. It is constant, so that the cursor is the same on every stream. */
const UNSALTED = Buffer.alloc(PLAINTEXT_BYTES - SALT_OFFSET);

/** The format of earlier servers: base64url of the id of a history, "." and the sequence. */
const FORMER_CURSOR = /^[\da-f]{12}\.\d{1,15}$/;
const MAX_FORMER_CHARACTERS = 38;

/**
 * Returns whether the text has the form of a change cursor, of this server or another, in the current or former format.
 */
export function isChangeCursor(text: string): boolean {
  if (FORM.test(text)) return true;
  if (text.length > MAX_FORMER_CHARACTERS) return false;
  const former = Buffer.from(text, 'base64url');
  return former.toString('base64url') === text && FORMER_CURSOR.test(former.toString('latin1'));
}

/** Encrypts stream positions, because they reveal how many changes all institutions have made. */
export class ChangeCursors {
  readonly #macKey: KeyObject;
  readonly #cipherKey: KeyObject;

  /** `key` is the 32-byte key of the store. */
  constructor(key: Uint8Array) {
    this.#macKey = deriveKey(key, 'escrowgrid change cursor mac');
    this.#cipherKey = deriveKey(key, 'escrowgrid change cursor cipher');
  }

  /** Returns the cursor of a change. */
  encodeChange(change: StreamPosition): string {
    return this.#encode(change, UNSALTED);
  }

  /**
   * Returns a cursor of the position that differs each time. CAUGHT_UP contains the last change of any institution, so
   * equal cursors would reveal that nobody has changed anything in between.
   */
  encodeCaughtUp(position: StreamPosition): string {
    return this.#encode(position, randomBytes(UNSALTED.length));
  }

  /** Returns the position of a cursor, or undefined if it is not a cursor of this store. */
  decode(cursor: string): StreamPosition | undefined {
    if (!FORM.test(cursor)) return undefined;
    const bytes = Buffer.from(cursor, 'base64url');
    const tag = bytes.subarray(0, TAG_BYTES);
    const plaintext = createDecipheriv('aes-256-ctr', this.#cipherKey, tag).update(bytes.subarray(TAG_BYTES));
    if (!timingSafeEqual(tag, this.#tagOf(plaintext)) || plaintext[0] !== VERSION) return undefined;
    const id = plaintext.toString('hex', ID_OFFSET, SALT_OFFSET).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    return { sequence: Number(plaintext.readBigUInt64BE(1)), id };
  }

  #encode({ sequence, id }: StreamPosition, salt: Buffer): string {
    const plaintext = Buffer.alloc(PLAINTEXT_BYTES);
    plaintext[0] = VERSION;
    plaintext.writeBigUInt64BE(BigInt(sequence), 1);
    plaintext.write(id.replaceAll('-', ''), ID_OFFSET, 'hex');
    salt.copy(plaintext, SALT_OFFSET);
    const tag = this.#tagOf(plaintext);
    const ciphertext = createCipheriv('aes-256-ctr', this.#cipherKey, tag).update(plaintext);
    return Buffer.concat([tag, ciphertext]).toString('base64url');
  }

  #tagOf(plaintext: Buffer): Buffer {
    return createHmac('sha256', this.#macKey).update(plaintext).digest().subarray(0, TAG_BYTES);
  }
}

const deriveKey = (key: Uint8Array, use: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, '', use, 32)));
