import type { Chunk } from './chunk.ts';
import type { IndexPosition, OrderedIndex } from './orderedIndex.ts';

/** Iterates over the rows between two places of an index, forward or backward. Must not be used across a write. */
export class IndexScan<E> {
  readonly index: OrderedIndex<E>;
  readonly size: number;
  readonly #backward: boolean;
  readonly #stats: { rows: number };
  #left: number;
  #chunk: number;
  #row: number;

  constructor(
    index: OrderedIndex<E>,
    from: IndexPosition,
    to: IndexPosition,
    backward: boolean,
    stats: { rows: number },
  ) {
    this.index = index;
    this.size = Math.max(0, index.rank(to) - index.rank(from));
    this.#stats = stats;
    this.#left = this.size;
    this.#backward = backward;
    const start = backward ? to : from;
    this.#chunk = start.chunk;
    this.#row = start.row;
  }

  /** Returns the next row, or undefined at the end. */
  next(): E | undefined {
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    this.#stats.rows += 1;
    return this.#backward ? this.#stepBack() : this.#stepOn();
  }

  /** Returns the remaining rows. */
  *rows(): Iterable<E> {
    for (let row = this.next(); row !== undefined; row = this.next()) yield row;
  }

  #stepOn(): E {
    const chunk = this.index.chunks[this.#chunk] as Chunk;
    const row = this.index.ordering.rowOf(chunk.at(this.#row));
    this.#row += 1;
    if (this.#row === chunk.length) {
      this.#chunk += 1;
      this.#row = 0;
    }
    return row;
  }

  #stepBack(): E {
    if (this.#row === 0) {
      this.#chunk -= 1;
      this.#row = (this.index.chunks[this.#chunk] as Chunk).length;
    }
    this.#row -= 1;
    return this.index.ordering.rowOf((this.index.chunks[this.#chunk] as Chunk).at(this.#row));
  }
}
