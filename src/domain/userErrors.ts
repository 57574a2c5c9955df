import type { PositionState } from './lifecycle.ts';
import { LIMITS } from './limits.ts';
import type { Money } from './money.ts';
import { shortened } from './text.ts';

/** The place of a field in a mutation's input, with list indexes as digits: ["operations", "3", "create", "amount"]. */
export type Path = readonly string[];

/** The codes of all user errors. */
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

/** A user error, thrown by the domain and the commands. Clients receive it as data, never in `errors`. */
export abstract class UserError extends Error {
  abstract readonly code: ErrorCode;
  path: Path | null;
  constructor(message: string, path: Path | null = null) {
    super(message);
    this.path = path;
  }

  /** Prefixes the paths of the error, for an input that is nested in another. */
  atPath(path: Path): this {
    this.path = [...path, ...(this.path ?? [])];
    return this;
  }
}

/** A user error as a plain object, as clients receive it. */
export type ErrorData<R extends UserError = UserError> = Readonly<Omit<R, 'name' | 'stack' | 'cause' | 'within'>>;
/** Returns the properties of a user error as a plain object. */
export const toErrorData = (refusal: UserError): ErrorData => Object.assign({ message: refusal.message }, refusal);

/** One problem in an input, with its path. */
export interface ValidationIssue {
  readonly path: Path;
  readonly message: string;
}

/** The input breaks one or more rules; `issues` lists every problem found. */
export class ValidationError extends UserError {
  readonly code = 'VALIDATION_FAILED';
  issues: readonly ValidationIssue[];
  constructor(issues: readonly [ValidationIssue, ...ValidationIssue[]]) {
    const message = issues.map(({ path, message: issue }) => `${path.join('.')} ${issue}`).join(' ');
    super(shortened(message, LIMITS.messageUnits), issues[0].path);
    this.issues = issues
      .slice(0, LIMITS.issues)
      .map((issue) => ({ ...issue, message: shortened(issue.message, LIMITS.issueUnits) }));
  }

  override atPath(path: Path): this {
    this.issues = this.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
    return super.atPath(path);
  }
}

/** The object does not exist or belongs to another institution. Clients cannot distinguish the two. */
export class NotFoundError extends UserError {
  readonly code = 'NOT_FOUND';
  readonly id: string | null;
  constructor(what: string, path: Path, id: string | null) {
    super(`The ${what} was not found. Check \`${path.at(-1) ?? 'id'}\`.`, path);
    this.id = id;
  }
}

/** The viewer's role does not allow the mutation. */
export class ForbiddenError extends UserError {
  readonly code = 'FORBIDDEN';
}

/** The lifecycle does not allow the transition, or the position has expired. */
export class IllegalTransitionError extends UserError {
  readonly code = 'ILLEGAL_TRANSITION';
  readonly from: PositionState;
  readonly to: PositionState;
  readonly allowedTransitions: readonly PositionState[];
  constructor(from: PositionState, to: PositionState, allowedTransitions: readonly PositionState[]) {
    const allowed = allowedTransitions.length === 0 ? 'none' : allowedTransitions.join(', ');
    super(`The position cannot change from ${from} to ${to}. Allowed transitions: ${allowed}.`);
    this.from = from;
    this.to = to;
    this.allowedTransitions = allowedTransitions;
  }
}

/** The requested amount is more than can be released or refunded now. */
export class InsufficientFundsError extends UserError {
  readonly code = 'INSUFFICIENT_FUNDS';
  readonly held: Money;
  /** The part of `held` that is not retained. */
  readonly available: Money;
  readonly requested: Money;
  constructor(held: Money, available: Money, requested: Money) {
    super(
      available.minorUnits === held.minorUnits
        ? 'The requested amount exceeds what the position holds. Request at most `held`.'
        : 'The requested amount exceeds what the position has available. Request at most `available`.',
      ['amount'],
    );
    this.held = held;
    this.available = available;
    this.requested = requested;
  }
}

/** The rule of the template's config or of the institution's policy that was violated. */
export type PolicyRule = 'MIN_AMOUNT' | 'MAX_AMOUNT' | 'CURRENCY' | 'TENOR' | 'RETAINAGE' | 'COUNTRY';

/** The request violates a rule of the institution or of its template. */
export class PolicyViolationError extends UserError {
  readonly code = 'POLICY_VIOLATION';
  readonly rule: PolicyRule;
  readonly limit: Money | null;
  constructor(rule: PolicyRule, message: string, path: Path | null, limit: Money | null = null) {
    super(message, path);
    this.rule = rule;
    this.limit = limit;
  }
}

/** The object, or the terms of a position, have another version than the one that the client has read. */
export class StaleVersionError extends UserError {
  readonly code = 'STALE_VERSION';
  readonly expectedVersion: number;
  readonly currentVersion: number;
  constructor(expectedVersion: number, currentVersion: number, subject: 'object' | 'terms' = 'object') {
    const versions = `version ${currentVersion}, not ${expectedVersion}`;
    if (subject === 'object') {
      super(`The object has ${versions}. Load it again before you retry.`, ['expectedVersion']);
    } else {
      super(`The terms have ${versions}. Load them again before you retry.`, ['termsVersion']);
    }
    this.expectedVersion = expectedVersion;
    this.currentVersion = currentVersion;
  }
}

/** The idempotency key was already used with another input. */
export class IdempotencyConflictError extends UserError {
  readonly code = 'IDEMPOTENCY_CONFLICT';
  readonly idempotencyKey: string;
  constructor(idempotencyKey: string) {
    super('This idempotency key was already used with another input. Send a new one.', ['idempotencyKey']);
    this.idempotencyKey = idempotencyKey;
  }
}

/** The request conflicts with the state of the object or with another object: inactive, deleted, revoked, in use. */
export class ConflictError extends UserError {
  readonly code = 'CONFLICT';
  /** The id of the other object that causes the conflict, or null if there is none. */
  readonly conflictingId: string | null;
  constructor(message: string, path: Path | null, conflictingId: string | null = null) {
    super(message, path);
    this.conflictingId = conflictingId;
  }
}

/** The maximum number of such objects is reached. */
export class CapacityExceededError extends UserError {
  readonly code = 'CAPACITY_EXCEEDED';
  readonly capacity: number;
  constructor(what: string, capacity: number) {
    super(`Limit of ${capacity.toLocaleString('en-US')} ${what} reached.`);
    this.capacity = capacity;
  }
}
