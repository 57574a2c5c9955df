import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { asAdmin, urlOf } from './admin.ts';
import { type PostgresServer, startPostgres } from './postgresServer.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A user who may create databases and roles. */
    readonly adminUrl: string;
    /** The migrated database that each test file's is copied from; also the start of their names. */
    readonly template: string;
  }
}

const PREFIX = 'escrowgrid_test_';

/** Prepares one migrated database per run, on the server of TEST_DATABASE_URL or on one of our own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await findServer();
  const adminUrl = server.url;
  const template = `${PREFIX}${randomBytes(6).toString('hex')}`;
  const run = await claim(adminUrl, template);
  await dropDatabasesOfEndedRuns(adminUrl);
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${template} template template0`));
  await migrate(urlOf(adminUrl, template));
  project.provide('adminUrl', adminUrl);
  project.provide('template', template);
  return async () => {
    await run.end();
    await dropDatabasesOfEndedRuns(adminUrl);
    await server.stop();
  };
}

async function findServer(): Promise<Pick<PostgresServer, 'url' | 'stop'>> {
  const url = process.env['TEST_DATABASE_URL'];
  return url ? { url, stop: async () => {} } : startPostgres();
}

/** Holds a lock under the template's name while this run lives; the server lets go of it even if we are killed. */
async function claim(adminUrl: string, template: string): Promise<Client> {
  const run = new Client({ connectionString: adminUrl });
  run.on('error', () => {}); // A server that goes away fails the tests with better words.
  await run.connect();
  await run.query('select pg_advisory_lock(hashtext($1))', [template]);
  return run;
}

/** Drops what this run made, once it has let go of its lock, and what killed runs left behind on a server that outlives them. */
async function dropDatabasesOfEndedRuns(adminUrl: string): Promise<void> {
  await asAdmin(adminUrl, async (admin) => {
    const { rows } = await admin.query<{ datname: string }>(
      `select datname from pg_database
       where datname ~ ('^' || $1 || '[0-9a-f]{12}')
         and pg_try_advisory_xact_lock(hashtext(left(datname, length($1) + 12)))`,
      [PREFIX],
    );
    for (const { datname } of rows) await admin.query(`drop database if exists "${datname}" with (force)`);
  });
}
