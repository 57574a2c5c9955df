import type { ChatMessage, ReadMark } from '../../domain/chatMessage.ts';
import type { ChatSession } from '../../domain/chatSession.ts';
import type { Id } from '../../domain/ids.ts';
import type { Position } from '../../domain/position.ts';
import type { Scope } from '../../domain/viewer.ts';
import type { Reader, Readers, Selection, Store, TableName } from '../store.ts';
import { MemoryChanges } from './changes.ts';
import { LAYOUTS, type Layout } from './layouts.ts';
import { ReadWriteLock } from './lock.ts';
import type { Touched } from './plan.ts';
import { TextIndex } from './search.ts';
import { Table } from './table.ts';
import { MemoryTallies } from './tallies.ts';
import { totalsOf } from './totals.ts';
import { type Committed, type Entity, eachTable, type Kept, unitOfWork } from './unitOfWork.ts';
import { unreadCount } from './unread.ts';

/** A store in this process's memory: nothing to install, gone with the process. */
export interface MemoryStore extends Store {
  readonly touched: Touched;
}

export interface MemoryOptions {
  /** How long a unit of work may wait for its turn, in ms. */
  readonly lockTimeoutMs?: number;
}

export function createMemoryStore({ lockTimeoutMs = 5_000 }: MemoryOptions = {}): MemoryStore {
  const touched: Touched = { rows: 0 };
  const tables: Kept = eachTable((name: TableName) => new Table<Entity>(LAYOUTS[name] as Layout<Entity>, touched));
  const texts = new TextIndex();
  const changes = new MemoryChanges();
  // Only what spans an await: single reads are synchronous and see whole units of work by themselves.
  const lock = new ReadWriteLock(lockTimeoutMs);
  const committed = (done: Committed): void => {
    noteTexts(texts, done);
    changes.append(done.changes);
  };
  return {
    answersAtOnce: true,
    touched,
    changes,
    tallies: new MemoryTallies(),
    read: (scope) => readersOf(tables, texts, tenantOf(scope)),
    transact: (scope, work) => {
      const tenant = tenantOf(scope);
      return lock.writing(() => unitOfWork(tables, readerOf(tables, texts, tenant), tenant, work, committed));
    },
    snapshot: (scope, work) => lock.reading(() => work(readersOf(tables, texts, tenantOf(scope)))),
    close: () => lock.writing(async () => undefined),
  };
}

const tenantOf = (scope: Scope): Id | null => (scope === 'ALL' ? null : scope.institutionId);

function noteTexts(texts: TextIndex, { writes }: Committed): void {
  for (const { name, kind, entity, changed } of writes) {
    if (name !== 'chatSessions' && name !== 'chatMessages') continue;
    if (kind === 'remove') texts.remove(entity.id);
    else if (name === 'chatMessages') texts.message(entity as ChatMessage);
    else if (!changed || changed.includes('title') || changed.includes('description'))
      texts.session(entity as ChatSession);
  }
}

const readerOf =
  (tables: Kept, texts: TextIndex, tenant: Id | null) =>
  (name: TableName): Reader<Entity> => {
    const among = ({ search }: Selection<Entity>): ReadonlySet<Id> | undefined => search && texts.find(search);
    return {
      byIds: (ids) => tables[name].byIds(ids, tenant),
      pages: (windows) => windows.map((window) => tables[name].page(window, tenant, among(window))),
      counts: (selections) => selections.map((each) => tables[name].count(each, tenant, among(each))),
    };
  };

function readersOf(tables: Kept, texts: TextIndex, tenant: Id | null): Readers {
  const positions = tables.positions as unknown as Table<Position>;
  const messages = tables.chatMessages as unknown as Table<ChatMessage>;
  const marks = tables.readMarks as unknown as Table<ReadMark>;
  return {
    ...(eachTable(readerOf(tables, texts, tenant)) as unknown as Readers),
    positionTotals: (selections) => selections.map((selection) => totalsOf(positions, selection, tenant)),
    unreadCounts: (of) => of.map((each) => unreadCount(messages, marks, each, tenant)),
  };
}
