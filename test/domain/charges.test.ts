import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { percentageOf, rateOf, shareOf } from '../../src/domain/percentage.ts';
import type { TermsInput } from '../../src/domain/termsInput.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';
import { amounts, contract, moved, through } from './contracts.ts';
import { moveTo } from './fixtures.ts';

type Fees = NonNullable<TermsInput['fees']>;
const fee = (bearer: 'PAYER' | 'PAYEE', percentage: string | null, fixed: string | null = null) => ({
  name: 'fee',
  bearer,
  percentage,
  fixed,
});

describe('percentages', () => {
  test.each([
    ['0', '0'],
    ['00', '0'],
    ['7', '7'],
    ['07', '7'],
    ['5.50', '5.5'],
    ['5.0000', '5'],
    ['0.0001', '0.0001'],
    ['33.3333', '33.3333'],
    ['100', '100'],
    ['100.0000', '100'],
  ])('%s is the percentage %s', (text, expected) => {
    expect(percentageOf(text)).toBe(expected);
  });

  test.each([
    '',
    ' 5',
    '-1',
    '+1',
    '5.',
    '.5',
    '5,5',
    '1e1',
    '100.0001',
    '100.00000',
    '101',
    '1000',
    '12.34567',
    '5 %',
  ])('%j is no percentage', (text) => {
    expect(percentageOf(text)).toEqual({
      issue: 'must be a decimal string from "0" to "100" with at most 4 decimals.',
    });
  });

  test.each([
    ['50', 1n, 1n],
    ['49.9999', 1n, 0n],
    ['50', 3n, 2n],
    ['0.0001', 500_000n, 1n],
    ['0.0001', 499_999n, 0n],
    ['33.33', 100n, 33n],
    ['33.33', 5n, 2n],
    ['100', 7n, 7n],
    ['0', 10n ** 28n, 0n],
    ['0.5', 100n, 1n],
    ['0.4999', 100n, 0n],
  ])('%s %% of %s minor units is %s, rounded half up', (percentage, amount, expected) => {
    expect(shareOf(rateOf(percentage), amount)).toBe(expected);
  });

  test('a share differs from the exact one by at most half a minor unit, and half is rounded up', () =>
    checked(
      COUNTS.moneyCases,
      fc.property(fc.bigInt({ min: 0n, max: 1_000_000n }), fc.bigInt({ min: 0n, max: 10n ** 28n }), (rate, amount) => {
        const error = shareOf(rate, amount) * 1_000_000n - rate * amount;
        expect(error > -500_000n && error <= 500_000n).toBe(true);
      }),
    ));
});

describe('retainage', () => {
  test('a retainage of 100 % pays everything with the final release', () => {
    const funded = through(contract({ retainagePercentage: '100' }), moveTo('FUND'));
    const partly = moved(funded, moveTo('BY_AMOUNT', '250'));
    expect(partly.done).toMatchObject({ moved: 0n, retained: 25_000n });
    expect(partly.position.state).toBe('PARTIALLY_RELEASED');
    expect(amounts(partly)).toEqual([100_000n, 25_000n, 0n, 0n, 0n]);
    const all = moved(partly, moveTo('BY_AMOUNT', '750'));
    expect(amounts(all)).toEqual([100_000n, 100_000n, 0n, 0n, 0n]);
    const last = moved(all, moveTo('BY_AMOUNT'));
    expect(last.done).toMatchObject({ moved: 100_000n, retained: -100_000n });
    expect(amounts(last)).toEqual([0n, 0n, 100_000n, 0n, 0n]);
  });

  test('JPY with 33.33 %: each release withholds what is missing from the share of all releases', () => {
    let now = through(contract({ retainagePercentage: '33.33' }, '1000', 'JPY'), moveTo('FUND'));
    const withheld: bigint[] = [];
    for (const amount of ['1', '1', '1', '97', '900']) {
      const next = moved(now, moveTo('BY_AMOUNT', amount));
      withheld.push(next.done.retained ?? 0n);
      now = next;
    }
    // 33.33 % of 1, 2, 3, 100 and 1000 are 0, 1, 1, 33 and 333.
    expect(withheld).toEqual([0n, 1n, 0n, 32n, 300n]);
    expect(amounts(now)).toEqual([333n, 333n, 667n, 0n, 0n]);
  });

  test('a retainage of 0 % retains nothing', () => {
    const { done, position } = moved(
      through(contract({ retainagePercentage: '0' }), moveTo('FUND')),
      moveTo('BY_AMOUNT', '1000'),
    );
    expect([done.retained, position.state]).toEqual([0n, 'RELEASED']);
  });
});

describe('fees', () => {
  const funded = (fees: Fees, terms: Partial<TermsInput> = {}, amount = '1000.00', code = 'USD') =>
    through(contract({ fees, ...terms }, amount, code), moveTo('FUND'));

  test('percentages of one bearer are added before they are rounded', () => {
    const three = [fee('PAYER', '0.3'), fee('PAYER', '0.3'), fee('PAYER', '0.4')];
    // 1 % of 50 cents is half a cent; rounded one by one, the three would be nothing.
    expect(through(contract({ fees: three }), moveTo('FUND', '0.50')).position.fees).toBe(1n);
    expect(through(contract({ fees: three }), moveTo('FUND', '0.49')).position.fees).toBe(0n);
  });

  test('the payer pays its fees on top, in parts as at once', () => {
    const fees = [fee('PAYER', '33.3333'), fee('PAYER', null, '7'), fee('PAYEE', '10')];
    const once = through(contract({ fees }), moveTo('FUND'));
    const parts = through(contract({ fees }), moveTo('FUND', '0.01'), moveTo('FUND', '499.99'), moveTo('FUND'));
    expect(amounts(once)).toEqual([100_000n, 0n, 0n, 0n, 34_033n]);
    expect(amounts(parts)).toEqual(amounts(once));
    expect(moved(contract({ fees }), moveTo('FUND', '0.01')).done).toMatchObject({ moved: 701n, fee: 700n });
  });

  test('a fixed fee larger than a release is carried to the next releases', () => {
    let now = funded([fee('PAYEE', null, '100')]);
    const seen: (bigint | undefined)[][] = [];
    for (const amount of ['30', '50', '40', '100']) {
      const next = moved(now, moveTo('BY_AMOUNT', amount));
      seen.push([next.done.moved, next.done.fee]);
      now = next;
    }
    expect(seen).toEqual([
      [0n, 3_000n],
      [0n, 5_000n],
      [2_000n, 2_000n],
      [10_000n, 0n],
    ]);
    expect(now.position.state).toBe('PARTIALLY_RELEASED');
    expect(amounts(moved(now, moveTo('RELEASED')))).toEqual([0n, 0n, 90_000n, 0n, 10_000n]);
  });

  test('what is retained is withheld before the fee, and the final release charges the rest', () => {
    const before = funded([fee('PAYEE', '5', '60')], { retainagePercentage: '50' });
    const first = moved(before, moveTo('BY_AMOUNT', '100'));
    // The fees are 65.00, but only 50.00 are not retained.
    expect(first.done).toMatchObject({ moved: 0n, fee: 5_000n, retained: 5_000n });
    const last = moved(first, moveTo('RELEASED'));
    expect(last.done).toMatchObject({ moved: 89_000n, fee: 6_000n, retained: -5_000n });
    expect(amounts(last)).toEqual([0n, 0n, 89_000n, 0n, 11_000n]);
  });

  test('a fee of more than everything leaves the payee nothing, and never less', () => {
    const last = moved(
      funded([fee('PAYEE', '100', '5'), fee('PAYEE', '100')], { retainagePercentage: '10' }),
      moveTo('RELEASED'),
    );
    expect(last.done).toMatchObject({ moved: 0n, fee: 100_000n });
    expect(last.position).toMatchObject({ state: 'RELEASED', released: 0n, fees: 100_000n });
  });

  test('a position that was only earned in fees is PARTIALLY_RELEASED', () => {
    const next = moved(funded([fee('PAYEE', '100')]), moveTo('BY_AMOUNT', '1'));
    expect(next.position).toMatchObject({ state: 'PARTIALLY_RELEASED', released: 0n, retained: 0n, fees: 100n });
  });

  test('an amount of 1 minor unit with three fees', () => {
    const fees = [fee('PAYER', '50'), fee('PAYEE', '49.9999'), fee('PAYEE', '0.0001', '0.01')];
    const held = through(contract({ fees }, '0.01'), moveTo('FUND'));
    expect(amounts(held)).toEqual([1n, 0n, 0n, 0n, 1n]);
    expect(amounts(moved(held, moveTo('RELEASED')))).toEqual([0n, 0n, 0n, 0n, 2n]);
    const refunded = moved(held, moveTo('REFUND'));
    expect(amounts(refunded)).toEqual([0n, 0n, 0n, 1n, 1n]);
    const three = [fee('PAYEE', '16'), fee('PAYEE', '16'), fee('PAYEE', '17')];
    expect(amounts(moved(through(contract({ fees: three }, '0.01'), moveTo('FUND')), moveTo('RELEASED')))).toEqual([
      0n,
      0n,
      1n,
      0n,
      0n,
    ]);
  });

  test('a payee fee that does not fit when it falls due is charged even by a final release of nothing but retained money', () => {
    const before = through(
      funded([fee('PAYEE', null, '10')], { retainagePercentage: '100' }),
      moveTo('BY_AMOUNT', '1000'),
    );
    expect(amounts(before)).toEqual([100_000n, 100_000n, 0n, 0n, 0n]);
    const last = moved(before, moveTo('BY_AMOUNT'));
    expect(last.done).toMatchObject({ moved: 99_000n, fee: 1_000n, retained: -100_000n });
  });
});
