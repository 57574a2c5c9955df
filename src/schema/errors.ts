import { GraphQLError } from 'graphql';
import type {
  CapacityExceeded,
  Conflict,
  ErrorCode,
  Facts,
  Forbidden,
  IdempotencyConflict,
  IllegalTransition,
  InsufficientFunds,
  NotFound,
  PolicyViolation,
  StaleVersion,
  ValidationFailed,
  ValidationIssue,
} from '../domain/refusals.ts';
import { builder } from './builder.ts';
import { PositionState } from './lifecycle.ts';
import { Money } from './money.ts';

/** A fault in a query's arguments: an entry in `errors`, its field null. */
export const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

const CODES: { readonly [C in ErrorCode]: string } = {
  VALIDATION_FAILED: 'The input breaks a rule; `ValidationError.issues` lists every fault.',
  NOT_FOUND: 'There is no such object, or the viewer may not know of it.',
  FORBIDDEN: "The viewer's role does not allow this.",
  ILLEGAL_TRANSITION: 'The lifecycle does not allow the move now.',
  INSUFFICIENT_FUNDS: 'More was asked for than the position holds.',
  POLICY_VIOLATION: "A rule of the template's config or of the institution's policy is broken.",
  STALE_VERSION: 'The object has changed since the client read it.',
  IDEMPOTENCY_CONFLICT: 'The idempotency key was used with another input.',
  CONFLICT: 'The request does not fit what the object is now.',
  CAPACITY_EXCEEDED: 'A limit on how many there may be is reached.',
};

const Code = builder.enumType('ErrorCode', {
  description: 'What kind of refusal it is. The enum is open: keep a default branch.',
  values: Object.fromEntries(Object.entries(CODES).map(([code, description]) => [code, { description }])) as {
    readonly [C in ErrorCode]: { readonly description: string };
  },
});

export const UserError = builder.interfaceRef<Facts>('UserError').implement({
  description:
    'An expected "no" of a mutation. Nothing was written. Clients can always select `... on UserError { code message }`.',
  resolveType: ({ code }): string => ERRORS[code].name,
  fields: (t) => ({
    code: t.expose('code', { type: Code, description: 'The kind of refusal, for programs.' }),
    message: t.exposeString('message', { description: 'What is wrong, in a sentence for people; never parse it.' }),
    path: t.stringList({
      nullable: true,
      description: 'Where in the input it stands, list positions as digits: ["operations", "3", "create", "amount"].',
      resolve: ({ path }) => path,
    }),
  }),
});

const Issue = builder.objectRef<ValidationIssue>('ValidationIssue').implement({
  description: 'One fault of an input.',
  fields: (t) => ({
    path: t.stringList({ description: 'Where in the input it stands.', resolve: ({ path }) => path }),
    message: t.exposeString('message', { description: 'What is wrong: goes on from the name of what stands there.' }),
  }),
});

const PolicyRule = builder.enumType('PolicyRule', {
  description: "A rule of the institution's policy or of the template's config.",
  values: {
    MIN_AMOUNT: { description: 'The least amount of a position.' },
    MAX_AMOUNT: { description: 'The most that a position may be about.' },
    CURRENCY: { description: 'The currencies that are allowed.' },
    TENOR: { description: 'How far away the expiry may be.' },
  },
});

/** The type of each refusal, by its code. */
export const ERRORS = {
  VALIDATION_FAILED: builder.objectRef<Facts<ValidationFailed>>('ValidationError').implement({
    description: 'The input breaks a rule.',
    interfaces: [UserError],
    fields: (t) => ({
      issues: t.field({ type: [Issue], description: 'Every fault that was found.', resolve: ({ issues }) => issues }),
    }),
  }),
  NOT_FOUND: builder.objectRef<Facts<NotFound>>('NotFoundError').implement({
    description: "There is no such object. Another institution's is as unknown as one that never was.",
    interfaces: [UserError],
    fields: (t) => ({
      id: t.exposeID('id', { nullable: true, description: 'The id that was asked for; null if it was not an id.' }),
    }),
  }),
  FORBIDDEN: builder.objectRef<Facts<Forbidden>>('ForbiddenError').implement({
    description: "The viewer's role does not allow the mutation; judged before anything is looked up.",
    interfaces: [UserError],
  }),
  ILLEGAL_TRANSITION: builder.objectRef<Facts<IllegalTransition>>('IllegalTransitionError').implement({
    description: 'The lifecycle does not allow the move now.',
    interfaces: [UserError],
    fields: (t) => ({
      from: t.expose('from', { type: PositionState, description: 'The state the position is in.' }),
      to: t.expose('to', { type: PositionState, description: 'The state that was asked for.' }),
      allowedTransitions: t.field({
        type: [PositionState],
        description: 'What the lifecycle allows now.',
        resolve: ({ allowedTransitions }) => allowedTransitions,
      }),
    }),
  }),
  INSUFFICIENT_FUNDS: builder.objectRef<Facts<InsufficientFunds>>('InsufficientFundsError').implement({
    description: 'More was asked for than the position holds.',
    interfaces: [UserError],
    fields: (t) => ({
      held: t.expose('held', { type: Money, description: 'What the position holds.' }),
      requested: t.expose('requested', { type: Money, description: 'What was asked for.' }),
    }),
  }),
  POLICY_VIOLATION: builder.objectRef<Facts<PolicyViolation>>('PolicyViolationError').implement({
    description: "A rule of the template's config or of the institution's policy is broken.",
    interfaces: [UserError],
    fields: (t) => ({
      rule: t.expose('rule', { type: PolicyRule, description: 'The rule that is broken.' }),
      limit: t.expose('limit', { type: Money, nullable: true, description: "The rule's amount, if it has one." }),
    }),
  }),
  STALE_VERSION: builder.objectRef<Facts<StaleVersion>>('StaleVersionError').implement({
    description: 'The object has changed since the client read it: read it again.',
    interfaces: [UserError],
    fields: (t) => ({
      expectedVersion: t.exposeInt('expectedVersion', { description: 'The version that the client named.' }),
      currentVersion: t.exposeInt('currentVersion', { description: 'The version that the object is at.' }),
    }),
  }),
  IDEMPOTENCY_CONFLICT: builder.objectRef<Facts<IdempotencyConflict>>('IdempotencyConflictError').implement({
    description: 'The idempotency key was used before, with another input.',
    interfaces: [UserError],
    fields: (t) => ({ idempotencyKey: t.exposeString('idempotencyKey', { description: 'The key.' }) }),
  }),
  CONFLICT: builder.objectRef<Facts<Conflict>>('ConflictError').implement({
    description: 'The request does not fit what the object is now: inactive, deleted, revoked, in use.',
    interfaces: [UserError],
    fields: (t) => ({
      conflictingId: t.exposeID('conflictingId', {
        nullable: true,
        description: 'The id of the other object that the request conflicts with, or null if there is none.',
      }),
    }),
  }),
  CAPACITY_EXCEEDED: builder.objectRef<Facts<CapacityExceeded>>('CapacityError').implement({
    description: 'A limit on how many there may be is reached.',
    interfaces: [UserError],
    fields: (t) => ({ capacity: t.exposeInt('capacity', { description: 'How many there may be.' }) }),
  }),
} as const satisfies { readonly [C in ErrorCode]: { readonly name: string } };

/** A refusal's facts, or anything else. */
export const isRefused = (value: object): value is Facts => 'code' in value && 'path' in value;
