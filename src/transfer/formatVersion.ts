import type { TableName, Tables } from '../store/store.ts';
import { TABLE_NAMES } from '../store/tables.ts';

/** The version of new exports. Increases when their lines change, for example when a table has a new field. */
export const FORMAT_VERSION = 3;
/** The versions of the format that an import can read. */
export const FORMAT_VERSIONS = [1, 2, FORMAT_VERSION] as const;
export type FormatVersion = (typeof FORMAT_VERSIONS)[number];

/** What a version added: whole tables, and fields, with their values in rows that were exported without them. */
type Added = { readonly [T in TableName]?: 'TABLE' | Partial<Tables[T]> };
const ADDED_BY_2: Added = {
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

const ADDED_BY_3: Added = { webhookEndpoints: 'TABLE', webhookDeliveries: 'TABLE' };

/** What the versions after each one added. */
const ADDED_AFTER: { readonly [V in FormatVersion]: readonly Added[] } = {
  1: [ADDED_BY_2, ADDED_BY_3],
  2: [ADDED_BY_3],
  3: [],
};

/** Returns the tables of an export of the version, in its order. */
export const tablesIn = (version: FormatVersion): readonly TableName[] =>
  TABLE_NAMES.filter((table) => ADDED_AFTER[version].every((added) => added[table] !== 'TABLE'));

/** Returns the fields that the rows of an export of the version do not have, with their values. */
export const fieldsAfter = (version: FormatVersion, table: TableName): { readonly [field: string]: unknown } =>
  Object.assign({}, ...ADDED_AFTER[version].map((added) => (added[table] === 'TABLE' ? {} : added[table]))) as {
    readonly [field: string]: unknown;
  };
