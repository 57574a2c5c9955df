import { CapacityExceededError } from '../../domain/userErrors.ts';
import { StoreFullError } from '../errors.ts';
import type { StoreUsage } from '../store.ts';

const MEGABYTE = 1024 * 1024;

/** The part of the reserve above the limit that a transaction may use. */
export type Reserve = 'NONE' | 'HALF' | 'WHOLE';
/** The size of each reserve as a fraction of the limit. */
const RESERVES: { readonly [R in Reserve]: number } = { NONE: 0, HALF: 0.05, WHOLE: 0.1 };
/**
 * The fraction of the limit at which the operator is warned, and the fraction below which the warning is armed again.
 * They differ because the size of texts that wait to be indexed varies.
 */
const WARNED_AT = 0.8;
const REARMED_AT = 0.75;

/** Called with a log message when the store fills up. */
export type OnMemoryWarning = (message: string, usage: StoreUsage) => void;

/** Counts the estimated bytes of the store's data and refuses transactions that exceed the limit. */
export class MemoryMeter implements StoreUsage {
  readonly maxBytes: number;
  readonly #onWarning: OnMemoryWarning;
  #bytes = 0;
  #unrecorded = 0;
  #isWarned = false;
  #isUnrecordedWarned = false;

  constructor(maxBytes = Infinity, onWarning: OnMemoryWarning = () => {}) {
    this.maxBytes = maxBytes;
    this.#onWarning = onWarning;
  }

  get usedBytes(): number {
    return this.#bytes;
  }

  get isLimited(): boolean {
    return this.maxBytes !== Infinity;
  }

  get unrecordedAttempts(): number {
    return this.#unrecorded;
  }

  /** Adds to the used bytes; a negative number subtracts. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * Throws CapacityExceededError if a transaction without a reserve exceeds the limit, and StoreFullError if another
   * one exceeds its reserve. A transaction that does not grow the store is always allowed.
   */
  check(bytes: number, reserve: Reserve): void {
    if (this.fits(bytes, reserve)) return;
    if (reserve === 'NONE')
      throw new CapacityExceededError('MB of data in memory', Math.floor(this.maxBytes / MEGABYTE));
    throw new StoreFullError('The memory store is full.');
  }

  /** Whether the additional bytes fit within the limit and the reserve. */
  fits(bytes: number, reserve: Reserve): boolean {
    return bytes <= 0 || this.#bytes + bytes <= this.maxBytes * (1 + RESERVES[reserve]);
  }

  countUnrecordedAttempt(): void {
    this.#unrecorded += 1;
    if (this.#isUnrecordedWarned) return;
    this.#isUnrecordedWarned = true;
    this.#onWarning('memory store full: audit events of rejected attempts are counted, not written', this);
  }

  /** Warns once when the store passes 80 % of its limit, and again after it has fallen below 75 %. */
  warn(): void {
    const part = this.#bytes / this.maxBytes;
    if (part < REARMED_AT) {
      this.#isWarned = false;
      this.#isUnrecordedWarned = false;
    } else if (part >= WARNED_AT && !this.#isWarned) {
      this.#isWarned = true;
      this.#onWarning('memory store has passed 80 % of its limit', this);
    }
  }
}
