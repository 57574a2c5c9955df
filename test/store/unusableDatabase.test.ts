import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { checkConnection } from '../../src/store/postgres/checkDatabase.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { UnusableDatabaseError } from '../../src/store/postgres/unusableDatabase.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { PGBOUNCER, startPooler } from '../support/pgbouncer.ts';
import { messageOf, type Message, startProxy } from '../support/proxy.ts';

const PASSWORD = 'pa55-word';

/** What is thrown: always UnusableDatabase, always one sentence or more, and never the password. */
async function refusalOf(attempt: Promise<void>): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UnusableDatabaseError);
  const { message } = error as Error;
  expect(message).toMatch(/\S\.$|<name>$/);
  expect(message).not.toMatch(/pa55-word|postgres:\/\//);
  return message;
}

/** A server that does this with every connection, and nothing else. */
async function serverThat(act: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => act(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `postgres://clerk:${PASSWORD}@127.0.0.1:${(server.address() as AddressInfo).port}/books`;
}

/** An error of a server whose language is German. */
const errorMessage = (code: string): Buffer => messageOf('E', `SFATAL\0VFATAL\0C${code}\0MDas geht nicht mit pa55\0\0`);

/** An empty database; the statements are run by a superuser, with %I for its name. */
async function emptyDatabase(options = '', ...statements: readonly string[]): Promise<string> {
  const adminUrl = inject('adminUrl');
  const name = `${inject('template')}_${randomBytes(6).toString('hex')}`;
  const url = urlOf(adminUrl, name);
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name} template template0 ${options}`));
  onTestFinished(() =>
    asAdmin(adminUrl, async (admin) => {
      await admin.query(`drop database if exists ${name} with (force)`);
    }),
  );
  await asAdmin(url, async (admin) => {
    for (const statement of statements) await admin.query(statement.replaceAll('%I', name));
  });
  return url;
}

describe('the start says in a sentence why the database refuses', () => {
  it.each([
    ['08P01', 'The database, or the pooler before it, refused the connection (08P01).'],
    ['28P01', 'The database refused the user or the password. Check DATABASE_URL and DATABASE_DIRECT_URL (28P01).'],
    ['28000', 'The database refused the user or the password. Check DATABASE_URL and DATABASE_DIRECT_URL (28000).'],
    ['3D000', 'There is no database of this name. Create it, for example with createdb (3D000).'],
    ['53300', 'The database has no connection left. Raise its max_connections, or lower DATABASE_CONNECTIONS (53300).'],
    ['53200', 'The database has run out of a resource, such as memory or disk space (53200).'],
    ['57P03', 'The database is starting, recovering or shutting down. Try again (57P03).'],
    ['57P01', 'The database is shutting down. Try again (57P01).'],
    ['58030', 'The database has an error of its operating system. See its log (58030).'],
    ['XX000', 'The database cannot be used: Das geht nicht mit pa55 (XX000).'],
  ])('%s', async (code, sentence) => {
    expect(await refusalOf(migrate(await serverThat((socket) => socket.end(errorMessage(code)))))).toBe(sentence);
  });

  it.each([
    [
      'nothing listens',
      'postgres://clerk:pa55-word@127.0.0.1:1/books',
      /nothing listens at its address \(ECONNREFUSED\)\.$/,
    ],
    [
      'the host is unknown',
      'postgres://clerk:pa55-word@escrowgrid.invalid/books',
      /its host name .* \((ENOTFOUND|EAI_AGAIN)\)\.$/,
    ],
    ['there is no socket', 'postgres://clerk:pa55-word@/books?host=/nowhere', /its folder of sockets .* \(ENOENT\)\.$/],
  ])('%s', async (_what, url, sentence) => {
    expect(await refusalOf(migrate(url))).toMatch(sentence);
  });

  it.each([
    ['closes the connection', (socket: Socket) => socket.end()],
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
    ['is no PostgreSQL', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers nothing', () => undefined],
  ])(
    'a server that %s',
    async (_what, act) => {
      expect(await refusalOf(migrate(await serverThat(act)))).toMatch(/^The database cannot be (reached|used): .*\.$/);
    },
    30_000,
  );

  it('a server that answers no more after the connection is open', async () => {
    const proxy = await startProxy(await emptyDatabase());
    onTestFinished(() => proxy.away());
    proxy.tap = { fromClient: ({ type }: Message) => (type === 'Q' ? (proxy.stall(), false) : undefined) };
    expect(await refusalOf(migrate(proxy.url))).toBe('The database cannot be reached: Query read timeout.');
  }, 30_000);

  it('a server that answers no more while migrations run', async () => {
    const proxy = await startProxy(await emptyDatabase());
    onTestFinished(() => proxy.away());
    const isMigration = ({ type, text }: Message): boolean =>
      type === 'Q' && text.includes('create table institutions');
    proxy.tap = { fromClient: (message) => (isMigration(message) ? (proxy.stall(), false) : undefined) };
    expect(await refusalOf(migrate(proxy.url))).toMatch(/^The database cannot be reached: .*\.$/);
  }, 40_000);

  it('no connection is left for the role', async () => {
    const url = await emptyDatabase('', 'alter database %I connection limit 0', ...asRole('crowded'));
    expect(await refusalOf(migrate(asUser(url, 'crowded')))).toMatch(
      /^The database has no connection left\..*\(53300\)\.$/,
    );
  });

  it('the role may not connect', async () => {
    const url = await emptyDatabase('', 'revoke connect on database %I from public', ...asRole('stranger'));
    expect(await refusalOf(migrate(asUser(url, 'stranger')))).toMatch(/lacks a privilege.*\(42501\)\.$/);
  });

  it('the role may not create tables', async () => {
    const grants = ['create role escrowgrid_app nologin', 'grant escrowgrid_app to reader'];
    const url = await emptyDatabase('', ...asRole('reader'), ...grants.map(ifNot));
    expect(await refusalOf(migrate(asUser(url, 'reader')))).toMatch(/lacks a privilege.*\(42501\)\.$/);
  });

  it('the database is read-only', async () => {
    const url = await emptyDatabase('', 'alter database %I set default_transaction_read_only = on');
    expect(await refusalOf(migrate(url))).toMatch(/^The database is read-only: .* \(25006\)\.$/);
  });

  it('there is no schema public, or the tables are in another', async () => {
    const without = await emptyDatabase('', 'drop schema public');
    expect(await refusalOf(migrate(without))).toMatch(/^The database has no schema public\..*\(3F000\)\.$/);
    const { url, ...database } = await createDatabase();
    onTestFinished(() => database.drop());
    await asAdmin(url, (admin) => admin.query('create schema other; alter table positions set schema other'));
    expect(await refusalOf(migrate(url))).toMatch(/^The schema public .* set schema public\.$/);
  });
});

describe('a database whose encoding is not UTF8 is refused, and left as it was', () => {
  it.each(['SQL_ASCII', 'LATIN1', 'LATIN9', 'WIN1252', 'EUC_JP', 'KOI8R'])('%s', async (encoding) => {
    const url = await emptyDatabase(`encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`);
    expect(await refusalOf(migrate(url))).toBe(
      `The encoding of the database is ${encoding}, and must be UTF8. Create another one: ` +
        'createdb --template=template0 --encoding=UTF8 <name>',
    );
    const { rows } = await asAdmin(url, (admin) =>
      admin.query(`select from information_schema.tables where table_schema = 'public'`),
    );
    expect(rows).toEqual([]);
  });

  it.skipIf(PGBOUNCER === undefined)('also where a pooler leads to it, and to a database without tables', async () => {
    const latin = await startPooler(
      PGBOUNCER ?? '',
      await emptyDatabase(`encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`),
      1,
    );
    onTestFinished(() => latin.stop());
    expect(await refusalOf(checkConnection(latin.url))).toMatch(/^The encoding of the database is LATIN1/);
    const other = await startPooler(PGBOUNCER ?? '', await emptyDatabase(), 1);
    onTestFinished(() => other.stop());
    expect(await refusalOf(checkConnection(other.url))).toMatch(/must lead to the same database/);
    const { url, ...database } = await createDatabase();
    onTestFinished(() => database.drop());
    const right = await startPooler(PGBOUNCER ?? '', url, 1);
    onTestFinished(() => right.stop());
    await checkConnection(right.url);
  });
});

/** A role of the cluster is shared by test files, so it may be there. */
const ifNot = (statement: string): string =>
  `do $$ begin ${statement}; exception when duplicate_object or unique_violation then null; end $$`;
const asRole = (name: string): readonly string[] => [ifNot(`create role ${name} login`)];

function asUser(url: string, name: string): string {
  const changed = new URL(url);
  changed.username = name;
  return changed.href;
}
