import type { Instant } from '../../domain/time.ts';
import type { StoreClock } from '../store.ts';

/** The column with the time of the database when the statement is executed. */
export const TIME_COLUMN = 'clock_timestamp() as now';
/** A row with this column. */
export interface StatedTime {
  readonly now: Instant;
}

/** The default of the greatest difference between the clock of this process and that of the database, in ms. */
const MAX_SKEW_MS = 2_000;

/**
 * The time of the database without a round trip of its own: the monotonic clock of this process, and its distance to the
 * clock of the database, which the answers of the database narrow down. Setting the clock of this machine has no effect
 * on it.
 */
export class DatabaseClock implements StoreClock {
  readonly #maxSkewMs: number;
  /** The time of the database when the monotonic clock was 0; undefined until the database has stated its time. */
  #origin: number | undefined;

  constructor(maxSkewMs = MAX_SKEW_MS) {
    this.#maxSkewMs = maxSkewMs;
  }

  /** Returns the time of the database. Until the database has stated its time, it is that of this process. */
  readonly now = (): Instant =>
    this.#origin === undefined ? Date.now() : Math.floor(this.#origin + performance.now());

  isInStep(): boolean {
    return Math.abs(Date.now() - this.now()) <= this.#maxSkewMs;
  }

  /**
   * Notes a time that the database has stated in answer to a statement that was sent at `sentAt` by the monotonic clock.
   * The answer has arrived by now, so the time was stated between then and now.
   */
  note({ now }: StatedTime, sentAt: number): void {
    const least = now - performance.now();
    const most = now + 1 - sentAt;
    this.#origin = Math.min(most, Math.max(least, this.#origin ?? (least + most) / 2));
  }
}
