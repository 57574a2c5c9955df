import { applyPositions } from '../commands/applyPositions.ts';
import type { PositionOperation } from '../commands/batch.ts';
import type { CreatePosition } from '../commands/position.ts';
import type { Id } from '../domain/ids.ts';
import { contractAt } from './contracts.ts';
import { ASSET_CODES, assetId, type DemoAsset, type DemoInstitution, type DemoTemplate } from './institutions.ts';
import { demoId, type StepNames, type Timeline } from './timeline.ts';

type MovedState = keyof DemoInstitution['reasons'];

/**
 * The moves of the positions of an asset: one entry per position, so that each asset has positions in every state. The
 * first five are opened in the first round, and so on.
 */
const MOVES: readonly (readonly MovedState[])[] = [
  ['FUNDED', 'PARTIALLY_RELEASED', 'PARTIALLY_RELEASED'],
  ['FUNDED', 'RELEASED'],
  ['CANCELLED'],
  ['FUNDED', 'EXPIRED'],
  ['FUNDED'],
  ['FUNDED', 'PARTIALLY_RELEASED'],
  ['PARTIALLY_FUNDED'],
  [],
  ['FUNDED'],
  ['FUNDED', 'PARTIALLY_RELEASED', 'RELEASED'],
  ['FUNDED'],
  [],
  [],
  ['EXPIRED'],
  [],
];
const ROUNDS = 3;
const PER_ROUND = MOVES.length / ROUNDS;
const MOST_MOVES = Math.max(...MOVES.map((moves) => moves.length));
/** The day on which the positions of the first round are opened, and the days between two rounds and two moves. */
const FIRST_DAY = 4;
const ROUND_DAYS = 7;
const MOVE_DAYS = 2;
/** The day on which positions under templates that limit the tenor expire: about a month after today. */
const EXPIRY_DAY = 60;

/** A position of the demo data: the nth of an asset, from 0. */
interface DemoPosition {
  readonly template: DemoTemplate;
  readonly asset: DemoAsset;
  readonly index: number;
}

/** Opens and moves the positions of one round in an institution, in one batch per day. */
export async function writePositions(timeline: Timeline, institution: DemoInstitution, round: number): Promise<void> {
  const positions = positionsOf(institution, round);
  const opened = FIRST_DAY + ROUND_DAYS * round;
  const batch = `round ${round} of ${institution.key}`;
  timeline.day(opened);
  const creations = positions.map((position) => ({ position, create: creation(timeline, position, opened) }));
  await apply(timeline, { key: batch, ids: 'position' }, creations);
  for (let step = 0; step < MOST_MOVES; step += 1) {
    timeline.day(opened + MOVE_DAYS * (step + 1));
    const moves = positions.flatMap((position) => {
      const toState = movesOf(position)[step];
      return toState ? [{ position, ...operation(institution, position, toState) }] : [];
    });
    if (moves.length > 0) await apply(timeline, { key: `${batch}, move ${step + 1}` }, moves);
  }
}

/** The number of rounds in which `writePositions` writes the positions. */
export const POSITION_ROUNDS = ROUNDS;

/** Returns the id of the nth position of an asset, counted from 1 as in its external reference. */
export const positionId = (code: string, number: number): Id => demoId('pos', 'position', placeOf(code, number - 1));

/** Returns the id of a milestone of the nth position of an asset. */
export const milestoneId = (code: string, number: number, sequence: number): Id =>
  demoId('mil', 'position', milestonePlace(code, number - 1, sequence));

const positionsOf = ({ templates }: DemoInstitution, round: number): readonly DemoPosition[] =>
  Array.from({ length: PER_ROUND }, (_, index) => round * PER_ROUND + index).flatMap((index) =>
    templates.flatMap((template) => template.assets.map((asset) => ({ template, asset, index }))),
  );

const referenceOf = (code: string, index: number): string => `${code}-${String(index + 1).padStart(2, '0')}`;

/** Returns the place of a position in the order of ids: positions that are opened later have a larger one. */
const placeOf = (code: string, index: number): number => index * ASSET_CODES.length + ASSET_CODES.indexOf(code);

/** Returns the place of a milestone. A position of the demo has fewer than 10. */
const milestonePlace = (code: string, index: number, sequence: number): number => placeOf(code, index) * 10 + sequence;

/** Returns the moves of a position; none if it is a contract, which has its own steps. */
const movesOf = ({ asset, index }: DemoPosition): readonly MovedState[] =>
  contractAt(asset.code, index + 1) ? [] : (MOVES[index] ?? []);

function creation(timeline: Timeline, position: DemoPosition, opened: number): CreatePosition {
  const { template, asset, index } = position;
  const expiry = movesOf(position).indexOf('EXPIRED');
  const contract = contractAt(asset.code, index + 1)?.position;
  // A position that expires does so on the day before its move, and after the moves before that.
  const lastDay = expiry < 0 ? EXPIRY_DAY + index : opened + MOVE_DAYS * expiry + 1;
  return {
    assetId: assetId(asset.code),
    holderReference: contract?.holderReference ?? (asset.holders[index % asset.holders.length] as string),
    amount: {
      amount: contract?.amount ?? `${asset.part * (4 + ((index * 5) % 9))}`,
      currencyCode: template.currency,
    },
    ...(contract && { terms: contract.terms }),
    externalReference: referenceOf(asset.code, index),
    expiresAt: expiry >= 0 || template.isLimited ? timeline.midnightOf(lastDay) : null,
    metadata: { milestone: index + 1 },
  };
}

function operation(
  { reasons }: DemoInstitution,
  { template, asset, index }: DemoPosition,
  toState: MovedState,
): PositionOperation {
  const move = { positionId: positionId(asset.code, index + 1), reason: reasons[toState] };
  if (toState === 'PARTIALLY_FUNDED') return { fund: { ...move, amount: `${2 * asset.part}` } };
  const amount = toState === 'PARTIALLY_RELEASED' ? `${asset.part}${template.decimals}` : null;
  return { transition: { ...move, toState, amount } };
}

/** Applies operations that must all succeed, as one batch. */
async function apply(
  { step }: Timeline,
  names: StepNames,
  batch: readonly (PositionOperation & { readonly position: DemoPosition })[],
): Promise<void> {
  const numbers = batch.map(({ position: { asset, index } }) => placeOf(asset.code, index));
  const milestones = batch.flatMap(({ position: { asset, index }, create }) =>
    (create?.terms?.milestones ?? []).map((_each, each) => milestonePlace(asset.code, index, each + 1)),
  );
  const operations = batch.map(({ position: _named, ...rest }) => rest);
  const input = { operations, atomic: true, dryRun: false };
  const { results } = await applyPositions(...step({ ...names, numbers, milestones }, input));
  const failed = results.find(({ status }) => status !== 'APPLIED');
  if (failed) throw new Error(`An operation was not applied: ${JSON.stringify(failed)}`);
}
