import { GraphQLError } from 'graphql';
import { LIMITS } from '../domain/limits.ts';
import type { Money as MoneyRow } from '../domain/money.ts';
import type {
  CapacityExceededError,
  ConflictError,
  ErrorCode,
  ErrorData,
  ForbiddenError,
  IdempotencyConflictError,
  IllegalTransitionError,
  InsufficientFundsError,
  NotFoundError,
  PolicyViolationError,
  StaleVersionError,
  ValidationError,
  ValidationIssue,
} from '../domain/userErrors.ts';
import { builder } from './builder.ts';
import { PositionState } from './lifecycle.ts';
import { Money } from './money.ts';

/** Returns the request error for an invalid argument. */
export const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

const CODES: { readonly [C in ErrorCode]: string } = {
  VALIDATION_FAILED: 'The input is invalid; `ValidationError.issues` lists the problems.',
  NOT_FOUND: 'The object does not exist, or the viewer may not see it.',
  FORBIDDEN: 'The role of the viewer does not allow the mutation.',
  ILLEGAL_TRANSITION: 'The lifecycle does not allow the transition now.',
  INSUFFICIENT_FUNDS: 'The requested amount exceeds what the position has available.',
  POLICY_VIOLATION: 'The position violates a rule of the asset template or of the policy of the institution.',
  STALE_VERSION: 'The object has changed since the client read it: it has another version than `expectedVersion`.',
  IDEMPOTENCY_CONFLICT: 'The idempotency key was already used with another input.',
  CONFLICT: 'The request conflicts with the current state of the object or with another object.',
  CAPACITY_EXCEEDED: 'A limit on the number of objects or on the size of the stored data is reached.',
};

const Code = builder.enumType('ErrorCode', {
  description: 'The kind of a user error. The enum is open: values are added without notice, so keep a default branch.',
  values: Object.fromEntries(Object.entries(CODES).map(([code, description]) => [code, { description }])) as {
    readonly [C in ErrorCode]: { readonly description: string };
  },
});

export const UserErrorInterface = builder.interfaceRef<ErrorData>('UserError').implement({
  description:
    'An expected error of a mutation. Nothing was changed; only the attempt is recorded in the audit log. You can always select `... on UserError { code message }`.',
  resolveType: ({ code }): string => ERRORS[code].name,
  fields: (t) => ({
    code: t.expose('code', { type: Code, description: 'The kind of the error. Programs decide by it.' }),
    message: t.exposeString('message', { description: 'A message for people. Never parse it.' }),
    path: t.stringList({
      nullable: true,
      description:
        'The path to the field of the input that caused the error, with list indexes as digits: ["operations", "3", "create", "amount"]. Null if no single field caused it.',
      resolve: ({ path }) => path,
    }),
  }),
});

const Issue = builder.objectRef<ValidationIssue>('ValidationIssue').implement({
  description: 'One problem in an input.',
  fields: (t) => ({
    path: t.stringList({ description: 'The path to the invalid field of the input.', resolve: ({ path }) => path }),
    message: t.exposeString('message', {
      description: 'A message for people that continues the name of the field: "must be ...". Never parse it.',
    }),
  }),
});

const PolicyRule = builder.enumType('PolicyRule', {
  description: 'A rule of an asset template or of a policy.',
  values: {
    MIN_AMOUNT: { description: 'The minimum amount of a position.' },
    MAX_AMOUNT: { description: 'The maximum amount of a position.' },
    CURRENCY: { description: 'The allowed currencies.' },
    COUNTRY: { description: 'The allowed countries of asset templates.' },
    RETAINAGE: { description: 'The minimum retainage percentage of the asset template.' },
    TENOR: { description: 'The maximum time between the creation and the expiry of a position.' },
  },
});

/** The type of each user error, by its code. */
export const ERRORS = {
  VALIDATION_FAILED: builder.objectRef<ErrorData<ValidationError>>('ValidationError').implement({
    description: 'The input is invalid.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      issues: t.field({
        type: [Issue],
        description: `The problems that were found, at most ${LIMITS.issues}.`,
        // Operations of a batch rarely have more, and those that do wrote nothing.
        extensions: { cost: { items: 5 } },
        resolve: ({ issues }) => issues,
      }),
    }),
  }),
  NOT_FOUND: builder.objectRef<ErrorData<NotFoundError>>('NotFoundError').implement({
    description: 'The object does not exist. Objects of other institutions are reported in the same way.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      id: t.exposeID('id', {
        nullable: true,
        description: 'The id that was not found, or null if the object was not requested by id.',
      }),
    }),
  }),
  FORBIDDEN: builder.objectRef<ErrorData<ForbiddenError>>('ForbiddenError').implement({
    description: 'The role of the viewer does not allow the mutation. Roles are checked before any object is loaded.',
    interfaces: [UserErrorInterface],
  }),
  ILLEGAL_TRANSITION: builder.objectRef<ErrorData<IllegalTransitionError>>('IllegalTransitionError').implement({
    description: 'The lifecycle does not allow the transition now.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      from: t.expose('from', { type: PositionState, description: 'The current state of the position.' }),
      to: t.expose('to', {
        type: PositionState,
        description: 'The requested state: of several, the one that ends the position.',
      }),
      allowedTransitions: t.field({
        type: [PositionState],
        description: 'The states that the lifecycle allows now.',
        resolve: ({ allowedTransitions }) => allowedTransitions,
      }),
    }),
  }),
  INSUFFICIENT_FUNDS: builder.objectRef<ErrorData<InsufficientFundsError>>('InsufficientFundsError').implement({
    description: 'The requested amount exceeds what the position has available.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      held: t.expose('held', { type: Money, description: 'The amount that the position holds.' }),
      available: t.field({
        type: Money,
        description: 'The amount that can be released or refunded now. May be less than `held`.',
        // Errors that were stored under an idempotency key before retainage existed have only `held`.
        resolve: ({ available, held }) => (available as MoneyRow | undefined) ?? held,
      }),
      requested: t.expose('requested', { type: Money, description: 'The requested amount.' }),
    }),
  }),
  POLICY_VIOLATION: builder.objectRef<ErrorData<PolicyViolationError>>('PolicyViolationError').implement({
    description: 'The position violates a rule of the asset template or of the policy of the institution.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      rule: t.expose('rule', { type: PolicyRule, description: 'The violated rule.' }),
      limit: t.expose('limit', {
        type: Money,
        nullable: true,
        description: 'The amount of the rule, or null if the rule has no amount.',
      }),
    }),
  }),
  STALE_VERSION: builder.objectRef<ErrorData<StaleVersionError>>('StaleVersionError').implement({
    description: 'The object has changed since the client read it. Load it again and decide with its current version.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      expectedVersion: t.exposeInt('expectedVersion', { description: 'The version that the client sent.' }),
      currentVersion: t.exposeInt('currentVersion', {
        description: 'The current version of the object, or of the terms if `path` names `termsVersion`.',
      }),
    }),
  }),
  IDEMPOTENCY_CONFLICT: builder.objectRef<ErrorData<IdempotencyConflictError>>('IdempotencyConflictError').implement({
    description: 'The idempotency key was already used with another input.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({ idempotencyKey: t.exposeString('idempotencyKey', { description: 'The idempotency key.' }) }),
  }),
  CONFLICT: builder.objectRef<ErrorData<ConflictError>>('ConflictError').implement({
    description:
      'The request conflicts with the current state of the object, such as inactive, deleted, revoked or in use, or with another object.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      conflictingId: t.exposeID('conflictingId', {
        nullable: true,
        description:
          'The id of the other object that the request conflicts with, or null if it conflicts with no other object.',
      }),
    }),
  }),
  CAPACITY_EXCEEDED: builder.objectRef<ErrorData<CapacityExceededError>>('CapacityError').implement({
    description: 'A limit on the number of objects or on the size of the stored data is reached.',
    interfaces: [UserErrorInterface],
    fields: (t) => ({
      capacity: t.exposeInt('capacity', {
        description: 'The limit that was reached, in the unit that `message` names.',
      }),
    }),
  }),
} as const satisfies { readonly [C in ErrorCode]: { readonly name: string } };

/** Returns whether the value is a user error. */
export const isUserError = (value: object): value is ErrorData => 'code' in value && 'path' in value;
