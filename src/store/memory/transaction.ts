import type { Id } from '../../domain/ids.ts';
import type { Change } from '../../domain/change.ts';
import { OPEN_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import { AlreadyExistsError } from '../errors.ts';
import type { Reader, TableName, Window, Writer, Writers } from '../store.ts';
import { checkRoom, NEW_OBJECT_BYTES } from './capacity.ts';
import type { Row } from './compare.ts';
import { LAYOUTS } from './layouts.ts';
import { positionRules, type RuleTables } from './positionRules.ts';
import { purgeableSessions, type SessionTables } from './purgeableSessions.ts';
import type { Table } from './table.ts';
import type { MemoryMeter } from './meter.ts';
import { firstOf } from '../window.ts';
import type { Committed, Entity, Write } from './write.ts';

export type MemoryTables = { readonly [T in TableName]: Table<Entity> };

const TABLE_NAMES = Object.keys(LAYOUTS) as readonly TableName[];

export const eachTable = <V>(make: (name: TableName) => V): { readonly [T in TableName]: V } =>
  Object.fromEntries(TABLE_NAMES.map((name) => [name, make(name)])) as { [T in TableName]: V };

/** Runs the work, collects its writes and applies them in one step after all checks. */
export async function runTransaction<T>(
  tables: MemoryTables,
  meter: MemoryMeter,
  reader: (name: TableName) => Reader<Entity>,
  tenant: Id | null,
  work: (tx: Writers) => Promise<T>,
  committed: (what: Committed) => void,
): Promise<T> {
  const writes: Write[] = [];
  const changes: Change[] = [];
  const writer = (name: TableName): Writer<Entity> => {
    const table = tables[name];
    const write = (kind: Write['kind']) => (entity: Entity, changed?: readonly string[]) => {
      mustBeOf(tenant, table.tenantOf(entity), entity.id);
      writes.push({ name, table, kind, entity, changed });
    };
    return {
      ...reader(name),
      // Transactions run one after another, so every row is locked already.
      lock: (ids) => table.byIds(ids, tenant),
      insert: write('insert'),
      replace: write('replace'),
      remove: write('remove'),
    };
  };
  // Each table contains the entities that its name says.
  const typed = tables as unknown as RuleTables & SessionTables;
  const rulesOf: Writers['rulesOf'] = (positionIds) => positionRules(typed, tenant, positionIds);
  const lockDue: Writers['lockDue'] = (now, limit) => typed.positions.page(dueWindow(now, limit), tenant).rows;
  const lockPurgeable: Writers['lockPurgeable'] = (before, limit) => purgeableSessions(typed, tenant, before, limit);
  const publish: Writers['publish'] = (change) => {
    mustBeOf(tenant, change.institutionId, change.objectId);
    changes.push(change);
  };
  // Transactions run one after another, so the lock is always free.
  const advisoryLock = (): void => {};
  const checkCapacity = (newObjects: number): void => meter.check(newObjects * NEW_OBJECT_BYTES, 'NONE');
  const tx = {
    ...(eachTable(writer) as unknown as Writers),
    rulesOf,
    lockDue,
    lockPurgeable,
    advisoryLock,
    publish,
    checkCapacity,
  };
  const result = await work(tx);
  checkConstraints(tables, writes);
  const removes = writes.some(({ kind }) => kind === 'remove');
  const applied = removes ? writes.flatMap((write) => withParts(tables, write)) : writes;
  const written: Committed = { writes: applied, changes };
  checkRoom(meter, written);
  for (const { table, kind, entity } of applied) table[kind](entity);
  committed(written);
  return result;
}

function mustBeOf(tenant: Id | null, owner: unknown, what: Id): void {
  if (tenant !== null && owner !== tenant) throw new Error(`${what} lies outside the scope.`);
}

/** Returns the write or, for the removal of a row, the removals of its parts, innermost first, and of the row. */
function withParts(tables: MemoryTables, write: Write): readonly Write[] {
  if (write.kind !== 'remove') return [write];
  const parts = TABLE_NAMES.flatMap((name) => {
    const table = tables[name];
    const { partOf, references } = table.layout;
    if (partOf === undefined || tables[references[partOf] as TableName] !== write.table) return [];
    const rows = [...table.matches({ parent: { field: partOf, id: write.entity.id }, where: {} }, null)];
    return rows.flatMap((entity) => withParts(tables, { name, table, kind: 'remove', entity }));
  });
  return [...parts, write];
}

const dueWindow = (now: number, limit: number): Window<Position> =>
  firstOf<Position>({
    where: { state: { in: OPEN_STATES }, expiresAt: { range: { lte: now } } },
    order: { by: ['expiresAt'], direction: 'ASC' },
    limit,
  });

/**
 * Checks what database constraints would: unique ids and values, consecutive versions, no references to other
 * institutions.
 */
function checkConstraints(tables: MemoryTables, writes: readonly Write[]): void {
  const written: ReadonlyMap<Table<Entity>, Map<Id, Entity>> = new Map(
    Object.values(tables).map((table) => [table, new Map()]),
  );
  for (const { table, kind, entity } of writes) {
    const own = written.get(table);
    if (own?.has(entity.id)) throw new AlreadyExistsError(`${entity.id} is written twice.`);
    own?.set(entity.id, entity);
    if (kind === 'insert') {
      if (table.rows.handleOf(entity.id) !== undefined)
        throw new AlreadyExistsError(`There is a ${entity.id} already.`);
    } else {
      const { version } = entity as { readonly version: number };
      table.assertVersion(entity, kind === 'replace' ? version - 1 : version);
    }
  }
  const claimed = new Set<string>();
  for (const { name, table, kind, entity } of writes) {
    if (kind === 'remove') continue;
    assertUnique(name, table, entity, written.get(table), claimed);
    for (const [field, other] of table.references) {
      const id = (entity as unknown as Row)[field] as Id | null;
      if (id === null) continue;
      const target = written.get(tables[other])?.get(id) ?? tables[other].rows.get(id);
      if (!target || tables[other].tenantOf(target) !== table.tenantOf(entity)) {
        throw new Error(`${entity.id} points to ${id}, which its institution does not have.`);
      }
    }
  }
}

/** Throws AlreadyExistsError if another row, stored or written in this transaction, has the entity's unique values. */
function assertUnique(
  name: TableName,
  table: Table<Entity>,
  entity: Entity,
  written: ReadonlyMap<Id, Entity> | undefined,
  claimed: Set<string>,
): void {
  const { unique } = table.layout;
  if (!unique) return;
  const values = unique.map((field) => [field, (entity as unknown as Row)[field]] as const);
  if (values.some(([, value]) => value === null)) return;
  const key = JSON.stringify([name, values]);
  const where = Object.fromEntries(values.map(([field, value]) => [field, { in: [value] }]));
  // Rows that are also written in this transaction count with their new values.
  const kept = [...table.matches({ where }, null)].some(({ id }) => id !== entity.id && !written?.has(id));
  if (kept || claimed.has(key)) throw new AlreadyExistsError(`${key} exists.`);
  claimed.add(key);
}
