import { type MutationName, type Resource, SERVER } from '../domain/auditEvent.ts';
import {
  type IdempotencyRecord,
  idempotencyKey,
  isRemembered,
  recordId,
  requestHash,
  reviveFacts,
  storeFacts,
} from '../domain/idempotency.ts';
import type { Id } from '../domain/ids.ts';
import { Issues, type Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import { type ErrorCode, type Facts, factsOf, IdempotencyConflict, Refusal } from '../domain/refusals.ts';
import { mustBeAllowed } from '../domain/rights.ts';
import { scopeOf, type Viewer } from '../domain/viewer.ts';
import { AlreadyExists } from '../store/faults.ts';
import type { Writers } from '../store/store.ts';
import { auditEventOf, type AuditedRefusal, auditRefusal, recordOrCount } from './audit.ts';
import type { CommandContext } from './context.ts';

/** The common fields of all mutation inputs. */
export interface Keyed {
  readonly idempotencyKey?: Maybe<string>;
}

/** The parts of one mutation, which `perform` runs: I is its input, C checked, L loaded, P its payload. */
export interface Command<I extends Keyed, C, L, P extends object> {
  readonly name: MutationName;
  /** Validates the input without reading the store. Throws ValidationFailed, including the issues passed in. */
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
  readonly remember?: (payload: P) => JsonObject;
  readonly recall?: (tx: Writers, remembered: JsonObject) => Promise<P>;
  /** Returns the user error that a payload contains, if any, and whether a retry returns this payload again. */
  readonly verdict?: (payload: P, checked: C) => Verdict;
  /** The payload of the audit event; the whole input if absent. */
  readonly told?: (input: I, payload: P | null) => object;
  /** Whether the idempotency key is used; true if absent. */
  readonly claims?: (checked: C) => boolean;
}

export interface Verdict {
  readonly errorCode: ErrorCode | null;
  readonly remembered: boolean;
}

export type Replayable<P> = P & { readonly replayed: boolean };

/** Thrown to return the user error of an earlier call with the same idempotency key. */
export class RememberedRefusal extends Error {
  readonly facts: Facts;
  constructor(facts: Facts) {
    super(facts.message);
    this.facts = facts;
  }
}

/** The maximum number of runs if a concurrent request claims the idempotency key or a unique value first. */
const RUNS = 4;

/**
 * Runs a mutation: role, validation, idempotency key, domain rules. Its change, audit event and idempotency record are
 * one transaction; a refusal rolls back the change but leaves an audit event. Calls with the same idempotency key run
 * once. Throws the errors of the command and IdempotencyConflict.
 */
export async function perform<I extends Keyed, C, L, P extends object>(
  command: Command<I, C, L, P>,
  context: CommandContext,
  input: I,
): Promise<Replayable<P>> {
  for (let run = 1; ; run += 1) {
    const claim: Claim = { owner: ownOf(context.viewer), key: null, hash: '', prior: undefined };
    try {
      return await once(command, context, input, claim);
    } catch (error) {
      try {
        if (error instanceof RememberedRefusal) context.onRefused?.();
        if (!(error instanceof Refusal)) throw error;
        await recordRefusal(command, context, input, claim, error);
      } catch (fault) {
        // A concurrent request has claimed the key or a unique value: the next run sees it.
        if (!(fault instanceof AlreadyExists) || run === RUNS) throw fault;
        continue;
      }
      throw error;
    }
  }
}

/** The state of a run's claim of its idempotency key. */
interface Claim {
  owner: Id | undefined;
  key: string | null;
  hash: string;
  /** The idempotency record of the key, if it has expired. */
  prior: IdempotencyRecord | undefined;
}

const ownOf = (viewer: Viewer): Id | undefined => (viewer.role === 'ROOT' ? undefined : viewer.institutionId);

async function once<I extends Keyed, C, L, P extends object>(
  command: Command<I, C, L, P>,
  context: CommandContext,
  input: I,
  claim: Claim,
): Promise<Replayable<P>> {
  const { viewer, store } = context;
  mustBeAllowed(viewer, command.name);
  const issues = new Issues();
  const named = idempotencyKey(issues, input.idempotencyKey);
  const checked = command.check(input, issues, context);
  issues.settle();
  const claims = command.remember !== undefined && command.claims?.(checked) !== false;
  const key = claims ? named : null;
  claim.hash = key === null ? '' : requestHash(command.request ? command.request(checked) : checked);
  let refused: AuditedRefusal | undefined;
  let rejected: P | undefined;
  const work = async (tx: Writers): Promise<Replayable<P>> => {
    const loading = command.load(tx, checked, context);
    // Requested after the locks, in the same round trip: a concurrent call that held them has written its record.
    const early = key !== null && claim.owner !== undefined ? priorOf(tx, command.name, claim.owner, key) : undefined;
    const [loaded, earlier] = await Promise.all([loading, early]);
    const owner = claim.owner ?? command.owner(loaded);
    claim.owner = owner;
    // An input that names no existing object claims no key.
    claim.key = owner === undefined ? null : key;
    if (key !== null && owner !== undefined) {
      const prior = early ? earlier : await priorOf(tx, command.name, owner, key);
      if (prior && prior.createdAt > context.clock() - context.keepKeysMs)
        return replay(command, tx, prior, claim.hash);
      claim.prior = prior && (await held(tx, prior));
    }
    issues.settleHour();
    const payload = command.act(tx, loaded, checked, context);
    const verdict = command.verdict?.(payload, checked) ?? { errorCode: null, remembered: true };
    rejected = verdict.errorCode === null ? undefined : payload;
    const institutionId = owner ?? SERVER;
    const { name: mutation } = command;
    const resource = command.resource(payload, input);
    const told = command.told?.(input, payload) ?? input;
    const { errorCode } = verdict;
    const attempt = { mutation, institutionId, resource, errorCode, input: told };
    refused = errorCode === null ? undefined : auditRefusal(context, { ...attempt, errorCode, sent: input });
    const event = refused ? refused.event : auditEventOf(context, attempt);
    if (event) tx.auditEvents.insert(event);
    if (verdict.remembered && command.remember) {
      remember(tx, command.name, context, claim, { payload: command.remember(payload) });
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

const priorOf = async (
  tx: Writers,
  mutation: MutationName,
  owner: Id,
  key: string,
): Promise<IdempotencyRecord | undefined> => (await tx.idempotencyRecords.byIds([recordId(owner, mutation, key)]))[0];

/**
 * Locks an expired idempotency record, to claim it again. Throws AlreadyExists if a concurrent request or the clean-up
 * was faster: the next run sees the result.
 */
async function held(tx: Writers, prior: IdempotencyRecord): Promise<IdempotencyRecord> {
  const [now] = await tx.idempotencyRecords.lock([prior.id]);
  if (now?.version !== prior.version) throw new AlreadyExists(`The key ${prior.id} was claimed meanwhile.`);
  return now;
}

/** Returns the result of the first call. Throws IdempotencyConflict if the input differs. */
async function replay<I extends Keyed, C, L, P extends object>(
  command: Command<I, C, L, P>,
  tx: Writers,
  { key, requestHash: hash, answer }: IdempotencyRecord,
  own: string,
): Promise<Replayable<P>> {
  if (hash !== own) throw new IdempotencyConflict(key);
  if (answer['refusal']) throw new RememberedRefusal(reviveFacts(answer['refusal'] as JsonObject));
  if (!command.recall) throw new Error(`${command.name} takes no key.`);
  return { ...(await command.recall(tx, answer['payload'] as JsonObject)), replayed: true };
}

/** Claims the key in the transaction of the change; a concurrent request that is later fails on it and runs again. */
function remember(
  tx: Writers,
  mutation: MutationName,
  { clock }: CommandContext,
  { owner, key, hash, prior }: Claim,
  answer: JsonObject,
): void {
  if (key === null || owner === undefined) return;
  const id = recordId(owner, mutation, key);
  const own = { id, institutionId: owner, mutation, key, requestHash: hash, answer, createdAt: clock() };
  if (prior) tx.idempotencyRecords.replace({ ...own, version: prior.version + 1 });
  else tx.idempotencyRecords.insert({ ...own, version: 1 });
}

/** Writes the audit event of a refusal and, if the user error depends on stored state, the idempotency record. */
async function recordRefusal<I extends Keyed, C, L, P extends object>(
  command: Command<I, C, L, P>,
  context: CommandContext,
  input: I,
  claim: Claim,
  refusal: Refusal,
): Promise<void> {
  const { name: mutation } = command;
  const institutionId = claim.owner ?? SERVER;
  const told = command.told?.(input, null) ?? input;
  const resource = command.resource(null, input);
  const attempt = { mutation, institutionId, resource, errorCode: refusal.code, input: told, sent: input };
  const { event, report } = auditRefusal(context, attempt);
  const isStored = isRemembered(refusal.code) && claim.key !== null;
  const { store, viewer } = context;
  const work = async (tx: Writers): Promise<null> => {
    if (event) tx.auditEvents.insert(event);
    if (!isStored) return null;
    if (claim.prior) await held(tx, claim.prior);
    remember(tx, mutation, context, claim, { refusal: storeFacts(factsOf(refusal)) });
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
