import { formatInstant } from '../../src/domain/time.ts';
import { type Answer, allowedOf, type Held, type Rules, type State, written } from './model.ts';
import type { World } from './world.ts';

const money = (minorUnits: bigint, currency: string): object => ({ amount: written(minorUnits, currency) });

/** Formats a position of the model as the API returns it. */
export function formatPosition(held: Held, index: number, now: number): object {
  const { state, version, currency, expiresAt } = held;
  return {
    at: index,
    state,
    version,
    amount: { ...money(held.amount, currency), currencyCode: currency },
    held: money(held.held, currency),
    released: money(held.released, currency),
    refunded: money(held.refunded, currency),
    expiresAt: expiresAt === undefined ? null : formatInstant(expiresAt),
    externalReference: held.reference,
    allowedTransitions: allowedOf(held, now),
  };
}

/** Formats a result of the model as the API returns it. */
export function formatAnswer({ at, position, event, policy, results, ...facts }: Answer, { now }: World): Answer {
  const { allowed, limits, version } = (policy ?? {}) as Rules;
  return {
    ...facts,
    ...(position !== undefined && {
      position: formatPosition(position as Held, at as number, now),
    }),
    ...(event !== undefined && { event }),
    ...(policy !== undefined && {
      policy: {
        version,
        allowedCurrencies: allowed ?? null,
        limits: limits.map(({ currency }) => ({ currencyCode: currency })),
      },
    }),
    ...(results !== undefined && {
      results: (results as readonly Answer[]).map((each) => formatAnswer(each, { now } as World)),
    }),
  };
}

const ORDER: readonly State[] = ['CREATED', 'FUNDED', 'PARTIALLY_RELEASED', 'RELEASED', 'CANCELLED', 'EXPIRED'];
const sumOf = (positions: readonly Held[], field: 'amount' | 'held' | 'released' | 'refunded'): bigint =>
  positions.reduce((sum, each) => sum + each[field], 0n);

/** Formats the totals of all positions as the API returns them. */
export function formatTotals(positions: readonly Held[]): readonly object[] {
  const of = (some: readonly Held[], currency: string): object => ({
    count: some.length,
    amount: money(sumOf(some, 'amount'), currency),
    held: money(sumOf(some, 'held'), currency),
    released: money(sumOf(some, 'released'), currency),
    refunded: money(sumOf(some, 'refunded'), currency),
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
