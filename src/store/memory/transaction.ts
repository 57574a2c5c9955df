import type { Change } from '../../domain/change.ts';
import type { Id } from '../../domain/ids.ts';
import { OPEN_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Reader, TableName, Tables, TableWriters, Window, Writer, Writers } from '../store.ts';
import { assertInScope, eachTable, ownerOf, TABLE_NAMES } from '../tables.ts';
import { firstOf } from '../window.ts';
import { checkRoom, NEW_OBJECT_BYTES } from './capacity.ts';
import { checkConstraints } from './constraints.ts';
import type { MemoryMeter } from './meter.ts';
import { positionRules } from './positionRules.ts';
import { purgeableSessions } from './purgeableSessions.ts';
import type { Table } from './table.ts';
import { anyWrite, applyWrite, type Committed, type MemoryTables, type Write } from './write.ts';

export type ReaderOf = <T extends TableName>(name: T) => Reader<Tables[T]>;

/** Runs the work, collects its writes and applies them in one step after all checks. */
export async function runTransaction<T>(
  tables: MemoryTables,
  meter: MemoryMeter,
  readerOf: ReaderOf,
  tenant: Id | null,
  work: (tx: Writers) => Promise<T>,
  committed: (what: Committed) => void,
): Promise<T> {
  const writes: Write[] = [];
  const changes: Change[] = [];
  const result = await work(writersOf(tables, meter, readerOf, tenant, writes, changes));
  checkConstraints(tables, writes);
  const removes = writes.some(({ kind }) => kind === 'remove');
  const applied = removes ? writes.flatMap((write) => withParts(tables, write)) : writes;
  const written: Committed = { writes: applied, changes };
  checkRoom(meter, written);
  for (const write of applied) applyWrite(write);
  committed(written);
  return result;
}

/** Returns writers that collect their writes and changes. */
function writersOf(
  tables: MemoryTables,
  meter: MemoryMeter,
  readerOf: ReaderOf,
  tenant: Id | null,
  writes: Write[],
  changes: Change[],
): Writers {
  const writerOf = <T extends TableName>(name: T): Writer<Tables[T]> => {
    const table: Table<Tables[T]> = tables[name];
    const write = (kind: Write['kind']) => (entity: Tables[T], changed?: readonly string[]) => {
      assertInScope(tenant, ownerOf(entity), entity.id);
      writes.push(anyWrite<T>({ name, table, kind, entity, changed }));
    };
    return {
      ...readerOf(name),
      // Transactions run one after another, so every row is locked already.
      lock: (ids) => table.byIds(ids, tenant),
      insert: write('insert'),
      replace: write('replace'),
      remove: write('remove'),
    };
  };
  return {
    ...eachTable<TableWriters>(writerOf),
    rulesOf: (positionIds) => positionRules(tables, tenant, positionIds),
    lockDue: (now, limit) => tables.positions.page(dueWindow(now, limit), tenant).rows,
    lockPurgeable: (before, limit) => purgeableSessions(tables, tenant, before, limit),
    // Transactions run one after another, so the lock is always free.
    advisoryLock: () => {},
    publish: (change) => {
      assertInScope(tenant, change.institutionId, change.objectId);
      changes.push(change);
    },
    // New objects may not use the reserve.
    checkCapacity: (newObjects) => meter.check(newObjects * NEW_OBJECT_BYTES, 'NONE'),
  };
}

/** Returns the write or, for the removal of a row, the removals of its parts, innermost first, and of the row. */
function withParts(tables: MemoryTables, write: Write): readonly Write[] {
  if (write.kind !== 'remove') return [write];
  const parts = TABLE_NAMES.flatMap((name) => partsIn(tables, name, write));
  return [...parts, write];
}

/** Returns the removals of the rows of one table that are parts of the removed row. */
function partsIn<T extends TableName>(tables: MemoryTables, name: T, removed: Write): readonly Write[] {
  const table: Table<Tables[T]> = tables[name];
  const { partOf, references } = table.layout;
  if (partOf === undefined || references[partOf] !== removed.name) return [];
  const rows = [...table.matches({ parent: { field: partOf, id: removed.entity.id }, where: {} }, null)];
  return rows.flatMap((entity) => withParts(tables, anyWrite<T>({ name, table, kind: 'remove', entity })));
}

const dueWindow = (now: number, limit: number): Window<Position> =>
  firstOf<Position>({
    where: { state: { in: OPEN_STATES }, expiresAt: { range: { lte: now } } },
    order: { by: ['expiresAt'], direction: 'ASC' },
    limit,
  });
