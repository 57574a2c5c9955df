import type { Scope } from '../../domain/viewer.ts';
import { countStatement, noteLsn } from '../deadline.ts';
import { DeadlineExceededError, throwIfDeadlineExceeded } from '../errors.ts';
import { LAST_LSN, type Lsn } from '../lsn.ts';
import type { Deadline } from '../store.ts';
import { openingOf } from './begin.ts';
import { ignoreRejection, withRetries } from './errors.ts';
import { type Answer, Step } from './flight.ts';
import type { ConnectionPool } from './pool.ts';
import type { Replica, ReplicaState } from './replica.ts';
import type { Queries } from './session.ts';
import type { Statement } from './sql.ts';
import { PRIMARY_LSN, REPLICA_LSN, type StatedLsn } from './statedLsn.ts';
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

/** Where reads are sent to. */
interface Place {
  readonly pool: ConnectionPool;
  /** Absent if it is the primary. */
  readonly replica?: Replica;
  /** The LSN that the reads must see; absent if their own LSN is of no interest. */
  readonly minLsn?: Lsn | undefined;
}

/**
 * The reads of one request. Those of one tick are one transaction in one round trip: several statements before one Sync
 * need neither BEGIN nor COMMIT. Role and scope are set by the first of them, for this transaction only.
 *
 * If the deadline has a minimum LSN, they are sent to the replica. What it cannot serve is sent to the primary, and so
 * are all later reads of the request.
 */
export class RequestReads {
  readonly #pool: ConnectionPool;
  readonly #onStatement: OnStatement;
  readonly #scope: Scope;
  readonly #until: Deadline | undefined;
  #waiting: Call[] = [];
  #bytes = 0;
  #replica: Replica | undefined;

  constructor(
    pool: ConnectionPool,
    onStatement: OnStatement,
    scope: Scope,
    until: Deadline | undefined,
    replica?: Replica,
  ) {
    this.#pool = pool;
    this.#replica = replica;
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
    const minLsn = this.#pool.notesLsn ? this.#until?.minLsn : undefined;
    try {
      if (minLsn !== undefined && (await this.#isServedByReplica(unsettled, minLsn))) return;
      const place: Place = { pool: this.#pool, minLsn };
      await withRetries(
        () => withWire(place.pool, this.#until, (wire) => this.#once(wire, unsettled(), place), reuse),
        this.#until,
      );
    } catch (error) {
      for (const { reject } of unsettled()) reject(error);
    }
  }

  /** Sends the calls to the replica, if it can be expected to serve them. Those that it has answered are settled. */
  async #isServedByReplica(unsettled: () => readonly Call[], minLsn: Lsn): Promise<boolean> {
    const replica = this.#replica;
    if (!replica) return false;
    const place = { pool: replica.pool, replica, minLsn };
    const send = () => withWire(place.pool, this.#until, (wire) => this.#once(wire, unsettled(), place), reuse);
    if (await replica.isServing(minLsn, send)) return true;
    // All later reads of the request see the state of the primary, like those that are repeated there.
    this.#replica = undefined;
    return false;
  }

  /** Sends the calls once. Those that are answered are settled, even if a later one fails. */
  async #once(wire: Wire, calls: readonly Call[], place: Place): Promise<void> {
    let counted = wire.bytesRead;
    const count = (): void => {
      this.#bytes += wire.bytesRead - counted;
      counted = wire.bytesRead;
    };
    const steps: Step[] = [];
    let isSent = false;
    let stated: Promise<void> | undefined;
    const query = async <R extends object>(statement: Statement): Promise<Answer<R>> => {
      if (isSent) throw new Error('A read must send all of its statements at once.');
      throwIfDeadlineExceeded(this.#until);
      const step = new Step(statement);
      steps.push(step);
      const answer = await step.answer.catch(wire.fail);
      // The calls are settled only after the state that they have seen is known.
      if (stated) await stated.catch(wire.fail);
      // The caller knows the rows of its statement.
      return answer as Answer<R>;
    };
    const answers = calls.map((call) => settling(call, wire, ignoreRejection(call.work({ query })), count));
    isSent = true;
    const flight = steps.length > 0 ? this.#sendSteps(wire, steps, place) : undefined;
    stated = flight?.stated;
    await Promise.all(answers);
    await flight?.done;
    if (wire.failure) wire.fail(wire.failure.error);
  }

  #sendSteps(wire: Wire, steps: readonly Step[], { pool, replica, minLsn }: Place): SentFlight {
    const { leftMs } = wire;
    wire.allow(leftMs);
    for (const { statement } of steps) {
      this.#onStatement(statement);
      countStatement(this.#until);
    }
    const opening = new Step(openingOf(pool.openings, 'reading', this.#scope, leftMs));
    const limitOf = () => (replica ? REPLICA_LIMIT : wire.promptLimit());
    if (minLsn === undefined) return { done: ignoreRejection(wire.flight([opening, ...steps], limitOf)) };
    const closing = new Step(replica ? REPLICA_LSN : PRIMARY_LSN);
    const stated = this.#stateOf(opening, closing, replica, minLsn);
    return {
      done: ignoreRejection(wire.flight([opening, ...steps, closing], limitOf)),
      stated: ignoreRejection(stated),
    };
  }

  /** Notes the LSN of the state that the statements between two steps have seen. Throws if a replica was too old. */
  async #stateOf(opening: Step, closing: Step, replica: Replica | undefined, minLsn: Lsn): Promise<void> {
    // The server answers the steps in order; one that fails is reported by its own answer.
    const [state] = (await opening.answer).rows as readonly ReplicaState[];
    replica?.assertServed(state as ReplicaState, minLsn);
    const closed = closing.answer.then(({ rows }) => rows as readonly StatedLsn[]);
    // On the primary, a statement that fails does not make the answers before it useless.
    const [last] = replica ? await closed : await closed.catch(() => []);
    noteLsn(this.#until, last?.lsn ?? LAST_LSN);
  }
}

/** Statements that were sent. */
interface SentFlight {
  /** Resolves when the server has answered all of them. */
  readonly done: Promise<void>;
  /** Resolves when the state that they have seen is known. */
  readonly stated?: Promise<void>;
}

/** The limit of the first answer of a replica: the primary can serve the same reads. */
const REPLICA_LIMIT = { ms: 1_000, isWorking: false } as const;

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
