import { feeFor, retainageFor } from './charges.ts';
import type { Id } from './ids.ts';
import type { PositionMove } from './lifecycle.ts';
import type { Effects } from './lifecycleEvent.ts';
import { closing, type Milestone, refundedInOrder, remainderOf, settled } from './milestone.ts';
import { type Decimal, formatMinorUnits, toMinorUnits } from './money.ts';
import type { Move } from './moveInput.ts';
import type { Position } from './position.ts';
import { availableOf, dueOf } from './positionAmounts.ts';
import { type CurrentTerms, mustAgree } from './terms.ts';
import { ConflictError, InsufficientFundsError, ValidationError } from './userErrors.ts';

/** The fields of a position with its money. */
export type Money = Pick<Position, 'principal' | 'held' | 'retained' | 'released' | 'refunded' | 'fees'>;

/** The amounts of a move, the money of the position after it, and the milestones that it changes. */
export interface MoneyEffects extends Required<Pick<Effects, 'moved' | 'fee' | 'retained'>> {
  readonly money: Money;
  readonly milestones: readonly Milestone[];
}

const NO_MILESTONES: readonly Milestone[] = [];

/** Computes the effects of a move on a position in a state that allows it. Throws the errors of `advance` in its order. */
export function effectsOf(
  kind: PositionMove,
  position: Position,
  move: Move,
  terms: CurrentTerms | undefined,
): MoneyEffects {
  switch (kind) {
    case 'FUND':
      return fund(position, move, terms);
    case 'RELEASE':
      return release(position, move, terms);
    case 'REFUND':
      return refund(position, move, terms);
    case 'CANCEL':
      return cancel(position, move, terms);
    case 'EXPIRE':
      return expire(position, move, terms);
    case 'CREATE':
    case 'AGREE':
    case 'AMEND':
      throw new Error(`${kind} moves no money.`);
  }
}

function fund(position: Position, { toState, amount }: Move, terms: CurrentTerms | undefined): MoneyEffects {
  const { held, retained, released, refunded, fees, principal, currency, termsVersion } = position;
  assertAgreed(terms);
  if (toState === 'FUNDED') assertNoAmount(toState, amount);
  const due = dueOf(position);
  const payment = amount === null ? due : minorUnitsOf(amount, position);
  if (payment > due)
    throw invalid('amount', `must be at most the amount due, ${formatMinorUnits(due, currency)} ${currency}.`);
  const fee = feeFor('PAYER', position, terms?.terms, payment);
  return {
    moved: payment + fee,
    fee,
    retained: 0n,
    money: {
      principal: termsVersion === null ? principal : principal + payment,
      held: held + payment,
      retained,
      released,
      refunded,
      fees: fees + fee,
    },
    milestones: NO_MILESTONES,
  };
}

/** The number of missing parties that a message names. */
const NAMED_PARTIES = 5;

function assertAgreed(terms: CurrentTerms | undefined): void {
  if (!terms?.terms.agreementRequired) return;
  const missing = terms.parties.filter((party) => mustAgree(party) && party.agreedAt === null);
  if (missing.length === 0) return;
  const named = missing.slice(0, NAMED_PARTIES).map(({ role, reference }) => `${role} ${reference}`);
  const more = missing.length > named.length ? ` and ${missing.length - named.length} more` : '';
  throw new ConflictError(`The agreement of ${named.join(', ')}${more} to the terms is missing.`, null);
}

function release(position: Position, move: Move, terms: CurrentTerms | undefined): MoneyEffects {
  const { toState, amount, milestoneId } = move;
  const available = availableOf(position);
  const milestones = terms?.milestones ?? NO_MILESTONES;
  if (milestones.length > 0 && toState === 'PARTIALLY_RELEASED') {
    throw invalid('toState', 'must not be PARTIALLY_RELEASED for a position with milestones; use releasePosition.');
  }
  const isFinal = toState === 'RELEASED' || (amount === null && milestoneId === undefined && toState === 'BY_AMOUNT');
  if (isFinal) {
    if (amount !== null) assertWhole(position, amount, available);
    return releaseAll(position, terms);
  }
  if (amount === null && milestoneId === undefined) throw invalid('amount', 'is required: the amount to release.');
  const { gross, milestone } = payout(position, move, milestones);
  const withheld = retainageFor(position, terms?.terms, gross);
  const fee = least(feeFor('PAYEE', position, terms?.terms, gross), gross - withheld);
  const { principal, held, retained, released, refunded, fees } = position;
  const paid = gross - withheld - fee;
  const money = {
    principal,
    held: held - paid - fee,
    retained: retained + withheld,
    released: released + paid,
    refunded,
    fees: fees + fee,
  };
  if (toState === 'PARTIALLY_RELEASED' && money.held === 0n) {
    throw invalid('amount', 'must be less than the held amount; release everything with RELEASED.');
  }
  return {
    moved: paid,
    fee,
    retained: withheld,
    money,
    milestones: milestone ? [settled(milestone, { earned: gross })] : NO_MILESTONES,
  };
}

/** Releases everything that is available, and pays out what was retained. */
function releaseAll(position: Position, terms: CurrentTerms | undefined): MoneyEffects {
  const { principal, held, retained, released, refunded, fees } = position;
  const fee = least(feeFor('PAYEE', position, terms?.terms, availableOf(position)), held);
  const paid = held - fee;
  const open = terms?.milestones.filter(({ state }) => state === 'OPEN') ?? NO_MILESTONES;
  return {
    moved: paid,
    fee,
    retained: -retained,
    money: { principal, held: 0n, retained: 0n, released: released + paid, refunded, fees: fees + fee },
    milestones: open.map((milestone) => settled(milestone, { earned: remainderOf(milestone) })),
  };
}

function assertWhole(position: Position, amount: Decimal, available: bigint): void {
  const requested = minorUnitsOf(amount, position);
  assertAvailable(position, requested, available);
  const whole = available === position.held ? 'held' : 'available';
  if (requested < available)
    throw invalid('amount', `must be the whole ${whole} amount; omit it to release everything.`);
}

function refund(position: Position, move: Move, terms: CurrentTerms | undefined): MoneyEffects {
  const { amount, milestoneId } = move;
  const available = availableOf(position);
  const milestones = terms?.milestones ?? NO_MILESTONES;
  if (available === 0n) throw new ConflictError('Nothing is available for a refund.', null);
  const isAll = amount === null && milestoneId === undefined;
  const { gross, milestone } = isAll ? { gross: available, milestone: undefined } : payout(position, move, milestones);
  const changed = milestone ? [settled(milestone, { refunded: gross })] : refundedInOrder(milestones, gross);
  const { principal, held, retained, released, refunded, fees } = position;
  const isEmptied = held === gross;
  return {
    moved: gross,
    fee: 0n,
    retained: 0n,
    money: { principal, held: held - gross, retained, released, refunded: refunded + gross, fees },
    milestones: isEmptied ? closing(milestones, changed) : changed,
  };
}

function cancel(position: Position, { toState, amount }: Move, terms: CurrentTerms | undefined): MoneyEffects {
  const { principal, held, retained, released, refunded, fees, currency } = position;
  if (retained > 0n) {
    const kept = `${formatMinorUnits(retained, currency)} ${currency}`;
    throw new ConflictError(`The payee has earned ${kept} that is retained. Release the position instead.`, null);
  }
  assertNoAmount(toState, amount);
  return {
    moved: held,
    fee: 0n,
    retained: 0n,
    money: { principal, held: 0n, retained, released, refunded: refunded + held, fees },
    milestones: closedWithRefund(terms, held),
  };
}

/** Refunds what is available, and pays what was retained to the payee, who has earned it. */
function expire(position: Position, { toState, amount }: Move, terms: CurrentTerms | undefined): MoneyEffects {
  const { principal, held, retained, released, refunded, fees } = position;
  assertNoAmount(toState, amount);
  const available = availableOf(position);
  return {
    moved: held,
    fee: 0n,
    retained: -retained,
    money: { principal, held: 0n, retained: 0n, released: released + retained, refunded: refunded + available, fees },
    milestones: closedWithRefund(terms, available),
  };
}

/** Returns the milestones of a position that ends with a refund, which fills them in order of sequence. */
const closedWithRefund = (terms: CurrentTerms | undefined, amount: bigint): readonly Milestone[] =>
  terms ? closing(terms.milestones, refundedInOrder(terms.milestones, amount)) : NO_MILESTONES;

/** Returns the amount to release or refund, and its milestone if the position has milestones. */
function payout(
  position: Position,
  { amount, milestoneId }: Move,
  milestones: readonly Milestone[],
): { readonly gross: bigint; readonly milestone: Milestone | undefined } {
  const available = availableOf(position);
  if (milestones.length > 0 && milestoneId === undefined) {
    throw invalid('milestoneId', 'is required, because the position has milestones.');
  }
  const milestone = milestoneId === undefined ? undefined : openMilestone(milestones, milestoneId);
  const remainder = milestone && remainderOf(milestone);
  const gross = amount === null ? (remainder ?? available) : minorUnitsOf(amount, position);
  if (remainder !== undefined && gross > remainder) {
    const left = `${formatMinorUnits(remainder, position.currency)} ${position.currency}`;
    throw invalid('amount', `must be at most what is left of the milestone, ${left}.`);
  }
  assertAvailable(position, gross, available);
  return { gross, milestone };
}

function openMilestone(milestones: readonly Milestone[], milestoneId: Id): Milestone {
  const milestone = milestones.find(({ id }) => id === milestoneId);
  if (!milestone) throw invalid('milestoneId', 'must be the id of a milestone of the position.');
  if (milestone.state !== 'OPEN')
    throw invalid('milestoneId', 'must be the id of an open milestone; this one is closed.');
  return milestone;
}

function assertAvailable({ held, currency }: Position, requested: bigint, available: bigint): void {
  if (requested <= available) return;
  const money = (minorUnits: bigint) => ({ minorUnits, currency });
  throw new InsufficientFundsError(money(held), money(available), money(requested));
}

function minorUnitsOf(amount: Decimal, { currency }: Position): bigint {
  const minorUnits = toMinorUnits(amount, currency);
  if (typeof minorUnits === 'string') throw invalid('amount', minorUnits);
  if (minorUnits <= 0n) throw invalid('amount', 'must be greater than zero.');
  return minorUnits;
}

function assertNoAmount(toState: Move['toState'], amount: Decimal | null): void {
  if (amount !== null) throw invalid('amount', `is not allowed here; ${toState} always moves the whole amount.`);
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const invalid = (field: string, message: string): ValidationError => new ValidationError([{ path: [field], message }]);
