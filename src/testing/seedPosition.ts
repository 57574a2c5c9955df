import { agreeToPosition } from '../commands/agreeToPosition.ts';
import type { CommandContext } from '../commands/context.ts';
import { milestonesOf } from '../commands/currentTerms.ts';
import { createPosition } from '../commands/position.ts';
import { cancelPosition, expirePosition, fundPosition, releasePosition } from '../commands/positionMoves.ts';
import type { Id } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import { POSITION_STATES, type PositionState } from '../domain/lifecycle.ts';
import type { Milestone } from '../domain/milestone.ts';
import { formatMinorUnits, parseDecimal, toMinorUnits } from '../domain/money.ts';
import type { Position } from '../domain/position.ts';
import { currentTermsId, mustAgree } from '../domain/terms.ts';
import type { TermsInput } from '../domain/termsInput.ts';
import { TestServerError } from './errors.ts';
import { instantOf, type Time } from './times.ts';

/** The terms of a position that a seed makes, as in the input of createPosition. */
export interface TermsSeed extends Omit<TermsInput, 'milestones'> {
  readonly milestones?: readonly (Omit<NonNullable<TermsInput['milestones']>[number], 'dueAt'> & {
    readonly dueAt?: Time;
  })[];
}

/** The position that a seed makes. */
export interface PositionSeed {
  /** Defaults to CREATED. A position that is later cancelled or expires was funded before. */
  readonly state?: PositionState;
  /** The agreed amount. Defaults to `100.00`, or `100` in a currency without decimals. */
  readonly amount?: string;
  /** Defaults to USD. With `assetId` it must be the currency of the asset's template. */
  readonly currencyCode?: string;
  /**
   * The released amount of a PARTIALLY_RELEASED position, with what is retained and charged to the payee. It is taken
   * from the milestones in their order. Defaults to half of the amount.
   */
  readonly released?: string;
  /** Defaults to none. If the terms require an agreement, all payers and payees of a funded position have agreed. */
  readonly terms?: TermsSeed;
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
  /** The part of `held` that is retained until the final release. */
  readonly retained: string;
  readonly released: string;
  readonly refunded: string;
  readonly fees: string;
  /** The ids of the milestones, in their order; none without terms. */
  readonly milestoneIds: readonly string[];
}

/** Creates a position and moves it to its state. Throws TestServerError or the user error of a command. */
export async function createInState(
  context: CommandContext,
  seed: PositionSeed & { readonly assetId: Id },
): Promise<SeededPosition> {
  const { state = 'CREATED', currencyCode = 'USD', assetId, holderReference = 'test-holder', expiresAt, terms } = seed;
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
    ...(terms && { terms: inputOf(terms) }),
  });
  const milestones = await milestonesOfPosition(context, position);
  const moved = await moveTo(context, position, { ...seed, state, milestones });
  return { ...seededPosition(moved), milestoneIds: milestones.map(({ id }) => id) };
}

const inputOf = ({ milestones = [], ...terms }: TermsSeed): TermsInput => ({
  ...terms,
  milestones: milestones.map(({ dueAt, ...milestone }) => ({
    ...milestone,
    ...(dueAt !== undefined && { dueAt: instantOf(dueAt, 'dueAt') }),
  })),
});

async function milestonesOfPosition({ store }: CommandContext, position: Position): Promise<readonly Milestone[]> {
  const terms = currentTermsId(position);
  if (terms === null) return [];
  const [page] = await store.read('ALL').milestones.pages([milestonesOf(terms)]);
  return page?.rows ?? [];
}

interface Target extends Pick<PositionSeed, 'released' | 'terms'> {
  readonly state: PositionState;
  readonly milestones: readonly Milestone[];
}

async function moveTo(context: CommandContext, created: Position, target: Target): Promise<Position> {
  const { state, released, terms, milestones } = target;
  if (state === 'CREATED') return created;
  const { id: positionId, amount, currency } = created;
  const half = (): string => formatMinorUnits(amount / 2n, currency);
  if (terms?.agreementRequired) await agree(context, created, terms);
  if (state === 'PARTIALLY_FUNDED') return (await fundPosition(context, { positionId, amount: half() })).position;
  const { position: funded } = await fundPosition(context, { positionId });
  const moves: { readonly [S in PositionState]?: () => Promise<{ readonly position: Position }> } = {
    PARTIALLY_RELEASED: () => releasePart(context, funded, released ?? half(), milestones),
    RELEASED: () => releasePosition(context, { positionId, all: true }),
    CANCELLED: () => cancelPosition(context, { positionId }),
    EXPIRED: () => expirePosition(context, { positionId }),
  };
  const { position } = (await moves[state]?.()) ?? { position: funded };
  if (position.state === state) return position;
  throw new TestServerError(`A release of \`released\` makes the position ${position.state}, not ${state}.`);
}

async function agree(context: CommandContext, { id: positionId }: Position, { parties }: TermsSeed): Promise<void> {
  for (const { reference } of parties.filter(mustAgree)) {
    await agreeToPosition(context, { positionId, partyReference: reference, termsVersion: 1 });
  }
}

/** Releases an amount, from the milestones in their order if there are any. */
async function releasePart(
  context: CommandContext,
  position: Position,
  amount: string,
  milestones: readonly Milestone[],
): Promise<{ readonly position: Position }> {
  const { id: positionId, currency } = position;
  const decimal = parseDecimal(amount);
  const minorUnits = typeof decimal === 'string' ? decimal : toMinorUnits(decimal, currency);
  // The command reports what is wrong with the amount.
  if (milestones.length === 0 || typeof minorUnits === 'string') {
    return releasePosition(context, { positionId, amount });
  }
  let result = { position };
  let left = minorUnits;
  for (const { id: milestoneId, amount: whole } of milestones) {
    const part = left < whole ? left : whole;
    if (part <= 0n) break;
    left -= part;
    result = await releasePosition(context, { positionId, milestoneId, amount: formatMinorUnits(part, currency) });
  }
  if (left <= 0n) return result;
  throw new TestServerError(`\`released\` must be at most the amount of the milestones; it is ${amount}.`);
}

function seededPosition(position: Position): Omit<SeededPosition, 'milestoneIds'> {
  const { id, institutionId, assetId, templateId, state, version, currency } = position;
  const text = (field: 'amount' | 'held' | 'retained' | 'released' | 'refunded' | 'fees'): string =>
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
    retained: text('retained'),
    released: text('released'),
    refunded: text('refunded'),
    fees: text('fees'),
  };
}
