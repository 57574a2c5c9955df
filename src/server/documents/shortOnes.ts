import { LRUCache } from 'lru-cache';

/** How many documents are remembered, and of how many characters at the most. Times in ms. */
const MOST = 1_024;
const LONGEST_CHARACTERS = 20_000;
const KEPT_MS = 3_600_000;

/** Remembers what came of documents, unless they are so long that many of them would fill the memory. */
export function shortOnes<V extends object>() {
  const kept = new LRUCache<string, V>({ max: MOST, ttl: KEPT_MS });
  return {
    get: (document: string): V | undefined => kept.get(document),
    set: (document: string, value: V): void => {
      if (document.length <= LONGEST_CHARACTERS) kept.set(document, value);
    },
  };
}
