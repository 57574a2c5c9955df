import {
  cancelPosition,
  createPosition,
  expirePosition,
  fundPosition,
  releasePosition,
  transitionPosition,
} from '../commands/position.ts';
import type { Replayable } from '../commands/perform.ts';
import type { PositionChanged } from '../commands/positionChange.ts';
import { type PositionUpdated, updatePosition } from '../commands/updatePosition.ts';
import type { ErrorCode } from '../domain/refusals.ts';
import { builder, type Types } from './builder.ts';
import { PositionState } from './lifecycle.ts';
import { LedgerEvent } from './ledgerEvent.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { MoneyInput } from './money.ts';
import { EXPECTED_VERSION, IDEMPOTENCY_KEY, mutation, REPLAYED, resultType, UPDATE_ERRORS } from './mutation.ts';
import { Position } from './position.ts';

type Changed = Replayable<PositionChanged>;

const PositionChangePayload = builder.interfaceRef<Changed>('PositionChangePayload').implement({
  description:
    'Result of a successful change of an existing position: the fields that the payloads of transitionPosition, fundPosition, releasePosition, cancelPosition and expirePosition share.',
  fields: (t) => ({
    position: t.expose('position', { type: Position, description: 'The position, in its current state.' }),
    event: t.expose('event', { type: LifecycleEvent, description: 'The lifecycle event of the change.' }),
    ledgerEvent: t.expose('ledgerEvent', { type: LedgerEvent, description: 'The ledger event of the change.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});
const changePayload = (name: string, description: string) =>
  builder.objectRef<Changed>(name).implement({ description, interfaces: [PositionChangePayload] });

const CreatePositionPayload = builder.objectRef<Changed>('CreatePositionPayload').implement({
  description: 'The position was created.',
  fields: (t) => ({
    position: t.expose('position', { type: Position, description: 'The position, as it is now.' }),
    event: t.expose('event', { type: LifecycleEvent, description: 'The event that was written.' }),
    ledgerEvent: t.expose('ledgerEvent', { type: LedgerEvent, description: "The ledger's entry for it." }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});

export const CreatePositionInput = builder.inputType('CreatePositionInput', {
  description: 'A new position.',
  fields: (t) => ({
    institutionId: t.id({ description: 'Whose it will be; may be left out, for the asset says it.' }),
    assetId: t.id({ required: true, description: 'The deal that the money is held for.' }),
    holderReference: t.string({ required: true, description: 'Whom it is held for: 1 to 200 characters.' }),
    amount: t.field({ type: MoneyInput, required: true, description: "How much, in the template's currency." }),
    externalReference: t.string({ description: "The client's own name for it: 1 to 200 characters." }),
    uniqueReference: t.boolean({
      description:
        'Whether the external reference must be unique among the positions of the institution that were created with this flag. If one has it, the result is a ConflictError with its id. Positions created without the flag do not count. Requires `externalReference`. Defaults to false.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'From when on it can only expire; needed where the template has maxTenorDays.',
    }),
    metadata: t.field({ type: 'JSONObject', description: "The client's own data; {} if left out." }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

type InputFields = PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>;
const positionId = (t: InputFields) => t.id({ required: true, description: 'The position.' });
const amount = (t: InputFields, description: string) => t.field({ type: 'Decimal', description });
const remark = (t: InputFields) => ({
  reason: t.string({ description: 'Why, for the history: at most 1,000 characters.' }),
  metadata: t.field({ type: 'JSONObject', description: "The client's own data about the move; {} if left out." }),
  expectedVersion: t.int({ description: 'The version last read; if it is another now, StaleVersionError.' }),
  idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
});
const moveInput = (name: string, description: string) =>
  builder.inputType(name, { description, fields: (t) => ({ positionId: positionId(t), ...remark(t) }) });

export const TransitionPositionInput = builder.inputType('TransitionPositionInput', {
  description: 'A move to any state.',
  fields: (t) => ({
    positionId: positionId(t),
    toState: t.field({ type: PositionState, required: true, description: 'The state that it shall have.' }),
    amount: amount(t, 'How much to release, in the currency of the position: for PARTIALLY_RELEASED alone.'),
    ...remark(t),
  }),
});
const ReleasePositionInput = builder.inputType('ReleasePositionInput', {
  description: 'A payment out of escrow.',
  fields: (t) => ({
    positionId: positionId(t),
    amount: amount(
      t,
      'The amount to release, in the currency of the position. Required unless `all` is true; not allowed with it.',
    ),
    all: t.boolean({
      description:
        'Whether to release everything that is held. Required to be true unless `amount` is set; false and null count as absent.',
    }),
    ...remark(t),
  }),
});

mutation(
  'createPosition',
  'Opens a position. Nothing is in escrow until it is funded.',
  CreatePositionInput,
  resultType(CreatePositionPayload, 'CreatePositionResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'NOT_FOUND',
    'POLICY_VIOLATION',
    'CONFLICT',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ]),
  createPosition,
);

const UpdatePositionInput = builder.inputType('UpdatePositionInput', {
  description: 'Input for updatePosition. A field that is left out stays as it is.',
  fields: (t) => ({
    positionId: t.id({ required: true, description: 'The position, in any state.' }),
    externalReference: t.string({
      description:
        "The client's own name for the position. 1 to 200 characters; null clears it, unless the position was created with `uniqueReference`.",
    }),
    metadata: t.field({ type: 'JSONObject', description: "The client's own data, as a whole." }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});
const UpdatePositionPayload = builder.objectRef<Replayable<PositionUpdated>>('UpdatePositionPayload').implement({
  description: 'Result of a successful update.',
  fields: (t) => ({
    position: t.expose('position', { type: Position, description: 'The position, as it is now.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});

mutation(
  'updatePosition',
  'Updates what the client calls a position and keeps with it. No money moves and no lifecycle event is written; subscribers receive a change of kind UPDATED. If no field differs, the object is returned as it is, and only the audit event is written.',
  UpdatePositionInput,
  resultType(UpdatePositionPayload, 'UpdatePositionResult', [...UPDATE_ERRORS, 'CONFLICT']),
  updatePosition,
);

const MOVE: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'FORBIDDEN',
  'NOT_FOUND',
  'ILLEGAL_TRANSITION',
  'STALE_VERSION',
  'IDEMPOTENCY_CONFLICT',
];
const PAY: readonly ErrorCode[] = [...MOVE, 'INSUFFICIENT_FUNDS'];

mutation(
  'transitionPosition',
  'Moves a position to another state.',
  TransitionPositionInput,
  resultType(
    changePayload('TransitionPositionPayload', 'Result of a successful transition.'),
    'TransitionPositionResult',
    [...PAY, 'POLICY_VIOLATION'],
  ),
  transitionPosition,
);
mutation(
  'fundPosition',
  'Puts the whole amount in escrow. The rules of the template and of the current policy are checked again.',
  moveInput('FundPositionInput', 'The payment into escrow.'),
  resultType(changePayload('FundPositionPayload', 'Result of a successful funding.'), 'FundPositionResult', [
    ...MOVE,
    'POLICY_VIOLATION',
  ]),
  fundPosition,
);
mutation(
  'releasePosition',
  'Releases a part of what is held, or everything, to the payee.',
  ReleasePositionInput,
  resultType(changePayload('ReleasePositionPayload', 'Result of a successful release.'), 'ReleasePositionResult', PAY),
  releasePosition,
);
mutation(
  'cancelPosition',
  'Calls a position off; what is held goes back to the payer.',
  moveInput('CancelPositionInput', 'The end of a position by decision.'),
  resultType(
    changePayload('CancelPositionPayload', 'Result of a successful cancellation.'),
    'CancelPositionResult',
    MOVE,
  ),
  cancelPosition,
);
mutation(
  'expirePosition',
  'Expires a position by hand; what is held goes back to the payer.',
  moveInput('ExpirePositionInput', 'The end of a position by its time.'),
  resultType(changePayload('ExpirePositionPayload', 'Result of a successful expiry.'), 'ExpirePositionResult', MOVE),
  expirePosition,
);
