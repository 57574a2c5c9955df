import { createHash } from 'node:crypto';

/** The number of shared counters for names that arrive when the maximum number of names is reached. */
const SHARED_COUNTS = 1_024;
/**
 * The maximum number of names that one exchange with the other servers includes, oldest first; the rest follow in the
 * next.
 */
const FLUSHED_AT_ONCE = 10_000;

/** Points by name. */
export type Counts = ReadonlyMap<string, number>;

/** The points counted under one name in one minute. */
interface Count {
  /** The points counted on this server, and those of other servers as of the last exchange. */
  points: number;
  /** The sum of all servers in the last exchange; 0 before the first. */
  sum: number;
  /** The points counted on this server since then. */
  unsent: number;
}

/** The points counted against one limit in one minute: on this server and, as far as known, on others. */
export class Counter {
  /** Precedes the names in an exchange with the other servers, which includes all limits. */
  readonly #prefix: string;
  readonly #points: number;
  readonly #maxNames: number;
  readonly #counts = new Map<string, Count>();
  /** The counts with points to send, oldest first. */
  readonly #unsent = new Map<string, Count>();

  /** `points` is the limit of each name, `maxNames` the maximum number of names with their own counter. */
  constructor(limit: string, points: number, maxNames: number) {
    this.#prefix = `${limit}:`;
    this.#points = points;
    this.#maxNames = maxNames;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** Counts the points. Returns whether they were within the limit. */
  take(subject: string, points: number): boolean {
    const name = this.#nameOf(subject);
    let count = this.#counts.get(name);
    if (!count) this.#counts.set(name, (count = { points: 0, sum: 0, unsent: 0 }));
    const counted = this.#counted(points);
    count.points += counted;
    count.unsent += counted;
    this.#unsent.set(name, count);
    return count.points <= this.#points;
  }

  /** Returns whether the points are within the limit, without counting them. */
  has(subject: string, points: number): boolean {
    const counted = this.#counts.get(this.#nameOf(subject))?.points ?? 0;
    return counted + this.#counted(points) <= this.#points;
  }

  /** Returns the points counted since the last exchange, as many as one exchange includes. */
  unsent(): Counts {
    const counts = new Map<string, number>();
    for (const [name, { unsent }] of this.#unsent) {
      if (counts.size === FLUSHED_AT_ONCE) break;
      counts.set(this.#prefix + name, unsent);
    }
    return counts;
  }

  /** Adds what other servers have counted under the names. The sums include what this server has sent. */
  confirm(sent: Counts, sums: Counts): void {
    for (const [sentName, confirmed] of sent) {
      const name = sentName.slice(this.#prefix.length);
      const count = this.#counts.get(name);
      if (!count) continue;
      const sum = sums.get(sentName) ?? 0;
      // Negative if the store lost its counters: the points counted here stay counted.
      const elsewhere = sum - confirmed - count.sum;
      if (elsewhere > 0) count.points += elsewhere;
      count.sum = sum;
      count.unsent -= confirmed;
      if (count.unsent <= 0) this.#unsent.delete(name);
    }
  }

  /**
   * Limits the points to one more than the maximum, so that no sum exceeds the integers that a number represents
   * exactly.
   */
  #counted(points: number): number {
    return points <= this.#points ? Math.ceil(points) : this.#points + 1;
  }

  #nameOf(subject: string): string {
    if (this.#counts.has(subject) || this.#counts.size < this.#maxNames) return subject;
    return `shared:${createHash('sha256').update(subject).digest().readUInt16BE() % SHARED_COUNTS}`;
  }
}
