import type { Id } from '../domain/ids.ts';
import type { Scope } from '../domain/viewer.ts';
import type { Field, TableName, Tables } from './store.ts';

/** A row of any table. */
export type Entity = Tables[TableName];

/** Returns the fields of an object that has an entry for each of them. It casts because Object.keys returns strings. */
export const fieldsOf = <F extends string>(entries: { readonly [field in F]?: unknown }): readonly F[] =>
  Object.keys(entries) as F[];

/** All tables, with the field of each that contains the institution which owns the row. */
export const TENANT_FIELDS: { readonly [T in TableName]: Field<Tables[T]> } = {
  institutions: 'id',
  assetTemplates: 'institutionId',
  templateConfigs: 'institutionId',
  assets: 'institutionId',
  positions: 'institutionId',
  positionTerms: 'institutionId',
  parties: 'institutionId',
  milestones: 'institutionId',
  lifecycleEvents: 'institutionId',
  ledgerEvents: 'institutionId',
  postings: 'institutionId',
  policies: 'institutionId',
  auditEvents: 'institutionId',
  apiKeys: 'institutionId',
  idempotencyRecords: 'institutionId',
  chatSessions: 'institutionId',
  chatMessages: 'institutionId',
  chatRevisions: 'institutionId',
  readMarks: 'institutionId',
  webhookEndpoints: 'institutionId',
  webhookDeliveries: 'institutionId',
};

export const TABLE_NAMES: readonly TableName[] = fieldsOf(TENANT_FIELDS);

/**
 * Makes one value per table. TypeScript cannot relate the result of a generic function to the members of V, so `make`
 * states the type of its result itself.
 */
export const eachTable = <V extends { readonly [T in TableName]: unknown }>(
  make: <T extends TableName>(name: T) => unknown,
): V => Object.fromEntries(TABLE_NAMES.map((name) => [name, make(name)])) as V;

/** Values per table that are made when they are first used. */
class LazyTables {
  readonly #make: (name: TableName) => unknown;
  readonly #made: { [T in TableName]?: unknown } = {};

  constructor(make: (name: TableName) => unknown) {
    this.#make = make;
  }

  static {
    for (const name of TABLE_NAMES) {
      Object.defineProperty(LazyTables.prototype, name, {
        get(this: LazyTables): unknown {
          return (this.#made[name] ??= this.#make(name));
        },
      });
    }
  }
}

/** Makes one value per table like `eachTable`, but each only when it is first used. They are not own properties. */
export const lazyTables = <V extends { readonly [T in TableName]: unknown }>(
  make: <T extends TableName>(name: T) => unknown,
  // The getters of the class are added at run time, so TypeScript does not see them.
): V => new LazyTables(make) as unknown as V;

/** Returns the institution of a scope, or null for all institutions. Every read and write names it in its condition. */
export const tenantOf = (scope: Scope): Id | null => (scope === 'ALL' ? null : scope.institutionId);

/** The fields that determine the institution of a row. */
export interface Owned {
  readonly id: Id;
  readonly institutionId?: Id;
}

/** Returns the institution that owns the row. An institution owns itself. */
export const ownerOf = (row: Owned): Id => row.institutionId ?? row.id;

/** Returns the version of the row, or 0 for a row of a table whose rows never change. */
export const versionOf = (row: Entity): number => ('version' in row ? row.version : 0);

/** Throws an error if the transaction of a call that concerns all institutions is restricted to one: an internal error. */
export function assertScopeOfAll(tenant: Id | null): void {
  if (tenant !== null) throw new Error('The changes of all institutions lie outside the scope.');
}

/** Throws an error if a row or change of this owner is outside the scope of the transaction: an internal error. */
export function assertInScope(tenant: Id | null, owner: Id, id: Id): void {
  if (tenant !== null && owner !== tenant) throw new Error(`${id} lies outside the scope.`);
}
