import { fromStoredError, isStoredError, toStoredError } from '../domain/idempotency.ts';
import type { JsonObject } from '../domain/json.ts';
import { LIMITS } from '../domain/limits.ts';
import { WRITERS } from '../domain/rights.ts';
import { type ErrorData, toErrorData, UserError } from '../domain/userErrors.ts';
import {
  assertFewMilestones,
  assertOneInstitution,
  Batch,
  checkedOperation,
  kindOfOperation,
  type Loaded,
  type Operation,
  type PositionOperation,
} from './batch.ts';
import { loadCurrentTerms } from './currentTerms.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent, Outcome } from './perform.ts';
import { requestOfCreate } from './position.ts';
import {
  loadMoves,
  loadPositionContexts,
  type MovePayload,
  recordsOf,
  storedMove,
  writeMove,
} from './positionChange.ts';
import { fundedBy, requestOfMove } from './positionMoves.ts';
import { loadTakenReferences } from './uniqueReference.ts';

/** Input for applyPositions. */
export interface ApplyPositions extends Idempotent {
  readonly operations: readonly PositionOperation[];
  readonly atomic: boolean;
  readonly dryRun: boolean;
}

/** The result of one operation. NOT_DONE: another operation of the same atomic batch was refused. */
export type OperationResult =
  | ({ readonly status: 'APPLIED' } & MovePayload)
  | { readonly status: 'REFUSED'; readonly error: ErrorData }
  | { readonly status: 'NOT_DONE' };
/** Result of applyPositions. */
export interface PositionsApplied {
  readonly results: readonly OperationResult[];
  /** Whether the batch wrote anything. */
  readonly committed: boolean;
}

interface Checked {
  readonly operations: readonly Operation[];
  readonly atomic: boolean;
  readonly dryRun: boolean;
}
const apply: Command<ApplyPositions, Checked, Loaded, PositionsApplied> = {
  name: 'applyPositions',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'CAPACITY_EXCEEDED', 'IDEMPOTENCY_CONFLICT'],
  check: (input, issues, { clock }) => {
    const { operations, atomic, dryRun } = input;
    if (operations.length === 0) issues.add(['operations'], 'must have at least one value.');
    if (operations.length > LIMITS.listInputs) {
      issues.add(['operations'], `must have at most ${LIMITS.listInputs} values; it has ${operations.length}.`);
    }
    issues.throwIfAny();
    operations.forEach((operation, index) => {
      const kind = kindOfOperation(operation);
      const path = ['operations', `${index}`, kind, 'idempotencyKey'];
      const key = operation[kind]?.idempotencyKey ?? null;
      if (key !== null) issues.add(path, 'is not allowed here; set the idempotency key on the batch.');
    });
    const milestones = operations.reduce((sum, { create }) => sum + (create?.terms?.milestones?.length ?? 0), 0);
    if (milestones > LIMITS.batchMilestones) {
      const message = `must create at most ${LIMITS.batchMilestones} milestones; they create ${milestones}.`;
      issues.add(['operations'], message);
    }
    issues.throwIfAny();
    const now = clock();
    return {
      operations: operations.map((operation, index) => checkedOperation(operation, index, now)),
      atomic,
      dryRun,
    };
  },
  request: ({ operations, atomic }) => ({
    atomic,
    operations: operations.map((each) => {
      if (each.kind === 'refused') return each.input;
      return each.kind === 'move' ? requestOfMove(each.checked) : requestOfCreate(each.checked);
    }),
  }),
  usesIdempotencyKey: ({ dryRun }) => !dryRun,
  load: async (tx, { operations }) => {
    const moves = operations.flatMap((each) => (each.kind === 'move' ? [each.checked] : []));
    const assetIds = operations.flatMap((each) => (each.kind === 'create' ? [each.checked.assetId] : []));
    const [positions, rules, contexts] = await Promise.all([
      tx.positions.lock([...new Set(moves.map(({ positionId }) => positionId))]),
      tx.rulesOf(fundedBy(moves)),
      loadPositionContexts(tx, [...new Set(assetIds)]),
    ]);
    const terms = await loadCurrentTerms(tx, positions);
    const references = operations.map((each) => (each.kind === 'create' ? each.checked.uniqueReference : null));
    return {
      rules,
      terms,
      positions: new Map(positions.flatMap((each) => (each ? [[each.id, each]] : []))),
      contexts: new Map(contexts.flatMap((each) => (each ? [[each.asset.id, each]] : []))),
      // The references of one institution suffice: a batch of several is rejected.
      taken: await loadTakenReferences(tx, contexts.find((each) => each)?.asset.institutionId, references),
    };
  },
  owner: ({ positions, contexts }) =>
    positions.values().next().value?.institutionId ?? contexts.values().next().value?.asset.institutionId,
  act: (tx, loaded, checked, context) => {
    assertOneInstitution(loaded, checked.operations);
    assertFewMilestones(loaded);
    const batch = new Batch(tx, loaded, context);
    const outcomes = checked.operations.map((operation) =>
      checked.atomic && batch.refused ? null : batch.run(operation),
    );
    const undone = checked.atomic && batch.refused;
    const committed = !undone && !checked.dryRun && batch.changed;
    if (committed) batch.writePositions();
    const results = outcomes.map((outcome): OperationResult => {
      if (outcome instanceof UserError) return { status: 'REFUSED', error: toErrorData(outcome) };
      if (outcome === null || undone) return { status: 'NOT_DONE' };
      const change = recordsOf(context, outcome);
      return { status: 'APPLIED', ...(checked.dryRun ? change.payload : writeMove(tx, change)) };
    });
    return { results, committed };
  },
  resource: () => null,
  storePayload: ({ results, committed }) => ({
    committed,
    results: results.map((result): JsonObject => {
      if (result.status === 'APPLIED') return { status: result.status, ...storedMove(result) };
      return result.status === 'REFUSED'
        ? { status: result.status, error: toStoredError(result.error) }
        : { status: result.status };
    }),
  }),
  loadPayload: async (tx, payload) => {
    const stored = payload['results'] as readonly JsonObject[];
    const changes = (
      await loadMoves(
        tx,
        stored.filter(({ status }) => status === 'APPLIED'),
      )
    ).values();
    const results = stored.map(({ status, error }): OperationResult => {
      if (status === 'APPLIED') return { status, ...(changes.next().value as MovePayload) };
      return status === 'REFUSED' ? { status, error: fromStoredError(error as JsonObject) } : { status: 'NOT_DONE' };
    });
    return { results, committed: payload['committed'] === true };
  },
  outcome: ({ results, committed }, { dryRun }): Outcome => {
    const refused = results.flatMap((result) => (result.status === 'REFUSED' ? [result.error.code] : []));
    if (dryRun || committed) return { errorCode: null, isStored: !dryRun };
    return { errorCode: refused[0] ?? null, isStored: refused.every(isStoredError) };
  },
  auditPayload: ({ operations, atomic, dryRun, idempotencyKey }, payload) => ({
    operations: operations.length,
    atomic,
    dryRun,
    idempotencyKey,
    positionIds: [
      ...new Set(payload?.results.flatMap((each) => (each.status === 'APPLIED' ? [each.position.id] : []))),
    ],
  }),
};

/**
 * Runs up to 1,000 operations in order; each sees the results of those before it. An atomic batch applies all or none.
 * Throws CapacityExceededError only if the batch as a whole
 * exceeds the store's limit; the errors of single operations,
 * including CapacityExceededError for
 * creations above the limit, are in their results.
 */
export const applyPositions = mutationOf(apply);
