import { fundedOf, type Position as PositionRow } from '../domain/position.ts';
import type { MaybePromise, Parent, Total } from '../store/store.ts';
import { Asset } from './asset.ts';
import { builder } from './builder.ts';
import { Institution } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { Money } from './money.ts';
import { PositionFilter, selectionOf } from './position.ts';
import type { Readings } from './readings.ts';

/** The totals of one currency, state by state; never empty. */
type OfCurrency = readonly [Total, ...Total[]];

const sum = (all: readonly Total[], of: (total: Total) => bigint): bigint =>
  all.reduce((before, total) => before + of(total), 0n);

const PARTS: { readonly [name: string]: { readonly description: string; readonly of: (total: Total) => bigint } } = {
  amount: { description: 'What was agreed, summed.', of: ({ amount }) => amount },
  funded: { description: 'What was put in escrow, summed.', of: fundedOf },
  held: { description: 'What is in escrow now, summed.', of: ({ held }) => held },
  released: { description: 'What was paid out, summed.', of: ({ released }) => released },
  refunded: { description: 'What went back to the payers, summed.', of: ({ refunded }) => refunded },
};

const PositionStateTotal = builder.objectRef<Total>('PositionStateTotal').implement({
  description: 'The sums of the positions of one currency and state.',
  fields: (t) => ({
    state: t.expose('state', { type: PositionState, description: 'The state.' }),
    count: t.exposeInt('count', { description: 'How many positions there are.' }),
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
  description: 'The sums of the positions of one currency.',
  fields: (t) => ({
    currencyCode: t.field({
      type: 'CurrencyCode',
      description: 'The currency.',
      resolve: ([{ currency }]) => currency,
    }),
    count: t.int({
      description: 'How many positions there are.',
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
      description: 'The same by state; states without a position are left out.',
      resolve: (ofCurrency) => ofCurrency,
    }),
  }),
});

const args = builder.args((t) => ({
  filter: t.field({ type: PositionFilter, description: 'Which positions; all if left out.' }),
}));
type Filter = Parameters<typeof selectionOf>[0];

function totals(read: Readings, filter: Filter, of?: Parent<PositionRow>): MaybePromise<OfCurrency[]> {
  const found = read.positionTotals(selectionOf(filter, of));
  return found instanceof Promise ? found.then(byCurrency) : byCurrency(found);
}

function byCurrency(found: readonly Total[]): OfCurrency[] {
  const groups = new Map<string, [Total, ...Total[]]>();
  for (const total of found) {
    const group = groups.get(total.currency);
    if (group) group.push(total);
    else groups.set(total.currency, [total]);
  }
  return [...groups.values()];
}

const description = 'The sums of the positions that match, one entry a currency, by its code.';

builder.queryField('positionTotals', (t) =>
  t.field({
    type: [PositionTotal],
    nullable: true,
    description,
    args,
    resolve: (_root, { filter }, { read }) => totals(read, filter),
  }),
);

builder.objectField(Institution, 'positionTotals', (t) =>
  t.field({
    type: [PositionTotal],
    nullable: true,
    description,
    args,
    resolve: ({ id }, { filter }, { read }) => totals(read, filter, { field: 'institutionId', id }),
  }),
);

builder.objectField(Asset, 'positionTotals', (t) =>
  t.field({
    type: [PositionTotal],
    nullable: true,
    description,
    args,
    resolve: ({ id }, { filter }, { read }) => totals(read, filter, { field: 'assetId', id }),
  }),
);
