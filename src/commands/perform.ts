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

/** What may be said of every mutation. */
export interface Keyed {
  readonly idempotencyKey?: Maybe<string>;
}

/** One mutation, told to `perform`, which runs them all: I its input, C checked, L loaded, P its payload. */
export interface Command<I extends Keyed, C, L, P extends object> {
  readonly name: MutationName;
  /** What the input alone shows. Refuses with ValidationFailed, with what the issues hold already. */
  readonly check: (input: I, issues: Issues, context: CommandContext) => C;
  /** What of it makes two inputs the same; all of it if left out. */
  readonly request?: (checked: C) => unknown;
  /** Reads and locks what the law has to know. Refuses nothing; asks for its locks before it first waits. */
  readonly load: (tx: Writers, checked: C, context: CommandContext) => Promise<L>;
  /** The institution whose trail and keys it belongs to; undefined if what was named does not exist. */
  readonly owner: (loaded: L) => Id | undefined;
  /** The law: refuses, or writes and answers. */
  readonly act: (tx: Writers, loaded: L, checked: C, context: CommandContext) => P;
  /** What it was about: of the payload if there is one, else of the input. */
  readonly resource: (payload: P | null, input: I) => Resource | null;
  /**
   * A payload as its objects' ids, and back: objects that change are answered as they are now. Both left out where an
   * answer may not be kept: such a mutation takes no key.
   */
  readonly remember?: (payload: P) => JsonObject;
  readonly recall?: (tx: Writers, remembered: JsonObject) => Promise<P>;
  /** Where a payload can tell of a refusal: its code, and whether a retry is to be answered the same. */
  readonly verdict?: (payload: P, checked: C) => Verdict;
  /** What the trail keeps, if not the whole input. */
  readonly told?: (input: I, payload: P | null) => object;
  /** Whether a key counts at all; it does if left out. */
  readonly claims?: (checked: C) => boolean;
}

export interface Verdict {
  readonly errorCode: ErrorCode | null;
  readonly remembered: boolean;
}

export type Replayable<P> = P & { readonly replayed: boolean };

/** Thrown for a refusal that was given before, to a call with the same key. */
export class RememberedRefusal extends Error {
  readonly facts: Facts;
  constructor(facts: Facts) {
    super(facts.message);
    this.facts = facts;
  }
}

/** How often a call is run where a twin with the same key, or a rival for the same place, was first. */
const RUNS = 4;

/**
 * Runs a mutation: role, input, key, law; and with its change, in the same transaction, the audit event and the
 * record of its key. A refusal leaves an audit event, though its change is rolled back. Done once however often it is
 * called with one key. Refuses with what the command refuses with, and with IdempotencyConflict.
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
        // A twin has the key by now, or a rival the place: the next run sees it.
        if (!(fault instanceof AlreadyExists) || run === RUNS) throw fault;
        continue;
      }
      throw error;
    }
  }
}

/** What a run has found out about its key. */
interface Claim {
  owner: Id | undefined;
  key: string | null;
  hash: string;
  /** The key's record, where it is past its time. */
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
    // Asked for behind the locks, in the same flight: a twin that held them has left its record by then.
    const early = key !== null && claim.owner !== undefined ? priorOf(tx, command.name, claim.owner, key) : undefined;
    const [loaded, earlier] = await Promise.all([loading, early]);
    const owner = claim.owner ?? command.owner(loaded);
    claim.owner = owner;
    // What is about nothing that there is claims no key.
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
 * Locks a record that is past its time, to be claimed anew. Refuses with AlreadyExists where a twin or the clean-up
 * was first: the next run sees what it left.
 */
async function held(tx: Writers, prior: IdempotencyRecord): Promise<IdempotencyRecord> {
  const [now] = await tx.idempotencyRecords.lock([prior.id]);
  if (now?.version !== prior.version) throw new AlreadyExists(`The key ${prior.id} was claimed meanwhile.`);
  return now;
}

/** Answers what the first call was answered. Refuses with IdempotencyConflict another input. */
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

/** Claims the key in the transaction of the change: a twin that is later fails on it, and runs again. */
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

/** Leaves the audit event of a refusal, and under the key the refusal itself where it rests on state. */
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
