import { deadlineIn } from '../deadline.ts';
import { StoreError, UnavailableError } from '../errors.ts';
import type { StoreFault } from '../store.ts';
import { sqlStateOf, withRetries } from './errors.ts';
import { knownMigrations, MIGRATIONS_TABLE, UNDEFINED_TABLE } from './migrationFiles.ts';
import type { ConnectionPool } from './pool.ts';
import type { Statement } from './sql.ts';
import { withWire } from './wire.ts';

/** The maximum time of a check, in ms. An orchestrator gives up its own request soon. */
const CHECK_MS = 2_000;

const stateIn = (schema: string): Statement => ({
  text: `select current_setting('transaction_read_only')::boolean as "isReadOnly",
    array(select name::text from "${schema}".${MIGRATIONS_TABLE}) as migrations`,
  values: [],
  keepsPlan: true,
});

interface State {
  readonly isReadOnly: boolean;
  readonly migrations: readonly string[];
}

/** Returns why the database cannot serve requests now; undefined if it can. */
export async function findFault(pool: ConnectionPool): Promise<StoreFault | undefined> {
  const until = deadlineIn(CHECK_MS);
  const closed = async (): Promise<boolean> => true;
  try {
    const { rows } = await withRetries(
      () => withWire(pool, until, (wire) => wire.one<State>(stateIn(pool.schema), () => wire.promptLimit()), closed),
      until,
    );
    return faultOf(rows[0] as State);
  } catch (error) {
    if (error instanceof UnavailableError) return 'database_unreachable';
    if (sqlStateOf(error) === UNDEFINED_TABLE) return 'schema_outdated';
    // A server whose connections are all in use answers requests, if slowly.
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

function faultOf({ isReadOnly, migrations }: State): StoreFault | undefined {
  if (isReadOnly) return 'database_read_only';
  const known = knownMigrations();
  if (migrations.some((name) => !known.has(name))) return 'schema_newer';
  return migrations.length < known.size ? 'schema_outdated' : undefined;
}
