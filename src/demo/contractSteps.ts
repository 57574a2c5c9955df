import { agreeToPosition } from '../commands/agreeToPosition.ts';
import { fundPosition, releasePosition } from '../commands/positionMoves.ts';
import { CONTRACT_ASSET, CONTRACTS, type ContractStep, type DemoContract } from './contracts.ts';
import { milestoneId, positionId } from './positions.ts';
import type { Timeline } from './timeline.ts';

/** Makes the moves of the contracts, whose positions must exist. */
export async function writeContractSteps(timeline: Timeline): Promise<void> {
  for (const contract of CONTRACTS) {
    for (const [index, step] of contract.steps.entries()) await writeStep(timeline, contract, step, index + 1);
  }
}

async function writeStep(
  { day, step: next }: Timeline,
  { number }: DemoContract,
  { day: onDay, reason, ...move }: ContractStep,
  ordinal: number,
): Promise<void> {
  day(onDay);
  const names = { key: `contract ${number}, step ${ordinal}` };
  const common = { positionId: positionId(CONTRACT_ASSET, number), reason };
  if ('agree' in move) {
    await agreeToPosition(...next(names, { ...common, partyReference: move.agree, termsVersion: 1 }));
    return;
  }
  const { paymentReference } = move;
  if ('fund' in move) {
    await fundPosition(...next(names, { ...common, amount: move.fund, paymentReference }));
    return;
  }
  const part =
    'milestone' in move
      ? { milestoneId: milestoneId(CONTRACT_ASSET, number, move.milestone), amount: move.amount ?? null }
      : { amount: null };
  await releasePosition(...next(names, { ...common, ...part, all: part.amount === null, paymentReference }));
}
