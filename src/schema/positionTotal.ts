import { CURRENCY_CODES } from '../domain/currencies.ts';
import { POSITION_STATES } from '../domain/lifecycle.ts';
import { fundedOf, type Position as PositionRow } from '../domain/position.ts';
import { EVERYONE } from '../domain/rights.ts';
import type { MaybePromise, Parent, Total } from '../store/store.ts';
import { Asset } from './asset.ts';
import { builder, type Context } from './builder.ts';
import { Institution } from './institution.ts';
import { PositionState } from './lifecycle.ts';
import { Money } from './money.ts';
import { positions } from './position.ts';

/** The totals of one currency, one per state; never empty. */
type OfCurrency = readonly [Total, ...Total[]];

const sum = (all: readonly Total[], of: (total: Total) => bigint): bigint =>
  all.reduce((before, total) => before + of(total), 0n);

const PARTS: { readonly [name: string]: { readonly description: string; readonly of: (total: Total) => bigint } } = {
  amount: { description: 'The sum of the agreed amounts.', of: ({ amount }) => amount },
  funded: { description: 'The sum of the amounts that were paid in, with the fees of payers.', of: fundedOf },
  held: { description: 'The sum of the amounts that are in escrow now.', of: ({ held }) => held },
  retained: { description: 'The sum of the retained amounts.', of: ({ retained }) => retained },
  released: { description: 'The sum of the amounts that were released to payees.', of: ({ released }) => released },
  refunded: { description: 'The sum of the amounts that were returned to payers.', of: ({ refunded }) => refunded },
  fees: { description: 'The sum of the fees charged.', of: ({ fees }) => fees },
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
      extensions: { cost: { items: POSITION_STATES.length } },
      resolve: (ofCurrency) => ofCurrency,
    }),
  }),
});

interface Args {
  readonly filter?: unknown;
}

function loadTotals({ read }: Context, { filter }: Args, parent?: Parent<PositionRow>): MaybePromise<OfCurrency[]> {
  const totals = read.positionTotals(positions.selectionOf(filter, parent));
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
const FIELD = {
  type: [PositionTotal] as [typeof PositionTotal],
  nullable: true as const,
  description: `The ${LIST}`,
  args: positions.filterArgs,
  extensions: {
    roles: EVERYONE,
    reads: ['id'],
    cost: { own: 50, ...positions.filterCost, maxItems: CURRENCY_CODES.length },
  },
};

builder.queryField('positionTotals', (t) =>
  t.field({
    ...FIELD,
    description: `Returns the ${LIST}`,
    resolve: (_root, args, context) => loadTotals(context, args),
  }),
);

builder.objectField(Institution, 'positionTotals', (t) =>
  t.field({
    ...FIELD,
    resolve: ({ id }, args, context) => loadTotals(context, args, { field: 'institutionId', id }),
  }),
);

builder.objectField(Asset, 'positionTotals', (t) =>
  t.field({
    ...FIELD,
    resolve: ({ id }, args, context) => loadTotals(context, args, { field: 'assetId', id }),
  }),
);
