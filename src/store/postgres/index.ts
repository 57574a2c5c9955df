import pg from 'pg';
import type { Id } from '../../domain/ids.ts';
import { StaleVersion } from '../../domain/refusals.ts';
import type { Scope } from '../../domain/viewer.ts';
import type { Readers, Store, TableName, Tables, Writer, Writers } from '../store.ts';
import { LAYOUTS, type Layout } from './layouts.ts';
import { byIds, type InSession, positionTotals, readerOf } from './reader.ts';
import { type OnStatement, openPool, type Session, withSession } from './session.ts';
import { type Row, type Writes, writeStatement } from './write.ts';

type Entity = Tables[TableName];
const TABLE_NAMES = Object.keys(LAYOUTS) as readonly TableName[];

/** How often work is tried when the database gives up on it for another's sake. */
const TRIES = 4;
/** Serialization failure, deadlock: nothing was written, and another try may go through. */
const TRY_AGAIN: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const STALE = 'ES001';

export interface PostgresOptions {
  readonly databaseUrl: string;
  /** Told of connections that broke while nobody waited for them. */
  readonly onError: (error: Error) => void;
  readonly onStatement?: OnStatement;
}

/** A store in PostgreSQL 15 or newer; the database must have been migrated. */
export function createPostgresStore({ databaseUrl, onError, onStatement = () => {} }: PostgresOptions): Store {
  const pool = openPool(databaseUrl, onError);
  /** The reads are on their way when the end is asked for: one flight there and back. */
  const reading: InSession = (work) =>
    withSession(pool, onStatement, true, async (session) => {
      const answer = work(session);
      const ended = session.commit();
      ended.catch(() => undefined);
      const result = await answer;
      await ended;
      return result;
    });
  const transactOnce = async <T>(tenant: Id | null, work: (tx: Writers) => Promise<T>): Promise<T> => {
    const writes: Collected = new Map();
    try {
      return await withSession(pool, onStatement, false, async (session) => {
        const result = await work(writersOf(session, tenant, writes));
        await session.commit(writeStatement(writes, tenant));
        return result;
      });
    } catch (error) {
      if (codeOf(error) !== STALE) throw error;
      throw (await reading((session) => staleAmong(session, tenant, writes))) ?? error;
    }
  };
  return {
    answersAtOnce: false,
    read: (scope) => readersOf(tenantOf(scope), reading),
    transact: async (scope, work) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await transactOnce(tenantOf(scope), work);
        } catch (error) {
          if (tries === TRIES || !TRY_AGAIN.has(codeOf(error))) throw error;
        }
      }
    },
    close: () => pool.end(),
  };
}

const codeOf = (error: unknown): unknown => (error instanceof pg.DatabaseError ? error.code : undefined);

const tenantOf = (scope: Scope): Id | null => (scope === 'ALL' ? null : scope.institutionId);

const eachTable = <V>(make: (name: TableName) => V): { readonly [T in TableName]: V } =>
  Object.fromEntries(TABLE_NAMES.map((name) => [name, make(name)])) as { [T in TableName]: V };

function readersOf(tenant: Id | null, inSession: InSession): Readers {
  const readers = eachTable((name) => readerOf(LAYOUTS[name] as Layout<Entity>, tenant, inSession));
  const totals: Readers['positionTotals'] = (selections) =>
    inSession((session) => positionTotals(session, tenant, selections));
  return { ...(readers as unknown as Readers), positionTotals: totals };
}

type Collected = Map<TableName, Writes>;

/** Reads and locks at once, and collects what is written until the commit. */
function writersOf(session: Session, tenant: Id | null, writes: Collected): Writers {
  const writer = (name: TableName): Writer<Entity> => {
    const layout = LAYOUTS[name] as Layout<Entity>;
    const collect = (entity: Entity): Writes => {
      const owner = layout.tenant === 'id' ? entity.id : (entity as { readonly institutionId?: Id }).institutionId;
      if (tenant !== null && owner !== tenant) throw new Error(`${entity.id} lies outside the scope.`);
      const collected = writes.get(name) ?? { inserts: [], replaces: [] };
      writes.set(name, collected);
      return collected;
    };
    return {
      byIds: (ids) => byIds(session, layout, tenant, ids, ''),
      lock: (ids) => byIds(session, layout, tenant, ids, ' order by t.id for update'),
      insert: (entity) => void collect(entity).inserts.push(entity as unknown as Row),
      replace: (entity) => void collect(entity).replaces.push(entity as unknown as Row),
    };
  };
  return eachTable(writer) as unknown as Writers;
}

/** Which of the rows to be replaced is not at the version before. */
async function staleAmong(session: Session, tenant: Id | null, writes: Collected): Promise<StaleVersion | undefined> {
  for (const [name, { replaces }] of writes) {
    const rows = await byIds(
      session,
      LAYOUTS[name] as Layout<Entity>,
      tenant,
      replaces.map((row) => row['id'] as Id),
      '',
    );
    for (const [at, row] of rows.entries()) {
      const expected = (replaces[at]?.['version'] as number) - 1;
      const current = row && 'version' in row ? row.version : 0;
      if (current !== expected) return new StaleVersion(expected, current);
    }
  }
  return undefined;
}
