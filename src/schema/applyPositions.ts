import { applyPositions, type OperationResult } from '../commands/applyPositions.ts';
import type { MovePayload } from '../commands/positionChange.ts';
import { LIMITS } from '../domain/limits.ts';
import { builder } from './builder.ts';
import { UserErrorInterface } from './errors.ts';
import type { ArgumentPath } from './fieldCosts.ts';
import { LedgerEvent } from './ledgerEvent.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import {
  FundPositionInput,
  RefundPositionInput,
  ReleasePositionInput,
  TransitionPositionInput,
} from './moveMutations.ts';
import { mutation } from './mutation.ts';
import { Position } from './position.ts';
import { CreatePositionInput } from './positionMutations.ts';

const PositionOperation = builder.inputType('PositionOperation', {
  description: 'One operation of a batch. Set exactly one field, without `idempotencyKey`: that is set on the batch.',
  isOneOf: true,
  fields: (t) => ({
    create: t.field({ type: CreatePositionInput, description: 'Creates a position.' }),
    transition: t.field({ type: TransitionPositionInput, description: 'Changes the state of a position.' }),
    fund: t.field({ type: FundPositionInput, description: 'Funds a position, in full or in part.' }),
    release: t.field({ type: ReleasePositionInput, description: 'Releases money to the payee.' }),
    refund: t.field({ type: RefundPositionInput, description: 'Refunds money to the payer.' }),
  }),
});

const PositionOperationStatus = builder.enumType('PositionOperationStatus', {
  description: 'The outcome of one operation.',
  values: {
    APPLIED: { description: 'The operation was applied; in a dry run, it would have been.' },
    REFUSED: { description: 'The operation was rejected; see `error`.' },
    NOT_DONE: {
      description: 'The operation was not applied because another operation of the atomic batch was rejected.',
    },
  },
});

const applied = (result: OperationResult): MovePayload | undefined =>
  result.status === 'APPLIED' ? result : undefined;

const PositionOperationResult = builder.objectRef<OperationResult>('PositionOperationResult').implement({
  description: 'The result of one operation of a batch.',
  fields: (t) => ({
    status: t.expose('status', { type: PositionOperationStatus, description: 'The outcome of the operation.' }),
    position: t.field({
      type: Position,
      nullable: true,
      description: 'The position after the operation, or null if the operation was not applied.',
      resolve: (result) => applied(result)?.position,
    }),
    event: t.field({
      type: LifecycleEvent,
      nullable: true,
      description: 'The lifecycle event of the operation, or null if the operation was not applied.',
      resolve: (result) => applied(result)?.event,
    }),
    ledgerEvent: t.field({
      type: LedgerEvent,
      nullable: true,
      description: 'The ledger event of the operation, or null if the operation was not applied.',
      resolve: (result) => applied(result)?.ledgerEvent,
    }),
    error: t.field({
      type: UserErrorInterface,
      nullable: true,
      description:
        'The reason why the operation was rejected, or null if it was not. Its path starts at the input of the batch.',
      resolve: (result) => (result.status === 'REFUSED' ? result.error : null),
    }),
  }),
});

const OPERATIONS: ArgumentPath = ['input', 'operations'];

/**
 * The cost of the writes of one operation of a batch: a position, its lifecycle event, a ledger event with two postings
 * and a change for subscribers, with their indexes.
 */
const WRITES_OF_AN_OPERATION = 25;

mutation(applyPositions, 'Creates and changes many positions of one institution in one transaction, in order.', {
  cost: { each: { at: OPERATIONS, cost: WRITES_OF_AN_OPERATION }, asks: OPERATIONS },
  input: (t) => ({
    operations: t.field({
      type: [PositionOperation],
      required: true,
      description: `The operations, 1 to ${LIMITS.listInputs}. They are executed in order; each one sees the changes of the previous ones.`,
    }),
    atomic: t.boolean({
      required: true,
      defaultValue: true,
      description: 'Whether all operations are rejected if one is. If false, only the failing operations are rejected.',
    }),
    dryRun: t.boolean({
      required: true,
      defaultValue: false,
      description:
        'Whether to return what the batch would do without storing anything. A dry run does not use up the idempotency key.',
    }),
  }),
  result: 'Result of applyPositions. Operations can have failed: `results` has the outcome of each.',
  payload: (t) => ({
    results: t.field({
      type: [PositionOperationResult],
      description: 'The results, one per operation, in the order of the operations.',
      extensions: { cost: { items: 'asked' } },
      resolve: ({ results }) => results,
    }),
    committed: t.exposeBoolean('committed', { description: 'Whether any change was stored.' }),
  }),
});
