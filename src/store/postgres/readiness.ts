import { deadlineIn } from '../deadline.ts';
import { StoreError, UnavailableError } from '../errors.ts';
import type { StoreFault } from '../store.ts';
import { type StatedTime, TIME_COLUMN } from './databaseClock.ts';
import { sqlStateOf, withRetries } from './errors.ts';
import { knownMigrations, MIGRATIONS_TABLE, UNDEFINED_TABLE } from './migrationFiles.ts';
import type { ConnectionPool } from './pool.ts';
import type { Statement } from './sql.ts';
import { type Wire, withWire } from './wire.ts';

/** The maximum time of a check, in ms. An orchestrator gives up its own request soon. */
const CHECK_MS = 2_000;

const stateIn = (schema: string): Statement => ({
  text: `select current_setting('transaction_read_only')::boolean as "isReadOnly",
    array(select name::text from "${schema}".${MIGRATIONS_TABLE}) as migrations, ${TIME_COLUMN}`,
  values: [],
  keepsPlan: true,
});

interface State extends StatedTime {
  readonly isReadOnly: boolean;
  readonly migrations: readonly string[];
}

/** Returns why the database cannot serve requests now; undefined if it can. */
export async function findFault(pool: ConnectionPool): Promise<StoreFault | undefined> {
  const until = deadlineIn(CHECK_MS);
  const closed = async (): Promise<boolean> => true;
  try {
    const state = await withRetries(() => withWire(pool, until, (wire) => stateBy(wire, pool), closed), until);
    const fault = faultOf(state);
    pool.isSuperseded = fault === 'schema_newer';
    return fault ?? (pool.clock.isInStep() ? undefined : 'clock_skewed');
  } catch (error) {
    if (error instanceof UnavailableError) return 'database_unreachable';
    if (sqlStateOf(error) === UNDEFINED_TABLE) return 'schema_outdated';
    // A server whose connections are all in use answers requests, if slowly.
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

async function stateBy(wire: Wire, { clock, schema }: ConnectionPool): Promise<State> {
  const sentAt = performance.now();
  const { rows } = await wire.one<State>(stateIn(schema), () => wire.promptLimit());
  const state = rows[0] as State;
  clock.note(state, sentAt);
  return state;
}

function faultOf({ isReadOnly, migrations }: State): StoreFault | undefined {
  if (isReadOnly) return 'database_read_only';
  const known = knownMigrations();
  if (migrations.some((name) => !known.has(name))) return 'schema_newer';
  return migrations.length < known.size ? 'schema_outdated' : undefined;
}
