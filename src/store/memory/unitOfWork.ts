import type { Id } from '../../domain/ids.ts';
import type { Position } from '../../domain/position.ts';
import { AlreadyExists } from '../faults.ts';
import type { Condition, TableName, Tables, Window, Writer, Writers } from '../store.ts';
import type { Row } from './compare.ts';
import { LAYOUTS } from './layouts.ts';
import type { Table } from './table.ts';

export type Entity = Tables[TableName];
export type Kept = { readonly [T in TableName]: Table<Entity> };
const TABLE_NAMES = Object.keys(LAYOUTS) as readonly TableName[];

export const eachTable = <V>(make: (name: TableName) => V): { readonly [T in TableName]: V } =>
  Object.fromEntries(TABLE_NAMES.map((name) => [name, make(name)])) as { [T in TableName]: V };

interface Write {
  readonly table: Table<Entity>;
  readonly kind: 'insert' | 'replace' | 'remove';
  readonly entity: Entity;
}

/** Collects what the work writes and applies it in one step, after everything was checked. */
export async function unitOfWork<T>(tables: Kept, tenant: Id | null, work: (tx: Writers) => Promise<T>): Promise<T> {
  const writes: Write[] = [];
  const writer = (name: TableName): Writer<Entity> => {
    const table = tables[name];
    const write = (kind: Write['kind']) => (entity: Entity) => {
      if (tenant !== null && table.tenantOf(entity) !== tenant) throw new Error(`${entity.id} lies outside the scope.`);
      writes.push({ table, kind, entity });
    };
    return {
      byIds: (ids) => table.byIds(ids, tenant),
      pages: (windows) => windows.map((window) => table.page(window, tenant)),
      // Units of work run one after another, so every row is locked.
      lock: (ids) => table.byIds(ids, tenant),
      insert: write('insert'),
      replace: write('replace'),
      remove: write('remove'),
    };
  };
  const positions = tables.positions as unknown as Table<Position>;
  const lockDue: Writers['lockDue'] = (now, limit) => positions.page(dueWindow(now, limit), tenant).rows;
  const result = await work({ ...(eachTable(writer) as unknown as Writers), lockDue });
  mustHold(tables, writes);
  for (const { table, kind, entity } of writes) table[kind](entity);
  return result;
}

const dueWindow = (now: number, limit: number): Window<Position> => ({
  where: { state: { in: ['CREATED', 'FUNDED', 'PARTIALLY_RELEASED'] }, expiresAt: { range: { lte: now } } },
  order: { by: ['expiresAt'], direction: 'ASC' },
  limit,
  backward: false,
  after: null,
  before: null,
});

/** What a database's constraints hold: nothing twice, versions in step, nothing that points outside its institution. */
function mustHold(tables: Kept, writes: readonly Write[]): void {
  const written: ReadonlyMap<Table<Entity>, Map<Id, Entity>> = new Map(
    Object.values(tables).map((table) => [table, new Map()]),
  );
  for (const { table, kind, entity } of writes) {
    const own = written.get(table);
    if (own?.has(entity.id)) throw new AlreadyExists(`${entity.id} is written twice.`);
    own?.set(entity.id, entity);
    if (kind === 'insert') {
      if (table.rows.has(entity.id)) throw new AlreadyExists(`There is a ${entity.id} already.`);
      mustBeUnique(table, entity);
    } else {
      const { version } = entity as { readonly version: number };
      table.mustBeAt(entity, kind === 'replace' ? version - 1 : version);
    }
  }
  for (const { table, kind, entity } of writes) {
    if (kind === 'remove') continue;
    for (const [field, other] of Object.entries<TableName>(table.layout.references)) {
      const id = (entity as unknown as Row)[field] as Id;
      const target = written.get(tables[other])?.get(id) ?? tables[other].rows.get(id);
      if (!target || tables[other].tenantOf(target) !== table.tenantOf(entity)) {
        throw new Error(`${entity.id} points to ${id}, which its institution does not have.`);
      }
    }
  }
}

function mustBeUnique(table: Table<Entity>, entity: Entity): void {
  const { unique } = table.layout;
  if (!unique) return;
  const value = (field: string): Condition<unknown> => ({ in: [(entity as unknown as Row)[field]] });
  const where = Object.fromEntries(unique.map((field) => [field, value(field)]));
  if (table.count({ where }, null) > 0)
    throw new AlreadyExists(`There is one with the ${unique.join()} of ${entity.id}.`);
}
