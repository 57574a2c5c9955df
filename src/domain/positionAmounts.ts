import type { Position } from './position.ts';

/** The fields from which all amounts of a position follow. */
export type AmountFields = Pick<
  Position,
  'termsVersion' | 'amount' | 'principal' | 'held' | 'retained' | 'released' | 'refunded' | 'fees'
>;

/** Amounts of a position that follow from its fields, in minor units. */
export interface PositionAmounts {
  /** Everything that was ever paid into escrow, with the fees of the payer: held + released + refunded + fees. */
  readonly funded: bigint;
  /** The same without the fees of the payer; at most the agreed amount. */
  readonly principal: bigint;
  /** The part of the agreed amount that is still to be funded. */
  readonly due: bigint;
  /** The part of `held` that can be released or refunded. */
  readonly available: bigint;
  /** What the payee has earned: released, retained, or charged to it as fees. */
  readonly earned: bigint;
  readonly payerFees: bigint;
  readonly payeeFees: bigint;
}

/**
 * Returns the amount that was funded without the fees of the payer. Without terms there are no fees, so the amount follows
 * from the other fields; positions from before terms existed have it nowhere else. The migration that adds the field has
 * the same rule in SQL.
 */
export const principalOf = ({ termsVersion, principal, held, released, refunded }: AmountFields): bigint =>
  termsVersion === null ? held + released + refunded : principal;

/** Returns the part of `held` that can be released or refunded. */
export const availableOf = ({ held, retained }: Pick<AmountFields, 'held' | 'retained'>): bigint => held - retained;

/** Returns the part of the agreed amount that is still to be funded. */
export const dueOf = (position: AmountFields): bigint => position.amount - principalOf(position);

/** Returns what the payee has earned: released, retained, or charged to it as fees. */
export const earnedOf = (position: AmountFields): bigint =>
  principalOf(position) - availableOf(position) - position.refunded;

/** Returns all amounts that follow from the fields of a position. */
export function amountsOf(position: AmountFields): PositionAmounts {
  const { held, released, refunded, fees } = position;
  const principal = principalOf(position);
  const funded = held + released + refunded + fees;
  const payerFees = funded - principal;
  return {
    funded,
    principal,
    due: dueOf(position),
    available: availableOf(position),
    earned: earnedOf(position),
    payerFees,
    payeeFees: fees - payerFees,
  };
}
