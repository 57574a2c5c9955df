/** The values of the one or two fields of a group that its rows have in common; the second is undefined if unused. */
export type GroupKey = readonly [first: unknown, second?: unknown];

/** A map by group keys. Keys of two values are maps in a map, so that no text is composed and stored for them. */
export class KeyMap<V> {
  readonly #isNested: boolean;
  readonly #root = new Map<unknown, V | Map<unknown, V>>();
  size = 0;

  constructor(fields: number) {
    if (fields > 2) throw new Error('A group has at most two fields.');
    this.#isNested = fields === 2;
  }

  get(first: unknown, second: unknown): V | undefined {
    const found = this.#root.get(first);
    return this.#isNested ? (found as Map<unknown, V> | undefined)?.get(second) : (found as V | undefined);
  }

  /** Whether there is a key with this first value. */
  hasFirst(first: unknown): boolean {
    return this.#root.has(first);
  }

  set(first: unknown, second: unknown, value: V): void {
    const map = this.#isNested ? this.#within(first) : (this.#root as Map<unknown, V>);
    const key = this.#isNested ? second : first;
    if (!map.has(key)) this.size += 1;
    map.set(key, value);
  }

  delete(first: unknown, second: unknown): void {
    const map = this.#isNested ? this.#within(first) : (this.#root as Map<unknown, V>);
    if (map.delete(this.#isNested ? second : first)) this.size -= 1;
    if (this.#isNested && map.size === 0) this.#root.delete(first);
  }

  /** Returns all values, with the number of maps that are nested. */
  contents(): { readonly values: readonly V[]; readonly maps: number } {
    if (!this.#isNested) return { values: [...(this.#root as Map<unknown, V>).values()], maps: 0 };
    const maps = [...(this.#root as Map<unknown, Map<unknown, V>>).values()];
    return { values: maps.flatMap((map) => [...map.values()]), maps: maps.length };
  }

  #within(first: unknown): Map<unknown, V> {
    const map = (this.#root as Map<unknown, Map<unknown, V>>).get(first) ?? new Map<unknown, V>();
    this.#root.set(first, map);
    return map;
  }
}
