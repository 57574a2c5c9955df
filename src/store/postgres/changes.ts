import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PlacedChange } from '../../domain/change.ts';
import type { ChangeFeed, Extent } from '../store.ts';
import { allowRepeat, trying } from './failures.ts';
import { type OnStatement, withSession } from './session.ts';

const CHANNEL = 'escrowgrid_changes';
/** How many committed changes are placed at once. */
const PLACED_AT_ONCE = 5_000;
/** How long to wait before the connection that listens is opened anew, in ms. */
const RECONNECT_MS = 500;

/** The feed is everybody's; its readers tell what is whose. */
const OPENING = { purpose: 'writing', scope: 'ALL' } as const;

const EXTENT = 'select last::int8::text as last, forgotten::int8::text as forgotten, log from outbox_extent';

/** Gives a place to each committed change that has none, in the order in which they were written. */
const PLACE = `with unplaced as (
  select number, row_number() over (order by number) as ahead from outbox where place is null order by number limit ${PLACED_AT_ONCE}
), placed as (
  update outbox set place = (select last from outbox_extent) + unplaced.ahead
  from unplaced where outbox.number = unplaced.number returning 1
) update outbox_extent set last = last + (select count(*) from placed) where exists (select 1 from unplaced)`;

const READ = `select place::int8::text as place, topic, kind, institution_id as "institutionId", object_id as "objectId",
  detail_id as "detailId", created_at as "createdAt" from outbox where place > $1::bigint order by outbox.place limit $2::int`;

/** The changes of all servers on one database. */
export interface PostgresChanges extends ChangeFeed {
  /** Wakes the readers here and, a moment later, those of other servers. */
  committed(): void;
  close(): Promise<void>;
}

/**
 * Notifications only wake the reader; what it reads is in the table. They go through a connection of their own, for a
 * pooler in transaction mode carries none, and outside the transactions, for NOTIFY makes commits wait for each other.
 */
export function postgresChanges(
  pool: pg.Pool,
  directUrl: string,
  onStatement: OnStatement,
  onError: (error: Error) => void,
): PostgresChanges {
  const wakes = new Set<() => void>();
  const wakeAll = (): void => wakes.forEach((wake) => wake());
  const listener = new Listener(directUrl, wakeAll, onError);
  return {
    read: (behind, limit) =>
      trying(() =>
        withSession(pool, onStatement, OPENING, async (session) => {
          const ask = <R extends pg.QueryResultRow>(text: string, ...values: readonly unknown[]) =>
            session.query<R>({ text, values });
          // One flight: the lock, the places given under it, and the reading of all that is placed. The lock is a write:
          // COMMIT is acknowledged only after all places that were read are durable. Placing may run again.
          const done = [
            ask(`${EXTENT} for update`),
            ask(PLACE),
            ask<PlacedRow>(READ, String(behind), limit),
            ask<ExtentRow>(EXTENT),
          ] as const;
          const ended = session.commit();
          const [, , read, extent] = await Promise.all(done);
          await ended;
          const changes = read.rows.map((row): PlacedChange => ({ ...row, place: Number(row.place) }));
          return { changes, extent: extentOf(extent.rows[0]) };
        }).catch(allowRepeat),
      ),
    onCommit: (wake) => {
      wakes.add(wake);
      listener.start();
      return () => wakes.delete(wake);
    },
    forget: (before) =>
      trying(() =>
        withSession(pool, onStatement, OPENING, async (session) => {
          // Only up to the first that stays: what another server's clock has dated earlier waits behind it.
          const stays = `select min(place) from outbox where place is not null and created_at >= $1`;
          const gone = `with gone as (
              delete from outbox where place is not null and created_at < $1 and coalesce(place < (${stays}), true) returning place)
            update outbox_extent set forgotten = greatest(forgotten, coalesce((select max(place) from gone), 0))
            returning (select count(*)::int from gone) as count`;
          void session.query({ text: `${EXTENT} for update`, values: [] });
          const asked = session.query<{ count: number }>({ text: gone, values: [new Date(before).toISOString()] });
          const ended = session.commit();
          const { rows } = await asked;
          await ended;
          return rows[0]?.count ?? 0;
        }),
      ),
    committed: () => {
      wakeAll();
      listener.notify();
    },
    close: () => listener.close(),
  };
}

type PlacedRow = Omit<PlacedChange, 'place'> & { readonly place: string };
interface ExtentRow {
  readonly log: string;
  readonly last: string;
  readonly forgotten: string;
}
const extentOf = (row: ExtentRow | undefined): Extent => ({
  log: row?.log ?? '',
  last: Number(row?.last ?? 0),
  forgotten: Number(row?.forgotten ?? 0),
});

/** The connection that listens, opened anew whenever it breaks. */
class Listener {
  readonly #url: string;
  readonly #wake: () => void;
  readonly #onError: (error: Error) => void;
  #client: pg.Client | undefined;
  #running: Promise<void> | undefined;
  #closing = new AbortController();
  #notifying = false;

  constructor(url: string, wake: () => void, onError: (error: Error) => void) {
    this.#url = url;
    this.#wake = wake;
    this.#onError = onError;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Tells the other servers; several at once are told as one. */
  notify(): void {
    if (this.#notifying || !this.#client) return;
    this.#notifying = true;
    this.#client
      .query(`notify ${CHANNEL}`)
      .catch(() => undefined)
      .finally(() => {
        this.#notifying = false;
      });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#client?.end().catch(() => undefined);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#listen().catch((error: Error) => this.#onError(error));
      await delay(RECONNECT_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  /** Listens until the connection ends. */
  async #listen(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 5_000, keepAlive: true });
    const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
    client.on('error', () => undefined);
    client.on('notification', this.#wake);
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    if (this.#closing.signal.aborted) await client.end();
    this.#client = client;
    // What was told while nobody listened.
    this.#wake();
    await ended;
    this.#client = undefined;
  }
}
