import * as fc from 'fast-check';
import { type FeeInput, type TermsInput, written } from './model.ts';

/** Makes terms for a position of the amount in minor units. */
export type MakeTerms = (amount: bigint, currency: string, now: number) => TermsInput;

const often = <T>(weight: number, ...values: readonly T[]): fc.WeightedArbitrary<T> => ({
  weight,
  arbitrary: fc.constantFrom(...values),
});

/** Everything that can be wrong with terms. */
type Defect = (terms: TermsInput) => TermsInput;
const withParty =
  (role: 'PAYER' | 'PAYEE' | 'OBSERVER', reference: string): Defect =>
  (terms) => ({ ...terms, parties: [...terms.parties, { role, reference }] });
const withFee =
  (fee: Partial<FeeInput>): Defect =>
  (terms) => ({ ...terms, fees: [...(terms.fees ?? []), { name: 'extra', bearer: 'PAYER', ...fee }] });
const withMilestone =
  (milestone: { readonly title?: string; readonly amount?: string; readonly payee?: string }): Defect =>
  (terms) => ({ ...terms, milestones: [...(terms.milestones ?? []), { title: 'extra', amount: '1', ...milestone }] });
const DEFECTS: readonly Defect[] = [
  withParty('PAYER', 'payer-2'),
  withParty('PAYER', 'payee'),
  withParty('PAYEE', 'payee'),
  withParty('PAYEE', 'payee-9'),
  withParty('OBSERVER', ' '),
  (terms) => ({ ...terms, parties: [] }),
  (terms) => ({ ...terms, parties: terms.parties.filter(({ role }) => role !== 'PAYEE') }),
  withFee({}),
  withFee({ percentage: '100.0001' }),
  withFee({ percentage: '0.00001', fixed: '0' }),
  withFee({ fixed: '1.001', name: '' }),
  withMilestone({}),
  withMilestone({ title: ' ', amount: '0' }),
  withMilestone({ amount: '0.001' }),
  withMilestone({ payee: 'payer' }),
  (terms) => ({ ...terms, retainage: '10.12345' }),
  (terms) => ({ ...terms, retainage: '101' }),
];

const FEES: readonly (readonly FeeInput[])[] = [
  [{ name: 'platform', bearer: 'PAYEE', percentage: '0.5' }],
  [{ name: 'account', bearer: 'PAYER', fixed: '12' }],
  [
    { name: 'platform', bearer: 'PAYEE', percentage: '33.3333', fixed: '3' },
    { name: 'bank', bearer: 'PAYEE', percentage: '1.25' },
    { name: 'account', bearer: 'PAYER', percentage: '2.5', fixed: '1' },
  ],
  // Larger than most releases.
  [{ name: 'flat', bearer: 'PAYEE', fixed: '90' }],
  [{ name: 'all', bearer: 'PAYEE', percentage: '100' }],
];

export const terms: fc.Arbitrary<MakeTerms> = fc
  .record({
    payees: fc.oneof(often(8, 1), often(1, 2, 3)),
    milestones: fc.oneof(often(4, 0), often(6, 1, 2, 3, 4)),
    // The shares of the milestones, of which the last one gets the rest.
    cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }),
    fees: fc.oneof(often<readonly FeeInput[]>(5, []), often(5, ...FEES)),
    retainage: fc.oneof(often<string | undefined>(6, undefined), often(6, '10.5', '33.33', '0', '100')),
    agreementRequired: fc.oneof(often<boolean | undefined>(6, undefined, false), often(3, true)),
    hasObserver: fc.boolean(),
    suits: fc.oneof(often(9, true), often(1, false)),
    defect: fc.oneof(often<Defect | undefined>(14, undefined), often<Defect | undefined>(1, ...DEFECTS)),
  })
  .map(({ payees: count, milestones, cuts, fees, retainage, agreementRequired, hasObserver, suits, defect }) => {
    const payees = Array.from({ length: count }, (_each, n) => (n === 0 ? 'payee' : `payee-${n + 1}`));
    const isSingle = count === 1 || !suits;
    return (amount, currency, now) => {
      const parts = partsOf(amount, isSingle ? milestones : Math.max(milestones, 1), cuts);
      const made: TermsInput = {
        parties: [
          { role: 'PAYER', reference: 'payer' },
          ...payees.map((reference) => ({ role: 'PAYEE' as const, reference })),
          ...(hasObserver ? [{ role: 'OBSERVER' as const, reference: 'observer' }] : []),
        ],
        ...(parts.length > 0 && {
          milestones: parts.map((part, n) => ({
            title: `part ${n + 1}`,
            amount: written(part, currency),
            ...(count > 1 && suits && { payee: payees[n % count] as string }),
            ...(n === 0 && { dueAt: now }),
          })),
        }),
        fees: isSingle ? fees : fees.filter(({ bearer }) => bearer === 'PAYER'),
        retainage: isSingle ? retainage : undefined,
        agreementRequired,
      };
      return defect ? defect(made) : made;
    };
  });

/** Divides the amount into parts above zero. */
function partsOf(amount: bigint, count: number, cuts: readonly number[]): readonly bigint[] {
  const parts: bigint[] = [];
  let rest = amount;
  for (let n = 1; n < count; n += 1) {
    const part = (rest * BigInt(cuts[n] as number)) / 10n;
    if (part === 0n) continue;
    parts.push(part);
    rest -= part;
  }
  return count === 0 ? [] : [...parts, rest];
}
