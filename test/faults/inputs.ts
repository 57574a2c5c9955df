import {
  type Agree,
  type Amend,
  type Create,
  DIGITS,
  type FeeInput,
  type MilestoneInput,
  type Move,
  minor,
  positive,
  type TermsInput,
  type Update,
} from './model.ts';

/** The paths of validation issues. */
type Faults = (string | number)[][];

/** Returns the issues of the input only. A past expiry is reported together with other issues. */
export function faultsOfCreate(input: Create, now: number, others: Faults = []): Faults {
  return withPastExpiry([...others, ...faultsBeside(input)], input.expiresAt, now);
}
const withPastExpiry = (faults: Faults, expiresAt: number | null | undefined, now: number): Faults =>
  faults.length > 0 && (expiresAt ?? Infinity) <= now ? [...faults, ['expiresAt']] : faults;

function faultsBeside({ holder, amount, currency, reference, unique, terms }: Create): Faults {
  const known = currency in DIGITS;
  const good = positive(amount) && !(known && minor(amount, currency) === 'fine');
  const misfits = terms && known && minor(amount, currency) !== 'fine' ? misfitsOf(terms, amount, currency) : [];
  return [
    ...(holder.trim() === '' ? [['holderReference']] : []),
    ...(unique && reference === undefined ? [['externalReference']] : []),
    ...(good ? [] : [['amount', 'amount']]),
    ...(known ? [] : [['amount', 'currencyCode']]),
    ...(terms ? faultsOfTerms(terms) : []),
    ...misfits,
  ];
}
export const faultsOfMove = ({ to, amount, all, reason, payment }: Move): Faults => [
  ...((to === 'BY_AMOUNT' || to === 'REFUND') && (amount !== undefined) === (all === true) ? [['amount']] : []),
  ...(amount === undefined || positive(amount) ? [] : [['amount']]),
  ...faultsOfReason(reason),
  ...(payment?.trim() === '' ? [['paymentReference']] : []),
];
const faultsOfReason = (reason = ''): Faults => (reason.length > 1_000 ? [['reason']] : []);
export const faultsOfUpdate = ({ reference }: Update): Faults =>
  reference?.trim() === '' ? [['externalReference']] : [];
export const faultsOfAgree = ({ party, reason }: Agree): Faults => [
  ...(party.trim() === '' ? [['partyReference']] : []),
  ...faultsOfReason(reason),
];
export const faultsOfAmend = ({ terms, expiresAt, reason }: Amend, now: number, others: Faults): Faults => {
  const faults = [
    ...others,
    ...(terms === undefined && expiresAt === undefined ? [['terms']] : []),
    ...(terms ? faultsOfTerms(terms) : []),
    ...faultsOfReason(reason),
  ];
  return withPastExpiry(faults, expiresAt, now);
};

/** Returns the payees of terms. */
export const payeesOf = ({ parties }: Pick<TermsInput, 'parties'>): readonly string[] =>
  parties.filter(({ role }) => role === 'PAYEE').map(({ reference }) => reference);

/** Whether the text is a percentage from 0 to 100 with at most 4 decimals. */
const isPercentage = (text: string): boolean => {
  const [, decimals = ''] = text.split('.');
  return /^\d+(\.\d+)?$/.test(text) && decimals.length <= 4 && Number(text) <= 100;
};

/** Returns the issues of terms that do not depend on their currency. */
export function faultsOfTerms(terms: TermsInput): Faults {
  const { parties, milestones = [], fees = [], retainage } = terms;
  const blank = (text: string, ...path: (string | number)[]): Faults =>
    text.trim() === '' ? [['terms', ...path]] : [];
  return [
    ...parties.flatMap(({ reference }, n) => blank(reference, 'parties', n, 'reference')),
    ...milestones.flatMap(({ title, amount }, n) => [
      ...blank(title, 'milestones', n, 'title'),
      ...(positive(amount) ? [] : [['terms', 'milestones', n, 'amount']]),
    ]),
    ...fees.flatMap((fee, n) => [...blank(fee.name, 'fees', n, 'name'), ...faultsOfFee(fee, n)]),
    ...(retainage === undefined || isPercentage(retainage) ? [] : [['terms', 'retainagePercentage']]),
    ...faultsOfParties(terms),
    ...milestones.flatMap((milestone, n) => faultsOfPayee(milestone, payeesOf(terms), n)),
    ...faultsOfSeveralPayees(terms),
  ];
}

const faultsOfFee = ({ percentage, fixed }: FeeInput, n: number): Faults => [
  ...(percentage === undefined || isPercentage(percentage) ? [] : [['terms', 'fees', n, 'percentage']]),
  ...(fixed === undefined || positive(fixed) ? [] : [['terms', 'fees', n, 'fixed']]),
  ...(percentage === undefined && fixed === undefined ? [['terms', 'fees', n, 'percentage']] : []),
];

function faultsOfParties(terms: TermsInput): Faults {
  const { parties } = terms;
  const payees = payeesOf(terms);
  return [
    ...(parties.filter(({ role }) => role === 'PAYER').length === 1 ? [] : [['terms', 'parties']]),
    ...(payees.length > 0 ? [] : [['terms', 'parties']]),
    ...parties.flatMap(({ role, reference }, n) => [
      ...(role === 'PAYER' && payees.includes(reference) ? [['terms', 'parties', n, 'reference']] : []),
      ...(parties.slice(0, n).some((each) => each.role === role && each.reference === reference)
        ? [['terms', 'parties', n, 'reference']]
        : []),
    ]),
  ];
}

const faultsOfPayee = ({ payee }: MilestoneInput, payees: readonly string[], n: number): Faults =>
  (payee === undefined ? new Set(payees).size > 1 : !payees.includes(payee))
    ? [['terms', 'milestones', n, 'payeeReference']]
    : [];

/** Several payees need milestones, and can neither have retainage nor bear fees. */
export function faultsOfSeveralPayees(terms: TermsInput): Faults {
  const { milestones = [], fees = [], retainage = '0' } = terms;
  if (new Set(payeesOf(terms)).size < 2) return [];
  return [
    ...(milestones.length === 0 ? [['terms', 'milestones']] : []),
    ...(isPercentage(retainage) && Number(retainage) > 0 ? [['terms', 'retainagePercentage']] : []),
    ...fees.flatMap(({ bearer }, n) => (bearer === 'PAYEE' ? [['terms', 'fees', n, 'bearer']] : [])),
  ];
}

/** Returns the issues of terms for a position of the amount, whose own issues are others. */
export function misfitsOf({ milestones = [], fees = [] }: TermsInput, amount: string, currency: string): Faults {
  const isFine = (text: string | undefined): boolean =>
    text !== undefined && positive(text) && minor(text, currency) === 'fine';
  const parts = milestones.map((each) => (positive(each.amount) ? minor(each.amount, currency) : undefined));
  const sum = parts.reduce<bigint>((all, part) => all + (typeof part === 'bigint' ? part : 0n), 0n);
  const canCompare = parts.length > 0 && parts.every((part) => typeof part === 'bigint') && positive(amount);
  const isWhole = !canCompare || sum === minor(amount, currency);
  return [
    ...milestones.flatMap((each, n) => (isFine(each.amount) ? [['terms', 'milestones', n, 'amount']] : [])),
    ...fees.flatMap(({ fixed }, n) => (isFine(fixed) ? [['terms', 'fees', n, 'fixed']] : [])),
    ...(isWhole ? [] : [['terms', 'milestones']]),
  ];
}
