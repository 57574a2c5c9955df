/** The most rows in one chunk: small enough to move, large enough that there are few. */
const CHUNK_ROWS = 512;

export type Compare<E> = (a: E, b: E) => number;

/** Rows in an order, as a list of sorted chunks: about one word a row, and no step that grows with the whole. */
export class OrderedIndex<E> {
  readonly compare: Compare<E>;
  readonly chunks: E[][] = [];
  size = 0;

  constructor(compare: Compare<E>) {
    this.compare = compare;
  }

  insert(row: E): void {
    this.size += 1;
    const last = this.chunks.at(-1);
    // Most rows come last in most orders.
    if (!last || this.compare(row, last.at(-1) as E) > 0) {
      if (last && last.length < CHUNK_ROWS) last.push(row);
      else this.chunks.push([row]);
      return;
    }
    const at = this.#chunkOf(row);
    const chunk = this.chunks[at] as E[];
    if (chunk.length < CHUNK_ROWS) {
      chunk.splice(this.#within(chunk, row), 0, row);
    } else {
      const upper = chunk.splice(CHUNK_ROWS / 2);
      this.chunks.splice(at + 1, 0, upper);
      const half = this.compare(row, upper[0] as E) > 0 ? upper : chunk;
      half.splice(this.#within(half, row), 0, row);
    }
  }

  /** Takes out the row that compares equal. */
  remove(row: E): void {
    const at = this.#chunkOf(row);
    const chunk = this.chunks[at];
    const within = chunk ? this.#within(chunk, row) : 0;
    const found = chunk?.[within];
    if (!chunk || found === undefined || this.compare(found, row) !== 0) return;
    this.size -= 1;
    chunk.splice(within, 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
  }

  /** Puts the next version of a row in its place, moving it only where the order asks. */
  replace(before: E, after: E): void {
    if (this.compare(before, after) !== 0) {
      this.remove(before);
      this.insert(after);
      return;
    }
    const chunk = this.chunks[this.#chunkOf(before)];
    if (chunk) chunk[this.#within(chunk, before)] = after;
  }

  /** The place of the first row that is not below the key (or, past it, not equal to it either). */
  seek(key: E, past: boolean): Place {
    const at = this.#chunkOf(key);
    const chunk = this.chunks[at];
    if (!chunk) return { chunk: this.chunks.length, row: 0 };
    let row = this.#within(chunk, key);
    if (past && row < chunk.length && this.compare(chunk[row] as E, key) === 0) row += 1;
    return row < chunk.length ? { chunk: at, row } : { chunk: at + 1, row: 0 };
  }

  /** How many rows stand ahead of the place. */
  rank({ chunk, row }: Place): number {
    let rank = row;
    for (let at = 0; at < chunk; at += 1) rank += (this.chunks[at] as E[]).length;
    return rank;
  }

  /** The first chunk whose last row is not below the key. */
  #chunkOf(key: E): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare((this.chunks[middle] as E[]).at(-1) as E, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where in the chunk the key stands or belongs. */
  #within(chunk: readonly E[], key: E): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(chunk[middle] as E, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A place between two rows of an index. */
export interface Place {
  readonly chunk: number;
  readonly row: number;
}

/** Walks the rows between two places of an index, forward or backward. Not for use across a write. */
export class Walk<E> {
  readonly index: OrderedIndex<E>;
  readonly size: number;
  readonly #backward: boolean;
  readonly #touched: { rows: number };
  #left: number;
  #chunk: number;
  #row: number;

  constructor(index: OrderedIndex<E>, from: Place, to: Place, backward: boolean, touched: { rows: number }) {
    this.index = index;
    this.size = Math.max(0, index.rank(to) - index.rank(from));
    this.#touched = touched;
    this.#left = this.size;
    this.#backward = backward;
    const start = backward ? to : from;
    this.#chunk = start.chunk;
    this.#row = start.row;
  }

  /** The next row; undefined at the end. */
  next(): E | undefined {
    if (this.#left === 0) return undefined;
    this.#left -= 1;
    this.#touched.rows += 1;
    return this.#backward ? this.#stepBack() : this.#stepOn();
  }

  #stepOn(): E {
    const chunk = this.index.chunks[this.#chunk] as E[];
    const row = chunk[this.#row] as E;
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
      this.#row = (this.index.chunks[this.#chunk] as E[]).length;
    }
    this.#row -= 1;
    return (this.index.chunks[this.#chunk] as E[])[this.#row] as E;
  }
}
