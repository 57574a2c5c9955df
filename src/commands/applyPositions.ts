import { isRemembered, reviveFacts, storeFacts } from '../domain/idempotency.ts';
import type { Id } from '../domain/ids.ts';
import { Issues, type Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Remark } from '../domain/move.ts';
import type { Position } from '../domain/position.ts';
import { type Facts, factsOf, type Path, Refusal, ValidationFailed } from '../domain/refusals.ts';
import type { Instant } from '../domain/time.ts';
import { mustWrite } from '../domain/viewer.ts';
import type { Writers } from '../store/store.ts';
import { type CommandContext, found } from './context.ts';
import { type Command, type Keyed, perform, type Replayable, type Verdict } from './perform.ts';
import {
  type CheckedCreate,
  type CheckedMove,
  type CreatePosition,
  checkedCreate,
  checkedMove,
  moveFrom,
  openPosition,
  requestOfMove,
  type TransitionPosition,
} from './position.ts';
import {
  type Ground,
  groundsOf,
  type PositionChanged,
  recallChanges,
  recordChange,
  rememberChange,
} from './positionChange.ts';

/** One of the two. */
export interface PositionOperation {
  readonly create?: Maybe<CreatePosition>;
  readonly transition?: Maybe<TransitionPosition>;
}
export interface ApplyPositions extends Keyed {
  readonly operations: readonly PositionOperation[];
  readonly atomic: boolean;
  readonly dryRun: boolean;
}

/** What became of one operation. NOT_DONE: it stood in an atomic batch of which another was refused. */
export type OperationResult =
  | ({ readonly status: 'APPLIED' } & PositionChanged)
  | { readonly status: 'REFUSED'; readonly error: Facts }
  | { readonly status: 'NOT_DONE' };
export interface PositionsApplied {
  readonly results: readonly OperationResult[];
  /** Whether something was written. */
  readonly committed: boolean;
}

type Operation =
  | { readonly kind: 'create'; readonly path: Path; readonly checked: CheckedCreate }
  | { readonly kind: 'transition'; readonly path: Path; readonly checked: CheckedMove }
  | { readonly kind: 'refused'; readonly path: Path; readonly refusal: Refusal };
interface Checked {
  readonly operations: readonly Operation[];
  readonly atomic: boolean;
  readonly dryRun: boolean;
}
interface Loaded {
  readonly positions: ReadonlyMap<Id, Position>;
  readonly grounds: ReadonlyMap<Id, Ground>;
}

const apply: Command<ApplyPositions, Checked, Loaded, PositionsApplied> = {
  name: 'applyPositions',
  allow: mustWrite,
  check: (input, issues, { clock }) => {
    const { operations, atomic, dryRun } = input;
    if (operations.length === 0) issues.add(['operations'], 'must have at least one.');
    if (operations.length > LIMITS.listInputs) {
      issues.add(['operations'], `must have at most ${LIMITS.listInputs}; it has ${operations.length}.`);
    }
    issues.settle();
    operations.forEach(({ create, transition }, at) => {
      const path = ['operations', `${at}`, create ? 'create' : 'transition', 'idempotencyKey'];
      const key = (create ?? transition)?.idempotencyKey ?? null;
      if (key !== null) issues.add(path, "must be left out: the key is the batch's.");
    });
    issues.settle();
    const now = clock();
    return { operations: operations.map((operation, at) => checkedOperation(operation, at, now)), atomic, dryRun };
  },
  request: ({ operations, atomic }) => ({
    atomic,
    operations: operations.map((each) => (each.kind === 'transition' ? requestOfMove(each.checked) : each)),
  }),
  claims: ({ dryRun }) => !dryRun,
  load: async (tx, { operations }) => {
    const positionIds = operations.flatMap((each) => (each.kind === 'transition' ? [each.checked.positionId] : []));
    const assetIds = operations.flatMap((each) => (each.kind === 'create' ? [each.checked.assetId] : []));
    const [positions, grounds] = await Promise.all([
      tx.positions.lock([...new Set(positionIds)]),
      groundsOf(tx, [...new Set(assetIds)]),
    ]);
    return {
      positions: new Map(positions.flatMap((each) => (each ? [[each.id, each]] : []))),
      grounds: new Map(grounds.flatMap((each) => (each ? [[each.asset.id, each]] : []))),
    };
  },
  owner: ({ positions, grounds }) =>
    positions.values().next().value?.institutionId ?? grounds.values().next().value?.asset.institutionId,
  act: (tx, loaded, checked, context) => {
    mustBeOfOne(loaded, checked.operations);
    const batch = new Batch(loaded, context);
    const outcomes = checked.operations.map((operation) =>
      checked.atomic && batch.refused ? null : batch.run(operation),
    );
    const undone = checked.atomic && batch.refused;
    const committed = !undone && !checked.dryRun && batch.changed;
    if (committed) batch.writePositions(tx);
    const results = outcomes.map((outcome): OperationResult => {
      if (outcome instanceof Refusal) return { status: 'REFUSED', error: factsOf(outcome) };
      if (outcome === null || undone) return { status: 'NOT_DONE' };
      const { before, position, moved, remark } = outcome;
      const to = checked.dryRun ? NOWHERE : tx;
      return { status: 'APPLIED', ...recordChange(to, context, before, position, moved, remark) };
    });
    return { results, committed };
  },
  resource: () => null,
  remember: ({ results, committed }) => ({
    committed,
    results: results.map((result): JsonObject => {
      if (result.status === 'APPLIED') return { status: result.status, ...rememberChange(result) };
      return result.status === 'REFUSED'
        ? { status: result.status, error: storeFacts(result.error) }
        : { status: result.status };
    }),
  }),
  recall: async (tx, remembered) => {
    const stored = remembered['results'] as readonly JsonObject[];
    const changes = (
      await recallChanges(
        tx,
        stored.filter(({ status }) => status === 'APPLIED'),
      )
    ).values();
    const results = stored.map(({ status, error }): OperationResult => {
      if (status === 'APPLIED') return { status, ...(changes.next().value as PositionChanged) };
      return status === 'REFUSED' ? { status, error: reviveFacts(error as JsonObject) } : { status: 'NOT_DONE' };
    });
    return { results, committed: remembered['committed'] === true };
  },
  verdict: ({ results, committed }, { dryRun }): Verdict => {
    const refused = results.flatMap((result) => (result.status === 'REFUSED' ? [result.error.code] : []));
    if (dryRun || committed) return { errorCode: null, remembered: !dryRun };
    return { errorCode: refused[0] ?? null, remembered: refused.every(isRemembered) };
  },
  told: ({ operations, atomic, dryRun, idempotencyKey }, payload) => ({
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
 * Up to 1,000 operations in order, each seeing the one before; atomic: all or none. Refuses with Forbidden,
 * ValidationFailed or IdempotencyConflict; what single operations are refused with stands in their results.
 */
export const applyPositions = (context: CommandContext, input: ApplyPositions): Promise<Replayable<PositionsApplied>> =>
  perform(apply, context, input);

function checkedOperation({ create, transition }: PositionOperation, at: number, now: Instant): Operation {
  const path = ['operations', `${at}`, create ? 'create' : 'transition'];
  try {
    if (create) return { kind: 'create', path, checked: checkedCreate(create, now, new Issues()) };
    const { toState, ...move } = transition as TransitionPosition;
    return { kind: 'transition', path, checked: checkedMove(toState, move, new Issues()) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'refused', path, refusal: error.within(path) };
  }
}

/** Refuses with ValidationFailed a batch whose operations are of two institutions. */
function mustBeOfOne({ positions, grounds }: Loaded, operations: readonly Operation[]): void {
  let first: Id | undefined;
  for (const { kind, path, ...operation } of operations) {
    if (!('checked' in operation)) continue;
    const { checked } = operation;
    const field = kind === 'create' ? 'assetId' : 'positionId';
    const owner =
      'assetId' in checked
        ? grounds.get(checked.assetId)?.asset.institutionId
        : positions.get(checked.positionId)?.institutionId;
    first ??= owner;
    if (owner === undefined || owner === first) continue;
    throw new ValidationFailed([{ path: [...path, field], message: 'must be of the same institution as the others.' }]);
  }
}

interface Change {
  readonly before: Position | null;
  readonly position: Position;
  readonly moved: bigint;
  readonly remark: Remark | undefined;
}

/** The positions of a batch as its operations leave them, one after the other. */
class Batch {
  readonly #loaded: Loaded;
  readonly #context: CommandContext;
  readonly #now = new Map<Id, Position>();
  refused = false;

  constructor(loaded: Loaded, context: CommandContext) {
    this.#loaded = loaded;
    this.#context = context;
  }

  get changed(): boolean {
    return this.#now.size > 0;
  }

  /** How the operation changes its position, or why it is refused. */
  run(operation: Operation): Change | Refusal {
    try {
      if (operation.kind === 'refused') throw operation.refusal;
      const change = operation.kind === 'create' ? this.#create(operation.checked) : this.#move(operation.checked);
      this.#now.set(change.position.id, change.position);
      return change;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refused = true;
      return operation.kind === 'refused' ? error : error.within(operation.path);
    }
  }

  writePositions(tx: Writers): void {
    for (const [id, position] of this.#now) {
      if (this.#loaded.positions.has(id)) tx.positions.replace(position);
      else tx.positions.insert(position);
    }
  }

  #create(checked: CheckedCreate): Change {
    const position = openPosition(this.#loaded.grounds.get(checked.assetId), checked, this.#context);
    return { before: null, position, moved: 0n, remark: undefined };
  }

  #move(checked: CheckedMove): Change {
    const { positionId } = checked;
    const kept = this.#loaded.positions.get(positionId);
    const before = found(this.#now.get(positionId) ?? kept, 'position', 'positionId', positionId);
    const { position, moved } = moveFrom(before, checked, this.#context);
    // Versions count commits, and the batch is one.
    const version = (kept?.version ?? 0) + 1;
    return { before, position: Object.freeze({ ...position, version }), moved, remark: checked };
  }
}

const nothing = (): void => {};
const NO_WRITER = { insert: nothing, replace: nothing, remove: nothing };
/** Where a dry run writes. */
const NOWHERE = {
  lifecycleEvents: NO_WRITER,
  ledgerEvents: NO_WRITER,
  postings: NO_WRITER,
  announce: nothing,
} as unknown as Writers;
