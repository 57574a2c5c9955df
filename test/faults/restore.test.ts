import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { StreamPosition } from '../../src/domain/change.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { verify } from '../../src/verify/verify.ts';
import { countsOf } from '../support/accounting.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { endOf } from '../support/changes.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { POSTGRES_BIN, PROGRAM_FOLDERS } from '../support/debianPostgres.ts';
import { type PostgresServer, startPostgres } from '../support/postgresServer.ts';
import { serve } from '../support/server.ts';
import { startPrimary, startStandby, waitForReplay } from './standbys.ts';

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

/** Checks that a copy is consistent and that cursors from after it never resume, even after as many new changes. */
async function resumesOnlyOwnCursors(store: Store, atCopy: StreamPosition, afterCopy: StreamPosition): Promise<void> {
  expect((await verify(store)).difference).toBeNull();
  expect(await store.changes.read(atCopy, 10)).toMatchObject({ isKnown: true, changes: [] });
  expect(await store.changes.read(afterCopy, 10)).toMatchObject({ isKnown: false });
  const server = serve(store);
  const deal = await makeDeal(server);
  for (const _each of [1, 2, 3]) await fundedPosition(server, deal);
  const { sequence } = await endOf(store.changes);
  expect(sequence).toBeGreaterThan(afterCopy.sequence);
  expect(await store.changes.read(afterCopy, 10)).toMatchObject({ isKnown: false, changes: [] });
  const { changes } = await store.changes.read(atCopy, 1_000);
  expect(changes).toHaveLength(sequence - atCopy.sequence);
}

/** Funds a position, makes a copy of the database, and funds two more. Returns the ends of the stream. */
async function writeAround(url: string, copy: () => Promise<void>) {
  const store = open(url);
  const server = serve(store);
  const deal = await makeDeal(server);
  await fundedPosition(server, deal);
  const atCopy = await endOf(store.changes);
  const counts = await countsOf(store);
  await copy();
  for (const _each of [1, 2]) await fundedPosition(server, deal);
  const afterCopy = await endOf(store.changes);
  await store.close();
  return { atCopy, afterCopy, counts };
}

describe.skipIf(BIN === undefined)('a backup', () => {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-restore-'));
  let cluster: PostgresServer;
  let fresh: PostgresServer;
  let url: string;
  let written: Awaited<ReturnType<typeof writeAround>>;

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
    written = await writeAround(url, async () => void (await run(commandOf('pg_dump'), { DATABASE_URL: url })));
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
    expect(await countsOf(store)).toEqual(written.counts);
    await resumesOnlyOwnCursors(store, written.atCopy, written.afterCopy);
    await store.close();
  });
});

it('no cursor resumes at a wrong place after a snapshot of the folder was restored', async () => {
  const primary = await startPrimary();
  await migrate(primary.url);
  const inFolder = (command: string): Promise<unknown> =>
    promisify(execFile)('sh', ['-c', command], { cwd: primary.folder });
  const { atCopy, afterCopy, counts } = await writeAround(primary.url, async () => {
    await primary.halt('SIGINT');
    await inFolder('cp -a data snapshot');
    await primary.restart();
  });
  await primary.halt('SIGINT');
  await inFolder('rm -r data && mv snapshot data');
  await primary.restart();
  const store = open(primary.url);
  onTestFinished(() => store.close());
  expect(await countsOf(store)).toEqual(counts);
  await resumesOnlyOwnCursors(store, atCopy, afterCopy);
});

it.skipIf(POSTGRES_BIN === undefined)(
  'no cursor resumes at a wrong place after a standby that was behind has taken over',
  async () => {
    const primary = await startPrimary(POSTGRES_BIN);
    await migrate(primary.url);
    const standby = await startStandby(POSTGRES_BIN ?? '', primary);
    const { atCopy, afterCopy, counts } = await writeAround(primary.url, async () => {
      await waitForReplay(primary, standby);
      await standby.halt('SIGINT');
    });
    await primary.halt('SIGQUIT');
    await standby.restart();
    await asAdmin(standby.url, (admin) => admin.query('select pg_promote()'));
    const store = open(standby.url);
    onTestFinished(() => store.close());
    expect(await countsOf(store)).toEqual(counts);
    await resumesOnlyOwnCursors(store, atCopy, afterCopy);
  },
);
