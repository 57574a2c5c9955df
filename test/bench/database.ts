// The PostgreSQL server of the benchmark, and the log of the statements that it receives.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { asAdmin } from '../support/admin.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { type Data, fillData, type Size } from './data.ts';

/** Commits reach the disk, as in production: the servers of the tests are set up to lose them. */
const SETTINGS = ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on'] as const;
/** The log has one JSON object per statement, in one file. */
const LOG_SETTINGS = [
  'logging_collector=on',
  'log_destination=jsonlog',
  'log_filename=statements',
  'log_rotation_age=0',
  'log_rotation_size=0',
];
/** The time after which changes that were committed have been sequenced, and the log is written, in ms. */
const SETTLED_MS = 500;

/** A statement as PostgreSQL received it. */
export interface LoggedStatement {
  /** The virtual transaction: each transaction has another one. */
  readonly vxid: string;
  readonly application: string;
  readonly text: string;
  /** The parameters $1, $2 and so on, as texts. */
  readonly parameters: readonly (string | null)[];
}

/** A migrated database that is filled with the data. */
export interface Database {
  readonly url: string;
  readonly data: Data;
  readonly versions: Readonly<Record<string, string>>;
  admin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T>;
  /** Returns the statements that the server received while the work ran, and shortly after. */
  statementsOf(work: () => Promise<unknown>): Promise<readonly LoggedStatement[]>;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL server with these settings in addition, and fills a database. */
export async function startDatabase(size: Size, more: readonly string[] = []): Promise<Database> {
  const server = await startPostgres({ settings: [...SETTINGS, ...LOG_SETTINGS, ...more] });
  const { url } = server;
  try {
    await migrate(url);
    const store = createPostgresStore({ databaseUrl: url, onError: (error) => process.stderr.write(`${error}\n`) });
    const data = await fillData(store, size);
    await store.close();
    const admin: Database['admin'] = (work) => asAdmin(url, work);
    const { rows } = await admin(async (client) => {
      await client.query('vacuum analyze');
      return client.query<{ version: string }>("select current_setting('server_version') as version");
    });
    const versions = { postgres: `${rows[0]?.version}, ${SETTINGS.join(', ')}` };
    const statementsOf: Database['statementsOf'] = (work) =>
      logged(join(server.folder, 'data/log/statements.json'), admin, work);
    return { url, data, versions, admin, statementsOf, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function logged(
  file: string,
  admin: Database['admin'],
  work: () => Promise<unknown>,
): Promise<readonly LoggedStatement[]> {
  const setTo = (value: string): Promise<void> =>
    admin(async (client) => {
      await client.query(`alter system set log_statement = '${value}'`);
      await client.query('select pg_reload_conf()');
      await delay(SETTLED_MS);
    });
  await setTo('all');
  const from = statSync(file).size;
  try {
    await work();
    await delay(SETTLED_MS);
  } finally {
    await setTo('none');
  }
  return readFileSync(file)
    .subarray(from)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => statementIn(JSON.parse(line) as LogLine));
}

interface LogLine {
  readonly vxid?: string;
  readonly application_name?: string;
  readonly message?: string;
  readonly detail?: string;
}

const statementIn = ({ vxid = '', application_name: application = '', message = '', detail = '' }: LogLine) => {
  const text = /^(?:statement|execute [^:]*): (.*)$/s.exec(message)?.[1];
  return text === undefined ? [] : [{ vxid, application, text, parameters: parametersIn(detail) }];
};

/** Returns the values of a line such as "parameters: $1 = 'it''s', $2 = NULL". */
const parametersIn = (detail: string): readonly (string | null)[] =>
  [...detail.matchAll(/\$\d+ = (?:NULL|'((?:[^']|'')*)')/g)].map(([, value]) => value?.replaceAll("''", "'") ?? null);
