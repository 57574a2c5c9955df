import { CHUNK_ROWS, Chunk } from './chunk.ts';
import type { Against, Ordering } from './ordering.ts';
import type { Handle } from './rows.ts';

/** A place between two rows of an index. */
export interface IndexPosition {
  readonly chunk: number;
  readonly row: number;
}

/**
 * The rows of an index in order, as a list of sorted chunks of handles, so that no step costs time proportional to all
 * rows. Before a change of its sort fields a row must be removed, and after the change inserted again.
 */
export class OrderedIndex<E> {
  readonly ordering: Ordering<E>;
  readonly chunks: Chunk[] = [];
  size = 0;

  constructor(ordering: Ordering<E>) {
    this.ordering = ordering;
  }

  insert(handle: Handle): void {
    const against = this.ordering.against(this.ordering.rowOf(handle));
    this.size += 1;
    const last = this.chunks[this.chunks.length - 1];
    // Most rows come last in most orders, so this is checked first.
    if (!last || against(last.last()) < 0) {
      const open = last && last.length < CHUNK_ROWS ? last : new Chunk();
      if (open !== last) this.chunks.push(open);
      open.insert(open.length, handle);
      return;
    }
    const index = this.#chunkOf(against);
    let chunk = this.chunks[index] as Chunk;
    if (chunk.length === CHUNK_ROWS) {
      const upper = chunk.split();
      this.chunks.splice(index + 1, 0, upper);
      if (against(chunk.last()) < 0) chunk = upper;
    }
    chunk.insert(this.#within(chunk, against), handle);
  }

  remove(handle: Handle): void {
    const index = this.#chunkOf(this.ordering.against(this.ordering.rowOf(handle)));
    const chunk = this.chunks[index];
    // Searching the handles of a chunk is cheaper than comparing the rows.
    if (!chunk?.remove(handle)) return;
    this.size -= 1;
    if (chunk.length === 0) this.chunks.splice(index, 1);
    else this.#join(index);
    this.#join(index - 1);
  }

  /** Returns the place of the first row that is not below the key or, if `past` is set, the first row above it. */
  seek(key: E, past: boolean): IndexPosition {
    const against = this.ordering.against(key);
    const index = this.#chunkOf(against);
    const chunk = this.chunks[index];
    if (!chunk) return { chunk: this.chunks.length, row: 0 };
    let row = this.#within(chunk, against);
    if (past && row < chunk.length && against(chunk.at(row)) === 0) row += 1;
    return row < chunk.length ? { chunk: index, row } : { chunk: index + 1, row: 0 };
  }

  /** Returns the number of rows before the place. */
  rank({ chunk, row }: IndexPosition): number {
    let rank = row;
    for (let index = 0; index < chunk; index += 1) rank += (this.chunks[index] as Chunk).length;
    return rank;
  }

  /**
   * Merges a chunk with the next one if both together fill at most half a chunk, so that few rows never occupy many
   * chunks.
   */
  #join(index: number): void {
    const [chunk, next] = [this.chunks[index], this.chunks[index + 1]];
    if (!chunk || !next || chunk.length + next.length > CHUNK_ROWS / 2) return;
    chunk.append(next);
    this.chunks.splice(index + 1, 1);
  }

  /** Returns the first chunk whose last row is not below the key. */
  #chunkOf(against: Against): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (against((this.chunks[middle] as Chunk).last()) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns where the key is, or would be inserted, in the chunk. */
  #within(chunk: Chunk, against: Against): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (against(chunk.at(middle)) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
