import type { Id } from '../../domain/ids.ts';
import type { Position } from '../../domain/position.ts';
import type { Scope } from '../../domain/viewer.ts';
import type { Reader, Readers, Store, TableName } from '../store.ts';
import { LAYOUTS, type Layout } from './layouts.ts';
import type { Touched } from './plan.ts';
import { Table } from './table.ts';
import { totalsOf } from './totals.ts';
import { type Entity, eachTable, type Kept, unitOfWork } from './unitOfWork.ts';

/** A store in this process's memory: nothing to install, gone with the process. */
export interface MemoryStore extends Store {
  readonly touched: Touched;
}

export function createMemoryStore(): MemoryStore {
  const touched: Touched = { rows: 0 };
  const tables: Kept = eachTable((name: TableName) => new Table<Entity>(LAYOUTS[name] as Layout<Entity>, touched));
  let turn: Promise<unknown> = Promise.resolve();
  /** Units of work run one after another: each sees what the one before has done. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  return {
    answersAtOnce: true,
    touched,
    read: (scope) => readersOf(tables, tenantOf(scope)),
    transact: (scope, work) => inTurn(() => unitOfWork(tables, tenantOf(scope), work)),
    snapshot: (scope, work) => inTurn(() => work(readersOf(tables, tenantOf(scope)))),
    close: async () => {
      await turn;
    },
  };
}

const tenantOf = (scope: Scope): Id | null => (scope === 'ALL' ? null : scope.institutionId);

function readersOf(tables: Kept, tenant: Id | null): Readers {
  const reader = (name: TableName): Reader<Entity> => ({
    byIds: (ids) => tables[name].byIds(ids, tenant),
    pages: (windows) => windows.map((window) => tables[name].page(window, tenant)),
    counts: (selections) => selections.map((selection) => tables[name].count(selection, tenant)),
  });
  const positions = tables.positions as unknown as Table<Position>;
  const positionTotals: Readers['positionTotals'] = (selections) =>
    selections.map((selection) => totalsOf(positions, selection, tenant));
  return { ...(eachTable(reader) as unknown as Readers), positionTotals };
}
