import type { Field, TableName, Tables } from '../store/store.ts';

/** The form in which a field is written: an amount as a text of digits, everything else as its JSON. */
type KindOf<V> = [Extract<V, bigint>] extends [never] ? 'value' : 'amount';
/** The fields of some tables, each in its form. */
export type FieldsOf<N extends TableName> = {
  readonly [T in N]: { readonly [F in Field<Tables[T]>]: KindOf<Tables[T][F]> };
};

/** The fields of the tables with the terms of positions. */
export const TERMS_FIELDS: FieldsOf<'positionTerms' | 'parties' | 'milestones'> = {
  positionTerms: {
    id: 'value',
    institutionId: 'value',
    positionId: 'value',
    version: 'value',
    fees: 'value',
    retainagePercentage: 'value',
    agreementRequired: 'value',
    createdAt: 'value',
  },
  parties: {
    id: 'value',
    institutionId: 'value',
    positionId: 'value',
    termsId: 'value',
    ordinal: 'value',
    role: 'value',
    reference: 'value',
    agreedAt: 'value',
    version: 'value',
    createdAt: 'value',
  },
  milestones: {
    id: 'value',
    institutionId: 'value',
    positionId: 'value',
    termsId: 'value',
    sequence: 'value',
    title: 'value',
    currency: 'value',
    amount: 'amount',
    earned: 'amount',
    refunded: 'amount',
    payeeReference: 'value',
    dueAt: 'value',
    state: 'value',
    version: 'value',
    createdAt: 'value',
  },
};
