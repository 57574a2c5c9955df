import { after, allowedOf, mustBeAt, obey } from './changes.ts';
import {
  ASSETS,
  type Held,
  invalid,
  type Move,
  minor,
  type Payment,
  Refused,
  type Rules,
  type State,
  written,
} from './model.ts';
import { amountsOf, partsOf } from './sums.ts';

/** Returns a position after a move. Funding checks the current rules of the region. */
export function moved(before: Held, move: Move, now: number, policies: ReadonlyMap<string, Rules> = new Map()): Held {
  mustBeAt(before, move.expectedVersion);
  const target = targetOf(before, move);
  const allowed = allowedOf(before, now);
  if (!allowed.includes(target)) {
    throw new Refused('IllegalTransitionError', null, { from: before.state, to: target, allowedTransitions: allowed });
  }
  const payment = paymentOf(before, move, target);
  if (payment.move === 'FUND') obey(before, policies.get(ASSETS[before.asset]?.region ?? ''));
  const payments = [...before.payments, payment];
  const paid = { ...before, payments, ...amountsOf(payments, before.terms, before.currency) };
  const { milestone = null } = payment;
  return after(
    before,
    payment.move,
    { ...paid, state: stateOf(paid, payment.move) },
    {
      milestone,
      payment: move.payment ?? null,
    },
  );
}

/** Returns the state that the current one must allow. */
function targetOf({ currency, held }: Held, { to, amount, milestone }: Move): State {
  if (to === 'FUND') return 'FUNDED';
  if (to === 'REFUND') return 'CANCELLED';
  if (to !== 'BY_AMOUNT') return to;
  const isWhole = amount === undefined ? milestone === undefined : minor(amount, currency) === held;
  return isWhole ? 'RELEASED' : 'PARTIALLY_RELEASED';
}

const ENDS = {
  FUND: 'FUNDED',
  RELEASE: 'RELEASED',
  REFUND: 'CANCELLED',
  CANCEL: 'CANCELLED',
  EXPIRE: 'EXPIRED',
} as const;

/** Returns the state of a position whose last payment was of the kind. */
function stateOf({ amount, principal, held, available, refunded }: Held, last: Payment['move']): State {
  if (held === 0n) return ENDS[last];
  if (principal < amount) return 'PARTIALLY_FUNDED';
  return available + refunded < principal ? 'PARTIALLY_RELEASED' : 'FUNDED';
}

/** Returns the payment of a move that the state allows. */
function paymentOf(before: Held, move: Move, target: State): Payment {
  if (target === 'FUNDED') return fundingOf(before, move);
  if (move.to === 'REFUND') return refundOf(before, move);
  if (target === 'CANCELLED' || target === 'EXPIRED') {
    if (target === 'CANCELLED' && before.retained > 0n) throw new Refused('ConflictError', null);
    if (move.amount !== undefined) throw invalid([['amount']]);
    return { move: target === 'CANCELLED' ? 'CANCEL' : 'EXPIRE', gross: before.available };
  }
  return releaseOf(before, move);
}

function fundingOf({ terms, amount: whole, principal, currency }: Held, { to, amount }: Move): Payment {
  const isMissing = terms?.parties.some(({ role, agreedAt }) => role !== 'OBSERVER' && agreedAt === undefined);
  if (terms?.agreementRequired && isMissing) throw new Refused('ConflictError', null);
  const due = whole - principal;
  const gross = amount === undefined ? due : minor(amount, currency);
  if (typeof gross !== 'bigint' || gross > due || (to === 'FUNDED' && amount !== undefined))
    throw invalid([['amount']]);
  return { move: 'FUND', gross };
}

function releaseOf(before: Held, move: Move): Payment {
  const { to, amount, milestone } = move;
  const { currency, available, terms } = before;
  const hasMilestones = terms !== undefined && terms.milestones.length > 0;
  if (hasMilestones && to === 'PARTIALLY_RELEASED') throw invalid([['toState']]);
  if (to === 'RELEASED' || (to === 'BY_AMOUNT' && amount === undefined && milestone === undefined)) {
    const asked = amount === undefined ? available : minor(amount, currency);
    if (typeof asked !== 'bigint') throw invalid([['amount']]);
    mustHave(before, asked);
    if (asked < available) throw invalid([['amount']]);
    return { move: 'RELEASE', gross: available, final: true };
  }
  if (amount === undefined && milestone === undefined) throw invalid([['amount']]);
  const payment = { ...payoutOf(before, move), move: 'RELEASE' as const };
  if (to === 'PARTIALLY_RELEASED') {
    const rest = amountsOf([...before.payments, payment], terms, currency).held;
    if (rest === 0n) throw invalid([['amount']]);
  }
  return payment;
}

function refundOf(before: Held, move: Move): Payment {
  if (before.available === 0n) throw new Refused('ConflictError', null);
  if (move.amount === undefined && move.milestone === undefined) return { move: 'REFUND', gross: before.available };
  return { ...payoutOf(before, move), move: 'REFUND' };
}

/** Returns the amount of a release or refund, and its milestone if the position has milestones. */
function payoutOf(before: Held, { position, amount, milestone }: Move): Pick<Payment, 'gross' | 'milestone'> {
  const { currency, available, terms } = before;
  const parts = partsOf(before);
  if (parts.length > 0 && milestone === undefined) throw invalid([['milestoneId']]);
  const isOwn =
    typeof milestone === 'object' && milestone.position === position && milestone.termsVersion === terms?.version;
  const part = isOwn ? parts[milestone.sequence - 1] : undefined;
  if (milestone !== undefined && (part === undefined || part.left === 0n)) throw invalid([['milestoneId']]);
  const gross = amount === undefined ? (part?.left ?? available) : minor(amount, currency);
  if (typeof gross !== 'bigint' || (part && gross > part.left)) throw invalid([['amount']]);
  mustHave(before, gross);
  return { gross, ...(isOwn && { milestone: milestone.sequence }) };
}

function mustHave({ held, available, currency }: Held, requested: bigint): void {
  if (requested <= available) return;
  const [has, can, asked] = [held, available, requested].map((amount) => written(amount, currency));
  throw new Refused('InsufficientFundsError', ['amount'], { held: has, available: can, requested: asked });
}
