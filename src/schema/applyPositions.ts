import { applyPositions, type OperationResult, type PositionsApplied } from '../commands/applyPositions.ts';
import type { Replayable } from '../commands/perform.ts';
import type { PositionChanged } from '../commands/positionChange.ts';
import { LIMITS } from '../domain/limits.ts';
import { builder } from './builder.ts';
import { UserError } from './errors.ts';
import { LedgerEvent } from './ledgerEvent.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { IDEMPOTENCY_KEY, mutation, REPLAYED, resultType } from './mutation.ts';
import { Position } from './position.ts';
import { CreatePositionInput, TransitionPositionInput } from './positionMutations.ts';

const PositionOperation = builder.inputType('PositionOperation', {
  description: 'One operation of a batch: exactly one of its members. It has no idempotency key of its own.',
  isOneOf: true,
  fields: (t) => ({
    create: t.field({ type: CreatePositionInput, description: 'Opens a position.' }),
    transition: t.field({ type: TransitionPositionInput, description: 'Moves a position.' }),
  }),
});

const ApplyPositionsInput = builder.inputType('ApplyPositionsInput', {
  description: 'A batch of operations on positions of one institution.',
  fields: (t) => ({
    operations: t.field({
      type: [PositionOperation],
      required: true,
      description: `1 to ${LIMITS.listInputs} operations, done in order, each seeing the one before.`,
    }),
    atomic: t.boolean({
      required: true,
      defaultValue: true,
      description: 'All or none; if false, each operation stands for itself.',
    }),
    dryRun: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Runs everything and writes nothing; claims no idempotency key.',
    }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const PositionOperationStatus = builder.enumType('PositionOperationStatus', {
  description: 'What became of one operation.',
  values: {
    APPLIED: { description: 'It was done (in a dry run: it could have been).' },
    REFUSED: { description: 'It was refused; see `error`.' },
    NOT_DONE: { description: 'Another operation of an atomic batch was refused.' },
  },
});

const applied = (result: OperationResult): PositionChanged | undefined =>
  result.status === 'APPLIED' ? result : undefined;

const PositionOperationResult = builder.objectRef<OperationResult>('PositionOperationResult').implement({
  description: 'What became of one operation, in the order of the operations.',
  fields: (t) => ({
    status: t.expose('status', { type: PositionOperationStatus, description: 'What became of it.' }),
    position: t.field({
      type: Position,
      nullable: true,
      description: 'The position as the operation left it; null if it was not applied.',
      resolve: (result) => applied(result)?.position,
    }),
    event: t.field({
      type: LifecycleEvent,
      nullable: true,
      description: 'The event that was written; null if it was not applied.',
      resolve: (result) => applied(result)?.event,
    }),
    ledgerEvent: t.field({
      type: LedgerEvent,
      nullable: true,
      description: "The ledger's entry for it; null if it was not applied.",
      resolve: (result) => applied(result)?.ledgerEvent,
    }),
    error: t.field({
      type: UserError,
      nullable: true,
      description: 'Why it was refused; its path leads into the whole input.',
      resolve: (result) => (result.status === 'REFUSED' ? result.error : null),
    }),
  }),
});

const ApplyPositionsPayload = builder.objectRef<Replayable<PositionsApplied>>('ApplyPositionsPayload').implement({
  description: 'The batch was run; its results tell what became of each operation.',
  fields: (t) => ({
    results: t.field({
      type: [PositionOperationResult],
      description: 'One an operation, in order.',
      resolve: ({ results }) => results,
    }),
    committed: t.exposeBoolean('committed', { description: 'Whether something was written.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});

mutation(
  'applyPositions',
  'Opens and moves many positions of one institution at once, in order.',
  ApplyPositionsInput,
  resultType(ApplyPositionsPayload, 'ApplyPositionsResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ]),
  applyPositions,
);
