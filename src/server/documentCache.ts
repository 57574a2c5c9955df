import { LRUCache } from 'lru-cache';

/** The maximum number of cached documents, and their maximum length in characters. Times in ms. */
const MAX_DOCUMENTS = 1_024;
const MAX_DOCUMENT_CHARACTERS = 20_000;
const TTL_MS = 3_600_000;

/**
 * Caches the results of parsing and validating documents, except of those so long that many of them would fill the
 * memory.
 */
export function documentCache<V extends object>() {
  const cache = new LRUCache<string, V>({ max: MAX_DOCUMENTS, ttl: TTL_MS });
  return {
    get: (document: string): V | undefined => cache.get(document),
    set: (document: string, value: V): void => {
      if (document.length <= MAX_DOCUMENT_CHARACTERS) cache.set(document, value);
    },
  };
}
