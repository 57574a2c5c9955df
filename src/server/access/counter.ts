import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** How many counts those share who come when there are as many names as there may be. */
const SHARED_COUNTS = 1_024;
/** The most names that are settled at once; the others go with the next settlement, first come, first told. */
const SETTLED_AT_ONCE = 10_000;

/** Points by name. */
export type Counts = ReadonlyMap<string, number>;

/** What was counted against one limit in one minute: here, and elsewhere as far as is known. */
export class Counter {
  readonly #limit: string;
  readonly #points: number;
  readonly #most: number;
  /**
   * Its clock cannot be passed in, so it is given no time after which to forget, and has no timers then: what it
   * counts lasts as long as it does itself, which is one minute by the clock of the server.
   */
  readonly #limiter: RateLimiterMemory;
  /** What all servers had counted under each name when it was last settled; 0 if it never was. */
  readonly #known = new Map<string, number>();
  /** What was counted here since. */
  readonly #owed = new Map<string, number>();

  /** So many points for each name, and at most so many names that are counted each by itself. */
  constructor(limit: string, points: number, most: number) {
    this.#limit = limit;
    this.#points = points;
    this.#most = most;
    this.#limiter = new RateLimiterMemory({ points, duration: 0 });
  }

  get size(): number {
    return this.#known.size;
  }

  /** Counts the points, and answers whether there were as many left. */
  async take(who: string, points: number): Promise<boolean> {
    const name = this.#nameOf(who);
    const counted = this.#counted(points);
    if (!this.#known.has(name)) this.#known.set(name, 0);
    this.#owed.set(name, (this.#owed.get(name) ?? 0) + counted);
    return this.#limiter.consume(name, counted).then(() => true, refused);
  }

  /** Answers whether there are as many points left. */
  async has(who: string, points: number): Promise<boolean> {
    const answer = await this.#limiter.get(this.#nameOf(who));
    return (answer?.consumedPoints ?? 0) + this.#counted(points) <= this.#points;
  }

  /** What was counted since the last settlement, as much of it as is told at once. */
  owed(): Counts {
    const counts = new Map<string, number>();
    for (const [name, count] of this.#owed) {
      if (counts.size === SETTLED_AT_ONCE) break;
      counts.set(name, count);
    }
    return counts;
  }

  /** Takes on what all servers together have counted under the names; what this one has sent is among it. */
  async settled(sent: Counts, sums: Counts): Promise<void> {
    for (const [name, count] of sent) {
      const sum = sums.get(name) ?? 0;
      // Below zero where the record was lost: what is counted here stays counted.
      const elsewhere = sum - count - (this.#known.get(name) ?? 0);
      if (elsewhere > 0) await this.#limiter.penalty(name, elsewhere);
      this.#known.set(name, sum);
      const left = (this.#owed.get(name) ?? 0) - count;
      if (left > 0) this.#owed.set(name, left);
      else this.#owed.delete(name);
    }
  }

  /** More points than there ever are count as one too many: so no sum grows beyond what a number holds exactly. */
  #counted(points: number): number {
    return points <= this.#points ? Math.ceil(points) : this.#points + 1;
  }

  #nameOf(who: string): string {
    const own = `${this.#limit}:${who}`;
    if (this.#known.has(own) || this.#known.size < this.#most) return own;
    return `${this.#limit}:shared:${createHash('sha256').update(who).digest().readUInt16BE() % SHARED_COUNTS}`;
  }
}

/** For what the limiter rejects with: its answer, if it is no fault. */
function refused(answer: unknown): boolean {
  if (answer instanceof RateLimiterRes) return false;
  throw answer;
}
