import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { deadlineIn } from '../deadline.ts';
import type { Pooler } from './begin.ts';
import { checkUnpooled } from './checkDatabase.ts';
import { knownMigrations, MIGRATIONS_TABLE } from './migrationFiles.ts';
import type { ConnectionPool } from './pool.ts';
import { type OnStatement, withSession } from './session.ts';
import type { Statement } from './sql.ts';
import { withWire } from './wire.ts';

/** The limits of a check, in ms. */
const LIMITS = {
  /** The maximum time of its statements on one server. */
  statementMs: 2_000,
  /** The time for which the replica may take to replay a row of the primary, and the pause between two looks. */
  replayMs: 2_000,
  pauseMs: 50,
  /** The age after which the row of an earlier check is replaced: old rows are deleted after an hour. */
  rowMs: 30 * 60_000,
} as const;

/** The replica cannot be used; the message states why. */
export class ReplicaUnusableError extends Error {}

/** A row that was written to the primary while it had this history. */
interface WrittenRow {
  readonly id: string;
  readonly history: string;
  readonly writtenAt: number;
}

interface State {
  readonly isInRecovery: boolean;
  readonly migrations: readonly string[];
  readonly hasRow: boolean;
}

/**
 * Checks that a server is a replica of the primary, with the schema of this version. It must have replayed a row that
 * this process has written to the primary: after a failover, a replica may follow another server than the new primary,
 * and have LSNs of another history. Whether the primary has changed since is seen by its timeline.
 */
export class ReplicaCheck {
  readonly #primary: ConnectionPool;
  readonly #replica: ConnectionPool;
  readonly #onStatement: OnStatement;
  readonly #address: { readonly url: string; readonly pooler: Pooler };
  #isAddressChecked = false;
  #row: WrittenRow | undefined;
  /** The history of the primary that the replica was found to follow. */
  #followed: string | undefined;

  constructor(
    primary: ConnectionPool,
    replica: ConnectionPool,
    address: { readonly url: string; readonly pooler: Pooler },
    onStatement: OnStatement,
  ) {
    this.#primary = primary;
    this.#replica = replica;
    this.#address = address;
    this.#onStatement = onStatement;
  }

  /** Makes the next check compare the histories again. */
  forget(): void {
    this.#followed = undefined;
    this.#row = undefined;
  }

  /** Returns why the replica cannot be used; undefined if it can. */
  async run(signal: AbortSignal): Promise<Error | undefined> {
    try {
      await this.#checkAddress();
      assertReplica(await this.#stateWith(''));
      const history = await this.#history();
      if (history !== this.#followed) await this.#checkHistory(history, signal);
      return undefined;
    } catch (error) {
      this.#followed = undefined;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #checkAddress(): Promise<void> {
    if (this.#isAddressChecked || this.#address.pooler !== 'none') return;
    await checkUnpooled(this.#address.url, 'READ_DATABASE');
    this.#isAddressChecked = true;
  }

  async #checkHistory(history: string, signal: AbortSignal): Promise<void> {
    const isKept = this.#row?.history === history && performance.now() - this.#row.writtenAt < LIMITS.rowMs;
    const row = isKept && this.#row ? this.#row : await this.#write(history);
    this.#row = row;
    const until = performance.now() + LIMITS.replayMs;
    while (!signal.aborted) {
      const state = await this.#stateWith(row.id);
      assertReplica(state);
      if (state.hasRow) break;
      if (performance.now() >= until) {
        throw new ReplicaUnusableError('The replica has not replayed a row that was written to the primary.');
      }
      await delay(LIMITS.pauseMs, undefined, { signal }).catch(() => undefined);
    }
    this.#followed = history;
  }

  async #write(history: string): Promise<WrittenRow> {
    const id = randomUUID();
    const until = deadlineIn(LIMITS.statementMs);
    await withSession(this.#primary, this.#onStatement, { purpose: 'writing', scope: 'ALL', until }, (session) =>
      session.commit({ text: 'insert into commit_proofs (id) values ($1::text)', values: [id] }),
    );
    return { id, history, writtenAt: performance.now() };
  }

  /** Returns the identity of the primary and its timeline, which each promotion changes. */
  async #history(): Promise<string> {
    const rows = await rowsOf<{ readonly history: string }>(this.#primary, {
      text: `select system_identifier || ' ' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8) as history
        from pg_control_system()`,
      values: [],
    });
    return rows[0]?.history ?? '';
  }

  async #stateWith(rowId: string): Promise<State> {
    const { schema } = this.#replica;
    const rows = await rowsOf<State>(this.#replica, {
      text: `select pg_is_in_recovery() as "isInRecovery",
        array(select name::text from "${schema}".${MIGRATIONS_TABLE}) as migrations,
        exists (select from "${schema}".commit_proofs where id = $1::text) as "hasRow"`,
      values: [rowId],
    });
    return rows[0] as State;
  }
}

function assertReplica({ isInRecovery, migrations }: State): void {
  if (!isInRecovery) throw new ReplicaUnusableError('The server is not in recovery: it is a primary.');
  const known = knownMigrations();
  if (migrations.length !== known.size || migrations.some((name) => !known.has(name))) {
    throw new ReplicaUnusableError('The replica has the schema of another version.');
  }
}

async function rowsOf<R extends object>(pool: ConnectionPool, statement: Statement): Promise<readonly R[]> {
  const until = deadlineIn(LIMITS.statementMs);
  const close = async (): Promise<boolean> => false;
  const { rows } = await withWire(pool, until, (wire) => wire.one<R>(statement, () => wire.promptLimit()), close);
  return rows;
}
