import { feesOn } from '../domain/charges.ts';
import { type EventAmounts, eventAmountsOf, type LifecycleEvent, moveOf } from '../domain/lifecycleEvent.ts';
import { rateOf, shareOf } from '../domain/percentage.ts';
import type { Position } from '../domain/position.ts';
import type { FeeBearer, PositionTerms } from '../domain/terms.ts';

import type { VersionOfTerms } from './histories.ts';

/** What was charged and retained so far, and the amounts from which it follows, in minor units. */
interface Charges {
  principal: bigint;
  payerFees: bigint;
  earned: bigint;
  payeeFees: bigint;
  retained: bigint;
}

/** Checks that each event charged the fees and retained the amount that follow from the terms of the position. */
export function chargeFault(
  { currency }: Position,
  events: readonly LifecycleEvent[],
  versions: readonly VersionOfTerms[],
): string | undefined {
  // Terms are fixed once a position is funded, so that its last ones apply to all events with amounts.
  const terms = versions.at(-1)?.terms;
  const before: Charges = { principal: 0n, payerFees: 0n, earned: 0n, payeeFees: 0n, retained: 0n };
  for (const event of events) {
    const { fee, retained } = eventAmountsOf(event);
    const expected = expectedOf(event, before, terms, currency);
    if (fee !== expected.fee) return `charged ${fee} in event ${event.sequence}, its terms ${expected.fee}`;
    if (retained !== expected.retained) {
      return `retained ${retained} in event ${event.sequence}, its terms ${expected.retained}`;
    }
  }
  return undefined;
}

/** Returns the fee and the retained amount of the event, and adds the event to the charges. */
function expectedOf(
  event: LifecycleEvent,
  before: Charges,
  terms: PositionTerms | undefined,
  currency: Position['currency'],
): Pick<EventAmounts, 'fee' | 'retained'> {
  const { moved, fee, retained } = eventAmountsOf(event);
  const feesOf = (bearer: FeeBearer, amount: bigint): bigint => feesOn(amount, bearer, terms, currency);
  const kept = before.retained;
  before.retained += retained;
  switch (moveOf(event)) {
    case 'FUND': {
      before.principal += moved - fee;
      const open = feesOf('PAYER', before.principal) - before.payerFees;
      before.payerFees += fee;
      return { fee: open, retained: 0n };
    }
    case 'RELEASE': {
      const gross = moved + fee + retained;
      before.earned += gross;
      const share = shareOf(rateOf(terms?.retainagePercentage ?? null), before.earned);
      const withheld = event.toState === 'RELEASED' ? -kept : share - kept;
      const open = feesOf('PAYEE', before.earned) - before.payeeFees;
      before.payeeFees += fee;
      // A payout is never negative: a fee that does not fit is charged later.
      return { fee: open < gross - withheld ? open : gross - withheld, retained: withheld };
    }
    case 'EXPIRE':
      return { fee: 0n, retained: -kept };
    case 'CREATE':
    case 'AGREE':
    case 'AMEND':
    case 'REFUND':
    case 'CANCEL':
      return { fee: 0n, retained: 0n };
  }
}
