import { type Amounts, type FeeInput, type Held, minor, type Payment, type Terms } from './model.ts';

/** Returns a percentage of an amount, rounded half up: 10 times the exact share plus 5, without its last digit. */
const share = (percentages: readonly string[], amount: bigint): bigint => {
  const units = percentages.reduce((sum, text) => {
    const [whole = '', decimals = ''] = text.split('.');
    return sum + BigInt(whole + decimals.padEnd(4, '0'));
  }, 0n);
  return ((amount * units * 10n) / 1_000_000n + 5n) / 10n;
};

/** Returns all fees of one bearer for the sum of its payments. */
function feesOn(paid: bigint, fees: readonly FeeInput[], currency: string): bigint {
  if (paid === 0n) return 0n;
  const fixed = fees.reduce(
    (sum, fee) => sum + (fee.fixed === undefined ? 0n : (minor(fee.fixed, currency) as bigint)),
    0n,
  );
  return (
    fixed +
    share(
      fees.flatMap(({ percentage = [] }) => percentage),
      paid,
    )
  );
}

const NO_TERMS = { fees: [], retainage: '0' } as const;

/** Computes the amounts of a position from all of its payments. */
export function amountsOf(payments: readonly Payment[], terms: Terms | undefined, currency: string): Amounts {
  const { fees, retainage = '0' } = terms ?? NO_TERMS;
  const sumOf = (some: readonly Payment[], ...moves: readonly Payment['move'][]): bigint =>
    some.reduce((sum, { move, gross }) => sum + (moves.includes(move) ? gross : 0n), 0n);
  const retainedAfter = (some: readonly Payment[]): bigint =>
    some.some(({ final, move }) => final || move === 'EXPIRE') ? 0n : share([retainage], sumOf(some, 'RELEASE'));
  const principal = sumOf(payments, 'FUND');
  const earned = sumOf(payments, 'RELEASE');
  const refunded = sumOf(payments, 'REFUND', 'CANCEL', 'EXPIRE');
  const payerFees = feesOn(
    principal,
    fees.filter(({ bearer }) => bearer === 'PAYER'),
    currency,
  );
  // What the payee was charged after each release: everything due so far, but never more than the payout leaves.
  let payeeFees = 0n;
  payments.forEach(({ move, gross }, n) => {
    if (move !== 'RELEASE') return;
    const withheld = retainedAfter(payments.slice(0, n + 1)) - retainedAfter(payments.slice(0, n));
    const all = feesOn(
      sumOf(payments.slice(0, n + 1), 'RELEASE'),
      fees.filter(({ bearer }) => bearer === 'PAYEE'),
      currency,
    );
    const most = payeeFees + gross - withheld;
    payeeFees = all < most ? all : most;
  });
  const retained = retainedAfter(payments);
  const available = principal - earned - refunded;
  return {
    principal,
    funded: principal + payerFees,
    held: available + retained,
    available,
    retained,
    released: earned - retained - payeeFees,
    refunded,
    fees: payerFees + payeeFees,
  };
}

/** The balance of each account of the ledger. */
export const balancesOf = ({
  available,
  retained,
  fees,
  released,
  funded,
  refunded,
}: Amounts): Record<string, bigint> => ({
  PAYER: refunded - funded,
  ESCROW: available,
  RETAINAGE: retained,
  PAYEE: released,
  FEE: fees,
});

export interface Part {
  earned: bigint;
  refunded: bigint;
  /** What is neither earned nor refunded. */
  left: bigint;
}

/** Computes what was earned and refunded of each milestone. A refund without a milestone fills them in their order. */
export function partsOf({ terms, payments }: Pick<Held, 'terms' | 'payments'>): readonly Part[] {
  const parts = (terms?.milestones ?? []).map(({ amount }) => ({ earned: 0n, refunded: 0n, left: amount }));
  for (const { move, gross, milestone, final } of payments) {
    if (move === 'FUND') continue;
    const field = move === 'RELEASE' ? 'earned' : 'refunded';
    let rest = gross;
    parts.forEach((part, n) => {
      if (milestone !== undefined && milestone !== n + 1) return;
      const taken = final || part.left < rest ? part.left : rest;
      part[field] += taken;
      part.left -= taken;
      rest -= taken;
    });
  }
  return parts;
}
