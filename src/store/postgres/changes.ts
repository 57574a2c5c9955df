import { randomUUID } from 'node:crypto';
import type { ChangeFilter, SequencedChange, StreamPosition } from '../../domain/change.ts';
import type { Instant } from '../../domain/time.ts';
import { deadlineIn } from '../deadline.ts';
import type { ChangeFeed, StreamPage } from '../store.ts';
import { assignSequences, onlyRow } from './assignSequences.ts';
import { confirmReads } from './commitProof.ts';
import { allowRepeat, withRetries } from './errors.ts';
import { Listener } from './listener.ts';
import type { OutageListener } from './outage.ts';
import type { ConnectionPool } from './pool.ts';
import { SequenceBatches } from './sequenceBatches.ts';
import { type OnStatement, type Opening, type Session, withSession } from './session.ts';
import type { Statement } from './sql.ts';

/** The time limit for reading changes, in ms. The hub reads again. */
const READ_MS = 10_000;

/** The stream has the changes of all institutions; the reads are restricted by a filter. */
const WRITING = { purpose: 'writing', scope: 'ALL' } as const;
const READING = { purpose: 'reading', scope: 'ALL' } as const;
/** The changes and the end of the stream are of one moment. */
const SNAPSHOT = { purpose: 'snapshot', scope: 'ALL' } as const;

const KEY = 'select cursor_key as key from outbox_extent';

const READ = `select place::int8::text as sequence, id, topic, kind, institution_id as "institutionId",
  object_id as "objectId", detail_id as "detailId", created_at as "createdAt" from outbox`;
const READ_ALL = `${READ} where place > $1::bigint order by outbox.place limit $2::int`;
/**
 * Always reads the index outbox_of_institution and nothing else, whatever the statistics say: a plan that skipped the
 * changes of others would reveal their number by its time. Neither the conditions nor the order fit an index that
 * begins with place.
 */
const READ_FILTERED = `${READ} where place is not null
  and (institution_id, topic, place) > ($3::text, $4::text, $1::bigint)
  and (institution_id, topic, place) < ($3::text, $4::text, 9223372036854775807)
  and ($5::text is null or object_id = $5) and ($6::text is null or detail_id = $6)
  order by outbox.institution_id, outbox.topic, outbox.place limit $2::int`;

/**
 * Returns the end of the stream, and whether the change with sequence $1 has the id $2, or had it when it was deleted;
 * and whether commits wait for a standby.
 */
const STREAM = `select last::int8::text as sequence, coalesce((select id from outbox where place = last), forgotten_id) as id,
  coalesce((select id from outbox where place = $1::bigint), case forgotten when $1::bigint then forgotten_id end) = $2::uuid as "isKnown",
  current_setting('synchronous_standby_names') <> '' as "hasStandby" from outbox_extent`;

/** The maximum number of changes that one statement deletes: the row of the feed is locked until it is committed. */
const DELETED_AT_ONCE = 2_000;

/**
 * Deletes up to the first change to keep, so one that another server's clock has dated earlier waits for it. The row of
 * the feed, which assignments lock, is updated last.
 */
const DELETE = `with oldest as (
  select place, created_at from outbox where place is not null order by place limit ${DELETED_AT_ONCE}
), gone as (
  delete from outbox using oldest where outbox.place = oldest.place and oldest.place < coalesce(
    (select min(place) from oldest where created_at >= $1), 9223372036854775807) returning outbox.place, outbox.id
), newest as (select place, id from gone order by place desc limit 1), extent as (
  update outbox_extent set forgotten = newest.place, forgotten_id = newest.id from newest
) select count(*)::int as count from gone`;

/** The change feed that all servers on one database share. */
export interface PostgresChanges extends ChangeFeed {
  /** Lets the changes that this server has committed get their sequences, if it has readers. */
  committed(): void;
  close(): Promise<void>;
}

/**
 * Notifications only wake readers; the changes themselves are in the table. Notifications are received on a separate
 * connection, because a pooler in transaction mode does not deliver them.
 */
export function postgresChanges(
  pool: ConnectionPool,
  directUrl: string,
  onStatement: OnStatement,
  onOutage: OutageListener,
): PostgresChanges {
  const wakes = new Set<() => void>();
  const wakeAll = (): void => wakes.forEach((wake) => wake());
  const ownId = randomUUID();
  const inSession = <T>(opening: Opening, work: (session: Session) => Promise<T>): Promise<T> => {
    const until = deadlineIn(READ_MS);
    // None of this fails or differs if it runs twice: a change keeps its sequence.
    return withRetries(() => withSession(pool, onStatement, { ...opening, until }, work).catch(allowRepeat), until);
  };
  const batches = new SequenceBatches(async (waits) => {
    const assignment = await inSession(WRITING, (session) => assignSequences(session, waits, ownId));
    if (assignment.assigned > 0) wakeAll();
    return assignment;
  });
  const onNotification = (sender?: string): void => {
    if (sender === ownId) return;
    if (sender !== undefined) batches.follow();
    wakeAll();
  };
  const listener = new Listener(directUrl, onNotification, onOutage);
  return {
    cursorKey: () =>
      inSession(READING, async (session) => {
        const { rows } = await session.query<{ key: Buffer }>({ text: KEY, values: [] });
        return onlyRow(rows).key;
      }),
    assignSequences: () => batches.assignAll(),
    read: async (after, limit, filter) => {
      const { hasStandby, ...page } = await inSession(SNAPSHOT, (session) => readPage(session, after, limit, filter));
      // A standby may not have confirmed what was read.
      const isNew = page.last.sequence !== after?.sequence;
      if (hasStandby && isNew) await inSession(WRITING, (session) => session.commit(confirmReads()));
      return page;
    },
    onChanges: (wake) => {
      wakes.add(wake);
      listener.start();
      return () => wakes.delete(wake);
    },
    deleteBefore: async (before) => {
      for (let deleted = 0; ; ) {
        const batch = await withRetries(() =>
          withSession(pool, onStatement, WRITING, (session) => deleteChanges(session, before)),
        );
        deleted += batch;
        if (batch < DELETED_AT_ONCE) return deleted;
      }
    },
    committed: () => {
      if (wakes.size > 0) batches.assignSoon();
    },
    close: () => {
      batches.close();
      return listener.close();
    },
  };
}

/** Deletes the oldest changes from before the time, and returns their number. */
async function deleteChanges(session: Session, before: Instant): Promise<number> {
  const deleted = session.query<{ count: number }>({ text: DELETE, values: [new Date(before).toISOString()] });
  const ended = session.commit();
  const { rows } = await deleted;
  await ended;
  return onlyRow(rows).count;
}

/** Reads a page, and whether a standby must confirm it, in one round trip. */
async function readPage(
  session: Session,
  after: StreamPosition | null,
  limit: number,
  filter: ChangeFilter | undefined,
): Promise<StreamPage & { readonly hasStandby: boolean }> {
  const reading = after && session.query<ChangeRow>(readStatement(after, limit, filter));
  const position = [after?.sequence ?? null, after?.id ?? null];
  const stream = session.query<StreamRow>({ text: STREAM, values: position });
  const ended = session.commit();
  const changes = (await reading)?.rows.map(withNumericSequence) ?? [];
  const { isKnown, hasStandby, ...last } = onlyRow((await stream).rows);
  await ended;
  const page = { last: withNumericSequence(last), hasStandby };
  return after !== null && !isKnown ? { isKnown: false, changes: [], ...page } : { isKnown: true, changes, ...page };
}

/** A sequence is a bigint, which pg returns as text. */
type Row<T extends StreamPosition> = Omit<T, 'sequence'> & { readonly sequence: string };
type ChangeRow = Row<SequencedChange>;
type StreamRow = Row<StreamPosition> & { readonly isKnown: boolean | null; readonly hasStandby: boolean };

const withNumericSequence = <T extends Row<StreamPosition>>(row: T) => ({ ...row, sequence: Number(row.sequence) });

function readStatement({ sequence }: StreamPosition, limit: number, filter: ChangeFilter | undefined): Statement {
  if (!filter) return { text: READ_ALL, values: [sequence, limit] };
  const { institutionId, topic, objectId, detailId } = filter;
  const values = [sequence, limit, institutionId, topic, objectId ?? null, detailId ?? null];
  return { text: READ_FILTERED, values };
}
