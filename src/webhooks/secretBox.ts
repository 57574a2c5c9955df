import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const KEY_ID_BYTES = 6;
/** The sizes that GCM is specified for. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The version of the format: `v1.<key id>.<IV>.<ciphertext and tag>`, each in base64url. */
const VERSION = 'v1';
const SEALED = /^v1\.([\w-]{8})\.([\w-]{16})\.([\w-]{22,})$/;

interface Key {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/**
 * Encrypts the secrets of webhook endpoints at rest. A secret is bound to the id of its endpoint: a sealed text that is
 * copied to another endpoint cannot be opened there.
 */
export class SecretBox {
  readonly #current: Key;
  readonly #keys: ReadonlyMap<string, Key>;

  /** Texts that were sealed under the previous key can still be opened; new ones are sealed under the current key. */
  constructor(webhookKey: string, previousWebhookKey?: string) {
    this.#current = keyOf(webhookKey);
    const keys = [this.#current, ...(previousWebhookKey === undefined ? [] : [keyOf(previousWebhookKey)])];
    this.#keys = new Map(keys.toReversed().map((key) => [key.id, key]));
  }

  /** Encrypts a secret and binds it to an id. The result differs each time. */
  seal(secret: string, boundTo: string): string {
    const key = this.#current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, key.bytes, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundDataOf(key, boundTo));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [VERSION, key.id, iv.toString('base64url'), text.toString('base64url')].join('.');
  }

  /**
   * Returns the secret, or undefined if the text cannot be opened: it was sealed under an unknown key, bound to another
   * id, or changed.
   */
  open(sealed: string, boundTo: string): string | undefined {
    const [, keyId = '', iv = '', text = ''] = SEALED.exec(sealed) ?? [];
    const key = this.#keys.get(keyId);
    if (!key) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv(CIPHER, key.bytes, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundDataOf(key, boundTo));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /** Whether the text was sealed under the current key. If not, seal its secret again. */
  isCurrent(sealed: string): boolean {
    return SEALED.exec(sealed)?.[1] === this.#current.id;
  }
}

/** Derives a key and its id from the configured text. The id reveals nothing about the key. */
function keyOf(text: string): Key {
  const derive = (purpose: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', text, '', `EscrowGrid webhook secrets, ${purpose}`, bytes));
  return { id: derive('key id', KEY_ID_BYTES).toString('base64url'), bytes: derive('key', KEY_BYTES) };
}

const boundDataOf = ({ id }: Key, boundTo: string): Uint8Array => Buffer.from(`${VERSION}.${id}.${boundTo}`, 'utf8');
