import type { PositionState } from './lifecycle.ts';
import { LIMITS } from './limits.ts';
import type { Money } from './money.ts';
import { shortened } from './text.ts';

/** Where in a mutation's input something stands; list positions as digits: ["operations", "3", "create", "amount"]. */
export type Path = readonly string[];

/** Every expected "no" has one of these codes. */
export type ErrorCode =
  | 'VALIDATION_FAILED'
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'ILLEGAL_TRANSITION'
  | 'INSUFFICIENT_FUNDS'
  | 'POLICY_VIOLATION'
  | 'STALE_VERSION'
  | 'IDEMPOTENCY_CONFLICT'
  | 'CONFLICT'
  | 'CAPACITY_EXCEEDED';

/** Thrown by the law and the commands for an expected "no"; it leaves the server as facts, never as an error. */
export abstract class Refusal extends Error {
  abstract readonly code: ErrorCode;
  path: Path | null;
  constructor(message: string, path: Path | null = null) {
    super(message);
    this.path = path;
  }

  /** The same refusal of an input that is a part of another, at the path. */
  within(path: Path): this {
    this.path = [...path, ...(this.path ?? [])];
    return this;
  }
}

/** A refusal as a plain object: what clients see. */
export type Facts<R extends Refusal = Refusal> = Readonly<Omit<R, 'name' | 'stack' | 'cause' | 'within'>>;
export const factsOf = (refusal: Refusal): Facts => Object.assign({ message: refusal.message }, refusal);

export interface ValidationIssue {
  readonly path: Path;
  readonly message: string;
}

/** The input breaks a rule; every fault found is in the issues. */
export class ValidationFailed extends Refusal {
  readonly code = 'VALIDATION_FAILED';
  issues: readonly ValidationIssue[];
  constructor(issues: readonly [ValidationIssue, ...ValidationIssue[]]) {
    const message = issues.map(({ path, message: issue }) => `${path.join('.')} ${issue}`).join(' ');
    super(shortened(message, LIMITS.messageUnits), issues[0].path);
    this.issues = issues
      .slice(0, LIMITS.issues)
      .map((issue) => ({ ...issue, message: shortened(issue.message, LIMITS.issueUnits) }));
  }

  override within(path: Path): this {
    this.issues = this.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
    return super.within(path);
  }
}

/** There is no such object, or it is another institution's: the two are not told apart. */
export class NotFound extends Refusal {
  readonly code = 'NOT_FOUND';
  readonly id: string | null;
  constructor(what: string, path: Path, id: string | null) {
    super(`There is no ${what} with this id.`, path);
    this.id = id;
  }
}

/** The viewer's role does not allow the mutation. */
export class Forbidden extends Refusal {
  readonly code = 'FORBIDDEN';
}

/** The lifecycle does not allow the move, or the position's hour has passed. */
export class IllegalTransition extends Refusal {
  readonly code = 'ILLEGAL_TRANSITION';
  readonly from: PositionState;
  readonly to: PositionState;
  readonly allowedTransitions: readonly PositionState[];
  constructor(from: PositionState, to: PositionState, allowedTransitions: readonly PositionState[]) {
    const allowed = allowedTransitions.length === 0 ? 'nothing more' : allowedTransitions.join(', ');
    super(`A position that is ${from} cannot become ${to}; it allows ${allowed}.`);
    this.from = from;
    this.to = to;
    this.allowedTransitions = allowedTransitions;
  }
}

/** More was asked for than the position holds. */
export class InsufficientFunds extends Refusal {
  readonly code = 'INSUFFICIENT_FUNDS';
  readonly held: Money;
  readonly requested: Money;
  constructor(held: Money, requested: Money) {
    super('More was asked for than the position holds.', ['amount']);
    this.held = held;
    this.requested = requested;
  }
}

/** A rule of the template's config or of the institution's policy. */
export type PolicyRule = 'MIN_AMOUNT' | 'MAX_AMOUNT' | 'CURRENCY' | 'TENOR';

/** What was asked for breaks a rule that the institution or its template has set. */
export class PolicyViolation extends Refusal {
  readonly code = 'POLICY_VIOLATION';
  readonly rule: PolicyRule;
  readonly limit: Money | null;
  constructor(rule: PolicyRule, message: string, path: Path, limit: Money | null = null) {
    super(message, path);
    this.rule = rule;
    this.limit = limit;
  }
}

/** The object is at another version than the client has read. */
export class StaleVersion extends Refusal {
  readonly code = 'STALE_VERSION';
  readonly expectedVersion: number;
  readonly currentVersion: number;
  constructor(expectedVersion: number, currentVersion: number) {
    super(`The object is at version ${currentVersion}, not ${expectedVersion}: read it again.`, ['expectedVersion']);
    this.expectedVersion = expectedVersion;
    this.currentVersion = currentVersion;
  }
}

/** The idempotency key was used before, with another input. */
export class IdempotencyConflict extends Refusal {
  readonly code = 'IDEMPOTENCY_CONFLICT';
  readonly idempotencyKey: string;
  constructor(idempotencyKey: string) {
    super('This idempotency key was used with another input.', ['idempotencyKey']);
    this.idempotencyKey = idempotencyKey;
  }
}

/** What was asked for does not fit what the object is now, or another object: inactive, deleted, revoked, in use. */
export class Conflict extends Refusal {
  readonly code = 'CONFLICT';
  /** The id of the other object that stands in the way, or null if there is none. */
  readonly conflictingId: string | null;
  constructor(message: string, path: Path, conflictingId: string | null = null) {
    super(message, path);
    this.conflictingId = conflictingId;
  }
}

/** There may be no more of them. */
export class CapacityExceeded extends Refusal {
  readonly code = 'CAPACITY_EXCEEDED';
  readonly capacity: number;
  constructor(what: string, capacity: number) {
    super(`There may be at most ${capacity} ${what}.`);
    this.capacity = capacity;
  }
}
