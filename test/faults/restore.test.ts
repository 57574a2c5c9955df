import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamPosition } from '../../src/domain/change.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { countsOf } from '../support/accounting.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { endOf } from '../support/changes.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { PROGRAM_FOLDERS } from '../support/debianPostgres.ts';
import { type PostgresServer, startPostgres } from '../support/postgresServer.ts';
import { serve } from '../support/server.ts';

const BIN = PROGRAM_FOLDERS.find((folder) =>
  ['pg_dump', 'pg_restore'].every((program) => existsSync(join(folder, program))),
);
if (BIN === undefined) process.stdout.write('Skipped without pg_dump (Debian: postgresql-client).\n');

const operations = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));

/** Returns the command of the documentation that begins with this word. */
const commandOf = (program: string): string =>
  new RegExp(`^${program} .*$`, 'm').exec(readFileSync(operations, 'utf8'))?.[0] ?? '';

/** Returns the URL of a database for another user. */
const as = (url: string, user: string): string => Object.assign(new URL(url), { username: user }).href;

const open = (databaseUrl: string): Store => createPostgresStore({ databaseUrl, onError: () => undefined });

describe.skipIf(BIN === undefined)('a backup', () => {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-restore-'));
  let cluster: PostgresServer;
  let fresh: PostgresServer;
  let url: string;
  /** The ends of the stream when the dump was made, and after later changes. */
  let atDump: StreamPosition;
  let afterDump: StreamPosition;
  let counts: object;

  const run = (command: string, env: Readonly<Record<string, string>>): Promise<unknown> =>
    promisify(execFile)('sh', ['-c', command], { cwd: folder, env: { PATH: `${BIN}:${process.env['PATH']}`, ...env } });

  beforeAll(async () => {
    [cluster, fresh] = await Promise.all([startPostgres(), startPostgres()]);
    await asAdmin(cluster.url, async (admin) => {
      await admin.query('create role landlord login createrole');
      await admin.query('create database house owner landlord');
    });
    url = as(urlOf(cluster.url, 'house'), 'landlord');
    await migrate(url);
    const store = open(url);
    const server = serve(store);
    const deal = await makeDeal(server);
    await fundedPosition(server, deal);
    atDump = await endOf(store.changes);
    counts = await countsOf(store);
    await run(commandOf('pg_dump'), { DATABASE_URL: url });
    for (const _each of [1, 2]) await fundedPosition(server, deal);
    afterDump = await endOf(store.changes);
    await store.close();
  });
  afterAll(async () => {
    await Promise.all([cluster, fresh].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['another cluster, under another owner and without the role', () => fresh.url],
    ['the same cluster, under another owner', () => cluster.url],
  ])('restored into %s serves everything, and no cursor resumes at a wrong place', async (_where, adminUrl) => {
    await asAdmin(adminUrl(), async (admin) => {
      await admin.query('create role tenant login createrole');
      await admin.query('create database restored owner tenant');
      const { rowCount } = await admin.query("select from pg_roles where rolname = 'escrowgrid_app'");
      if (rowCount) await admin.query('grant escrowgrid_app to tenant');
    });
    const restored = as(urlOf(adminUrl(), 'restored'), 'tenant');
    const reported = await run(commandOf('pg_restore'), { RESTORED_URL: restored }).then(
      () => '',
      (error: { readonly stderr: string }) => error.stderr,
    );
    // It reports errors for the policies of roles that are not there.
    const others = reported.match(/error:.*/g)?.filter((line) => !/role|errors ignored/.test(line)) ?? [];
    expect(others).toEqual([]);
    await migrate(restored);
    const store = open(restored);
    expect(await countsOf(store)).toEqual(counts);
    expect((await verify(store)).difference).toBeNull();
    expect(await store.changes.read(atDump, 10)).toMatchObject({ isKnown: true, changes: [] });
    expect(await store.changes.read(afterDump, 10)).toMatchObject({ isKnown: false });

    const server = serve(store);
    const deal = await makeDeal(server);
    for (const _each of [1, 2, 3]) await fundedPosition(server, deal);
    const { sequence } = await endOf(store.changes);
    expect(sequence).toBeGreaterThan(afterDump.sequence);
    expect(await store.changes.read(afterDump, 10)).toMatchObject({ isKnown: false, changes: [] });
    const { changes } = await store.changes.read(atDump, 1_000);
    expect(changes).toHaveLength(sequence - atDump.sequence);
    await store.close();
  });
});
