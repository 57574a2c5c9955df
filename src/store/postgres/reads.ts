import type { Scope } from '../../domain/viewer.ts';
import { countStatement } from '../deadline.ts';
import { DeadlineExceededError, throwIfDeadlineExceeded } from '../errors.ts';
import type { Deadline } from '../store.ts';
import { openingOf } from './begin.ts';
import { ignoreRejection, withRetries } from './errors.ts';
import { type Answer, Step } from './flight.ts';
import type { ConnectionPool } from './pool.ts';
import type { Queries } from './session.ts';
import type { Statement } from './sql.ts';
import { type OnStatement, type Wire, withWire } from './wire.ts';

/** The maximum bytes that one request may read before its next read is refused. */
const MAX_READ_BYTES = 64 * 1024 * 1024;

/**
 * The way reads are sent: those of one tick together, rows by their ids before pages, and each that is `alone` by itself. It
 * may take long, so the others must not wait for it or fail with it.
 */
export type ReadKind = 'byId' | 'page' | 'alone';

/** Runs work whose statements are all sent before the first answer. */
export type Read = <T>(kind: ReadKind, work: (queries: Queries) => Promise<T>) => Promise<T>;

interface Call {
  readonly kind: ReadKind;
  readonly work: (queries: Queries) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  isSettled: boolean;
}

/**
 * The reads of one request. Those of one tick are one transaction in one round trip: several statements before one Sync
 * need neither BEGIN nor COMMIT. Role and scope are set by the first of them, for this transaction only.
 */
export class RequestReads {
  readonly #pool: ConnectionPool;
  readonly #onStatement: OnStatement;
  readonly #scope: Scope;
  readonly #until: Deadline | undefined;
  #waiting: Call[] = [];
  #bytes = 0;

  constructor(pool: ConnectionPool, onStatement: OnStatement, scope: Scope, until: Deadline | undefined) {
    this.#pool = pool;
    this.#onStatement = onStatement;
    this.#scope = scope;
    this.#until = until;
  }

  /** Throws DeadlineExceededError if a request reads too many bytes. */
  readonly read: Read = async <T>(kind: ReadKind, work: (queries: Queries) => Promise<T>): Promise<T> => {
    if (this.#bytes > MAX_READ_BYTES) throw new DeadlineExceededError('The request has read too many bytes.');
    return new Promise<T>((resolve, reject) => {
      const call: Call = { kind, work, resolve: resolve as (result: unknown) => void, reject, isSettled: false };
      if (kind === 'alone') return void this.#send([call]);
      this.#waiting.push(call);
      if (this.#waiting.length === 1) process.nextTick(() => this.#sendWaiting());
    });
  };

  #sendWaiting(): void {
    const calls = this.#waiting;
    this.#waiting = [];
    void this.#send([...calls.filter(({ kind }) => kind === 'byId'), ...calls.filter(({ kind }) => kind === 'page')]);
  }

  async #send(calls: readonly Call[]): Promise<void> {
    const unsettled = () => calls.filter(({ isSettled }) => !isSettled);
    try {
      await withRetries(
        () => withWire(this.#pool, this.#until, (wire) => this.#once(wire, unsettled()), reuse),
        this.#until,
      );
    } catch (error) {
      for (const { reject } of unsettled()) reject(error);
    }
  }

  /** Sends the calls once. Those that are answered are settled, even if a later one fails. */
  async #once(wire: Wire, calls: readonly Call[]): Promise<void> {
    let counted = wire.bytesRead;
    const count = (): void => {
      this.#bytes += wire.bytesRead - counted;
      counted = wire.bytesRead;
    };
    const steps: Step[] = [];
    let isSent = false;
    const query = async <R extends object>(statement: Statement): Promise<Answer<R>> => {
      if (isSent) throw new Error('A read must send all of its statements at once.');
      throwIfDeadlineExceeded(this.#until);
      const step = new Step(statement);
      steps.push(step);
      // The caller knows the rows of its statement.
      return (await step.answer.catch(wire.fail)) as Answer<R>;
    };
    const answers = calls.map((call) => settling(call, wire, ignoreRejection(call.work({ query })), count));
    isSent = true;
    const sent = steps.length > 0 ? ignoreRejection(this.#sendSteps(wire, steps)) : undefined;
    await Promise.all(answers);
    await sent;
    if (wire.failure) wire.fail(wire.failure.error);
  }

  #sendSteps(wire: Wire, steps: readonly Step[]): Promise<void> {
    const { leftMs } = wire;
    wire.allow(leftMs);
    for (const { statement } of steps) {
      this.#onStatement(statement);
      countStatement(this.#until);
    }
    const opening = new Step(openingOf(this.#pool.openings, 'reading', this.#scope, leftMs));
    return wire.flight([opening, ...steps], () => wire.promptLimit());
  }
}

/** The statements are a transaction that the server has ended by itself. */
const reuse = async (): Promise<boolean> => true;

/** Settles the call with its answer. An error of the connection is left to those who may try again. */
async function settling(call: Call, wire: Wire, answer: Promise<unknown>, count: () => void): Promise<void> {
  try {
    const result = await answer;
    count();
    call.isSettled = true;
    call.resolve(result);
  } catch (error) {
    if (wire.failure) return;
    call.isSettled = true;
    call.reject(error);
  }
}
