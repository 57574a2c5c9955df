import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** The number of shared counters for names that arrive when the maximum number of names is reached. */
const SHARED_COUNTS = 1_024;
/**
 * The maximum number of names that one exchange with the other servers includes, oldest first; the rest follow in the
 * next.
 */
const FLUSHED_AT_ONCE = 10_000;

/** Points by name. */
export type Counts = ReadonlyMap<string, number>;

/** The points counted against one limit in one minute: on this server and, as far as known, on others. */
export class Counter {
  readonly #limit: string;
  readonly #points: number;
  readonly #maxNames: number;
  /**
   * The library's clock cannot be injected. With no duration it never expires a count and needs no timers, so the
   * counts last as long as this object, which is one minute by the clock of the server.
   */
  readonly #limiter: RateLimiterMemory;
  /** The sum of all servers for each name in the last exchange; 0 before the first. */
  readonly #names = new Map<string, number>();
  /** The points counted on this server since then. */
  readonly #unsent = new Map<string, number>();

  /** `points` is the limit of each name, `maxNames` the maximum number of names with their own counter. */
  constructor(limit: string, points: number, maxNames: number) {
    this.#limit = limit;
    this.#points = points;
    this.#maxNames = maxNames;
    this.#limiter = new RateLimiterMemory({ points, duration: 0 });
  }

  get size(): number {
    return this.#names.size;
  }

  /** Counts the points. Returns whether they were within the limit. */
  async take(subject: string, points: number): Promise<boolean> {
    const name = this.#nameOf(subject);
    const counted = this.#counted(points);
    if (!this.#names.has(name)) this.#names.set(name, 0);
    this.#unsent.set(name, (this.#unsent.get(name) ?? 0) + counted);
    return this.#limiter.consume(name, counted).then(() => true, falseIfRejected);
  }

  /** Returns whether the points are within the limit, without counting them. */
  async has(subject: string, points: number): Promise<boolean> {
    const state = await this.#limiter.get(this.#nameOf(subject));
    return (state?.consumedPoints ?? 0) + this.#counted(points) <= this.#points;
  }

  /** Returns the points counted since the last exchange, as many as one exchange includes. */
  unsent(): Counts {
    const counts = new Map<string, number>();
    for (const [name, count] of this.#unsent) {
      if (counts.size === FLUSHED_AT_ONCE) break;
      counts.set(name, count);
    }
    return counts;
  }

  /** Adds what other servers have counted under the names. The sums include what this server has sent. */
  async confirm(sent: Counts, sums: Counts): Promise<void> {
    for (const [name, count] of sent) {
      const sum = sums.get(name) ?? 0;
      // Negative if the store lost its counters: the points counted here stay counted.
      const elsewhere = sum - count - (this.#names.get(name) ?? 0);
      if (elsewhere > 0) await this.#limiter.penalty(name, elsewhere);
      this.#names.set(name, sum);
      const remaining = (this.#unsent.get(name) ?? 0) - count;
      if (remaining > 0) this.#unsent.set(name, remaining);
      else this.#unsent.delete(name);
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
    const name = `${this.#limit}:${subject}`;
    if (this.#names.has(name) || this.#names.size < this.#maxNames) return name;
    return `${this.#limit}:shared:${createHash('sha256').update(subject).digest().readUInt16BE() % SHARED_COUNTS}`;
  }
}

/** Converts a rejection of the limiter to false; rethrows errors. */
function falseIfRejected(thrown: unknown): boolean {
  if (thrown instanceof RateLimiterRes) return false;
  throw thrown;
}
