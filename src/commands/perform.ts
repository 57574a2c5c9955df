import { type MutationName, type Resource, SERVER_INSTITUTION_ID } from '../domain/auditEvent.ts';
import { idempotencyKey, isStoredError, requestHash, toStoredError } from '../domain/idempotency.ts';
import type { Id } from '../domain/ids.ts';
import { Issues, type Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import { assertAllowed, type Roles } from '../domain/rights.ts';
import { type ErrorCode, toErrorData, UserError } from '../domain/userErrors.ts';
import { scopeOf } from '../domain/viewer.ts';
import { AlreadyExistsError } from '../store/errors.ts';
import type { Writers } from '../store/store.ts';
import { type Attempt, type AuditedFailure, auditEventOf, auditUserError, recordOrCount } from './audit.ts';
import { type CommandContext, ownInstitution } from './context.ts';
import { claimKey, type IdempotencyClaim, noClaim, replay, StoredUserError, storeResult } from './idempotency.ts';

/** The common fields of all mutation inputs. */
export interface Idempotent {
  readonly idempotencyKey?: Maybe<string>;
}

/** The parts of one mutation, which `perform` runs: I is its input, C checked, L loaded, P its payload. */
export interface Command<I extends Idempotent, C, L, P extends object> {
  readonly name: MutationName;
  /** The roles that may use the mutation. */
  readonly roles: Roles;
  /** The user errors that the mutation can return. Its result union derives from them. */
  readonly errors: readonly ErrorCode[];
  /** Validates the input without reading the store. Adds to `issues`, and throws all of them as one ValidationError. */
  readonly check: (input: I, issues: Issues, context: CommandContext) => C;
  /** Returns the part of the input that identifies a retry; the whole checked input if absent. */
  readonly request?: (checked: C) => unknown;
  /** Loads and locks what `act` needs. Throws no user errors, and requests all its locks before it first waits. */
  readonly load: (tx: Writers, checked: C, context: CommandContext) => Promise<L>;
  /** The institution whose audit log and idempotency keys apply; undefined if the named object does not exist. */
  readonly owner: (loaded: L) => Id | undefined;
  /** Applies the domain rules: throws a user error, or writes the change and returns the payload. */
  readonly act: (tx: Writers, loaded: L, checked: C, context: CommandContext) => P;
  /** The object that the mutation concerns: from the payload if there is one, else from the input. */
  readonly resource: (payload: P | null, input: I) => Resource | null;
  /**
   * Converts a payload to the ids of its objects and back; objects that can change are returned in their current state.
   * Both are absent if the payload must not be stored: such a mutation takes no idempotency key.
   */
  readonly storePayload?: (payload: P) => JsonObject;
  readonly loadPayload?: (tx: Writers, stored: JsonObject) => Promise<P>;
  /** Returns the outcome of a payload that can contain a user error. */
  readonly outcome?: (payload: P, checked: C) => Outcome;
  /** The payload of the audit event; the whole input if absent. */
  readonly auditPayload?: (input: I, payload: P | null) => object;
  /** Whether the idempotency key is used; true if absent. */
  readonly usesIdempotencyKey?: (checked: C) => boolean;
}

/** The user error in a payload, if any, and whether a retry returns the payload again. */
export interface Outcome {
  readonly errorCode: ErrorCode | null;
  readonly isStored: boolean;
}

/** A payload, and whether it is that of an earlier call with the same idempotency key. */
export type Replayable<P> = P & { readonly replayed: boolean };

/** The maximum number of runs if a concurrent request claims the idempotency key or a unique value first. */
const MAX_RUNS = 4;

/**
 * Runs a mutation: role, validation, idempotency key, domain rules. Its change, audit event and idempotency record are
 * one transaction; a user error rolls back the change but leaves an audit event. Calls with the same idempotency key
 * run once. Throws the errors of the command and IdempotencyConflictError.
 */
export async function perform<I extends Idempotent, C, L, P extends object>(
  command: Command<I, C, L, P>,
  context: CommandContext,
  input: I,
): Promise<Replayable<P>> {
  for (let run = 1; ; run += 1) {
    try {
      return await new Run(command, context, input).result();
    } catch (error) {
      // A concurrent request has claimed the key or a unique value: the next run sees it.
      if (!(error instanceof AlreadyExistsError) || run === MAX_RUNS) throw error;
    }
  }
}

/** An input after validation, with the idempotency key that it uses and the hash by which a retry is recognized. */
interface Request<C> {
  readonly checked: C;
  readonly issues: Issues;
  readonly key: string | null;
  readonly hash: string;
}

/** The payload of a mutation and, if it contains a user error, the audited failure. */
interface Done<P> {
  readonly payload: P;
  readonly failure: AuditedFailure | undefined;
}

/** One run of a mutation. */
class Run<I extends Idempotent, C, L, P extends object> {
  readonly #command: Command<I, C, L, P>;
  readonly #context: CommandContext;
  readonly #input: I;
  /** The last claim, under which a failure is recorded. */
  #claim: IdempotencyClaim;

  constructor(command: Command<I, C, L, P>, context: CommandContext, input: I) {
    this.#command = command;
    this.#context = context;
    this.#input = input;
    this.#claim = noClaim(ownInstitution(context.viewer));
  }

  /** Returns the payload. Records a user error before throwing it. */
  async result(): Promise<Replayable<P>> {
    try {
      return await this.#transact(this.#check());
    } catch (error) {
      if (error instanceof StoredUserError) this.#context.onUserError?.(error.data.code);
      if (error instanceof UserError) await this.#recordFailure(error);
      throw error;
    }
  }

  /** Checks the role and the input. Throws ForbiddenError or ValidationError. */
  #check(): Request<C> {
    const command = this.#command;
    assertAllowed(this.#context.viewer, command.roles);
    const issues = new Issues();
    const sentKey = idempotencyKey(issues, this.#input.idempotencyKey);
    const checked = command.check(this.#input, issues, this.#context);
    issues.throwIfAny();
    const usesKey = command.storePayload !== undefined && command.usesIdempotencyKey?.(checked) !== false;
    const key = usesKey ? sentKey : null;
    const hash = key === null ? '' : requestHash(command.request ? command.request(checked) : checked);
    return { checked, issues, key, hash };
  }

  /** Replays the stored result, or applies the mutation. */
  async #transact(request: Request<C>): Promise<Replayable<P>> {
    const command = this.#command;
    const context = this.#context;
    const { viewer, store, until } = context;
    let done: Done<P> | undefined;
    const work = async (tx: Writers): Promise<Replayable<P>> => {
      const loading = command.load(tx, request.checked, context);
      const { loaded, claim } = await claimKey(
        tx,
        command.name,
        request,
        ownInstitution(viewer),
        loading,
        command.owner,
      );
      this.#claim = claim;
      const { earlier } = claim;
      if (earlier) return { ...(await replay(tx, earlier, request.hash, command)), replayed: true };
      done = this.#act(tx, request, loaded);
      return { ...done.payload, replayed: false };
    };
    const result = await recordOrCount(
      store,
      () => store.transact(scopeOf(viewer), work, until),
      () => done?.failure && { ...done.payload, replayed: false },
    );
    done?.failure?.report();
    return result;
  }

  /** Applies the domain rules, and writes the audit event and the idempotency record. */
  #act(tx: Writers, { checked, issues }: Request<C>, loaded: L): Done<P> {
    const command = this.#command;
    const context = this.#context;
    issues.throwIfTimeIssues();
    const payload = command.act(tx, loaded, checked, context);
    const { errorCode, isStored } = command.outcome?.(payload, checked) ?? { errorCode: null, isStored: true };
    const attempt = this.#attempt(payload);
    const failure =
      errorCode === null ? undefined : auditUserError(context, { ...attempt, errorCode, sent: this.#input });
    const event = failure ? failure.event : auditEventOf(context, { ...attempt, errorCode: null });
    if (event) tx.auditEvents.insert(event);
    if (isStored && command.storePayload) {
      storeResult(tx, command.name, context, this.#claim, { payload: command.storePayload(payload) });
    }
    return { payload, failure };
  }

  /** Writes the audit event of a user error and, if the error depends on stored state, the idempotency record. */
  async #recordFailure(error: UserError): Promise<void> {
    const context = this.#context;
    const claim = this.#claim;
    const attempt = { ...this.#attempt(null), errorCode: error.code, sent: this.#input };
    const { event, report } = auditUserError(context, attempt);
    const isStored = isStoredError(error.code) && claim.key !== null && !claim.earlier;
    const { store, viewer, until } = context;
    const work = async (tx: Writers): Promise<null> => {
      if (event) tx.auditEvents.insert(event);
      if (!isStored) return null;
      storeResult(tx, this.#command.name, context, claim, { refusal: toStoredError(toErrorData(error)) });
      return null;
    };
    if (event || isStored) {
      await recordOrCount(
        store,
        () => store.transact(scopeOf(viewer), work, until),
        () => null,
      );
    }
    report();
  }

  #attempt(payload: P | null): Omit<Attempt, 'errorCode'> {
    const command = this.#command;
    const input = this.#input;
    return {
      mutation: command.name,
      institutionId: this.#claim.owner ?? SERVER_INSTITUTION_ID,
      resource: command.resource(payload, input),
      input: command.auditPayload?.(input, payload) ?? input,
    };
  }
}
