import { setTimeout as delay } from 'node:timers/promises';
import { BusyError, DeadlineExceededError } from '../errors.ts';
import { bytesBefore, type Lsn } from '../lsn.ts';
import type { ReplicaCounts } from '../store.ts';
import type { Pooler } from './begin.ts';
import { OutdatedStatementError, sqlStateOf } from './errors.ts';
import { ConnectionPool } from './pool.ts';
import { ReplicaCheck, ReplicaUnusableError } from './replicaCheck.ts';
import type { OnStatement } from './session.ts';
import type { TraceStatement } from './sql.ts';
import type { StatedLsn } from './statedLsn.ts';

/** A streaming replica of the database of a store, and the listeners of its state. */
export interface ReplicaOptions {
  readonly url: string;
  /** The pooler that the URL leads to. Defaults to none. */
  readonly pooler?: Pooler;
  /**
   * Called once when the replica becomes usable, and once with the reason when it becomes unusable, or if it is when the
   * store is opened.
   */
  readonly onChange?: ((reason: Error | undefined) => void) | undefined;
}

/** The times of a replica, in ms. */
const TIMES = {
  /** The pause between two checks of a replica that is used. */
  usable: 5_000,
  /** The pause between two checks of a replica that failed, during which no request tries it. */
  unusable: 1_000,
  /** The time after a read that needed a newer state, in which only reads of the state that was found are tried. */
  behind: 20,
} as const;

/** The state that a replica reports before the reads of a transaction. */
export interface ReplicaState extends StatedLsn {
  readonly isInRecovery: boolean;
}

/** The replica has not replayed what a read must see. */
class ReplicaBehindError extends Error {}

/** The SQLSTATEs of reads that conflicted with the replay of a change, or took too long. */
const OF_ONE_READ: ReadonlySet<string | undefined> = new Set(['40001', '40P01', '55P03', '57014']);

/** Whether the error says nothing about other reads. */
const isOfOneRead = (error: unknown): boolean =>
  error instanceof BusyError ||
  error instanceof DeadlineExceededError ||
  error instanceof OutdatedStatementError ||
  OF_ONE_READ.has(sqlStateOf(error));

/** A replica, and whether reads may be sent to it. It is checked in the background, never by a request. */
export class Replica {
  readonly pool: ConnectionPool;
  readonly #options: ReplicaOptions;
  readonly #check: ReplicaCheck;
  readonly #closing = new AbortController();
  readonly #checking: Promise<void>;
  readonly counts: { -readonly [K in keyof ReplicaCounts]: ReplicaCounts[K] } = { replica: 0, behind: 0, unusable: 0 };
  /** Undefined until the first check has ended. */
  #isUsable: boolean | undefined;
  /** The LSN that the replica had replayed when a read needed a newer one, and until when that counts. */
  #behind = { replayed: 0n, until: 0 };
  /** The number of calls of `distrust`. */
  #distrusts = 0;

  constructor(
    primary: ConnectionPool,
    options: ReplicaOptions & { readonly connections: number; readonly trace?: TraceStatement | undefined },
    onStatement: OnStatement,
  ) {
    const { url, connections, pooler = 'none', trace } = options;
    this.#options = options;
    const listener = { onError: (error: Error) => this.distrust(error), onRecovery: () => undefined };
    this.pool = new ConnectionPool(url, connections, listener, { pooler, trace, isReplica: true });
    this.#check = new ReplicaCheck(primary, this.pool, { url, pooler }, onStatement);
    this.#checking = this.#keepChecking();
  }

  /**
   * Sends reads that must see the state at the LSN, if they can be expected to succeed. Returns whether they did; otherwise
   * they must be sent to the primary.
   */
  async isServing(minLsn: Lsn, send: () => Promise<void>): Promise<boolean> {
    const outcome = this.#isUsable === true ? await this.#outcomeOf(minLsn, send) : 'unusable';
    this.counts[outcome] += 1;
    return outcome === 'replica';
  }

  async #outcomeOf(minLsn: Lsn, send: () => Promise<void>): Promise<keyof ReplicaCounts> {
    const { replayed, until } = this.#behind;
    if (bytesBefore(minLsn) > replayed && performance.now() < until) return 'behind';
    try {
      await send();
      return 'replica';
    } catch (error) {
      if (error instanceof ReplicaBehindError) return 'behind';
      if (!isOfOneRead(error)) this.distrust(error);
      return 'unusable';
    }
  }

  /** Throws if the state that the replica had before the reads is older than the LSN, or is not that of a replica. */
  assertServed({ isInRecovery, lsn }: ReplicaState, minLsn: Lsn): void {
    if (!isInRecovery || lsn === null) throw new ReplicaUnusableError('The server is not in recovery.');
    const replayed = bytesBefore(lsn);
    if (replayed >= bytesBefore(minLsn)) return;
    this.#behind = { replayed, until: performance.now() + TIMES.behind };
    throw new ReplicaBehindError('The replica has not replayed the state.');
  }

  /** Sends no reads to the replica until a check has found that it follows the primary. */
  distrust(error: unknown): void {
    this.#distrusts += 1;
    this.#check.forget();
    this.#becomeUnusable(error);
  }

  #becomeUnusable(error: unknown): void {
    if (this.#isUsable === false || this.#closing.signal.aborted) return;
    this.#isUsable = false;
    this.#options.onChange?.(error instanceof Error ? error : new Error(String(error)));
  }

  /** Ends all work in progress. */
  abandonWork(): void {
    this.#closing.abort();
    this.pool.abandonWork();
  }

  async close(): Promise<void> {
    this.abandonWork();
    await this.#checking;
    await this.pool.end();
  }

  async #keepChecking(): Promise<void> {
    const { signal } = this.#closing;
    let checkedAt = -Infinity;
    while (!signal.aborted) {
      if (this.#isUsable !== true || performance.now() - checkedAt >= TIMES.usable) {
        await this.#checkOnce(signal);
        checkedAt = performance.now();
      }
      await delay(TIMES.unusable, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #checkOnce(signal: AbortSignal): Promise<void> {
    const before = this.#distrusts;
    const failure = await this.#check.run(signal);
    if (signal.aborted) return;
    if (failure) this.#becomeUnusable(failure);
    // A failure meanwhile may be later than what the check has seen.
    else if (this.#isUsable !== true && this.#distrusts === before) {
      this.#isUsable = true;
      this.#options.onChange?.(undefined);
    }
  }
}
