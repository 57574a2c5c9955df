import { describe, expect, test } from 'vitest';
import { contentOf, newTerms } from '../../src/domain/newTerms.ts';
import { checkPosition, type PositionInput } from '../../src/domain/position.ts';
import { fixedOf, isAgreed, termsId } from '../../src/domain/terms.ts';
import { type TermsInput, withTemplateRetainage } from '../../src/domain/termsInput.ts';
import { contract, PARTIES } from './contracts.ts';
import { currency, faultsOf, NOW, refusalOf } from './fixtures.ts';

const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_value, index) => make(index));

const MONEY = { amount: '100.00', currencyCode: 'USD' };
const position = (terms: Partial<TermsInput>, amount = MONEY): PositionInput => ({
  holderReference: 'payee',
  amount,
  terms: { parties: PARTIES, ...terms },
});
const faults = (terms: Partial<TermsInput>, amount = MONEY) =>
  faultsOf(() => checkPosition(position(terms, amount), NOW));
const content = (terms: Partial<TermsInput> = {}, amount = MONEY) =>
  checkPosition(position(terms, amount), NOW).terms?.content;

const payer = (reference: string) => ({ role: 'PAYER', reference }) as const;
const payee = (reference: string) => ({ role: 'PAYEE', reference }) as const;
const observer = (reference: string) => ({ role: 'OBSERVER', reference }) as const;
const milestone = (amount: string, payeeReference?: string) => ({
  title: 'part',
  amount,
  ...(payeeReference !== undefined && { payeeReference }),
});
const fee = (percentage: string | null, fixed: string | null = null, bearer: 'PAYER' | 'PAYEE' = 'PAYEE') => ({
  name: 'fee',
  bearer,
  percentage,
  fixed,
});

describe('the parties of terms', () => {
  test.each<readonly [string, TermsInput['parties'], readonly string[]]>([
    [
      'none',
      [],
      ['terms.parties: must have exactly one PAYER; it has 0.', 'terms.parties: must have at least one PAYEE.'],
    ],
    ['two payers', [payer('a'), payer('b'), payee('c')], ['terms.parties: must have exactly one PAYER; it has 2.']],
    ['no payee', [payer('a'), observer('b')], ['terms.parties: must have at least one PAYEE.']],
    [
      'a payer that is a payee',
      [payee('a'), payer('a')],
      ['terms.parties.1.reference: must not be that of a PAYEE as well.'],
    ],
    [
      'the same role twice',
      [payer('a'), payee('b'), observer('c'), observer('c'), payee('b')],
      [
        'terms.parties.3.reference: must not be named twice with the same role.',
        'terms.parties.4.reference: must not be named twice with the same role.',
      ],
    ],
    ['a blank reference', [payer(' '), payee('b')], ['terms.parties.0.reference: must not be blank.']],
    [
      'a long reference',
      [payer('a'.repeat(201)), payee('b')],
      ['terms.parties.0.reference: must be at most 200 characters long.'],
    ],
    [
      '51 parties',
      [payer('a'), payee('b'), ...times(49, (n) => observer(`${n}`))],
      ['terms.parties: must have at most 50 values; it has 51.'],
    ],
  ])('%s: the input is rejected', (_what, parties, expected) => {
    expect(faults({ parties })).toEqual(expected);
  });

  test('50 parties, and an observer that is also the payer, are accepted', () => {
    const parties = [payer('a'), payee('b'), observer('a'), ...times(47, (n) => observer(`${n}`))];
    expect(content({ parties })?.parties).toEqual(parties);
  });
});

describe('the milestones of terms', () => {
  test.each<readonly [string, Partial<TermsInput>, readonly string[]]>([
    [
      'a sum that is too low',
      { milestones: [milestone('33.33'), milestone('33.33'), milestone('33.33')] },
      ['terms.milestones: must add up to the amount of the position, 100.00; they add up to 99.99.'],
    ],
    [
      'a sum that is too high',
      { milestones: [milestone('100'), milestone('0.01')] },
      ['terms.milestones: must add up to the amount of the position, 100.00; they add up to 100.01.'],
    ],
    [
      '201 milestones',
      { milestones: times(201, () => milestone('1')) },
      ['terms.milestones: must have at most 200 values; it has 201.'],
    ],
    [
      'amounts that are none',
      { milestones: [milestone('0'), milestone('-1'), milestone('0.001'), milestone('100')] },
      [
        'terms.milestones.0.amount: must be greater than zero.',
        'terms.milestones.1.amount: must be a plain decimal number such as "1250.00", with digits and at most one decimal point.',
        'terms.milestones.2.amount: must have at most 2 decimals in USD.',
      ],
    ],
    ['a blank title', { milestones: [{ title: '', amount: '100' }] }, ['terms.milestones.0.title: must not be blank.']],
    [
      'a payee that is no PAYEE',
      { milestones: [milestone('99', 'owner'), milestone('1', 'other')] },
      [
        'terms.milestones.0.payeeReference: must be the reference of a PAYEE.',
        'terms.milestones.1.payeeReference: must be the reference of a PAYEE.',
      ],
    ],
    [
      'no payee among several',
      { parties: [payer('a'), payee('b'), payee('c')], milestones: [milestone('60'), milestone('40', 'b')] },
      ['terms.milestones.0.payeeReference: is required, because the terms have several PAYEEs.'],
    ],
  ])('%s: the input is rejected', (_what, terms, expected) => {
    expect(faults(terms)).toEqual(expected);
  });

  test('200 milestones are accepted, and their payee defaults to the only one', () => {
    const milestones = content({ milestones: times(200, () => milestone('0.5')) })?.milestones ?? [];
    expect(milestones).toHaveLength(200);
    expect(new Set(milestones.map(({ payeeReference, amount }) => [payeeReference, amount].join()))).toEqual(
      new Set(['builder,50']),
    );
  });

  test('a due date is truncated to milliseconds and may be in the past', () => {
    const [first, second] =
      content({ milestones: [{ ...milestone('99'), dueAt: 12.9 }, milestone('1')] })?.milestones ?? [];
    expect([first?.dueAt, second?.dueAt]).toEqual([12, null]);
  });
});

describe('several payees', () => {
  const parties = [payer('a'), payee('b'), payee('c')];
  const milestones = [milestone('60', 'b'), milestone('40', 'c')];

  test.each<readonly [string, Partial<TermsInput>, readonly string[]]>([
    ['no milestones', {}, ['terms.milestones: are required with several PAYEEs.']],
    [
      'retainage',
      { milestones, retainagePercentage: '5' },
      ['terms.retainagePercentage: is not allowed with several PAYEEs.'],
    ],
    [
      'fees of the payee',
      { milestones, fees: [fee('1', null, 'PAYER'), fee('1')] },
      ['terms.fees.1.bearer: must be PAYER with several PAYEEs.'],
    ],
  ])('%s: the input is rejected', (_what, terms, expected) => {
    expect(faults({ parties, ...terms })).toEqual(expected);
  });

  test('milestones with fees of the payer, and a retainage of 0 %, are accepted', () => {
    const terms = content({ parties, milestones, retainagePercentage: '0', fees: [fee('1', null, 'PAYER')] });
    expect(terms?.milestones.map(({ payeeReference }) => payeeReference)).toEqual(['b', 'c']);
  });

  test('the retainage of the asset template is a ValidationError', () => {
    expect(faultsOf(() => withTemplateRetainage(content({ parties, milestones }) ?? null, '10'))).toEqual([
      'terms.retainagePercentage: is not allowed with several PAYEEs.',
    ]);
  });
});

describe('the fees and the retainage of terms', () => {
  const PERCENTAGE = 'must be a decimal string from "0" to "100" with at most 4 decimals.';
  test.each<readonly [string, Partial<TermsInput>, readonly string[]]>([
    ['11 fees', { fees: times(11, () => fee('1')) }, ['terms.fees: must have at most 10 values; it has 11.']],
    ['a fee of nothing', { fees: [fee(null)] }, ['terms.fees.0.percentage: is required if `fixed` is absent.']],
    [
      'percentages over 100 or with 5 decimals',
      { fees: [fee('100.0001'), fee('1.00000')], retainagePercentage: '101' },
      [
        `terms.fees.0.percentage: ${PERCENTAGE}`,
        `terms.fees.1.percentage: ${PERCENTAGE}`,
        `terms.retainagePercentage: ${PERCENTAGE}`,
      ],
    ],
    [
      'a fixed fee of nothing, or with too many decimals',
      { fees: [fee(null, '0'), fee(null, '0.001')] },
      ['terms.fees.0.fixed: must be greater than zero.', 'terms.fees.1.fixed: must have at most 2 decimals in USD.'],
    ],
    ['a blank name', { fees: [{ ...fee('1'), name: '\n' }] }, ['terms.fees.0.name: must not be blank.']],
  ])('%s: the input is rejected', (_what, terms, expected) => {
    expect(faults(terms)).toEqual(expected);
  });

  test('every problem is returned at once, with those of the position', () => {
    const input = {
      ...position({ parties: [payer('a')], fees: [fee(null)], retainagePercentage: 'x' }),
      holderReference: '',
    };
    expect(faultsOf(() => checkPosition(input, NOW))).toEqual([
      'holderReference: must not be blank.',
      'terms.fees.0.percentage: is required if `fixed` is absent.',
      `terms.retainagePercentage: ${PERCENTAGE}`,
      'terms.parties: must have at least one PAYEE.',
    ]);
  });

  test('what the payer pays must have at most 24 digits before the decimal point', () => {
    const largest = { amount: '9'.repeat(24), currencyCode: 'JPY' };
    const message = 'terms.fees: must leave a payment of at most 24 digits before the decimal point.';
    expect(faults({ fees: [fee(null, '1', 'PAYER')] }, largest)).toEqual([message]);
    expect(
      faults({ fees: times(10, () => fee('100', null, 'PAYER')) }, { ...largest, amount: `1${'0'.repeat(23)}` }),
    ).toEqual([message]);
    expect(content({ fees: [fee('100', '1')] }, largest)?.fees).toHaveLength(1);
    expect(
      content({ fees: [fee(null, '1', 'PAYER')] }, { ...largest, amount: `${'9'.repeat(23)}8` })?.fees,
    ).toHaveLength(1);
    expect(
      content({ fees: [fee(null, '0.01', 'PAYER')] }, { amount: `${'9'.repeat(24)}.98`, currencyCode: 'USD' })?.fees,
    ).toHaveLength(1);
  });

  test('percentages and amounts are stored without needless digits', () => {
    const { terms } = contract({ fees: [fee('2.50', '3.5'), fee(null, '1')], retainagePercentage: '05.0' });
    expect(terms?.terms).toMatchObject({
      id: 'pos_1_1',
      version: 1,
      retainagePercentage: '5',
      agreementRequired: false,
      fees: [
        { name: 'fee', bearer: 'PAYEE', percentage: '2.5', fixed: '3.50' },
        { percentage: null, fixed: '1.00' },
      ],
    });
    expect(terms?.terms.fees.map((each) => fixedOf(each, currency('USD')))).toEqual([350n, 100n]);
  });
});

describe('the retainage of the asset template', () => {
  test('is the default and the minimum', () => {
    expect(withTemplateRetainage(content() ?? null, '5.5')?.retainagePercentage).toBe('5.5');
    expect(withTemplateRetainage(content({ retainagePercentage: '5.5' }) ?? null, '5.5')?.retainagePercentage).toBe(
      '5.5',
    );
    expect(withTemplateRetainage(content({ retainagePercentage: '100' }) ?? null, '5.5')?.retainagePercentage).toBe(
      '100',
    );
    expect(refusalOf(() => withTemplateRetainage(content({ retainagePercentage: '5.4999' }) ?? null, '5.5'))).toEqual({
      code: 'POLICY_VIOLATION',
      message: 'The retainage percentage must be at least that of the asset template, 5.5.',
      path: ['terms', 'retainagePercentage'],
      rule: 'RETAINAGE',
      limit: null,
    });
  });

  test('without terms, it is all that they contain; without either there are no terms', () => {
    const only = { parties: [], milestones: [], fees: [], agreementRequired: false, retainagePercentage: '10' };
    expect(withTemplateRetainage(null, '10')).toEqual(only);
    expect(withTemplateRetainage(null, null)).toBeNull();
    expect(withTemplateRetainage(content() ?? null, null)).toEqual(content());
  });
});

describe('versions of terms', () => {
  const born = contract({
    parties: [...PARTIES, observer('bank')],
    milestones: [milestone('999'), milestone('1')],
    fees: [fee('1', '2')],
    agreementRequired: true,
  });

  test('new terms have rows for each party and milestone, in order and without agreements', () => {
    expect(
      born.terms?.parties.map(({ id, termsId: of, ordinal, role, agreedAt }) => [id, of, ordinal, role, agreedAt]),
    ).toEqual([
      ['pos_1_1_1', 'pos_1_1', 1, 'PAYER', null],
      ['pos_1_1_2', 'pos_1_1', 2, 'PAYEE', null],
      ['pos_1_1_3', 'pos_1_1', 3, 'OBSERVER', null],
    ]);
    expect(born.terms?.milestones.map(({ id, sequence, amount, state }) => [id, sequence, amount, state])).toEqual([
      ['mil_1', 1, 99_900n, 'OPEN'],
      ['mil_2', 2, 100n, 'OPEN'],
    ]);
  });

  test('an amendment without new terms writes the same content again, and nobody has agreed to it', () => {
    if (!born.terms) throw new Error('The contract has no terms.');
    const agreed = { ...born.terms, parties: born.terms.parties.map((party) => ({ ...party, agreedAt: NOW })) };
    const again = newTerms(contentOf(agreed, currency('USD')), born.position, 2, () => 'mil_9', NOW + 1);
    expect(again.terms).toEqual({ ...born.terms.terms, id: termsId('pos_1', 2), version: 2, createdAt: NOW + 1 });
    expect(again.parties.map(({ reference, agreedAt }) => [reference, agreedAt])).toEqual([
      ['owner', null],
      ['builder', null],
      ['bank', null],
    ]);
    expect(again.milestones.map(({ id, amount, payeeReference }) => [id, amount, payeeReference])).toEqual([
      ['mil_9', 99_900n, 'builder'],
      ['mil_9', 100n, 'builder'],
    ]);
  });

  test('terms are agreed to once every PAYER and PAYEE has agreed', () => {
    const parties = born.terms?.parties ?? [];
    const agree = (...roles: readonly string[]) =>
      parties.map((party) => (roles.includes(party.role) ? { ...party, agreedAt: NOW } : party));
    expect([agree(), agree('PAYER'), agree('PAYER', 'OBSERVER'), agree('PAYER', 'PAYEE')].map(isAgreed)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});
