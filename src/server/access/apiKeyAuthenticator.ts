import { hash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import {
  type ApiKey,
  isLive,
  isToken,
  LAST_USED_INTERVAL_MS,
  referenceIn,
  type TokenReference,
  usedKey,
} from '../../domain/apiKey.ts';
import { type Id, isId } from '../../domain/ids.ts';
import type { Clock, Instant } from '../../domain/time.ts';
import type { Viewer } from '../../domain/viewer.ts';
import { deadlineIn } from '../../store/deadline.ts';
import type { MaybePromise, Reader, Store } from '../../store/store.ts';
import { firstOf } from '../../store/window.ts';

/** The time for which a loaded API key is cached, in ms: a revocation takes effect after this time at the latest. */
const CACHE_TTL_MS = 500;
/** The maximum number of cached API keys. */
const MAX_CACHED_API_KEYS = 10_000;
/** The maximum number of references that are kept as those of valid tokens. */
const MAX_KNOWN_REFERENCES = 100_000;
/** The maximum number of uses that one transaction records. */
const BATCH = 500;

export interface ApiKeyAuthenticatorOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The root key; absent if nobody is root. */
  readonly rootToken?: string;
  /** The root key before the current one, which is accepted as well; null or absent if there is none. */
  readonly previousRootToken?: string | null;
  /** The maximum time to look up a token, in ms. */
  readonly lookUpTimeoutMs: number;
}

/** Authenticates tokens. The time does not grow with the number of API keys. */
export class ApiKeyAuthenticator {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rootHashes: readonly Buffer[];
  readonly #lookUpTimeoutMs: number;
  /**
   * API keys by the text of their reference, or their look-ups. Not used with a synchronous store, which is read each
   * time. The text includes the institution: otherwise a forged token with another institution and the prefix of an
   * API key would replace its entry.
   */
  readonly #cache = new LRUCache<string, ApiKey | Promise<ApiKey | undefined>>({
    ...limitedTo(MAX_CACHED_API_KEYS),
    ttl: CACHE_TTL_MS,
  });
  /** The ids of API keys by the text of their reference, which never change. Used only with a synchronous store. */
  readonly #ids = new LRUCache<string, Id>(limitedTo(MAX_CACHED_API_KEYS));
  /** The texts of the references of tokens that were valid once: looking them up again cannot be an attempt to guess. */
  readonly #knownReferences = new LRUCache<string, true>(limitedTo(MAX_KNOWN_REFERENCES));
  /** The hashes of tokens that were valid, by prefix. */
  readonly #knownHashes = new LRUCache<string, KnownHash>(limitedTo(MAX_CACHED_API_KEYS));
  /** Uses that are not yet recorded. */
  #unrecordedUses = new Map<Id, number>();

  constructor({ store, clock, rootToken, previousRootToken, lookUpTimeoutMs }: ApiKeyAuthenticatorOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#lookUpTimeoutMs = lookUpTimeoutMs;
    this.#rootHashes = [rootToken, previousRootToken].flatMap((token) => (token ? digest(token) : []));
  }

  /**
   * Returns the viewer of a token, or undefined if it is malformed, unknown, expired or revoked. `beforeLookUp` is
   * called before a token that this server has not recognized yet is looked up in the database, and may throw to
   * prevent that.
   */
  viewerOf(token: string, beforeLookUp?: () => void): MaybePromise<Viewer | undefined> {
    const tokenHash = digest(token);
    if (this.#isRoot(tokenHash)) return { role: 'ROOT' };
    const reference = this.#referenceOf(token);
    if (reference === undefined) return undefined;
    const key = this.#findKey(reference, beforeLookUp);
    return key instanceof Promise
      ? key.then((apiKey) => this.#verify(tokenHash, reference, apiKey))
      : this.#verify(tokenHash, reference, key);
  }

  /** Returns the owners that are API keys which have expired, were revoked or do not exist. */
  async endedAmong(owners: readonly string[]): Promise<readonly Id[]> {
    const ids = owners.filter((owner) => isId('key', owner));
    const keys = ids.length === 0 ? [] : await this.#store.read('ALL').apiKeys.byIds(ids);
    return ids.filter((_id, index) => {
      const key = keys[index];
      return key === undefined || !isLive(key, this.#clock());
    });
  }

  /** Records when API keys were last used, for each at most once per minute. */
  async recordUses(): Promise<void> {
    const used = [...this.#unrecordedUses];
    this.#unrecordedUses = new Map();
    for (let from = 0; from < used.length; from += BATCH) {
      const times = new Map(used.slice(from, from + BATCH));
      await this.#store.transact('ALL', async (tx) => {
        for (const key of await tx.apiKeys.lock([...times.keys()])) {
          if (key && this.#isUseDue(key, this.#clock()))
            tx.apiKeys.replace(usedKey(key, times.get(key.id) ?? 0), ['lastUsedAt']);
        }
      });
    }
  }

  /** Compares with every root key, so that the time does not depend on which one it is. */
  #isRoot(tokenHash: Buffer): boolean {
    let isRoot = false;
    for (const rootHash of this.#rootHashes) isRoot = timingSafeEqual(tokenHash, rootHash) || isRoot;
    return isRoot;
  }

  #verify(tokenHash: Buffer, reference: TokenReference, key: ApiKey | undefined): Viewer | undefined {
    if (!key) return undefined;
    const known = this.#knownHashes.get(key.prefix);
    const expected = known?.text === key.tokenHash ? known.bytes : Buffer.from(key.tokenHash, 'hex');
    if (!timingSafeEqual(tokenHash, expected)) return undefined;
    const now = this.#clock();
    if (!isLive(key, now)) return undefined;
    if (known?.bytes !== expected) {
      this.#knownHashes.set(key.prefix, { text: key.tokenHash, bytes: tokenHash });
      this.#knownReferences.set(reference.text, true);
    }
    if (this.#isUseDue(key, now)) this.#unrecordedUses.set(key.id, now);
    return { role: key.role, institutionId: key.institutionId, apiKeyId: key.id };
  }

  /** Returns the reference of a token. One that was valid once needs no check of its checksum. */
  #referenceOf(token: string): TokenReference | undefined {
    const reference = referenceIn(token);
    return reference && (this.#knownReferences.get(reference.text) || isToken(token)) ? reference : undefined;
  }

  #isUseDue({ lastUsedAt }: ApiKey, now: Instant): boolean {
    return lastUsedAt === null || now - lastUsedAt >= LAST_USED_INTERVAL_MS;
  }

  #findKey(reference: TokenReference, beforeLookUp?: () => void): MaybePromise<ApiKey | undefined> {
    const { text, prefix } = reference;
    const known = this.#cache.get(text);
    if (known) return known;
    const id = this.#ids.get(text);
    if (id !== undefined) return (this.#reader(reference).byIds([id]) as readonly (ApiKey | undefined)[])[0];
    if (!this.#store.isSynchronous && !this.#knownReferences.has(text)) beforeLookUp?.();
    const pages = this.#reader(reference).pages([windowAt(prefix)]);
    if (pages instanceof Promise)
      return this.#remember(
        text,
        pages.then(([page]) => page?.rows[0]),
      );
    const key = pages[0]?.rows[0];
    if (key) this.#ids.set(text, key.id);
    return key;
  }

  /** Caches a look-up, and then its result. */
  #remember(reference: string, lookUp: Promise<ApiKey | undefined>): Promise<ApiKey | undefined> {
    this.#cache.set(reference, lookUp);
    const remember = (key: ApiKey | undefined): void => {
      // The time begins with the look-up, because the API key may have been revoked since.
      if (key && this.#cache.peek(reference) === lookUp) this.#cache.set(reference, key, { noUpdateTTL: true });
    };
    lookUp.then(remember, () => this.#cache.delete(reference));
    return lookUp;
  }

  /** Reads the API keys of the institution in the token. A synchronous store finds a prefix among all of them sooner. */
  #reader({ institutionId }: TokenReference): Reader<ApiKey> {
    if (this.#store.isSynchronous) return this.#store.read('ALL').apiKeys;
    const scope = institutionId === null ? 'ALL' : { institutionId };
    return this.#store.read(scope, deadlineIn(this.#lookUpTimeoutMs)).apiKeys;
  }
}

/** The hash of a token, in hexadecimal and as bytes. */
interface KnownHash {
  readonly text: string;
  readonly bytes: Buffer;
}

/** Limits a cache to this number of entries. `max` would allocate room for all of them when the server starts. */
const limitedTo = (entries: number) => ({ maxSize: entries, sizeCalculation: () => 1 });

const digest = (token: string): Buffer => hash('sha256', token, 'buffer');

const windowAt = (prefix: string) =>
  firstOf<ApiKey>({ where: { prefix: { in: [prefix] } }, order: { by: ['createdAt'], direction: 'ASC' }, limit: 1 });
