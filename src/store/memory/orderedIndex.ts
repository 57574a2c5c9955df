import { CHUNK_ROWS, Chunk } from './chunk.ts';
import type { Against, Ordering } from './ordering.ts';
import type { Handle } from './rows.ts';

/** A place between two rows of an index. */
export interface IndexPosition {
  readonly chunk: number;
  readonly row: number;
}

/** Whether place `b` is after place `a`. */
export const isAhead = (a: IndexPosition, b: IndexPosition): boolean =>
  a.chunk < b.chunk || (a.chunk === b.chunk && a.row < b.row);

/**
 * The rows of an index in order, as a list of sorted chunks of handles, so that no step costs time proportional to all
 * rows. Before a change of its sort fields a row must be removed, and after the change inserted again.
 */
export class OrderedIndex<E> {
  readonly ordering: Ordering<E>;
  readonly chunks: Chunk[];
  size = 0;
  /** The numbers of rows before the first chunks, as far as they are known. */
  #before: number[] | undefined;

  constructor(ordering: Ordering<E>, chunks: Chunk[] = []) {
    this.ordering = ordering;
    this.chunks = chunks;
  }

  /** Returns the index of rows that are in its order already; few enough for one chunk. */
  static ofOrdered<E>(ordering: Ordering<E>, handles: readonly Handle[]): OrderedIndex<E> {
    const index = new OrderedIndex(ordering, [new Chunk(Uint32Array.from(handles), handles.length)]);
    index.size = handles.length;
    return index;
  }

  /** Returns the index of any rows. */
  static ofRows<E>(ordering: Ordering<E>, handles: readonly Handle[]): OrderedIndex<E> {
    const ordered = handles.toSorted((a, b) => ordering.compare(ordering.rowOf(a), ordering.rowOf(b)));
    const index = new OrderedIndex(ordering);
    for (let from = 0; from < ordered.length; from += CHUNK_ROWS) {
      const part = ordered.slice(from, from + CHUNK_ROWS);
      index.chunks.push(new Chunk(Uint32Array.from(part), part.length));
    }
    index.size = ordered.length;
    return index;
  }

  /** Returns the handles of all rows in order. */
  handles(): Handle[] {
    return this.chunks.flatMap((chunk) => chunk.handles());
  }

  insert(handle: Handle): void {
    const against = this.ordering.against(this.ordering.rowOf(handle));
    this.size += 1;
    const last = this.chunks[this.chunks.length - 1];
    // Most rows come last in most orders, so this is checked first.
    if (!last || against(last.last()) < 0) {
      const open = last && last.length < CHUNK_ROWS ? last : new Chunk();
      if (open !== last) this.chunks.push(open);
      this.#changeFrom(this.chunks.length - 1);
      open.insert(open.length, handle);
      return;
    }
    const index = this.#chunkOf(against);
    this.#changeFrom(index);
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
    this.#changeFrom(Math.max(0, index - 1));
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

  /** Returns the first rows between two places, or the last ones in reverse. */
  read(from: IndexPosition, to: IndexPosition, reverse: boolean, limit: number): E[] {
    const rows: E[] = [];
    if (!isAhead(from, to)) return rows;
    let { chunk, row } = reverse ? to : from;
    const end = reverse ? from : to;
    while (rows.length < limit && (chunk !== end.chunk || row !== end.row)) {
      if (reverse && row === 0) {
        chunk -= 1;
        row = (this.chunks[chunk] as Chunk).length;
        continue;
      }
      rows.push(this.ordering.rowOf((this.chunks[chunk] as Chunk).at(reverse ? row - 1 : row)));
      row += reverse ? -1 : 1;
      if (!reverse && row === (this.chunks[chunk] as Chunk).length) {
        chunk += 1;
        row = 0;
      }
    }
    return rows;
  }

  /** Returns the number of rows before the place. */
  rank({ chunk, row }: IndexPosition): number {
    const before = (this.#before ??= []);
    for (let index = before.length; index <= chunk; index += 1) {
      before.push(index === 0 ? 0 : (before[index - 1] as number) + (this.chunks[index - 1] as Chunk).length);
    }
    return (before[chunk] as number) + row;
  }

  /** Forgets the numbers of rows before the chunks above this one, because its length has changed. */
  #changeFrom(chunk: number): void {
    if (this.#before && this.#before.length > chunk + 1) this.#before.length = chunk + 1;
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
