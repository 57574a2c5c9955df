import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { urlOf } from './admin.ts';
import { type PostgresServer, startPostgres } from './postgresServer.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of a user that may create databases and roles. */
    readonly adminUrl: string;
    /** The migrated database that is copied for each test file. Its name is the prefix of theirs. */
    readonly template: string;
    /** Where the program is built for all test files that start it, within the project, whose packages it needs. */
    readonly buildFolder: string;
  }
}

const PREFIX = 'escrowgrid_test_';

/** Prepares one migrated database per run, on the server of TEST_DATABASE_URL or on a new one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await findServer();
  const template = `${PREFIX}${randomBytes(6).toString('hex')}`;
  const run = await claim(server.url, template);
  const buildFolder = join(project.config.root, 'dist', template);
  const teardown = async () => {
    try {
      rmSync(buildFolder, { recursive: true, force: true });
      await dropDatabases(run);
    } finally {
      await run.end();
      await server.stop();
    }
  };
  try {
    await dropDatabases(run);
    await run.query(`create database ${template} template template0`);
    await migrate(urlOf(server.url, template));
  } catch (error) {
    await teardown(); // Vitest calls it only for a set-up that succeeded.
    throw error;
  }
  project.provide('adminUrl', server.url);
  project.provide('template', template);
  project.provide('buildFolder', buildFolder);
  return teardown;
}

async function findServer(): Promise<Pick<PostgresServer, 'url' | 'stop'>> {
  const url = process.env['TEST_DATABASE_URL'];
  return url ? { url, stop: async () => {} } : startPostgres();
}

/**
 * Holds an advisory lock with the name of the template during the run. The server releases it even if the run is
 * killed.
 */
async function claim(adminUrl: string, template: string): Promise<Client> {
  const run = new Client({ connectionString: adminUrl });
  run.on('error', () => {}); // A server that goes away fails the tests with better words.
  await run.connect();
  await run.query('select pg_advisory_lock(hashtext($1))', [template]);
  return run;
}

/**
 * Drops the databases of this run, and those of killed runs on a server that outlives them. The lock of a run can be
 * acquired by the run itself and, once it has ended, by any other.
 */
async function dropDatabases(run: Client): Promise<void> {
  const { rows } = await run.query<{ datname: string }>(
    `select datname from pg_database
     where datname ~ ('^' || $1 || '[0-9a-f]{12}')
       and pg_try_advisory_xact_lock(hashtext(left(datname, length($1) + 12)))`,
    [PREFIX],
  );
  for (const { datname } of rows) await run.query(`drop database if exists "${datname}" with (force)`);
}
