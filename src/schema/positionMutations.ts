import type { Replayable } from '../commands/perform.ts';
import { createPosition } from '../commands/position.ts';
import type { MovePayload } from '../commands/positionChange.ts';
import {
  cancelPosition,
  expirePosition,
  fundPosition,
  releasePosition,
  transitionPosition,
} from '../commands/positionMoves.ts';
import { updatePosition } from '../commands/updatePosition.ts';
import { builder, type InputFields } from './builder.ts';
import { LedgerEvent } from './ledgerEvent.ts';
import { PositionState } from './lifecycle.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { MoneyInput } from './money.ts';
import { EXPECTED_VERSION, mutation, PATCH, REPLAYED, UNCHANGED } from './mutation.ts';
import { Position } from './position.ts';

const POSITION = 'The position, in its current state.';

const PositionChangePayload = builder.interfaceRef<Replayable<MovePayload>>('PositionChangePayload').implement({
  description:
    'Result of a successful change of an existing position: the fields that the payloads of transitionPosition, fundPosition, releasePosition, cancelPosition and expirePosition share.',
  fields: (t) => ({
    position: t.expose('position', { type: Position, description: POSITION }),
    event: t.expose('event', { type: LifecycleEvent, description: 'The lifecycle event of the change.' }),
    ledgerEvent: t.expose('ledgerEvent', { type: LedgerEvent, description: 'The ledger event of the change.' }),
    replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
  }),
});
const changePayload = (name: string, description: string) =>
  builder.objectRef<Replayable<MovePayload>>(name).implement({ description, interfaces: [PositionChangePayload] });

const moveFields = (t: InputFields) => ({
  positionId: t.id({ required: true, description: 'The position to change.' }),
});
const noteFields = (t: InputFields) => ({
  reason: t.string({ description: 'The reason, kept with the lifecycle event. At most 1,000 characters.' }),
  metadata: t.field({
    type: 'JSONObject',
    description: 'Data of the client about the change, kept with the lifecycle event. Defaults to {}.',
  }),
  expectedVersion: t.int({ description: EXPECTED_VERSION }),
});
const move = (t: InputFields) => ({ ...moveFields(t), ...noteFields(t) });

export const CreatePositionInput = mutation(
  createPosition,
  'Creates a position. Nothing is in escrow until it is funded.',
  {
    input: (t) => ({
      institutionId: t.id({ description: 'The institution of the asset. Optional; if set, it must match.' }),
      assetId: t.id({ required: true, description: 'The asset: the deal that the money is held for.' }),
      holderReference: t.string({
        required: true,
        description: 'Your reference of the party the money is held for. 1 to 200 characters.',
      }),
      amount: t.field({
        type: MoneyInput,
        required: true,
        description: 'The agreed amount, in the currency of the asset template.',
      }),
      externalReference: t.string({
        description:
          'Your reference of the position. 1 to 200 characters. Not necessarily unique; see `uniqueReference`.',
      }),
      uniqueReference: t.boolean({
        description:
          'Whether the external reference must be unique among the positions of the institution that were created with this flag. If one has it, the result is a ConflictError with its id. Positions created without the flag do not count. Requires `externalReference`. Defaults to false.',
      }),
      expiresAt: t.field({
        type: 'DateTime',
        description:
          'When the position expires. Must be in the future. Required if the config of the asset template has `maxTenorDays`. Defaults to never.',
      }),
      metadata: t.field({ type: 'JSONObject', description: 'Data of the client. Defaults to {}.' }),
    }),
    payload: (t) => ({
      position: t.expose('position', { type: Position, description: POSITION }),
      event: t.expose('event', { type: LifecycleEvent, description: 'The lifecycle event of the creation.' }),
      ledgerEvent: t.expose('ledgerEvent', { type: LedgerEvent, description: 'The ledger event of the creation.' }),
    }),
  },
);

mutation(
  updatePosition,
  `Updates the external reference and the metadata of a position. No money moves and no lifecycle event is written; subscribers receive a change of kind UPDATED. ${UNCHANGED}`,
  {
    inputNote: PATCH,
    input: (t) => ({
      positionId: t.id({ required: true, description: 'The position, in any state.' }),
      externalReference: t.string({
        description:
          'Your reference of the position. 1 to 200 characters. Null removes it, which is not allowed if the position was created with `uniqueReference`.',
      }),
      metadata: t.field({
        type: 'JSONObject',
        description: 'Data of the client. Replaces the previous data as a whole.',
      }),
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
    }),
    payload: (t) => ({ position: t.expose('position', { type: Position, description: POSITION }) }),
  },
);

export const TransitionPositionInput = mutation(
  transitionPosition,
  'Changes the state of a position to any allowed state, with the same effects as fundPosition, releasePosition, cancelPosition and expirePosition.',
  {
    input: (t) => ({
      ...moveFields(t),
      toState: t.field({ type: PositionState, required: true, description: 'The new state of the position.' }),
      amount: t.field({
        type: 'Decimal',
        description:
          'The amount to release, in the currency of the position. Required for PARTIALLY_RELEASED and less than what is held. Optional for RELEASED; if set, it must be all that is held. Not allowed for other states.',
      }),
      ...noteFields(t),
    }),
    payload: changePayload('TransitionPositionPayload', 'Result of a successful transition.'),
  },
);

mutation(
  fundPosition,
  'Pays the whole agreed amount into escrow. The config under which the position was opened and the current policy are checked again.',
  { input: move, payload: changePayload('FundPositionPayload', 'Result of a successful funding.') },
);

mutation(releasePosition, 'Releases a part of the held amount, or all of it, to the payee.', {
  input: (t) => ({
    ...moveFields(t),
    amount: t.field({
      type: 'Decimal',
      description:
        'The amount to release, in the currency of the position; at most what is held. Required unless `all` is true, and not allowed with it.',
    }),
    all: t.boolean({
      description:
        'Whether to release everything that is held. Required to be true unless `amount` is set; false and null count as absent.',
    }),
    ...noteFields(t),
  }),
  payload: changePayload('ReleasePositionPayload', 'Result of a successful release.'),
});

mutation(cancelPosition, 'Cancels a position. The held amount is returned to the payer.', {
  input: move,
  payload: changePayload('CancelPositionPayload', 'Result of a successful cancellation.'),
});

mutation(
  expirePosition,
  'Expires a position immediately, even before its `expiresAt`. The held amount is returned to the payer. After `expiresAt` the server does it automatically.',
  { input: move, payload: changePayload('ExpirePositionPayload', 'Result of a successful expiry.') },
);
