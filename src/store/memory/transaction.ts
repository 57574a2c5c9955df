import type { Change } from '../../domain/change.ts';
import type { Id } from '../../domain/ids.ts';
import { OPEN_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Reader, Selection, TableName, Tables, TableWriters, Window, Writer, Writers } from '../store.ts';
import { assertInScope, assertScopeOfAll, lazyTables, ownerOf, TABLE_NAMES } from '../tables.ts';
import { firstOf } from '../window.ts';
import { checkRoom, NEW_OBJECT_BYTES } from './capacity.ts';
import type { MemoryChanges } from './changes.ts';
import { checkConstraints } from './constraints.ts';
import { dueDeliveries } from './dueDeliveries.ts';
import type { MemoryMeter } from './meter.ts';
import { positionRules } from './positionRules.ts';
import { purgeableSessions } from './purgeableSessions.ts';
import type { Table } from './table.ts';
import type { Totals } from './totals.ts';
import { anyWrite, applyWrite, type Committed, type MemoryTables, type Write } from './write.ts';

export type ReaderOf = <T extends TableName>(name: T) => Reader<Tables[T]>;

/** The data that a transaction reads and writes, and its institution, or null for all. */
export interface TransactionData {
  readonly tables: MemoryTables;
  readonly totals: Totals;
  readonly meter: MemoryMeter;
  readonly changes: MemoryChanges;
  readonly tenant: Id | null;
}

/** What a transaction does when it is committed. */
interface Collected {
  readonly writes: Write[];
  readonly changes: Change[];
  takenThrough: number | undefined;
}

/** Runs the work, collects its writes and applies them in one step after all checks. */
export async function runTransaction<T>(
  data: TransactionData,
  readerOf: ReaderOf,
  work: (tx: Writers) => Promise<T>,
  committed: (what: Committed) => void,
): Promise<T> {
  const { tables, totals, meter } = data;
  const collected: Collected = { writes: [], changes: [], takenThrough: undefined };
  const { writes } = collected;
  const result = await work(writersOf(data, readerOf, collected));
  checkConstraints(tables, writes);
  const removes = writes.some(({ kind }) => kind === 'remove');
  const applied = removes ? writes.flatMap((write) => withParts(tables, write)) : writes;
  const written: Committed = { ...collected, writes: applied };
  checkRoom(meter, written);
  for (const write of applied) {
    if (write.name === 'positions') totals.note(write);
    applyWrite(write);
  }
  committed(written);
  return result;
}

/** Returns writers that collect their writes and changes. */
function writersOf(
  { tables, meter, changes, tenant }: TransactionData,
  readerOf: ReaderOf,
  collected: Collected,
): Writers {
  const calls: Omit<Writers, TableName> = {
    rulesOf: (positionIds) => positionRules(tables, tenant, positionIds),
    lockDue: (now, limit) => tables.positions.page(dueWindow(now, limit), tenant).rows,
    lockPurgeable: (before, limit) => purgeableSessions(tables, tenant, before, limit),
    takeChanges: (limit) => {
      assertScopeOfAll(tenant);
      const taken = changes.following(collected.takenThrough ?? changes.takenThrough, limit);
      collected.takenThrough = taken.at(-1)?.sequence ?? collected.takenThrough;
      return taken;
    },
    lockDueDeliveries: (due) => dueDeliveries(tables, tenant, due),
    // Transactions run one after another, so the lock is always free.
    advisoryLock: () => {},
    publish: (change) => {
      assertInScope(tenant, change.institutionId, change.objectId);
      collected.changes.push(change);
    },
    // New objects may not use the reserve.
    checkCapacity: (newObjects) => meter.check(newObjects * NEW_OBJECT_BYTES, 'NONE'),
  };
  const writerOf = <T extends TableName>(name: T): Writer<Tables[T]> =>
    new TableWriter<T>(name, tables[name], readerOf(name), tenant, collected.writes);
  return Object.assign(lazyTables<TableWriters>(writerOf), calls);
}

/** Reads from one table and collects the writes to it. */
class TableWriter<T extends TableName> implements Writer<Tables[T]> {
  readonly #name: T;
  readonly #table: Table<Tables[T]>;
  readonly #reader: Reader<Tables[T]>;
  readonly #tenant: Id | null;
  readonly #writes: Write[];

  constructor(name: T, table: Table<Tables[T]>, reader: Reader<Tables[T]>, tenant: Id | null, writes: Write[]) {
    this.#name = name;
    this.#table = table;
    this.#reader = reader;
    this.#tenant = tenant;
    this.#writes = writes;
  }

  byIds(ids: readonly Id[]) {
    return this.#reader.byIds(ids);
  }

  pages(windows: readonly Window<Tables[T]>[]) {
    return this.#reader.pages(windows);
  }

  counts(selections: readonly Selection<Tables[T]>[]) {
    return this.#reader.counts(selections);
  }

  /** Transactions run one after another, so every row is locked already. */
  lock(ids: readonly Id[]) {
    return this.#table.byIds(ids, this.#tenant);
  }

  insert(entity: Tables[T]): void {
    this.#write('insert', entity);
  }

  replace(entity: Tables[T], changed?: readonly string[]): void {
    this.#write('replace', entity, changed);
  }

  remove(entity: Tables[T]): void {
    this.#write('remove', entity);
  }

  #write(kind: Write['kind'], entity: Tables[T], changed?: readonly string[]): void {
    assertInScope(this.#tenant, ownerOf(entity), entity.id);
    this.#writes.push(anyWrite<T>({ name: this.#name, table: this.#table, kind, entity, changed }));
  }
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
