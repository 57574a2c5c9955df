import type { CommandContext } from '../commands/context.ts';
import { createPosition } from '../commands/position.ts';
import { cancelPosition, expirePosition, fundPosition, releasePosition } from '../commands/positionMoves.ts';
import type { Id } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import { POSITION_STATES, type PositionState } from '../domain/lifecycle.ts';
import { formatMinorUnits } from '../domain/money.ts';
import type { Position } from '../domain/position.ts';
import { TestServerError } from './errors.ts';
import { instantOf, type Time } from './times.ts';

/** The position that a seed makes. */
export interface PositionSeed {
  /** Defaults to CREATED. A position that is later cancelled or expires was funded before. */
  readonly state?: PositionState;
  /** The agreed amount. Defaults to `100.00`, or `100` in a currency without decimals. */
  readonly amount?: string;
  /** Defaults to USD. With `assetId` it must be the currency of the asset's template. */
  readonly currencyCode?: string;
  /** The released amount of a PARTIALLY_RELEASED position. Defaults to half of the amount. */
  readonly released?: string;
  /** The institution that owns the position. Defaults to that of the server. */
  readonly institutionId?: string;
  readonly assetId?: string;
  /** Defaults to `test-holder`. */
  readonly holderReference?: string;
  readonly externalReference?: string;
  /** When the position expires. Defaults to never. */
  readonly expiresAt?: Time;
  readonly metadata?: JsonObject;
}

/** A position that a seed has made, with amounts as the API returns them. */
export interface SeededPosition {
  readonly id: string;
  readonly institutionId: string;
  readonly assetId: string;
  readonly assetTemplateId: string;
  readonly state: PositionState;
  readonly version: number;
  readonly currencyCode: string;
  readonly amount: string;
  readonly held: string;
  readonly released: string;
  readonly refunded: string;
}

/** Creates a position and moves it to its state. Throws TestServerError or the user error of a command. */
export async function createInState(
  context: CommandContext,
  seed: PositionSeed & { readonly assetId: Id },
): Promise<SeededPosition> {
  const { state = 'CREATED', currencyCode = 'USD', assetId, holderReference = 'test-holder', expiresAt } = seed;
  if (!POSITION_STATES.includes(state)) {
    throw new TestServerError(`\`state\` must be one of ${POSITION_STATES.join(', ')}; it is ${state}.`);
  }
  if (seed.released !== undefined && state !== 'PARTIALLY_RELEASED') {
    throw new TestServerError(`\`released\` is only for PARTIALLY_RELEASED; \`state\` is ${state}.`);
  }
  const { position } = await createPosition(context, {
    assetId,
    holderReference,
    externalReference: seed.externalReference ?? null,
    metadata: seed.metadata ?? null,
    amount: { amount: seed.amount ?? '100', currencyCode },
    expiresAt: expiresAt === undefined ? null : instantOf(expiresAt, 'expiresAt'),
  });
  return seededPosition(await moveTo(context, position, state, seed.released));
}

async function moveTo(
  context: CommandContext,
  created: Position,
  state: PositionState,
  released: string | undefined,
): Promise<Position> {
  if (state === 'CREATED') return created;
  const { id: positionId, amount, currency } = created;
  const { position: funded } = await fundPosition(context, { positionId });
  const moves: { readonly [S in PositionState]?: () => Promise<{ readonly position: Position }> } = {
    PARTIALLY_RELEASED: () =>
      releasePosition(context, { positionId, amount: released ?? formatMinorUnits(amount / 2n, currency) }),
    RELEASED: () => releasePosition(context, { positionId, all: true }),
    CANCELLED: () => cancelPosition(context, { positionId }),
    EXPIRED: () => expirePosition(context, { positionId }),
  };
  const { position } = (await moves[state]?.()) ?? { position: funded };
  if (position.state === state) return position;
  throw new TestServerError(`A release of \`released\` makes the position ${position.state}, not ${state}.`);
}

function seededPosition(position: Position): SeededPosition {
  const { id, institutionId, assetId, templateId, state, version, currency } = position;
  const text = (field: 'amount' | 'held' | 'released' | 'refunded'): string =>
    formatMinorUnits(position[field], currency);
  return {
    id,
    institutionId,
    assetId,
    assetTemplateId: templateId,
    state,
    version,
    currencyCode: currency,
    amount: text('amount'),
    held: text('held'),
    released: text('released'),
    refunded: text('refunded'),
  };
}
