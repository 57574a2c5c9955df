import type { Handle } from './rows.ts';

/** The maximum number of rows in a chunk: few enough to move quickly, enough to keep the number of chunks small. */
export const CHUNK_ROWS = 512;
const FIRST_ROWS = 8;

/** A section of an index: its handles in order, four bytes each, in an array that doubles its size when it is full. */
export class Chunk {
  length: number;
  #handles: Uint32Array;

  constructor(handles = new Uint32Array(FIRST_ROWS), length = 0) {
    this.#handles = handles;
    this.length = length;
  }

  at(place: number): Handle {
    return this.#handles[place] as Handle;
  }

  handles(): Handle[] {
    return [...this.#handles.subarray(0, this.length)];
  }

  last(): Handle {
    return this.at(this.length - 1);
  }

  insert(place: number, handle: Handle): void {
    this.#makeRoom(this.length + 1);
    if (place < this.length) this.#handles.copyWithin(place + 1, place, this.length);
    this.#handles[place] = handle;
    this.length += 1;
  }

  /** Removes the handle. Returns whether it was in the chunk. */
  remove(handle: Handle): boolean {
    const place = this.#handles.indexOf(handle);
    if (place < 0 || place >= this.length) return false;
    this.#handles.copyWithin(place, place + 1, this.length);
    this.length -= 1;
    return true;
  }

  /** Moves the upper half to a new chunk and returns it. */
  split(): Chunk {
    const half = this.length >>> 1;
    const upper = new Chunk(this.#handles.slice(half, this.length), this.length - half);
    this.length = half;
    return upper;
  }

  /** Appends the handles of another chunk. */
  append(other: Chunk): void {
    const length = this.length + other.length;
    this.#makeRoom(length);
    this.#handles.set(other.#handles.subarray(0, other.length), this.length);
    this.length = length;
  }

  #makeRoom(length: number): void {
    const room = this.#handles.length;
    if (length <= room) return;
    const handles = new Uint32Array(Math.min(CHUNK_ROWS, Math.max(length, 2 * room)));
    handles.set(this.#handles);
    this.#handles = handles;
  }
}
