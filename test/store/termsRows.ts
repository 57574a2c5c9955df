import type { Milestone } from '../../src/domain/milestone.ts';
import type { Position } from '../../src/domain/position.ts';
import { type CurrentTerms, type Party, type PositionTerms, partyId, termsId } from '../../src/domain/terms.ts';
import { nextId } from './rows.ts';

/** Returns terms of a position, without fees and retainage by default. */
export function someTerms(of: Position, over: Partial<PositionTerms> = {}): PositionTerms {
  const version = over.version ?? of.termsVersion ?? 1;
  return {
    id: termsId(of.id, version),
    institutionId: of.institutionId,
    positionId: of.id,
    version,
    fees: [],
    retainagePercentage: null,
    agreementRequired: false,
    createdAt: of.createdAt,
    ...over,
  };
}

/** Returns the party of the terms at this place, from 1. */
export function aParty(of: PositionTerms, ordinal: number, over: Partial<Party> = {}): Party {
  return {
    id: partyId(of.id, ordinal),
    institutionId: of.institutionId,
    positionId: of.positionId,
    termsId: of.id,
    ordinal,
    role: ordinal === 1 ? 'PAYER' : 'PAYEE',
    reference: ordinal === 1 ? 'payer' : `payee ${ordinal}`,
    agreedAt: null,
    version: 1,
    createdAt: of.createdAt,
    ...over,
  };
}

/** Returns a milestone of the terms at this place, from 1, of the whole amount of the position by default. */
export function aMilestone(
  of: PositionTerms,
  { amount, currency }: Pick<Position, 'amount' | 'currency'>,
  sequence: number,
  over: Partial<Milestone> = {},
): Milestone {
  return {
    id: nextId('mil'),
    institutionId: of.institutionId,
    positionId: of.positionId,
    termsId: of.id,
    sequence,
    title: `Milestone ${sequence}`,
    currency,
    amount,
    earned: 0n,
    refunded: 0n,
    payeeReference: null,
    dueAt: null,
    state: 'OPEN',
    version: 1,
    createdAt: of.createdAt,
    ...over,
  };
}

/** Returns the terms of the position's version with a payer, a payee and a milestone. */
export function fullTerms(of: Position): CurrentTerms {
  const terms = someTerms(of);
  return { terms, parties: [aParty(terms, 1), aParty(terms, 2)], milestones: [aMilestone(terms, of, 1)] };
}

/** Returns the rows of terms by their tables. */
export const rowsOfTerms = (...all: readonly CurrentTerms[]) => ({
  positionTerms: all.map(({ terms }) => terms),
  parties: all.flatMap(({ parties }) => parties),
  milestones: all.flatMap(({ milestones }) => milestones),
});
