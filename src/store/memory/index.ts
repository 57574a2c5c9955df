import type { Id } from '../../domain/ids.ts';
import { isTransition } from '../../domain/lifecycleEvent.ts';
import type { Position } from '../../domain/position.ts';
import { DeadlineExceededError, throwIfDeadlineExceeded } from '../errors.ts';
import type {
  Deadline,
  OnTransition,
  Reader,
  Readers,
  Selection,
  Store,
  StoreUsage,
  TableName,
  TableReaders,
  Tables,
  UnreadOf,
} from '../store.ts';
import { eachTable, lazyTables, tenantOf } from '../tables.ts';
import { MemoryChanges } from './changes.ts';
import { MemoryCounters } from './counters.ts';
import { LAYOUTS } from './layouts.ts';
import { ReadWriteLock } from './lock.ts';
import { MemoryMeter, type OnMemoryWarning } from './meter.ts';
import type { ScanStats } from './plan.ts';
import { positionSets } from './positionSets.ts';
import { loadInto, scanOf } from './scan.ts';
import { TextIndex } from './search.ts';
import { Table } from './table.ts';
import { Totals } from './totals.ts';
import { runTransaction } from './transaction.ts';
import { UnreadCounter } from './unread.ts';
import { type Committed, type MemoryTables, textOfWrite } from './write.ts';

/** A store in the memory of this process: it needs no installation, and its data is lost when the process exits. */
export interface MemoryStore extends Store {
  readonly scanStats: ScanStats;
  readonly usage: StoreUsage;
  /** Counts the used bytes of everything that is stored again; for tests. */
  recountBytes(): number;
}

/** The limits of a memory store. */
export interface MemoryOptions {
  /** The maximum time that a transaction waits for the lock, in ms. */
  readonly lockTimeoutMs?: number;
  /** The estimated bytes above which no new objects are accepted. Defaults to no limit. */
  readonly maxBytes?: number;
  readonly onWarning?: OnMemoryWarning | undefined;
  readonly onTransition?: OnTransition | undefined;
}

/** Creates an empty store whose data is lost when the process exits. */
export function createMemoryStore(options: MemoryOptions = {}): MemoryStore {
  const { lockTimeoutMs = 5_000, maxBytes, onWarning, onTransition } = options;
  const meter = new MemoryMeter(maxBytes, onWarning);
  const scanStats: ScanStats = { rows: 0 };
  const tables = eachTable<MemoryTables>(
    <T extends TableName>(name: T): Table<Tables[T]> => new Table<Tables[T]>(LAYOUTS[name], scanStats, meter),
  );
  tables.positions.join(positionSets(tables));
  const texts = new TextIndex(meter, scanStats);
  const totals = new Totals(tables.positions);
  const unread = new UnreadCounter(tables.chatMessages, tables.readMarks);
  const changes = new MemoryChanges(meter);
  const counters = new MemoryCounters(meter);
  const data = { tables, totals, meter, changes };
  // Only calls that span an await are locked: single reads are synchronous, so they never see half of a transaction.
  const lock = new ReadWriteLock(lockTimeoutMs);
  const committed = (done: Committed): void => {
    noteTexts(texts, done);
    for (const write of done.writes) {
      unread.note(write);
      if (onTransition && write.name === 'lifecycleEvents' && isTransition(write.entity))
        onTransition(write.entity.toState);
    }
    changes.commit(done);
    meter.warn();
  };
  const transact: Store['transact'] = (scope, work, until) => {
    const tenant = tenantOf(scope);
    const reader = readerOf(tables, texts, tenant, withDeadline(until, scanStats));
    const punctual: typeof work = (tx) => finishedInTime(work(tx), until);
    return lock.writing(() => runTransaction({ ...data, tenant }, reader, punctual, committed), until);
  };
  return {
    isSynchronous: true,
    scanStats,
    changes,
    counters,
    usage: meter,
    rowCounts: () => eachTable((name) => tables[name].rows.size),
    recountBytes: () =>
      [...Object.values(tables), texts, changes, counters].reduce((bytes, part) => bytes + part.recount(), 0),
    read: (scope, until) => readersOf(tables, texts, totals, unread, tenantOf(scope), until),
    transact,
    snapshot: (scope, work, until) =>
      lock.reading(
        () => finishedInTime(work(readersOf(tables, texts, totals, unread, tenantOf(scope), until)), until),
        until,
      ),
    scan: (scope, work) => work(scanOf(tables, tenantOf(scope))),
    load: (work) => transact('ALL', (tx) => work(loadInto(tx))),
    refreshWords: () => Promise.resolve(true),
    analyze: () => Promise.resolve(),
    cleanUp: () => Promise.resolve(),
    findFault: () => Promise.resolve(undefined),
    // Work in memory ends by itself at once.
    abandonWork: () => {},
    close: () => lock.writing(async () => undefined),
  };
}

/** Returns the result of the work. Throws DeadlineExceededError if it took too long. */
async function finishedInTime<T>(working: Promise<T>, until: Deadline | undefined): Promise<T> {
  const result = await working;
  throwIfDeadlineExceeded(until);
  return result;
}

function noteTexts(texts: TextIndex, { writes }: Committed): void {
  for (const write of writes) {
    const text = textOfWrite(write);
    if (text && write.kind === 'remove') texts.remove(text);
    else if (text) texts.put(text);
  }
}

const readerOf =
  (tables: MemoryTables, texts: TextIndex, tenant: Id | null, each: Guard) =>
  <T extends TableName>(name: T): Reader<Tables[T]> => {
    const table: Table<Tables[T]> = tables[name];
    const among = ({ search }: Selection<Tables[T]>): ReadonlySet<Id> | undefined =>
      search && texts.find(search, tenant);
    return {
      byIds: each((ids) => table.byIds(ids, tenant)),
      pages: each((windows) => windows.map((window) => table.page(window, tenant, among(window)))),
      counts: each((selections) => selections.map((one) => table.count(one, tenant, among(one)))),
    };
  };

function readersOf(
  tables: MemoryTables,
  texts: TextIndex,
  totals: Totals,
  unread: UnreadCounter,
  tenant: Id | null,
  until?: Deadline,
): Readers {
  const { positions } = tables;
  const each = withDeadline(until, positions.scanStats);
  return Object.assign(lazyTables<TableReaders>(readerOf(tables, texts, tenant, each)), {
    positionTotals: each((selections: readonly Selection<Position>[]) =>
      selections.map((selection) => totals.of(selection, tenant)),
    ),
    unreadCounts: each((requests: readonly UnreadOf[]) => requests.map((one) => unread.count(one, tenant))),
  });
}

/** Wraps a read function so that it checks the limits of the request. */
type Guard = <Q, A>(answer: (question: Q) => A) => (question: Q) => A;

/**
 * The maximum number of rows that the reads of one request may scan before the next read is refused. Scanning blocks
 * the event loop, and this number corresponds to about 50 ms.
 */
const MAX_ROWS = 200_000;

/**
 * Returns a guard whose reads throw DeadlineExceededError once the deadline has passed or the request has scanned too
 * many rows.
 */
function withDeadline(until: Deadline | undefined, scanStats: ScanStats): Guard {
  let rows = 0;
  return (answer) => {
    if (!until) return answer;
    return (question) => {
      throwIfDeadlineExceeded(until);
      if (rows >= MAX_ROWS) throw new DeadlineExceededError('The request has looked at too many rows.');
      const before = scanStats.rows;
      const answered = answer(question);
      rows += scanStats.rows - before;
      return answered;
    };
  };
}
