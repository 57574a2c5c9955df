import { fundedOf, type Position as PositionRow } from '../domain/position.ts';
import type { MaybePromise, Parent, Total } from '../store/store.ts';
import { Asset } from './asset.ts';
import { builder } from './builder.ts';
import { Institution } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { Money } from './money.ts';
import { PositionFilter, selectionOf } from './position.ts';
import type { Loaders } from './loaders.ts';

/** The totals of one currency, one per state; never empty. */
type OfCurrency = readonly [Total, ...Total[]];

const sum = (all: readonly Total[], of: (total: Total) => bigint): bigint =>
  all.reduce((before, total) => before + of(total), 0n);

const PARTS: { readonly [name: string]: { readonly description: string; readonly of: (total: Total) => bigint } } = {
  amount: { description: 'The sum of the agreed amounts.', of: ({ amount }) => amount },
  funded: { description: 'The sum of the amounts that were paid into escrow.', of: fundedOf },
  held: { description: 'The sum of the amounts that are in escrow now.', of: ({ held }) => held },
  released: { description: 'The sum of the amounts that were released to payees.', of: ({ released }) => released },
  refunded: { description: 'The sum of the amounts that were returned to payers.', of: ({ refunded }) => refunded },
};

const PositionStateTotal = builder.objectRef<Total>('PositionStateTotal').implement({
  description: 'The sums of the matching positions of one currency and state.',
  fields: (t) => ({
    state: t.expose('state', { type: PositionState, description: 'The state.' }),
    count: t.exposeInt('count', { description: 'The number of positions.' }),
    ...Object.fromEntries(
      Object.entries(PARTS).map(([name, { description, of }]) => [
        name,
        t.field({
          type: Money,
          description,
          resolve: (total) => ({ minorUnits: of(total), currency: total.currency }),
        }),
      ]),
    ),
  }),
});

const PositionTotal = builder.objectRef<OfCurrency>('PositionTotal').implement({
  description: 'The sums of the matching positions of one currency.',
  fields: (t) => ({
    currencyCode: t.field({
      type: 'CurrencyCode',
      description: 'The currency.',
      resolve: ([{ currency }]) => currency,
    }),
    count: t.int({
      description: 'The number of positions.',
      resolve: (ofCurrency) => ofCurrency.reduce((all, { count }) => all + count, 0),
    }),
    ...Object.fromEntries(
      Object.entries(PARTS).map(([name, { description, of }]) => [
        name,
        t.field({
          type: Money,
          description,
          resolve: (ofCurrency) => ({ minorUnits: sum(ofCurrency, of), currency: ofCurrency[0].currency }),
        }),
      ]),
    ),
    byState: t.field({
      type: [PositionStateTotal],
      description: 'The sums by state. States without a matching position are omitted.',
      resolve: (ofCurrency) => ofCurrency,
    }),
  }),
});

const args = builder.args((t) => ({
  filter: t.field({ type: PositionFilter, description: 'Filters the positions. Defaults to all.' }),
}));
type Filter = Parameters<typeof selectionOf>[0];

function loadTotals(read: Loaders, filter: Filter, parent?: Parent<PositionRow>): MaybePromise<OfCurrency[]> {
  const totals = read.positionTotals(selectionOf(filter, parent));
  return totals instanceof Promise ? totals.then(byCurrency) : byCurrency(totals);
}

function byCurrency(totals: readonly Total[]): OfCurrency[] {
  const groups = new Map<string, [Total, ...Total[]]>();
  for (const total of totals) {
    const group = groups.get(total.currency);
    if (group) group.push(total);
    else groups.set(total.currency, [total]);
  }
  return [...groups.values()];
}

const LIST = 'sums of the matching positions, one entry per currency, ordered by currency code.';

builder.queryField('positionTotals', (t) =>
  t.field({
    type: [PositionTotal],
    nullable: true,
    description: `Returns the ${LIST}`,
    args,
    resolve: (_root, { filter }, { read }) => loadTotals(read, filter),
  }),
);

builder.objectField(Institution, 'positionTotals', (t) =>
  t.field({
    type: [PositionTotal],
    nullable: true,
    description: `The ${LIST}`,
    args,
    resolve: ({ id }, { filter }, { read }) => loadTotals(read, filter, { field: 'institutionId', id }),
  }),
);

builder.objectField(Asset, 'positionTotals', (t) =>
  t.field({
    type: [PositionTotal],
    nullable: true,
    description: `The ${LIST}`,
    args,
    resolve: ({ id }, { filter }, { read }) => loadTotals(read, filter, { field: 'assetId', id }),
  }),
);
