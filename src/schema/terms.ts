import { partiesOf } from '../commands/currentTerms.ts';
import type { CurrencyCode } from '../domain/currencies.ts';
import { LIMITS } from '../domain/limits.ts';
import { EVERYONE } from '../domain/rights.ts';
import {
  currentTermsId,
  type FeeTerm as FeeTermRow,
  fixedOf,
  isAgreed,
  type Party as PartyRow,
  type PositionTerms as TermsRow,
} from '../domain/terms.ts';
import type { MaybePromise, Page } from '../store/store.ts';
import { builder } from './builder.ts';
import type { Loaders } from './loaders.ts';
import { Money } from './money.ts';
import { PartyRole } from './party.ts';
import { Position } from './position.ts';

export const FeeBearer = builder.enumType('FeeBearer', {
  description: 'The party that bears a fee.',
  values: {
    PAYER: { description: 'The payer pays the fee on top of each funding.' },
    PAYEE: { description: 'The fee is deducted from each release.' },
  },
});

const Party = builder.objectRef<PartyRow>('Party').implement({
  description: 'A party to a position. The server stores the reference of the client and no other personal data.',
  fields: (t) => ({
    role: t.expose('role', { type: PartyRole, description: 'The role of the party.' }),
    reference: t.exposeString('reference', { description: 'The client-supplied reference of the party.' }),
    agreedAt: t.expose('agreedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the party agreed to the current version of the terms, or null if it has not.',
    }),
  }),
});

/** A fee with the currency of its position. */
interface Fee extends FeeTermRow {
  readonly currency: CurrencyCode;
}

const FeeTerm = builder.objectRef<Fee>('FeeTerm').implement({
  description: 'A fee that is charged for holding the money.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the fee.' }),
    bearer: t.expose('bearer', { type: FeeBearer, description: 'The party that bears the fee.' }),
    percentage: t.expose('percentage', {
      type: 'Decimal',
      nullable: true,
      description: 'The fee as a percentage (0 to 100) of each amount funded or released, or null if there is none.',
    }),
    fixed: t.field({
      type: Money,
      nullable: true,
      description: 'A fixed fee, charged once with the first funding or release, or null if there is none.',
      resolve: (fee) =>
        fee.fixed === null ? null : { minorUnits: fixedOf(fee, fee.currency), currency: fee.currency },
    }),
  }),
});

/** The terms of a position with its currency. */
interface Terms extends TermsRow {
  readonly currency: CurrencyCode;
}

/** Reads the parties of terms and returns what they are converted to. */
function withParties<T>(read: Loaders, id: string, convert: (parties: readonly PartyRow[]) => T): MaybePromise<T> {
  const page = read.parties.page(partiesOf(id));
  const rows = ({ rows: found }: Page<PartyRow>): T => convert(found);
  return page instanceof Promise ? page.then(rows) : rows(page);
}

/** The number of parties that most positions have. */
const USUAL_PARTIES = 3;

export const PositionTerms = builder.objectRef<Terms>('PositionTerms').implement({
  description: 'The terms of a position.',
  fields: (t) => ({
    version: t.exposeInt('version', {
      description: 'The version of the terms. Starts at 1 and increases by 1 with each amendment.',
    }),
    parties: t.field({
      type: [Party],
      description: 'The parties, in the order they were given.',
      extensions: { cost: { items: USUAL_PARTIES, maxItems: LIMITS.parties } },
      resolve: ({ id }, _args, { read }) => withParties(read, id, (parties) => parties),
    }),
    fees: t.field({
      type: [FeeTerm],
      description: 'The fees, in the order they were given.',
      extensions: { cost: { items: LIMITS.fees } },
      resolve: ({ fees, currency }) => fees.map((fee) => ({ ...fee, currency })),
    }),
    retainagePercentage: t.expose('retainagePercentage', {
      type: 'Decimal',
      nullable: true,
      description:
        'The percentage (0 to 100) of each partial release that is withheld until the final release, or null if nothing is withheld.',
    }),
    agreementRequired: t.exposeBoolean('agreementRequired', {
      description: 'Whether every PAYER and PAYEE must agree before the position can be funded.',
    }),
    agreed: t.boolean({
      description:
        'Whether every PAYER and PAYEE has agreed to the current version of the terms. True if the terms name no parties.',
      extensions: { cost: { own: 1 } },
      resolve: ({ id }, _args, { read }) => withParties(read, id, isAgreed),
    }),
  }),
});

builder.objectField(Position, 'terms', (t) =>
  t.field({
    type: PositionTerms,
    nullable: true,
    description: 'The terms of the position, or null if it has none.',
    extensions: { roles: EVERYONE, reads: ['id', 'termsVersion', 'currency'] },
    resolve: ({ currency, ...position }, _args, { read }) => {
      const id = currentTermsId(position);
      if (id === null) return null;
      const row = read.positionTerms.byId(id);
      const withCurrency = (terms: TermsRow | undefined): Terms | null => (terms ? { ...terms, currency } : null);
      return row instanceof Promise ? row.then(withCurrency) : withCurrency(row);
    },
  }),
);
