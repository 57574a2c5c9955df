import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type ApiKey, hashOfToken, isLive, prefixOfToken, USE_NOTED_EVERY_MS, usedKey } from '../domain/apiKey.ts';
import { type Id, isId } from '../domain/ids.ts';
import type { Clock } from '../domain/time.ts';
import type { Viewer } from '../domain/viewer.ts';
import { deadlineIn } from '../store/deadline.ts';
import type { MaybePromise, Store } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** The time for which a loaded API key is cached, in ms: a revocation takes effect after this time at the latest. */
const REMEMBERED_MS = 500;
/** The maximum number of cached API keys. */
const REMEMBERED_KEYS = 10_000;
/** The maximum number of prefixes that are kept as those of valid tokens. */
const RECOGNIZED_PREFIXES = 100_000;
/** The maximum number of uses that one transaction records. */
const BATCH = 500;

export interface KeyRingOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The root key, or null if nobody is root. */
  readonly rootToken: string | null;
  /** The maximum time to look up a token, in ms. */
  readonly lookUpMs: number;
}

/** Authenticates tokens. The time does not grow with the number of API keys. */
export class KeyRing {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rootHash: Buffer | undefined;
  readonly #lookUpMs: number;
  /** API keys by prefix. Not used with a synchronous store, which is read each time. */
  readonly #remembered = new LRUCache<string, Promise<ApiKey | undefined>>({
    max: REMEMBERED_KEYS,
    ttl: REMEMBERED_MS,
  });
  /** Prefixes of tokens that were valid once: looking them up again cannot be an attempt to guess. */
  readonly #recognized = new LRUCache<string, true>({ max: RECOGNIZED_PREFIXES });
  /** Uses that are not yet recorded. */
  #used = new Map<Id, number>();

  constructor({ store, clock, rootToken, lookUpMs }: KeyRingOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#lookUpMs = lookUpMs;
    this.#rootHash = rootToken === null ? undefined : digest(rootToken);
  }

  /**
   * Returns the viewer of a token, or undefined if it is malformed, unknown, expired or revoked. `beforeLookUp` is
   * called before a token that this server has not recognized yet is looked up in the database, and may throw to
   * prevent that.
   */
  viewerOf(token: string, beforeLookUp?: () => Promise<void>): MaybePromise<Viewer | undefined> {
    if (this.#rootHash && timingSafeEqual(digest(token), this.#rootHash)) return { role: 'ROOT' };
    const prefix = prefixOfToken(token);
    if (prefix === undefined) return undefined;
    const key = this.#keyAt(prefix, beforeLookUp);
    return key instanceof Promise ? key.then((found) => this.#judge(token, found)) : this.#judge(token, key);
  }

  /** Returns the owners that are API keys which have expired, were revoked or do not exist. */
  async dead(owners: readonly string[]): Promise<readonly Id[]> {
    const ids = owners.filter((owner) => isId('key', owner));
    const keys = ids.length === 0 ? [] : await this.#store.read('ALL').apiKeys.byIds(ids);
    return ids.filter((_id, at) => {
      const key = keys[at];
      return key === undefined || !isLive(key, this.#clock());
    });
  }

  /** Records when API keys were last used, for each at most once per minute. */
  async noteUses(): Promise<void> {
    const used = [...this.#used];
    this.#used = new Map();
    for (let from = 0; from < used.length; from += BATCH) {
      const times = new Map(used.slice(from, from + BATCH));
      await this.#store.transact('ALL', async (tx) => {
        for (const key of await tx.apiKeys.lock([...times.keys()])) {
          if (key && this.#isToBeNoted(key)) tx.apiKeys.replace(usedKey(key, times.get(key.id) ?? 0), ['lastUsedAt']);
        }
      });
    }
  }

  #judge(token: string, key: ApiKey | undefined): Viewer | undefined {
    if (!key || !timingSafeEqual(Buffer.from(hashOfToken(token)), Buffer.from(key.tokenHash))) return undefined;
    if (!isLive(key, this.#clock())) return undefined;
    this.#recognized.set(key.prefix, true);
    if (this.#isToBeNoted(key)) this.#used.set(key.id, this.#clock());
    return { role: key.role, institutionId: key.institutionId, apiKeyId: key.id };
  }

  #isToBeNoted({ lastUsedAt }: ApiKey): boolean {
    return lastUsedAt === null || this.#clock() - lastUsedAt >= USE_NOTED_EVERY_MS;
  }

  #keyAt(prefix: string, beforeLookUp?: () => Promise<void>): MaybePromise<ApiKey | undefined> {
    const known = this.#remembered.get(prefix);
    if (known) return known;
    if (!beforeLookUp || this.#store.answersAtOnce || this.#recognized.has(prefix)) return this.#lookUp(prefix);
    return beforeLookUp().then(() => this.#keyAt(prefix));
  }

  #lookUp(prefix: string): MaybePromise<ApiKey | undefined> {
    const pages = this.#store.read('ALL', deadlineIn(this.#lookUpMs)).apiKeys.pages([windowAt(prefix)]);
    if (!(pages instanceof Promise)) return pages[0]?.rows[0];
    const found = pages.then(([page]) => page?.rows[0]);
    this.#remembered.set(prefix, found);
    found.catch(() => this.#remembered.delete(prefix));
    return found;
  }
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

const windowAt = (prefix: string) =>
  firstOf<ApiKey>({ where: { prefix: { in: [prefix] } }, order: { by: ['createdAt'], direction: 'ASC' }, limit: 1 });
