import { createPosition } from '../commands/position.ts';
import { updatePosition } from '../commands/updatePosition.ts';
import { LedgerEvent } from './ledgerEvent.ts';
import { LifecycleEvent } from './lifecycleEvent.ts';
import { MoneyInput } from './money.ts';
import { EXPECTED_VERSION, mutation, PATCH, UNCHANGED } from './mutation.ts';
import { Position } from './position.ts';
import { PositionTermsInput } from './termsInput.ts';

/** The description of the position in a payload. */
export const POSITION = 'The position, in its current state.';

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
      terms: t.field({
        type: PositionTermsInput,
        description:
          'The terms of the position. Defaults to no terms, or to retainage alone if the asset template prescribes it.',
      }),
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
