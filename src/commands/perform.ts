import { type MutationName, type Resource, SERVER_INSTITUTION_ID } from '../domain/auditEvent.ts';
import {
  type IdempotencyRecord,
  idempotencyKey,
  isStoredError,
  requestHash,
  fromStoredError,
  toStoredError,
} from '../domain/idempotency.ts';
import type { Id } from '../domain/ids.ts';
import { Issues, type Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import { type ErrorCode, toErrorData, IdempotencyConflictError, UserError } from '../domain/userErrors.ts';
import { assertAllowed, type Roles } from '../domain/rights.ts';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import { AlreadyExistsError } from '../store/errors.ts';
import type { Writers } from '../store/store.ts';
import { auditEventOf, type AuditedFailure, auditUserError, recordOrCount } from './audit.ts';
import type { CommandContext } from './context.ts';
import { type IdempotencyClaim, loadRecord, lockExpiredRecord, StoredUserError, storeResult } from './idempotency.ts';

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
  /** Validates the input without reading the store. Throws ValidationError, including the issues passed in. */
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
  /** Returns the user error that a payload contains, if any, and whether a retry returns this payload again. */
  readonly outcome?: (payload: P, checked: C) => Outcome;
  /** The payload of the audit event; the whole input if absent. */
  readonly auditPayload?: (input: I, payload: P | null) => object;
  /** Whether the idempotency key is used; true if absent. */
  readonly usesIdempotencyKey?: (checked: C) => boolean;
}

export interface Outcome {
  readonly errorCode: ErrorCode | null;
  readonly isStored: boolean;
}

export type Replayable<P> = P & { readonly replayed: boolean };

/** The maximum number of runs if a concurrent request claims the idempotency key or a unique value first. */
const MAX_RUNS = 4;

/**
 * Runs a mutation: role, validation, idempotency key, domain rules. Its change, audit event and idempotency record are
 * one transaction; a refusal rolls back the change but leaves an audit event. Calls with the same idempotency key run
 * once. Throws the errors of the command and IdempotencyConflictError.
 */
export async function perform<I extends Idempotent, C, L, P extends object>(
  command: Command<I, C, L, P>,
  context: CommandContext,
  input: I,
): Promise<Replayable<P>> {
  for (let run = 1; ; run += 1) {
    const claim: IdempotencyClaim = { owner: ownInstitutionOf(context.viewer), key: null, hash: '', prior: undefined };
    try {
      return await once(command, context, input, claim);
    } catch (error) {
      try {
        if (error instanceof StoredUserError) context.onUserError?.();
        if (!(error instanceof UserError)) throw error;
        await auditFailure(command, context, input, claim, error);
      } catch (fault) {
        // A concurrent request has claimed the key or a unique value: the next run sees it.
        if (!(fault instanceof AlreadyExistsError) || run === MAX_RUNS) throw fault;
        continue;
      }
      throw error;
    }
  }
}

const ownInstitutionOf = (viewer: Viewer): Id | undefined =>
  viewer.role === 'ROOT' ? undefined : viewer.institutionId;

async function once<I extends Idempotent, C, L, P extends object>(
  command: Command<I, C, L, P>,
  context: CommandContext,
  input: I,
  claim: IdempotencyClaim,
): Promise<Replayable<P>> {
  const { viewer, store } = context;
  assertAllowed(viewer, command.roles);
  const issues = new Issues();
  const named = idempotencyKey(issues, input.idempotencyKey);
  const checked = command.check(input, issues, context);
  issues.throwIfAny();
  const claims = command.storePayload !== undefined && command.usesIdempotencyKey?.(checked) !== false;
  const key = claims ? named : null;
  claim.hash = key === null ? '' : requestHash(command.request ? command.request(checked) : checked);
  let refused: AuditedFailure | undefined;
  let rejected: P | undefined;
  const work = async (tx: Writers): Promise<Replayable<P>> => {
    const loading = command.load(tx, checked, context);
    // Requested after the locks, in the same round trip: a concurrent call that lockExpiredRecord them has written its record.
    const early =
      key !== null && claim.owner !== undefined ? loadRecord(tx, command.name, claim.owner, key) : undefined;
    const [loaded, earlier] = await Promise.all([loading, early]);
    const owner = claim.owner ?? command.owner(loaded);
    claim.owner = owner;
    // An input that names no existing object claims no key.
    claim.key = owner === undefined ? null : key;
    if (key !== null && owner !== undefined) {
      const prior = early ? earlier : await loadRecord(tx, command.name, owner, key);
      if (prior && prior.createdAt > context.clock() - context.idempotencyRetentionMs)
        return replay(command, tx, prior, claim.hash);
      claim.prior = prior && (await lockExpiredRecord(tx, prior));
    }
    issues.throwIfTimeIssues();
    const payload = command.act(tx, loaded, checked, context);
    const outcome = command.outcome?.(payload, checked) ?? { errorCode: null, isStored: true };
    rejected = outcome.errorCode === null ? undefined : payload;
    const institutionId = owner ?? SERVER_INSTITUTION_ID;
    const { name: mutation } = command;
    const resource = command.resource(payload, input);
    const auditInput = command.auditPayload?.(input, payload) ?? input;
    const { errorCode } = outcome;
    const attempt = { mutation, institutionId, resource, errorCode, input: auditInput };
    refused = errorCode === null ? undefined : auditUserError(context, { ...attempt, errorCode, sent: input });
    const event = refused ? refused.event : auditEventOf(context, attempt);
    if (event) tx.auditEvents.insert(event);
    if (outcome.isStored && command.storePayload) {
      storeResult(tx, command.name, context, claim, { payload: command.storePayload(payload) });
    }
    return { ...payload, replayed: false };
  };
  const result = await recordOrCount(
    store,
    () => store.transact(scopeOf(viewer), work, context.until),
    () => rejected && { ...rejected, replayed: false },
  );
  refused?.report();
  return result;
}

/** Returns the result of the first call. Throws IdempotencyConflictError if the input differs. */
async function replay<I extends Idempotent, C, L, P extends object>(
  command: Command<I, C, L, P>,
  tx: Writers,
  { key, requestHash: hash, answer }: IdempotencyRecord,
  own: string,
): Promise<Replayable<P>> {
  if (hash !== own) throw new IdempotencyConflictError(key);
  if (answer['refusal']) throw new StoredUserError(fromStoredError(answer['refusal'] as JsonObject));
  if (!command.loadPayload) throw new Error(`${command.name} takes no key.`);
  return { ...(await command.loadPayload(tx, answer['payload'] as JsonObject)), replayed: true };
}

/** Writes the audit event of a refusal and, if the user error depends on stored state, the idempotency record. */
async function auditFailure<I extends Idempotent, C, L, P extends object>(
  command: Command<I, C, L, P>,
  context: CommandContext,
  input: I,
  claim: IdempotencyClaim,
  refusal: UserError,
): Promise<void> {
  const { name: mutation } = command;
  const institutionId = claim.owner ?? SERVER_INSTITUTION_ID;
  const auditInput = command.auditPayload?.(input, null) ?? input;
  const resource = command.resource(null, input);
  const attempt = { mutation, institutionId, resource, errorCode: refusal.code, input: auditInput, sent: input };
  const { event, report } = auditUserError(context, attempt);
  const isStored = isStoredError(refusal.code) && claim.key !== null;
  const { store, viewer } = context;
  const work = async (tx: Writers): Promise<null> => {
    if (event) tx.auditEvents.insert(event);
    if (!isStored) return null;
    if (claim.prior) await lockExpiredRecord(tx, claim.prior);
    storeResult(tx, mutation, context, claim, { refusal: toStoredError(toErrorData(refusal)) });
    return null;
  };
  if (event || isStored) {
    await recordOrCount(
      store,
      () => store.transact(scopeOf(viewer), work, context.until),
      () => null,
    );
  }
  report();
}
