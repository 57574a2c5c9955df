import { formatInstant } from '../../src/domain/time.ts';
import { allowedOf } from './changes.ts';
import {
  AMOUNT_NAMES,
  type Answer,
  type Event,
  type FeeInput,
  type Held,
  minor,
  NEXT,
  type Rules,
  type State,
  written,
} from './model.ts';
import { partsOf } from './sums.ts';
import type { World } from './world.ts';

const money = (minorUnits: bigint, currency: string): object => ({ amount: written(minorUnits, currency) });

const instant = (at: number | undefined): string | null => (at === undefined ? null : formatInstant(at));
const amounts = <N extends string>(
  held: { readonly [name in N]: bigint },
  names: readonly N[],
  currency: string,
): object => Object.fromEntries(names.map((name) => [name, money(held[name], currency)]));

/** Formats a position of the model as the API returns it, without its terms. */
export function formatPosition(held: Held, index: number, now: number): object {
  const { state, version, currency, expiresAt } = held;
  return {
    at: index,
    state,
    version,
    amount: { ...money(held.amount, currency), currencyCode: currency },
    ...amounts(held, AMOUNT_NAMES, currency),
    expiresAt: instant(expiresAt),
    externalReference: held.reference,
    allowedTransitions: allowedOf(held, now),
  };
}

/** Formats the terms of a position as the API returns them. */
export function formatTerms(held: Held): object | null {
  const { terms, currency, state } = held;
  if (!terms) return null;
  const parts = partsOf(held);
  return {
    version: terms.version,
    agreed: terms.parties.every(({ role, agreedAt }) => role === 'OBSERVER' || agreedAt !== undefined),
    agreementRequired: terms.agreementRequired,
    retainagePercentage: percentage(terms.retainage),
    parties: terms.parties.map(({ agreedAt, ...party }) => ({ ...party, agreedAt: instant(agreedAt) })),
    fees: terms.fees.map((fee) => formatFee(fee, currency)),
    milestones: terms.milestones.map(({ title, amount, payee, dueAt }, n) => {
      const { earned = 0n, refunded = 0n, left = 0n } = parts[n] ?? {};
      return {
        sequence: n + 1,
        title,
        ...amounts({ amount, earned, refunded }, ['amount', 'earned', 'refunded'], currency),
        payeeReference: payee,
        dueAt: instant(dueAt),
        state: left === 0n || NEXT[state].length === 0 ? 'CLOSED' : 'OPEN',
      };
    }),
  };
}

const percentage = (text: string | undefined): string | null => (text === undefined ? null : `${Number(text)}`);
const formatFee = ({ name, bearer, percentage: part, fixed }: FeeInput, currency: string): object => ({
  name,
  bearer,
  percentage: percentage(part),
  fixed: fixed === undefined ? null : money(minor(fixed, currency) as bigint, currency),
});

/** Formats an event as a mutation returns it: without its ledger event. */
export const formatEvent = ({ kind: _kind, postings: _postings, ...event }: Event): object => event;

/** Formats a result of the model as the API returns it. */
export function formatAnswer({ at, position, event, policy, results, ...facts }: Answer, { now }: World): Answer {
  const { allowed, countries, limits, version } = (policy ?? {}) as Rules;
  return {
    ...facts,
    ...(position !== undefined && {
      position: {
        ...formatPosition(position as Held, at as number, now),
        ...(facts.type !== 'APPLIED' && { terms: formatTerms(position as Held) }),
      },
    }),
    ...(event !== undefined && { event: event && formatEvent(event as Event) }),
    ...(policy !== undefined && {
      policy: {
        version,
        allowedCurrencies: allowed ?? null,
        allowedCountries: countries ?? null,
        limits: limits.map(({ currency }) => ({ currencyCode: currency })),
      },
    }),
    ...(results !== undefined && {
      results: (results as readonly Answer[]).map((each) => formatAnswer(each, { now } as World)),
    }),
  };
}

const ORDER = Object.keys(NEXT) as readonly State[];
const TOTALS = ['amount', 'funded', 'held', 'retained', 'released', 'refunded', 'fees'] as const;
/** Returns the sums of the positions, in the currency of all of them. */
const sumsOf = (positions: readonly Held[], currency: string): object =>
  Object.fromEntries(
    TOTALS.map((name) => [
      name,
      money(
        positions.reduce((sum, each) => sum + each[name], 0n),
        currency,
      ),
    ]),
  );

/** Formats the totals of all positions as the API returns them. */
export function formatTotals(positions: readonly Held[]): readonly object[] {
  const of = (some: readonly Held[], currency: string): object => ({
    count: some.length,
    ...sumsOf(some, currency),
  });
  return [...new Set(positions.map(({ currency }) => currency))].toSorted().map((currency) => {
    const own = positions.filter((each) => each.currency === currency);
    const byState = ORDER.flatMap((state) => {
      const some = own.filter((each) => each.state === state);
      return some.length === 0 ? [] : [{ state, ...of(some, currency) }];
    });
    return { currencyCode: currency, ...of(own, currency), byState };
  });
}
