import type { Id } from '../../domain/ids.ts';
import { AlreadyExistsError } from '../errors.ts';
import type { TableName, Tables, Where } from '../store.ts';
import { type Entity, ownerOf, versionOf } from '../tables.ts';
import type { MemoryTables, Write } from './write.ts';

/** The rows that a transaction writes, by table and id. */
type Written = Map<TableName, Map<Id, Entity>>;

/**
 * Checks what database constraints would: unique ids and values, consecutive versions, no references to other
 * institutions.
 */
export function checkConstraints(tables: MemoryTables, writes: readonly Write[]): void {
  const written: Written = new Map();
  for (const write of writes) checkRow(write, written);
  const claimed = new Set<string>();
  for (const write of writes) {
    if (write.kind === 'remove') continue;
    assertUnique(write, written, claimed);
    assertReferences(tables, write, written);
  }
}

/** Throws AlreadyExistsError or StaleVersionError unless the stored row is the one that the write expects. */
function checkRow<T extends TableName>({ name, table, kind, entity }: Write<T>, written: Written): void {
  const own = written.get(name) ?? new Map<Id, Entity>();
  if (own.has(entity.id)) throw new AlreadyExistsError(`${entity.id} is written twice.`);
  written.set(name, own.set(entity.id, entity));
  if (kind === 'insert') {
    if (table.rows.handleOf(entity.id) !== undefined) throw new AlreadyExistsError(`There is a ${entity.id} already.`);
  } else {
    const version = versionOf(entity);
    table.assertVersion(entity, kind === 'replace' ? version - 1 : version);
  }
}

function assertReferences<T extends TableName>(
  tables: MemoryTables,
  { table, entity }: Write<T>,
  written: Written,
): void {
  for (const [field, other] of table.references) {
    const id = entity[field];
    if (typeof id !== 'string') continue;
    const target = written.get(other)?.get(id) ?? tables[other].rows.get(id);
    if (!target || ownerOf(target) !== ownerOf(entity)) {
      throw new Error(`${entity.id} points to ${id}, which its institution does not have.`);
    }
  }
}

/** Throws AlreadyExistsError if another row, stored or written in this transaction, has the entity's unique values. */
function assertUnique<T extends TableName>(
  { name, table, kind, entity, changed }: Write<T>,
  written: Written,
  claimed: Set<string>,
): void {
  const { unique } = table.layout;
  if (!unique) return;
  const values = unique.map((field) => [field, entity[field]] as const);
  if (values.some(([, value]) => value === null)) return;
  const key = JSON.stringify([name, values]);
  if (claimed.has(key)) throw new AlreadyExistsError(`${key} exists.`);
  claimed.add(key);
  // No other stored row has values that the row had before: a search for each changed milestone would take long.
  if (kind === 'replace' && changed && !unique.some((field) => changed.includes(field))) return;
  const where = values.reduce<Where<Tables[T]>>((all, [field, value]) => ({ ...all, [field]: { in: [value] } }), {});
  // Rows that are also written in this transaction count with their new values.
  const isTaken = [...table.matches({ where }, null)].some(({ id }) => id !== entity.id && !written.get(name)?.has(id));
  if (isTaken) throw new AlreadyExistsError(`${key} exists.`);
}
