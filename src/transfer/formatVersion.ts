import type { TableName, Tables } from '../store/store.ts';
import { TABLE_NAMES } from '../store/tables.ts';

/** The version of new exports. Increases when their lines change, for example when a table has a new field. */
export const FORMAT_VERSION = 2;
/** A version of the format that an import can read. */
export type FormatVersion = 1 | typeof FORMAT_VERSION;

/** What version 2 added: whole tables, and fields, with their values in rows that were exported without them. */
const ADDED_BY_2: { readonly [T in TableName]?: 'TABLE' | Partial<Tables[T]> } = {
  positions: { termsVersion: null, principal: 0n, retained: 0n, fees: 0n },
  positionTerms: 'TABLE',
  parties: 'TABLE',
  milestones: 'TABLE',
  lifecycleEvents: {
    move: null,
    fee: null,
    retained: null,
    milestoneId: null,
    paymentReference: null,
    partyReference: null,
  },
  policies: { allowedCountries: null },
};

const addedAfter = (version: FormatVersion, table: TableName) => (version === 1 ? ADDED_BY_2[table] : undefined);

/** Returns the tables of an export of the version, in its order. */
export const tablesIn = (version: FormatVersion): readonly TableName[] =>
  TABLE_NAMES.filter((table) => addedAfter(version, table) !== 'TABLE');

/** Returns the fields that the rows of an export of the version do not have, with their values. */
export function fieldsAfter(version: FormatVersion, table: TableName): { readonly [field: string]: unknown } {
  const added = addedAfter(version, table);
  return typeof added === 'object' ? { ...added } : {};
}
