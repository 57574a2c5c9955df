import type { CurrencyCode } from './currencies.ts';
import type { Id } from './ids.ts';
import type { Milestone } from './milestone.ts';
import { parseMinorUnits } from './money.ts';
import type { Instant } from './time.ts';

/** The roles of a party in a position. */
export const PARTY_ROLES = ['PAYER', 'PAYEE', 'OBSERVER'] as const;
/** The role of a party in a position. */
export type PartyRole = (typeof PARTY_ROLES)[number];
/** The parties that can bear a fee. */
export const FEE_BEARERS = ['PAYER', 'PAYEE'] as const;
/** The party that bears a fee: the payer pays it on top of each funding, from the payee it is deducted at each release. */
export type FeeBearer = (typeof FEE_BEARERS)[number];

/** A fee that is charged for holding the money. It has a percentage, a fixed amount or both. */
export interface FeeTerm {
  readonly name: string;
  readonly bearer: FeeBearer;
  /** A percentage of each amount funded or released, as a decimal text, or null. */
  readonly percentage: string | null;
  /** An amount charged once, as a decimal text in the currency of the position, or null. */
  readonly fixed: string | null;
}

/** One version of the terms of a position. Never changed once written. */
export interface PositionTerms {
  readonly id: Id;
  readonly institutionId: Id;
  readonly positionId: Id;
  /** 1 for the first terms of the position. */
  readonly version: number;
  readonly fees: readonly FeeTerm[];
  /** The percentage of each release that is withheld until the final one, as a decimal text, or null. */
  readonly retainagePercentage: string | null;
  /** Whether every payer and payee must agree before the position can be funded. */
  readonly agreementRequired: boolean;
  readonly createdAt: Instant;
}

/** A party to one version of the terms of a position. */
export interface Party {
  readonly id: Id;
  readonly institutionId: Id;
  readonly positionId: Id;
  readonly termsId: Id;
  /** 1 for the first party of the terms. */
  readonly ordinal: number;
  readonly role: PartyRole;
  /** The client's reference of the party. No other personal data is stored. */
  readonly reference: string;
  /** When the party agreed to this version of the terms, or null. */
  readonly agreedAt: Instant | null;
  readonly version: number;
  readonly createdAt: Instant;
}

/** The current terms of a position with their parties, by ordinal, and their milestones, by sequence. */
export interface CurrentTerms {
  readonly terms: PositionTerms;
  readonly parties: readonly Party[];
  readonly milestones: readonly Milestone[];
}

/** Returns the id of one version of the terms of a position. */
export const termsId = (positionId: Id, version: number): Id => `${positionId}_${version}`;

/** Returns the id of the current terms of a position, or null if it has none. */
export const currentTermsId = ({
  id,
  termsVersion,
}: {
  readonly id: Id;
  readonly termsVersion: number | null;
}): Id | null => (termsVersion === null ? null : termsId(id, termsVersion));

/** Returns the id of a party. */
export const partyId = (ofTerms: Id, ordinal: number): Id => `${ofTerms}_${ordinal}`;

/** Whether the party must agree where an agreement is required. */
export const mustAgree = ({ role }: Pick<Party, 'role'>): boolean => role !== 'OBSERVER';

/** Whether every payer and payee has agreed. */
export const isAgreed = (parties: readonly Pick<Party, 'role' | 'agreedAt'>[]): boolean =>
  parties.every((party) => !mustAgree(party) || party.agreedAt !== null);

/** Returns the fixed part of a fee in minor units; zero if it has none. */
export function fixedOf({ fixed }: Pick<FeeTerm, 'fixed'>, currency: CurrencyCode): bigint {
  if (fixed === null) return 0n;
  const minorUnits = parseMinorUnits(fixed, currency);
  if (typeof minorUnits === 'string') throw new Error(`A fixed fee ${minorUnits}`);
  return minorUnits;
}
