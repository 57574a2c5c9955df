import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { firstInstitutionOf, writeSizedData } from '../../src/demo/sizedData.ts';
import { hashOfToken } from '../../src/domain/apiKey.ts';
import { DAY_MS } from '../../src/domain/time.ts';
import { knownMigrations } from '../../src/store/postgres/migrationFiles.ts';
import type { Store } from '../../src/store/store.ts';
import { countsOf } from '../support/accounting.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { atFileEnd } from '../support/fileEnd.ts';
import { openMemory, openPostgresAt } from '../support/stores.ts';
import { onDatabase, run } from './run.ts';

const MIGRATIONS = [...knownMigrations()].toSorted();
const [LAST = ''] = MIGRATIONS.slice(-1);
const linesOf = (text: string): readonly string[] => text.trim().split('\n');

async function emptyDatabase(): Promise<string> {
  const adminUrl = inject('adminUrl');
  const name = `${inject('template')}_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name} template template0`));
  atFileEnd(() =>
    asAdmin(adminUrl, async (admin) => {
      await admin.query(`drop database if exists ${name} with (force)`);
    }),
  );
  return urlOf(adminUrl, name);
}

const tablesOf = (url: string): Promise<number> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ n: number }>(
      "select count(*)::int as n from pg_class c join pg_namespace s on s.oid = relnamespace where nspname = 'public'",
    );
    return rows[0]?.n ?? -1;
  });

describe('the migrations of an empty database', () => {
  let env: Readonly<Record<string, string>>;
  let url: string;
  beforeAll(async () => {
    url = await emptyDatabase();
    env = onDatabase(url);
  });

  it('migrate status prints all of them as pending, and applies none', async () => {
    const { code, stdout, stderr } = await run(['migrate', 'status'], env);
    expect([code, stderr]).toEqual([1, '']);
    expect(linesOf(stdout)).toEqual(MIGRATIONS.map((name) => `pending ${name}`));
    expect(await tablesOf(url)).toBe(0);
  });

  it.each(['verify', 'cleanup', 'seed'])('%s names what the schema lacks, and applies nothing', async (command) => {
    const { code, stdout, stderr } = await run([command], env);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `The database is older than this program: it lacks ${MIGRATIONS.join(', ')}. Run: escrowgrid migrate up\n`,
    );
    expect(await tablesOf(url)).toBe(0);
  });

  it('migrate up applies and prints them once', async () => {
    const first = await run(['migrate', 'up'], env);
    expect([first.code, first.stderr]).toEqual([0, '']);
    const done = 'The database has the schema of this version.';
    expect(linesOf(first.stdout)).toEqual([...MIGRATIONS.map((name) => `applied ${name}`), done]);
    expect(await run(['migrate', 'up'], env)).toEqual({ code: 0, stdout: `${done}\n`, stderr: '' });
    const { code, stdout } = await run(['migrate', 'status'], env);
    expect(code).toBe(0);
    expect(linesOf(stdout)).toEqual(MIGRATIONS.map((name) => `applied ${name}`));
  });

  it('a database that a newer version has migrated is named as such by migrate status, migrate up and verify', async () => {
    const future = '9999_from_the_future';
    await asAdmin(url, (admin) =>
      admin.query('insert into schema_migrations (name, run_on) values ($1, now())', [future]),
    );
    const status = await run(['migrate', 'status'], env);
    expect([status.code, linesOf(status.stdout).at(-1)]).toEqual([1, `unknown ${future} (of a newer version)`]);
    for (const args of [['migrate', 'up'], ['verify']]) {
      const sentence = `The database is newer than this program: it has ${future}.\n`;
      expect(await run(args, env)).toEqual({ code: 1, stdout: '', stderr: sentence });
    }
    await asAdmin(url, (admin) => admin.query('delete from schema_migrations where name = $1', [future]));
  });

  it('verify names a single missing migration', async () => {
    await asAdmin(url, (admin) => admin.query('delete from schema_migrations where name = $1', [LAST]));
    const { code, stderr } = await run(['verify'], env);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`it lacks ${LAST}. Run: escrowgrid migrate up`)]);
  });
});

describe('commands on a migrated database', () => {
  let store: Store;
  let url: string;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    ({ store, url } = await openPostgresAt());
    env = onDatabase(url);
  });

  const SIZE = { seed: 7, institutions: 2, positions: 30, chatSessions: 2, messages: 3 };
  const SEED = '--seed 7 --institutions 2 --positions 30 --chat-sessions 2 --messages 3'.split(' ');

  it('seed writes consistent data of the requested size, once per seed', async () => {
    const { code, stdout, stderr } = await run(['seed', ...SEED], env);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Wrote 2 institutions, each with 30 positions and 2 chat sessions of 3 messages\. /);
    const sizes = { institutions: 2, positions: 60, chatSessions: 4, chatMessages: 12, apiKeys: 0 };
    expect(await countsOf(store)).toMatchObject(sizes);
    expect(await run(['verify'], env)).toMatchObject({ code: 0, stdout: expect.stringContaining('consistent.') });
    expect(await run(['seed', ...SEED], env)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'The store already has data of the seed 7. Choose another one with --seed.\n',
    });
    const other = await run(['seed', '--seed', '8', '--positions', '3', '--chat-sessions', '0'], env);
    expect([other.code, await countsOf(store)]).toMatchObject([0, { institutions: 3, positions: 63 }]);
    // Without statistics each check of a foreign key would read all rows of the institution.
    const planned = await asAdmin(url, (admin) =>
      admin.query("select from pg_class where relname in ('positions', 'lifecycle_events') and reltuples > 0"),
    );
    expect(planned.rowCount).toBe(2);
  });

  it('seed writes the same positions into each store', async () => {
    const memory = await openMemory();
    await writeSizedData(memory, SIZE);
    const where = { institutionId: { in: [firstInstitutionOf(SIZE.seed)] } };
    const newest = { where, order: { by: ['createdAt'], direction: 'ASC' }, limit: 60 } as const;
    const window = { ...newest, backward: false, after: null, before: null };
    const [inMemory] = await memory.read('ALL').positions.pages([window]);
    const [onPostgres] = await store.read('ALL').positions.pages([window]);
    expect(inMemory?.rows).toHaveLength(30);
    expect(new Set(inMemory?.rows.map(({ state }) => state)).size).toBe(5);
    expect(onPostgres?.rows).toEqual(inMemory?.rows);
  });

  it('create-key prints only the token on stdout, and stores its hash', async () => {
    const [page] = await store.read('ALL').institutions.pages([
      {
        where: {},
        order: { by: ['createdAt'], direction: 'ASC' },
        limit: 1,
        backward: false,
        after: null,
        before: null,
      },
    ]);
    const id = page?.rows[0]?.id ?? '';
    const options = ['--institution', id, '--label', 'first key', '--role', 'ADMIN'];
    const { code, stdout, stderr } = await run(['create-key', ...options], env);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^eg_[0-9a-z]{12}_[0-9a-z]{84}\n$/)]);
    expect(stderr).toMatch(
      /^Created the API key key_[0-9a-z]{26}\. It never expires\. Its token is not shown again\.\n$/,
    );
    const [, keyId = ''] = /(key_\w+)/.exec(stderr) ?? [];
    const [stored] = await store.read('ALL').apiKeys.byIds([keyId]);
    const tokenHash = hashOfToken(stdout.trim());
    expect(stored).toMatchObject({ institutionId: id, label: 'first key', role: 'ADMIN', tokenHash, expiresAt: null });
    const [audited] = await store
      .read('ALL')
      .auditEvents.counts([{ where: { resourceId: { in: [keyId] }, outcome: { in: ['SUCCESS'] } } }]);
    expect(audited).toBe(1);
  });

  it('create-key reports an unknown institution and an expiry that is no time, and creates nothing', async () => {
    const before = (await countsOf(store)).apiKeys;
    const options = ['--institution', 'inst_00000000000000000000000009', '--label', 'x', '--role', 'ADMIN'];
    expect(await run(['create-key', ...options], env)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'The institution was not found. Check `institutionId`.\n',
    });
    const wrong = await run(['create-key', ...options, '--expires-at', 'tomorrow'], env);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/^--expires-at must be a time /)]);
    expect((await countsOf(store)).apiKeys).toBe(before);
  });

  it('cleanup deletes what is past its retention, and prints the numbers', async () => {
    const createdAt = Date.now() - 31 * DAY_MS;
    const old = { institutionId: 'inst_00000000000000000000000001', mutation: 'createAsset', requestHash: '' } as const;
    await store.transact('ALL', async (tx) => {
      for (const key of ['a', 'b']) {
        tx.idempotencyRecords.insert({ ...old, id: `idem_${key}`, key, answer: {}, version: 1, createdAt });
      }
    });
    expect(await run(['cleanup'], env)).toEqual({
      code: 0,
      // The sample data has old times.
      stdout: expect.stringMatching(/^Deleted 2 idempotency records, 0 chat sessions and \d+ changes\.\n$/),
      stderr: '',
    });
    expect((await countsOf(store)).idempotencyRecords).toBe(0);
  });

  it('verify reports a database that it cannot reach', async () => {
    const { code, stderr } = await run(['verify'], onDatabase('postgres://127.0.0.1:1/nowhere'));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^The database cannot be reached: .*ECONNREFUSED.*\.\n$/),
    ]);
  });
});
