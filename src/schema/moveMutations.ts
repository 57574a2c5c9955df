import { agreeToPosition } from '../commands/agreeToPosition.ts';
import { amendPosition } from '../commands/amendPosition.ts';
import type { Replayable } from '../commands/perform.ts';
import type { MovePayload } from '../commands/positionChange.ts';
import {
  cancelPosition,
  expirePosition,
  fundPosition,
  refundPosition,
  releasePosition,
  transitionPosition,
} from '../commands/positionMoves.ts';
import { builder, type InputFields } from './builder.ts';
import { LedgerEvent } from './ledgerEvent.ts';
import { PositionState } from './lifecycle.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { EXPECTED_VERSION, mutation, REPLAYED } from './mutation.ts';
import { Position } from './position.ts';
import { POSITION } from './positionMutations.ts';
import { PositionTermsInput } from './termsInput.ts';

const PositionChangePayload = builder.interfaceRef<Replayable<MovePayload>>('PositionChangePayload').implement({
  description:
    'Result of a successful change of an existing position: the fields that the payloads of transitionPosition, fundPosition, releasePosition, refundPosition, cancelPosition, expirePosition and amendPosition share.',
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
});
const versionField = (t: InputFields) => ({ expectedVersion: t.int({ description: EXPECTED_VERSION }) });
const paymentField = (t: InputFields) => ({
  paymentReference: t.string({ description: "The bank's reference of the payment, 1 to 200 characters." }),
});
const move = (t: InputFields) => ({ ...moveFields(t), ...noteFields(t), ...versionField(t) });

export const TransitionPositionInput = mutation(
  transitionPosition,
  'Changes the state of a position to any allowed state, with the same effects as fundPosition, releasePosition, cancelPosition and expirePosition.',
  {
    input: (t) => ({
      ...moveFields(t),
      toState: t.field({
        type: PositionState,
        required: true,
        description:
          'The new state of the position. Not PARTIALLY_FUNDED; not PARTIALLY_RELEASED if the position has milestones.',
      }),
      amount: t.field({
        type: 'Decimal',
        description:
          'The amount to release, in the currency of the position. Required for PARTIALLY_RELEASED and less than what is held. Optional for RELEASED; if set, it must be all that is available. Not allowed for other states.',
      }),
      ...noteFields(t),
      ...versionField(t),
    }),
    payload: changePayload('TransitionPositionPayload', 'Result of a successful transition.'),
  },
);

export const FundPositionInput = mutation(
  fundPosition,
  'Pays money into escrow: the amount that is still due, or a part of it. The config under which the position was opened and the current policy are checked again.',
  {
    input: (t) => ({
      ...moveFields(t),
      amount: t.field({
        type: 'Decimal',
        description:
          'The amount to fund, in the currency of the position, without the fees that the payer bears. At most the amount that is still due, which is also the default.',
      }),
      ...paymentField(t),
      ...noteFields(t),
      ...versionField(t),
    }),
    payload: changePayload('FundPositionPayload', 'Result of a successful funding.'),
  },
);

export const ReleasePositionInput = mutation(
  releasePosition,
  'Releases a part of the available amount, or all of it, to the payee. Fees of the payee are deducted, and retainage is withheld until the final release.',
  {
    input: (t) => ({
      ...moveFields(t),
      amount: t.field({
        type: 'Decimal',
        description:
          'The amount to release before fees and retainage, in the currency of the position; at most what is available. Required unless `all` is true, and not allowed with it.',
      }),
      all: t.boolean({
        description:
          'Whether to release everything: of the milestone what is left, or, without a milestone, all that is held, which is the final release and pays out the retained amount. Required to be true unless `amount` is set; false and null count as absent.',
      }),
      milestoneId: t.id({
        description: 'The milestone to release. Required with `amount` if the position has milestones.',
      }),
      ...paymentField(t),
      ...noteFields(t),
      ...versionField(t),
    }),
    payload: changePayload('ReleasePositionPayload', 'Result of a successful release.'),
  },
);

export const RefundPositionInput = mutation(
  refundPosition,
  'Refunds an amount, or everything that is available, to the payer. The position stays open unless nothing is left in escrow.',
  {
    input: (t) => ({
      ...moveFields(t),
      amount: t.field({
        type: 'Decimal',
        description:
          'The amount to refund, in the currency of the position; at most what is available. Required unless `all` is true, and not allowed with it.',
      }),
      all: t.boolean({
        description:
          'Whether to refund everything that is available, or what is left of the milestone. Required to be true unless `amount` is set; false and null count as absent.',
      }),
      milestoneId: t.id({
        description: 'The milestone to refund. Required with `amount` if the position has milestones.',
      }),
      ...paymentField(t),
      ...noteFields(t),
      ...versionField(t),
    }),
    payload: changePayload('RefundPositionPayload', 'Result of a successful refund.'),
  },
);

mutation(
  cancelPosition,
  'Cancels a position. The held amount is returned to the payer. Not possible while an amount is retained, which the payee has earned.',
  { input: move, payload: changePayload('CancelPositionPayload', 'Result of a successful cancellation.') },
);

mutation(
  expirePosition,
  'Expires a position immediately, even before its `expiresAt`. The available amount is returned to the payer, and the retained amount is paid to the payee. After `expiresAt` the server does it automatically.',
  { input: move, payload: changePayload('ExpirePositionPayload', 'Result of a successful expiry.') },
);

mutation(
  amendPosition,
  'Changes the terms or the expiry of a position that has not been funded. The terms get a new version, to which nobody has agreed, with new milestones.',
  {
    inputNote: ' At least one of `terms` and `expiresAt` is required.',
    input: (t) => ({
      ...moveFields(t),
      terms: t.field({
        type: PositionTermsInput,
        description:
          'The new terms, which replace the current terms as a whole. If omitted or null, the current terms, if any, are repeated as a new version.',
      }),
      expiresAt: t.field({
        type: 'DateTime',
        description:
          'When the position expires. Must be in the future. Null removes the expiry, unless the asset template requires one. If omitted, the expiry stays unchanged.',
      }),
      ...noteFields(t),
      ...versionField(t),
    }),
    payload: changePayload('AmendPositionPayload', 'Result of a successful amendment.'),
  },
);

mutation(agreeToPosition, 'Records that a party agrees to the terms of a position.', {
  input: (t) => ({
    ...moveFields(t),
    partyReference: t.string({
      required: true,
      description: 'The reference of the party that agrees: a PAYER or a PAYEE.',
    }),
    termsVersion: t.int({
      required: true,
      description:
        'The version of the terms that the party has read. If the terms have changed since, the mutation returns StaleVersionError.',
    }),
    ...noteFields(t),
  }),
  payload: (t) => ({
    position: t.expose('position', { type: Position, description: POSITION }),
    event: t.expose('event', {
      type: LifecycleEvent,
      nullable: true,
      description: 'The lifecycle event of the agreement, or null if the party had already agreed to this version.',
    }),
    ledgerEvent: t.expose('ledgerEvent', {
      type: LedgerEvent,
      nullable: true,
      description: 'The ledger event of the agreement, or null if the party had already agreed to this version.',
    }),
  }),
});
