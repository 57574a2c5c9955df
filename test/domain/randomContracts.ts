import * as fc from 'fast-check';
import { formatMinorUnits } from '../../src/domain/money.ts';
import type { TermsInput } from '../../src/domain/termsInput.ts';
import { type Contract, contract, plain } from './contracts.ts';
import { currency } from './fixtures.ts';

/** One currency per number of decimals. */
const CODES = ['USD', 'JPY', 'KWD', 'CLF'] as const;

/** Amounts in minor units, small ones often. */
const units = fc.oneof(
  { weight: 3, arbitrary: fc.bigInt({ min: 1n, max: 20n }) },
  { weight: 4, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 7n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 23n }) },
);

const percentages = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('0', '0.0001', '10', '33.33', '50', '99.9999', '100') },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 0, max: 1_000_000 }).map((rate) => (rate / 10_000).toFixed(4)),
  },
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 100_000 }).map((rate) => (rate / 10_000).toFixed(4)) },
);

/** A fee with a fixed part in thousandths of the amount of the position. */
const fees = fc.record({
  bearer: fc.constantFrom('PAYER' as const, 'PAYEE' as const),
  percentage: fc.option(percentages),
  fixed: fc.option(fc.constantFrom(1n, 20n, 400n, 1_500n), { freq: 2 }),
});

const choices = fc.record({
  code: fc.constantFrom(...CODES),
  amount: units,
  fees: fc.array(fees, { maxLength: 3 }),
  retainage: fc.option(percentages, { freq: 2 }),
  payees: fc.constantFrom(1, 1, 1, 2, 3),
  /** The sizes of the milestones relative to each other; none if it is empty. */
  parts: fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 5 }),
  agreement: fc.constantFrom('none', 'none', 'none', 'missing', 'given'),
});

/** The properties from which a contract is made. */
export type ContractChoices = typeof choices extends fc.Arbitrary<infer T> ? T : never;

/** Divides the amount into at most as many positive parts, in proportion to the sizes. */
export function divided(amount: bigint, sizes: readonly number[]): readonly bigint[] {
  const whole = BigInt(sizes.reduce((sum, size) => sum + size, 0));
  let [seen, taken] = [0n, 0n];
  return sizes.flatMap((size) => {
    seen += BigInt(size);
    const part = (amount * seen) / whole - taken;
    taken += part;
    return part === 0n ? [] : [part];
  });
}

/** Returns a contract with terms, as clients can create it. */
export function contractOf({
  code,
  amount,
  retainage,
  payees,
  parts,
  agreement,
  ...chosen
}: ContractChoices): Contract {
  const text = (minorUnits: bigint) => formatMinorUnits(minorUnits, currency(code));
  const references = Array.from({ length: parts.length === 0 ? 1 : payees }, (_value, index) => `payee ${index}`);
  const isShared = references.length > 1;
  const terms: TermsInput = {
    parties: [
      { role: 'PAYER', reference: 'payer' },
      ...references.map((reference) => ({ role: 'PAYEE', reference }) as const),
      { role: 'OBSERVER', reference: 'payer' },
    ],
    milestones: divided(amount, parts).map((part, index) => ({
      title: `${index}`,
      amount: text(part),
      payeeReference: references[index % references.length] ?? null,
    })),
    fees: chosen.fees.flatMap(({ bearer, percentage, fixed }, index) => {
      const own = fixed === null ? null : (amount * fixed + 999n) / 1_000n;
      if ((own === null && percentage === null) || (isShared && bearer === 'PAYEE')) return [];
      return [{ name: `${index}`, bearer, percentage, fixed: own === null ? null : text(own) }];
    }),
    retainagePercentage: isShared ? null : retainage,
    agreementRequired: agreement !== 'none',
  };
  const born = contract(terms, text(amount), code);
  if (agreement !== 'given' || !born.terms) return born;
  const parties = born.terms.parties.map((party) => ({ ...party, agreedAt: party.role === 'OBSERVER' ? null : 1 }));
  return { position: born.position, terms: { ...born.terms, parties } };
}

/** Random contracts with terms. */
export const contractChoices = choices;

/** Random contracts, some of them without terms. */
export const contracts: fc.Arbitrary<Contract> = fc.oneof(
  { weight: 6, arbitrary: choices.map(contractOf) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(units, fc.constantFrom(...CODES))
      .map(([amount, code]) => plain(formatMinorUnits(amount, currency(code)), code)),
  },
);
