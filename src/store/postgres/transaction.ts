import type { Change } from '../../domain/change.ts';
import type { ChatSession } from '../../domain/chatSession.ts';
import type { Id } from '../../domain/ids.ts';
import { OPEN_STATES } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import { StaleVersionError } from '../../domain/userErrors.ts';
import type { TableName, Tables, TableWriters, Writer, Writers } from '../store.ts';
import { assertInScope, eachTable, ownerOf, TABLE_NAMES, versionOf } from '../tables.ts';
import { type CommitProof, confirmCommit, confirmReads, newCommitProof } from './commitProof.ts';
import { allowRepeat, CommitOutcomeUnknownError, ignoreRejection, STALE, sqlStateOf } from './errors.ts';
import { encode, type Layout } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import { pages } from './pages.ts';
import type { ConnectionPool } from './pool.ts';
import { positionRules } from './positionRules.ts';
import { predicateOf } from './predicate.ts';
import { byIds, counts } from './reader.ts';
import { type OnStatement, type Opening, type Session, withSession } from './session.ts';
import { inScope, Parameters, selectOf } from './sql.ts';
import { lockDueDeliveries, takeChanges } from './webhooks.ts';
import { type CollectedWrites, noWrites, type Writes, writeStatement } from './write.ts';

type Within = Omit<Opening, 'purpose'>;

/**
 * Runs one transaction: BEGIN is sent with the first reads, and all writes are one statement that is sent with COMMIT.
 * Throws StaleVersionError or DeadlineExceededError.
 */
export async function transactOnce<T>(
  pool: ConnectionPool,
  onStatement: OnStatement,
  within: Within,
  work: (tx: Writers) => Promise<T>,
  announced: (writes: CollectedWrites) => void,
): Promise<T> {
  const tenant = predicateOf(within.scope);
  const writes = noWrites();
  const changes: Change[] = [];
  let ending: { readonly proof: CommitProof | undefined; readonly result: T } | undefined;
  const committed = (result: T): T => {
    if (changes.length > 0) announced(writes);
    return result;
  };
  try {
    return await withSession(pool, onStatement, { ...within, purpose: 'writing' }, async (session) => {
      const result = await work(writersOf(session, tenant, writes, changes));
      const proof = proofAmong(writes);
      const statement = writeStatement(writes, changes, tenant, proof);
      ending = { result, proof: statement && proof };
      await session.commit(statement ?? (session.begun ? confirmReads() : undefined));
      return committed(result);
    });
  } catch (error) {
    if (sqlStateOf(error) === STALE) throw (await staleAmong(pool, onStatement, within, writes)) ?? error;
    if (!ending || !(error instanceof CommitOutcomeUnknownError)) throw error;
    if (!ending.proof) return allowRepeat(error);
    await confirmCommit(pool, onStatement, ending.proof, within.until);
    return committed(ending.result);
  }
}

/** Returns the first audit event among the rows to insert, or a separate row, as proof of the commit. */
function proofAmong(writes: CollectedWrites): CommitProof {
  const [event] = writes.auditEvents.insert;
  return event ? { table: 'audit_events', id: event.id } : newCommitProof('commit_proofs');
}

/** Sends reads and locks at once, and collects writes until the commit. */
function writersOf(session: Session, tenant: Id | null, writes: CollectedWrites, changes: Change[]): Writers {
  const writerOf = <T extends TableName>(name: T): Writer<Tables[T]> => {
    const layout: Layout<Tables[T]> = LAYOUTS[name];
    const { insert, replace, remove }: Writes<Tables[T]> = writes[name];
    const own = (entity: Tables[T]): Tables[T] => {
      assertInScope(tenant, ownerOf(entity), entity.id);
      return entity;
    };
    return {
      // A transaction that fails may leave promises that no caller awaits.
      byIds: (ids) => ignoreRejection(byIds(session, layout, tenant, ids, '')),
      pages: (windows) => ignoreRejection(pages(session, layout, tenant, windows)),
      lock: (ids) => ignoreRejection(byIds(session, layout, tenant, ids, ' order by t.id for update')),
      counts: (selections) => ignoreRejection(counts(session, layout, tenant, selections)),
      insert: (entity) => void insert.push(own(entity)),
      replace: (entity, changed = []) => {
        const key = changed.join();
        const replaced = replace.get(key) ?? { changed, rows: [] };
        replace.set(key, replaced);
        replaced.rows.push(own(entity));
      },
      remove: (entity) => void remove.push(own(entity)),
    };
  };
  return {
    ...eachTable<TableWriters>(writerOf),
    rulesOf: (positionIds) => ignoreRejection(positionRules(session, tenant, positionIds)),
    lockDue: (now, limit) => ignoreRejection(due(session, tenant, now, limit)),
    lockPurgeable: (before, limit) => ignoreRejection(purgeable(session, tenant, before, limit)),
    takeChanges: (limit) => ignoreRejection(takeChanges(session, tenant, limit)),
    lockDueDeliveries: (which) => ignoreRejection(lockDueDeliveries(session, tenant, which)),
    advisoryLock: (what) => ignoreRejection(acquireLock(session, what)),
    publish: (change) => {
      assertInScope(tenant, change.institutionId, change.objectId);
      changes.push(change);
    },
    checkCapacity: () => {},
  };
}

async function acquireLock(session: Session, what: string): Promise<void> {
  // Encoded as JSON, because a client's text may contain characters that PostgreSQL's text type cannot.
  const values = [JSON.stringify(what)];
  await session.query({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values, keepsPlan: true });
}

/** The open states as an SQL list. */
const OPEN = OPEN_STATES.map((state) => `'${state}'`).join(', ');

async function due(session: Session, tenant: Id | null, now: number, limit: number): Promise<readonly Position[]> {
  const parameters = new Parameters();
  const scope = inScope('t', tenant, parameters);
  const text =
    `${selectOf(LAYOUTS.positions)} where t.expires_at <= ${parameters.add(new Date(now).toISOString(), 'timestamptz')}` +
    ` and t.expires_at is not null and t.state in (${OPEN})${scope}` +
    ` order by t.expires_at, t.id limit ${limit} for update skip locked`;
  return (await session.query<Position>({ text, values: parameters.values })).rows;
}

async function purgeable(
  session: Session,
  tenant: Id | null,
  deletedBefore: number,
  limit: number,
): Promise<readonly ChatSession[]> {
  const parameters = new Parameters();
  const time = parameters.add(encode(deletedBefore, 'timestamptz'), 'timestamptz');
  const scope = inScope('t', tenant, parameters);
  const open = `select from positions p where p.institution_id = t.institution_id and p.id = t.position_id and p.state in (${OPEN})`;
  const text =
    `${selectOf(LAYOUTS.chatSessions)} where t.deleted and t.deleted_at < ${time}${scope} and not exists (${open})` +
    ` order by t.deleted_at, t.id limit ${limit} for update of t skip locked`;
  return (await session.query<ChatSession>({ text, values: parameters.values })).rows;
}

/** Finds the row that is not at its expected version. */
async function staleAmong(
  pool: ConnectionPool,
  onStatement: OnStatement,
  within: Within,
  writes: CollectedWrites,
): Promise<StaleVersionError | undefined> {
  const tenant = predicateOf(within.scope);
  return withSession(pool, onStatement, { ...within, purpose: 'reading' }, async (session) => {
    for (const name of TABLE_NAMES) {
      const stale = await staleIn(session, tenant, name, writes);
      if (stale) return stale;
    }
    return undefined;
  });
}

async function staleIn<T extends TableName>(
  session: Session,
  tenant: Id | null,
  name: T,
  writes: CollectedWrites,
): Promise<StaleVersionError | undefined> {
  const { replace, remove }: Writes<Tables[T]> = writes[name];
  const replaced = [...replace.values()].flatMap(({ rows }) => rows);
  const expected = [
    ...replaced.map((row) => ({ id: row.id, version: versionOf(row) - 1 })),
    ...remove.map((row) => ({ id: row.id, version: versionOf(row) })),
  ];
  if (expected.length === 0) return undefined;
  const layout: Layout<Tables[T]> = LAYOUTS[name];
  const rows = await byIds(
    session,
    layout,
    tenant,
    expected.map(({ id }) => id),
    '',
  );
  for (const [index, { version }] of expected.entries()) {
    const row = rows[index];
    const current = row ? versionOf(row) : 0;
    if (current !== version) return new StaleVersionError(version, current);
  }
  return undefined;
}
