import type pg from 'pg';
import { wrongPooler } from './errors.ts';
import type { RoutedClient } from './routedClient.ts';
import { connected } from './startConnection.ts';
import { UnusableDatabaseError, unusableBecause } from './unusableDatabase.ts';

const OLDEST_SERVER = 150_000;
const ENCODING = 'UTF8';

/** Checks a connection that is not used for migrations, such as one through a pooler. Throws UnusableDatabaseError. */
export const checkConnection = (databaseUrl: string): Promise<void> =>
  connected(databaseUrl, async (client) => {
    await checkDatabase(client);
    await checkTables(client);
  });

/**
 * Throws UnusableDatabaseError if the connections lead to a pooler in transaction mode. Such a pooler gives consecutive
 * transactions of two clients the same connection of the database, or those of one client different ones. The message
 * names the settings that begin with `setting`.
 */
export const checkUnpooled = (databaseUrl: string, setting = 'DATABASE'): Promise<void> =>
  connected(databaseUrl, async (first) => {
    const own = await backendOf(first);
    // pg's types lack the number of the process that serves the connection. A pooler announces one of its own.
    if (own === (first as { readonly processID?: number | null }).processID) return;
    let isShared = false;
    const check = connected(databaseUrl, async (second) => {
      const other = await backendOf(second);
      isShared = own === other || own !== (await backendOf(first)) || other !== (await backendOf(second));
    });
    // A pool in session mode may have no connection left for the second.
    await check.catch(() => undefined);
    if (isShared) throw new UnusableDatabaseError(wrongPooler(setting));
  });

/** Returns the number of the server's process that serves this transaction. */
async function backendOf(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid;
}

/** Throws UnusableDatabaseError if the server is too old, or the database has another encoding or is read-only. */
export async function checkDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; isReadOnly: boolean }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
       current_setting('transaction_read_only')::boolean as "isReadOnly"`,
  );
  const { version = 0, encoding = '', isReadOnly = false } = rows[0] ?? {};
  if (version < OLDEST_SERVER) throw new UnusableDatabaseError('PostgreSQL 15 or newer is needed.');
  if (encoding !== ENCODING) {
    throw new UnusableDatabaseError(
      `The encoding of the database is ${encoding}, and must be ${ENCODING}. Create another one: ` +
        `createdb --template=template0 --encoding=${ENCODING} <name>`,
    );
  }
  if (isReadOnly) throw unusableBecause('25006');
}

/** Throws UnusableDatabaseError if the user cannot create tables in the schema that statements use. */
export async function checkSchema(client: RoutedClient): Promise<void> {
  const { schema } = client;
  const { rows } = await client.query<{ canCreate: boolean }>(
    `select has_schema_privilege(oid, 'create') as "canCreate" from pg_namespace where nspname = '${schema}'`,
  );
  if (!rows[0]) {
    const statement = `create schema ${nameInSql(schema)}`;
    throw new UnusableDatabaseError(`The database has no schema ${schema}. Create it: ${statement} (3F000).`);
  }
  if (!rows[0].canCreate) throw unusableBecause('42501');
}

/** Throws UnusableDatabaseError if the tables are not in the schema that statements use. */
export async function checkTables(client: RoutedClient): Promise<void> {
  const { schema } = client;
  const { rows } = await client.query<{ isThere: boolean }>(
    `select to_regclass('"${schema}".positions') is not null as "isThere"`,
  );
  if (rows[0]?.isThere) return;
  throw new UnusableDatabaseError(
    `The schema ${schema} of the database does not have the tables of EscrowGrid. DATABASE_URL and DATABASE_DIRECT_URL ` +
      'must lead to the same database, and tables in another schema must be moved: alter table <name> set schema ' +
      `${nameInSql(schema)}.`,
  );
}

/** An upper-case name must be quoted. */
const nameInSql = (schema: string): string => (/^[a-z_]*$/.test(schema) ? schema : `"${schema}"`);
