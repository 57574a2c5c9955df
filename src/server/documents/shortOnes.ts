import { LRUCache } from 'lru-cache';

/** The maximum number of cached documents, and their maximum length in characters. Times in ms. */
const MOST = 1_024;
const LONGEST_CHARACTERS = 20_000;
const KEPT_MS = 3_600_000;

/**
 * Caches the results of parsing and validating documents, except of those so long that many of them would fill the
 * memory.
 */
export function shortOnes<V extends object>() {
  const kept = new LRUCache<string, V>({ max: MOST, ttl: KEPT_MS });
  return {
    get: (document: string): V | undefined => kept.get(document),
    set: (document: string, value: V): void => {
      if (document.length <= LONGEST_CHARACTERS) kept.set(document, value);
    },
  };
}
