import { type CurrencyCode, digitsOf } from './currencies.ts';
import { feeSum } from './feeSum.ts';
import type { Issues, Maybe } from './issues.ts';
import { LIMITS } from './limits.ts';
import { type Decimal, formatMinorUnits, MAX_INTEGER_DIGITS, type Money, toMinorUnits } from './money.ts';
import { percentageOf, rateOf } from './percentage.ts';
import type { FeeTerm } from './terms.ts';
import type {
  FeeContent,
  FeeTermInput,
  MilestoneContent,
  MilestoneInput,
  PartyInput,
  TermsContent,
  TermsDraft,
  TermsInput,
} from './termsContent.ts';
import { type Path, PolicyViolationError, ValidationError } from './userErrors.ts';

export type { MilestoneContent, TermsContent, TermsDraft, TermsInput } from './termsContent.ts';

const AT = 'terms';
const LIST_FIELDS = ['parties', 'milestones', 'fees'] as const;

/**
 * Validates the terms without their currency. Adds every problem to the issues. Throws ValidationError if a list is too
 * long, before it reads the list.
 */
export function checkTerms(input: TermsInput, issues: Issues): TermsDraft {
  const { parties, retainagePercentage } = input;
  const milestones = input.milestones ?? [];
  const fees = input.fees ?? [];
  checkLengths({ parties, milestones, fees }, issues);
  const draft = {
    parties: parties.map(({ role, reference }, index) => ({
      role,
      reference: issues.text([AT, 'parties', `${index}`, 'reference'], reference),
    })),
    milestones: milestones.map((milestone, index) => checkMilestone(milestone, [AT, 'milestones', `${index}`], issues)),
    fees: fees.map((fee, index) => checkFee(fee, [AT, 'fees', `${index}`], issues)),
    retainagePercentage: checkPercentage(issues, [AT, 'retainagePercentage'], retainagePercentage),
    agreementRequired: input.agreementRequired ?? false,
  };
  checkParties(draft.parties, issues);
  const payees = payeesOf(draft);
  const checked = { ...draft, milestones: withPayees(draft.milestones, payees, issues) };
  for (const { path, message } of payeeFaults(checked)) issues.add(path, message);
  return checked;
}

function checkLengths(
  lists: { readonly [F in (typeof LIST_FIELDS)[number]]: readonly unknown[] },
  issues: Issues,
): void {
  const tooLong = LIST_FIELDS.filter((field) => lists[field].length > LIMITS[field]);
  for (const field of tooLong) {
    issues.add([AT, field], `must have at most ${LIMITS[field]} values; it has ${lists[field].length}.`);
  }
  if (tooLong.length > 0) issues.throwIfAny();
}

function checkMilestone(
  { title, amount, payeeReference, dueAt }: MilestoneInput,
  path: Path,
  issues: Issues,
): MilestoneContent<Decimal> {
  return {
    title: issues.text([...path, 'title'], title),
    amount: issues.positive([...path, 'amount'], amount),
    payeeReference: payeeReference ?? null,
    dueAt: typeof dueAt === 'number' ? Math.floor(dueAt) : null,
  };
}

function checkFee(
  { name, bearer, percentage: part, fixed }: FeeTermInput,
  path: Path,
  issues: Issues,
): FeeContent<Decimal> {
  const fee = {
    name: issues.text([...path, 'name'], name),
    bearer,
    percentage: checkPercentage(issues, [...path, 'percentage'], part),
    fixed: typeof fixed === 'string' ? issues.positive([...path, 'fixed'], fixed) : null,
  };
  if (part == null && fee.fixed === null) issues.add([...path, 'percentage'], 'is required if `fixed` is absent.');
  return fee;
}

function checkPercentage(issues: Issues, path: Path, text: Maybe<string>): string | null {
  if (text === null || text === undefined) return null;
  const found = percentageOf(text);
  if (typeof found !== 'string') issues.add(path, found.issue);
  return typeof found === 'string' ? found : null;
}

function checkParties(parties: readonly PartyInput[], issues: Issues): void {
  const path = [AT, 'parties'];
  const payers = parties.filter(({ role }) => role === 'PAYER');
  const payees = payeesOf({ parties });
  if (payers.length !== 1) issues.add(path, `must have exactly one PAYER; it has ${payers.length}.`);
  if (payees.length === 0) issues.add(path, 'must have at least one PAYEE.');
  const seen = new Set<string>();
  parties.forEach(({ role, reference }, index) => {
    const own = [...path, `${index}`, 'reference'];
    if (role === 'PAYER' && payees.includes(reference)) issues.add(own, 'must not be that of a PAYEE as well.');
    const key = `${role} ${reference}`;
    if (seen.has(key)) issues.add(own, 'must not be named twice with the same role.');
    seen.add(key);
  });
}

const payeesOf = ({ parties }: Pick<TermsDraft, 'parties'>): readonly string[] => [
  ...new Set(parties.flatMap(({ role, reference }) => (role === 'PAYEE' ? [reference] : []))),
];

/** Returns the milestones with their payees, of which a single one is the default. */
function withPayees(
  milestones: readonly MilestoneContent<Decimal>[],
  payees: readonly string[],
  issues: Issues,
): readonly MilestoneContent<Decimal>[] {
  return milestones.map((milestone, index) => {
    const { payeeReference } = milestone;
    const path = [AT, 'milestones', `${index}`, 'payeeReference'];
    if (payeeReference === null && payees.length > 1)
      issues.add(path, 'is required, because the terms have several PAYEEs.');
    if (payeeReference !== null && !payees.includes(payeeReference))
      issues.add(path, 'must be the reference of a PAYEE.');
    return payeeReference === null ? { ...milestone, payeeReference: payees[0] ?? null } : milestone;
  });
}

/** Returns the terms that several payees do not allow: who gets which share of them is not recorded. */
function payeeFaults({ milestones, fees, retainagePercentage, ...rest }: TermsContent<unknown>) {
  if (payeesOf(rest).length < 2) return [];
  const faults: { readonly path: Path; readonly message: string }[] = [];
  if (milestones.length === 0) faults.push({ path: [AT, 'milestones'], message: 'are required with several PAYEEs.' });
  if (rateOf(retainagePercentage) > 0n) {
    faults.push({ path: [AT, 'retainagePercentage'], message: 'is not allowed with several PAYEEs.' });
  }
  fees.forEach(({ bearer }, index) => {
    const path = [AT, 'fees', `${index}`, 'bearer'];
    if (bearer === 'PAYEE') faults.push({ path, message: 'must be PAYER with several PAYEEs.' });
  });
  return faults;
}

/** Converts the amounts of the terms. Adds an issue for each that does not fit the currency or the agreed amount. */
export function fitTerms(draft: TermsDraft, agreed: Money, issues: Issues): TermsContent {
  const { currency } = agreed;
  const convert = (decimal: Decimal, path: Path): bigint => {
    const minorUnits = toMinorUnits(decimal, currency);
    if (typeof minorUnits !== 'string') return minorUnits;
    issues.add(path, minorUnits);
    return 0n;
  };
  const milestones = draft.milestones.map((milestone, index) => ({
    ...milestone,
    amount: convert(milestone.amount, [AT, 'milestones', `${index}`, 'amount']),
  }));
  const fees = draft.fees.map((fee, index) => ({
    ...fee,
    fixed: fee.fixed && convert(fee.fixed, [AT, 'fees', `${index}`, 'fixed']),
  }));
  checkSums({ milestones, fees }, agreed, issues);
  return { ...draft, milestones, fees };
}

/** Checks the sum of the milestones, and that everything the payer will pay is an amount that can be stored. */
function checkSums(
  { milestones, fees }: Pick<TermsContent, 'milestones' | 'fees'>,
  { minorUnits: agreed, currency }: Money,
  issues: Issues,
): void {
  const sum = milestones.reduce((all, { amount }) => all + amount, 0n);
  // An amount that is no amount has its own issue; a sum without it would only confuse.
  const hasAmounts = agreed > 0n && milestones.every(({ amount }) => amount > 0n);
  if (milestones.length > 0 && sum !== agreed && hasAmounts) {
    const [given, wanted] = [sum, agreed].map((amount) => formatMinorUnits(amount, currency));
    issues.add([AT, 'milestones'], `must add up to the amount of the position, ${wanted}; they add up to ${given}.`);
  }
  const payers = fees.filter(({ bearer }) => bearer === 'PAYER');
  if (agreed + feeSum(payers, agreed) >= 10n ** BigInt(MAX_INTEGER_DIGITS + digitsOf(currency))) {
    const message = `must leave a payment of at most ${MAX_INTEGER_DIGITS} digits before the decimal point.`;
    issues.add([AT, 'fees'], message);
  }
}

/** The terms of a position that has none but the retainage of its asset template. */
const ONLY_RETAINAGE: TermsContent = {
  parties: [],
  milestones: [],
  fees: [],
  retainagePercentage: null,
  agreementRequired: false,
};

/**
 * Returns the terms with the retainage percentage of the asset template, which is the default and the minimum; null if
 * there are neither. Throws PolicyViolationError if the percentage is lower, and ValidationError if the template's
 * percentage does not fit the terms.
 */
export function withTemplateRetainage(content: TermsContent | null, minimum: string | null): TermsContent | null {
  if (minimum === null) return content;
  const given = content ?? ONLY_RETAINAGE;
  const { retainagePercentage } = given;
  if (retainagePercentage !== null && rateOf(retainagePercentage) < rateOf(minimum)) {
    throw new PolicyViolationError(
      'RETAINAGE',
      `The retainage percentage must be at least that of the asset template, ${minimum}.`,
      [AT, 'retainagePercentage'],
    );
  }
  const terms = { ...given, retainagePercentage: retainagePercentage ?? minimum };
  const [first, ...rest] = payeeFaults(terms);
  if (first) throw new ValidationError([first, ...rest]);
  return terms;
}

/** The request that identifies a retry: amounts by their values. */
export const requestOfTerms = (draft: TermsDraft, valueOf: (decimal: Decimal) => bigint): unknown => ({
  ...draft,
  milestones: draft.milestones.map((each) => ({ ...each, amount: valueOf(each.amount) })),
  fees: draft.fees.map((each) => ({ ...each, fixed: each.fixed && valueOf(each.fixed) })),
});

/** Returns a fee as it is stored. */
export const feeTermOf = ({ fixed, ...fee }: FeeContent<bigint>, currency: CurrencyCode): FeeTerm =>
  Object.freeze({ ...fee, fixed: fixed === null ? null : formatMinorUnits(fixed, currency) });
