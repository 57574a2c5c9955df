import { randomBytes, randomUUID } from 'node:crypto';
import {
  type Change,
  type ChangeFilter,
  matchesFilter,
  type SequencedChange,
  type StreamPosition,
} from '../../domain/change.ts';
import type { ChangeFeed, StreamPage } from '../store.ts';
import type { MemoryMeter } from './meter.ts';
import type { Committed } from './write.ts';

/** The maximum number of changes in memory. */
const MAX_CHANGES = 100_000;

/** The memory of one change, in bytes, measured. */
export const CHANGE_BYTES = 200;

/** The change feed of a memory store, which numbers changes as they are committed. */
export class MemoryChanges implements ChangeFeed {
  readonly #key = randomBytes(32);
  readonly #wakes = new Set<() => void>();
  /** A ring buffer: the change with sequence n is at (n - 1) % MAX_CHANGES. */
  readonly #ring: (SequencedChange | undefined)[] = [];
  readonly #meter: MemoryMeter;
  #last: StreamPosition = { sequence: 0, id: randomUUID() };
  /** The position of the last deleted change; initially the start of the stream. */
  #deletedThrough = this.#last;
  /** The sequence of the last change that a transaction has taken for webhooks. */
  #takenThrough = 0;

  constructor(meter: MemoryMeter) {
    this.#meter = meter;
  }

  get size(): number {
    return this.#last.sequence - this.#deletedThrough.sequence;
  }

  /** Counts the bytes of all changes again. */
  recount(): number {
    return this.#ring.filter((change) => change !== undefined).length * CHANGE_BYTES;
  }

  /** Appends the changes of a transaction, and notes those that it has taken for webhooks. */
  commit({ changes, takenThrough = this.#takenThrough }: Pick<Committed, 'changes' | 'takenThrough'>): void {
    this.#takenThrough = takenThrough;
    this.append(changes);
  }

  append(changes: readonly Change[]): void {
    const before = this.size;
    for (const change of changes) {
      if (this.#last.sequence - this.#deletedThrough.sequence === MAX_CHANGES) this.#deleteFirst();
      const sequenced = Object.freeze({ ...change, sequence: this.#last.sequence + 1, id: randomUUID() });
      this.#ring[this.#last.sequence % MAX_CHANGES] = sequenced;
      this.#last = sequenced;
    }
    this.#meter.add((this.size - before) * CHANGE_BYTES);
    if (changes.length > 0) for (const wake of this.#wakes) wake();
  }

  async cursorKey(): Promise<Uint8Array> {
    return this.#key;
  }

  async assignSequences(): Promise<void> {}

  async read(after: StreamPosition | null, limit: number, filter?: ChangeFilter): Promise<StreamPage> {
    const { sequence, id } = this.#last;
    const last = { sequence, id };
    if (after === null) return { isKnown: true, changes: [], last };
    if (this.#idAt(after.sequence) !== after.id) return { isKnown: false, changes: [], last };
    const changes: SequencedChange[] = [];
    for (let next = after.sequence + 1; next <= sequence && changes.length < limit; next += 1) {
      const change = this.#at(next);
      if (!filter || matchesFilter(change, filter)) changes.push(change);
    }
    return { isKnown: true, changes, last };
  }

  get takenThrough(): number {
    return this.#takenThrough;
  }

  /** Returns the first changes after the sequence that are still in memory. */
  following(sequence: number, limit: number): readonly SequencedChange[] {
    const changes: SequencedChange[] = [];
    let next = Math.max(sequence, this.#deletedThrough.sequence) + 1;
    for (; next <= this.#last.sequence && changes.length < limit; next += 1) changes.push(this.#at(next));
    return changes;
  }

  onChanges(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  async deleteBefore(before: number): Promise<number> {
    const first = this.#deletedThrough.sequence;
    while (
      this.#deletedThrough.sequence < this.#last.sequence &&
      this.#at(this.#deletedThrough.sequence + 1).createdAt < before
    ) {
      this.#deleteFirst();
    }
    const deleted = this.#deletedThrough.sequence - first;
    this.#meter.add(-deleted * CHANGE_BYTES);
    return deleted;
  }

  #deleteFirst(): void {
    const { sequence, id } = this.#at(this.#deletedThrough.sequence + 1);
    this.#deletedThrough = { sequence, id };
    this.#ring[(sequence - 1) % MAX_CHANGES] = undefined;
  }

  /** Returns the id of a position from which reading can resume. */
  #idAt(sequence: number): string | undefined {
    if (sequence === this.#deletedThrough.sequence) return this.#deletedThrough.id;
    const isKept = sequence > this.#deletedThrough.sequence && sequence <= this.#last.sequence;
    return isKept ? this.#at(sequence).id : undefined;
  }

  #at(sequence: number): SequencedChange {
    return this.#ring[(sequence - 1) % MAX_CHANGES] as SequencedChange;
  }
}
