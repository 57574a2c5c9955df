import type { Id } from '../../domain/ids.ts';
import { POSITION_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Scope } from '../../domain/viewer.ts';
import type { Reader, Readers, Selection, Store, TableName, Tables, Total, Writer, Writers } from '../store.ts';
import type { Row } from './compare.ts';
import { LAYOUTS } from './layouts.ts';
import type { Touched } from './plan.ts';
import { Table } from './table.ts';

type Kept = { readonly [T in TableName]: Table<Tables[T]> };
type Entity = Tables[TableName];
const TABLE_NAMES = Object.keys(LAYOUTS) as readonly TableName[];

/** A store in this process's memory: nothing to install, gone with the process. */
export interface MemoryStore extends Store {
  readonly touched: Touched;
}

export function createMemoryStore(): MemoryStore {
  const touched: Touched = { rows: 0 };
  const tables = eachTable((name) => new Table<never>(LAYOUTS[name], touched)) as unknown as Kept;
  /** Units of work run one after another: each sees what the one before has done. */
  let turn: Promise<unknown> = Promise.resolve();
  return {
    answersAtOnce: true,
    touched,
    read: (scope) => readersOf(tables, tenantOf(scope)),
    transact: (scope, work) => {
      const done = turn.then(() => run(tables, tenantOf(scope), work));
      turn = done.catch(() => undefined);
      return done;
    },
    close: async () => {
      await turn;
    },
  };
}

const tenantOf = (scope: Scope): Id | null => (scope === 'ALL' ? null : scope.institutionId);

const eachTable = <V>(make: (name: TableName) => V): { readonly [T in TableName]: V } =>
  Object.fromEntries(TABLE_NAMES.map((name) => [name, make(name)])) as { [T in TableName]: V };

function readersOf(tables: Kept, tenant: Id | null): Readers {
  const reader = <E extends Entity>(table: Table<E>): Reader<E> => ({
    byIds: (ids) => table.byIds(ids, tenant),
    pages: (windows) => windows.map((window) => table.page(window, tenant)),
    counts: (selections) => selections.map((selection) => table.count(selection, tenant)),
  });
  const readers = eachTable((name) => reader(tables[name] as unknown as Table<Entity>));
  const positionTotals: Readers['positionTotals'] = (selections) =>
    selections.map((selection) => totalsOf(tables.positions, selection, tenant));
  return { ...(readers as unknown as Readers), positionTotals };
}

/** Collects what the work writes and applies it in one step, after everything was checked. */
async function run<T>(tables: Kept, tenant: Id | null, work: (tx: Writers) => Promise<T>): Promise<T> {
  const writes: Write[] = [];
  const writer = <E extends Entity>(name: TableName, table: Table<E>): Writer<E> => ({
    byIds: (ids) => table.byIds(ids, tenant),
    lock: (ids) => table.byIds(ids, tenant),
    insert: (entity) => void writes.push({ name, entity, replaces: false }),
    replace: (entity) => void writes.push({ name, entity, replaces: true }),
  });
  const tx = eachTable((name) => writer(name, tables[name] as unknown as Table<Entity>));
  const result = await work(tx as unknown as Writers);
  mustHold(tables, tenant, writes);
  for (const { name, entity, replaces } of writes) {
    const table = tables[name] as unknown as Table<Entity>;
    if (replaces) table.replace(entity);
    else table.insert(entity);
  }
  return result;
}

interface Write {
  readonly name: TableName;
  readonly entity: Entity;
  readonly replaces: boolean;
}

/** What a database's constraints hold: no id twice, versions in step, nothing that points outside its institution. */
function mustHold(tables: Kept, tenant: Id | null, writes: readonly Write[]): void {
  const fresh = eachTable(() => new Map<Id, Entity>());
  for (const { name, entity, replaces } of writes) {
    if (replaces) continue;
    const isTaken = tables[name].rows.has(entity.id) || fresh[name].has(entity.id);
    if (isTaken) throw new Error(`There is a ${entity.id} already.`);
    fresh[name].set(entity.id, entity);
  }
  const replaced = new Set<Id>();
  for (const { name, entity, replaces } of writes) {
    const table = tables[name] as unknown as Table<Entity>;
    const owner = table.tenantOf(entity);
    if (tenant !== null && owner !== tenant) throw new Error(`${entity.id} lies outside the scope.`);
    if (replaces) {
      table.mustPrecede(entity as Entity & { readonly version: number });
      if (replaced.has(entity.id)) throw new Error(`${entity.id} is replaced twice.`);
      replaced.add(entity.id);
    }
    for (const [field, other] of Object.entries(table.layout.references)) {
      const id = (entity as unknown as Row)[field] as Id;
      const target = fresh[other].get(id) ?? tables[other].rows.get(id);
      const whose = target && (tables[other] as unknown as Table<Entity>).tenantOf(target);
      if (whose !== owner) throw new Error(`${entity.id} points to ${id}, which its institution does not have.`);
    }
  }
}

function totalsOf(table: Table<Position>, selection: Selection<Position>, tenant: Id | null): readonly Total[] {
  const totals = new Map<string, Total>();
  for (const { currency, state, amount, held, released, refunded } of table.matches(selection, tenant)) {
    const key = `${currency}${POSITION_STATES.indexOf(state)}`;
    const sum = totals.get(key);
    totals.set(key, {
      currency,
      state,
      count: (sum?.count ?? 0) + 1,
      amount: (sum?.amount ?? 0n) + amount,
      held: (sum?.held ?? 0n) + held,
      released: (sum?.released ?? 0n) + released,
      refunded: (sum?.refunded ?? 0n) + refunded,
    });
  }
  return [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
}
