import { hash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import {
  type ApiKey,
  isLive,
  LAST_USED_INTERVAL_MS,
  PREFIX_CHARACTERS,
  prefixOfToken,
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
/** The maximum number of prefixes that are kept as those of valid tokens. */
const MAX_KNOWN_PREFIXES = 100_000;
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
  /** API keys by prefix, or their look-ups. Not used with a synchronous store, which is read each time. */
  readonly #cache = new LRUCache<string, ApiKey | Promise<ApiKey | undefined>>({
    ...limitedTo(MAX_CACHED_API_KEYS),
    ttl: CACHE_TTL_MS,
  });
  /** The ids of API keys by prefix, which never change. Used only with a synchronous store. */
  readonly #ids = new LRUCache<string, Id>(limitedTo(MAX_CACHED_API_KEYS));
  /** Prefixes of tokens that were valid once: looking them up again cannot be an attempt to guess. */
  readonly #knownPrefixes = new LRUCache<string, true>(limitedTo(MAX_KNOWN_PREFIXES));
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
    const prefix = this.#prefixOf(token);
    if (prefix === undefined) return undefined;
    const key = this.#findKey(prefix, beforeLookUp);
    return key instanceof Promise
      ? key.then((apiKey) => this.#verify(tokenHash, apiKey))
      : this.#verify(tokenHash, key);
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

  #verify(tokenHash: Buffer, key: ApiKey | undefined): Viewer | undefined {
    if (!key) return undefined;
    const known = this.#knownHashes.get(key.prefix);
    const expected = known?.text === key.tokenHash ? known.bytes : Buffer.from(key.tokenHash, 'hex');
    if (!timingSafeEqual(tokenHash, expected)) return undefined;
    const now = this.#clock();
    if (!isLive(key, now)) return undefined;
    if (known?.bytes !== expected) {
      this.#knownHashes.set(key.prefix, { text: key.tokenHash, bytes: tokenHash });
      this.#knownPrefixes.set(key.prefix, true);
    }
    if (this.#isUseDue(key, now)) this.#unrecordedUses.set(key.id, now);
    return { role: key.role, institutionId: key.institutionId, apiKeyId: key.id };
  }

  /** Returns the prefix of a well-formed token. That of a token which was valid once needs no check of its checksum. */
  #prefixOf(token: string): string | undefined {
    const prefix = token.slice(0, PREFIX_CHARACTERS);
    return this.#knownPrefixes.get(prefix) ? prefix : prefixOfToken(token);
  }

  #isUseDue({ lastUsedAt }: ApiKey, now: Instant): boolean {
    return lastUsedAt === null || now - lastUsedAt >= LAST_USED_INTERVAL_MS;
  }

  #findKey(prefix: string, beforeLookUp?: () => void): MaybePromise<ApiKey | undefined> {
    const known = this.#cache.get(prefix);
    if (known) return known;
    const id = this.#ids.get(prefix);
    if (id !== undefined) return (this.#reader().byIds([id]) as readonly (ApiKey | undefined)[])[0];
    if (!this.#store.isSynchronous && !this.#knownPrefixes.has(prefix)) beforeLookUp?.();
    const pages = this.#reader().pages([windowAt(prefix)]);
    if (pages instanceof Promise)
      return this.#remember(
        prefix,
        pages.then(([page]) => page?.rows[0]),
      );
    const key = pages[0]?.rows[0];
    if (key) this.#ids.set(prefix, key.id);
    return key;
  }

  /** Caches a look-up, and then its result. */
  #remember(prefix: string, lookUp: Promise<ApiKey | undefined>): Promise<ApiKey | undefined> {
    this.#cache.set(prefix, lookUp);
    const remember = (key: ApiKey | undefined): void => {
      // The time begins with the look-up, because the API key may have been revoked since.
      if (key && this.#cache.peek(prefix) === lookUp) this.#cache.set(prefix, key, { noUpdateTTL: true });
    };
    lookUp.then(remember, () => this.#cache.delete(prefix));
    return lookUp;
  }

  #reader(): Reader<ApiKey> {
    const until = this.#store.isSynchronous ? undefined : deadlineIn(this.#lookUpTimeoutMs);
    return this.#store.read('ALL', until).apiKeys;
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
