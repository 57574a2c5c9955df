import type { Id } from '../domain/ids.ts';
import { Issues, type Maybe } from '../domain/issues.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Milestone } from '../domain/milestone.ts';
import { checkRefundAmount, checkReleaseAmount, MOVED_FIELDS } from '../domain/move.ts';
import type { Position } from '../domain/position.ts';
import type { Instant } from '../domain/time.ts';
import { type Path, UserError, ValidationError } from '../domain/userErrors.ts';
import type { PositionRules, Writers } from '../store/store.ts';
import { type CommandContext, orNotFound } from './context.ts';
import type { TermsByPosition } from './currentTerms.ts';
import { type CheckedCreate, type CreatePosition, checkedCreate, openPosition } from './position.ts';
import { type PositionContext, type RecordedMove, writeMilestones } from './positionChange.ts';
import {
  type CheckedMove,
  checkedMove,
  fundingTarget,
  type MovePosition,
  moveFrom,
  type PayOutPosition,
  type TransitionPosition,
} from './positionMoves.ts';
import type { TakenReferences } from './uniqueReference.ts';

/** One operation of a batch after validation of its input. */
export type Operation =
  | { readonly kind: 'create'; readonly path: Path; readonly checked: CheckedCreate; readonly issues: Issues }
  | { readonly kind: 'move'; readonly path: Path; readonly checked: CheckedMove }
  | { readonly kind: 'refused'; readonly path: Path; readonly input: PositionOperation; readonly refusal: UserError };
/** The objects that a batch refers to, in their state before the batch. */
export interface Loaded {
  readonly positions: ReadonlyMap<Id, Position>;
  readonly contexts: ReadonlyMap<Id, PositionContext>;
  readonly terms: TermsByPosition;
  /** The rules of the positions that the batch funds. */
  readonly rules: PositionRules;
  readonly taken: TakenReferences;
}

/** Exactly one of the fields is set. */
export interface PositionOperation {
  readonly create?: Maybe<CreatePosition>;
  readonly transition?: Maybe<TransitionPosition>;
  readonly fund?: Maybe<MovePosition>;
  readonly release?: Maybe<PayOutPosition>;
  readonly refund?: Maybe<PayOutPosition>;
}

const KINDS = ['create', 'transition', 'fund', 'release', 'refund'] as const satisfies (keyof PositionOperation)[];

/** Returns the field of the operation that is set. */
export const kindOfOperation = (operation: PositionOperation): keyof PositionOperation =>
  KINDS.find((kind) => operation[kind]) ?? 'transition';

/** Validates the input of one operation. A problem refuses only this operation. */
export function checkedOperation(input: PositionOperation, index: number, now: Instant): Operation {
  const { create, transition, fund, release, refund } = input;
  const issues = new Issues();
  const path = ['operations', `${index}`, kindOfOperation(input)];
  const move = (checked: CheckedMove): Operation => ({ kind: 'move', path, checked });
  try {
    if (create) return { kind: 'create', path, issues, checked: checkedCreate(create, now, issues) };
    if (fund) return move(checkedMove(fundingTarget(fund), fund, issues));
    const payout = release ?? refund;
    if (payout) {
      (release ? checkReleaseAmount : checkRefundAmount)(payout, issues);
      return move(checkedMove(release ? 'BY_AMOUNT' : 'REFUND', payout, issues));
    }
    const { toState, ...sent } = transition as TransitionPosition;
    return move(checkedMove(toState, sent, issues));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { kind: 'refused', path, input, refusal: error.atPath(path) };
  }
}

/** Throws ValidationError if the operations concern more than one institution. */
export function assertOneInstitution({ positions, contexts }: Loaded, operations: readonly Operation[]): void {
  let first: Id | undefined;
  for (const { kind, path, ...operation } of operations) {
    if (!('checked' in operation)) continue;
    const { checked } = operation;
    const field = kind === 'create' ? 'assetId' : 'positionId';
    const owner =
      'assetId' in checked
        ? contexts.get(checked.assetId)?.asset.institutionId
        : positions.get(checked.positionId)?.institutionId;
    first ??= owner;
    if (owner === undefined || owner === first) continue;
    throw new ValidationError([
      { path: [...path, field], message: 'must belong to the same institution as the other operations.' },
    ]);
  }
}

/**
 * Throws ValidationError if the positions of the batch have too many milestones: a cancellation or a final release changes
 * all of them.
 */
export function assertFewMilestones({ terms }: Loaded): void {
  let count = 0;
  for (const { milestones } of terms.values()) count += milestones.length;
  if (count <= LIMITS.movedMilestones) return;
  const message = `must move positions with at most ${LIMITS.movedMilestones} milestones together; they have ${count}.`;
  throw new ValidationError([{ path: ['operations'], message }]);
}

/** Applies the operations of a batch one after another and keeps the resulting positions. */
export class Batch {
  readonly #tx: Writers;
  readonly #loaded: Loaded;
  readonly #context: CommandContext;
  #creates = 0;
  readonly #now = new Map<Id, Position>();
  /** The milestones that the batch changes. */
  readonly #milestones = new Map<Id, Milestone>();
  /** Extended by each position that the batch creates with `uniqueReference`. */
  readonly #taken: Map<string, Id>;
  refused = false;

  constructor(tx: Writers, loaded: Loaded, context: CommandContext) {
    this.#tx = tx;
    this.#loaded = loaded;
    this.#context = context;
    this.#taken = new Map(loaded.taken);
  }

  get changed(): boolean {
    return this.#now.size > 0;
  }

  /** Applies the operation. Returns the move, or the user error if it is refused. */
  run(operation: Operation): RecordedMove | UserError {
    try {
      if (operation.kind === 'refused') throw operation.refusal;
      if (operation.kind === 'create') operation.issues.throwIfTimeIssues();
      const move = operation.kind === 'create' ? this.#create(operation.checked) : this.#move(operation.checked);
      this.#now.set(move.position.id, move.position);
      return move;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.refused = true;
      return operation.kind === 'refused' ? error : error.atPath(operation.path);
    }
  }

  writePositions(): void {
    const { positions } = this.#tx;
    for (const [id, position] of this.#now) {
      if (this.#loaded.positions.has(id)) positions.replace(position, MOVED_FIELDS);
      else positions.insert(position);
    }
    writeMilestones(this.#tx, this.#milestones.values());
  }

  #create(checked: CheckedCreate): RecordedMove {
    const opened = openPosition(this.#loaded.contexts.get(checked.assetId), this.#taken, checked, this.#context);
    this.#tx.checkCapacity(this.#creates + 1);
    this.#creates += 1;
    const { uniqueReference, id } = opened.position;
    if (uniqueReference !== null) this.#taken.set(uniqueReference, id);
    return opened;
  }

  #move(checked: CheckedMove): RecordedMove {
    const { positionId } = checked;
    const kept = this.#loaded.positions.get(positionId);
    const before = orNotFound(this.#now.get(positionId) ?? kept, 'position', 'positionId', positionId);
    const loaded = this.#loaded.terms.get(positionId);
    const terms = loaded && {
      ...loaded,
      milestones: loaded.milestones.map((each) => this.#milestones.get(each.id) ?? each),
    };
    const effects = moveFrom(before, checked, this.#loaded.rules, terms, this.#context);
    for (const milestone of effects.milestones) this.#keep(milestone);
    // Versions count commits, and the whole batch is one commit.
    const version = (kept?.version ?? 0) + 1;
    return { effects, before, position: Object.freeze({ ...effects.position, version }), note: checked };
  }

  /** Keeps a milestone with the version of its first change, because versions count commits. */
  #keep(milestone: Milestone): void {
    const { version } = this.#milestones.get(milestone.id) ?? milestone;
    this.#milestones.set(milestone.id, { ...milestone, version });
  }
}
