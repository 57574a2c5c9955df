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
import { type Message, messageOf, startProxy } from '../support/proxy.ts';

const PASSWORD = 'pa55-word';

/**
 * Returns the message of the error, which must be an UnusableDatabase with complete sentences and without the password.
 */
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

/** Starts a server that only does this with every connection. */
async function serverThat(act: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => act(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `postgres://clerk:${PASSWORD}@127.0.0.1:${(server.address() as AddressInfo).port}/books`;
}

/** An error of a server with German messages. */
const errorMessage = (code: string): Buffer => messageOf('E', `SFATAL\0VFATAL\0C${code}\0MDas geht nicht mit pa55\0\0`);

/** Creates an empty database. A superuser runs the statements, in which %I is its name. */
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

describe('the message of a start with an unusable database', () => {
  it.each([
    ['08P01', 'The database, or the pooler before it, refused the connection (08P01).'],
    ['28P01', 'The database refused the user or the password. Check DATABASE_URL and DATABASE_DIRECT_URL (28P01).'],
    [
      '28000',
      'The database refused the user, or requires another sslmode. Check DATABASE_URL and DATABASE_DIRECT_URL (28000).',
    ],
    ['3D000', 'There is no database of this name. Create it, for example with createdb (3D000).'],
    ['53300', 'The database has no connection left. Raise its max_connections, or lower DATABASE_CONNECTIONS (53300).'],
    ['53200', 'The database has run out of a resource, such as memory or disk space (53200).'],
    ['57P03', 'The database is starting, recovering or shutting down. Try again (57P03).'],
    ['57P01', 'The database is shutting down. Try again (57P01).'],
    ['58030', 'The database has an error of its operating system. See its log (58030).'],
    ['XX000', 'The database cannot be used: Das geht nicht mit pa55 (XX000).'],
  ])('SQLSTATE %s is reported with a message', async (code, sentence) => {
    expect(await refusalOf(migrate(await serverThat((socket) => socket.end(errorMessage(code)))))).toBe(sentence);
  });

  it.each([
    [
      'a port on which nothing listens',
      'postgres://clerk:pa55-word@127.0.0.1:1/books',
      /nothing listens at its address \(ECONNREFUSED\)\.$/,
    ],
    [
      'an unknown host',
      'postgres://clerk:pa55-word@escrowgrid.invalid/books',
      /its host name .* \((ENOTFOUND|EAI_AGAIN)\)\.$/,
    ],
    ['a missing socket', 'postgres://clerk:pa55-word@/books?host=/nowhere', /its folder of sockets .* \(ENOENT\)\.$/],
  ])('%s is reported with a message', async (_what, url, sentence) => {
    expect(await refusalOf(migrate(url))).toMatch(sentence);
  });

  it.each([
    ['closes the connection', (socket: Socket) => socket.end()],
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
    ['is not PostgreSQL', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['does not respond', () => undefined],
  ])(
    'a server that %s is reported with a message',
    async (_what, act) => {
      expect(await refusalOf(migrate(await serverThat(act)))).toMatch(/^The database cannot be (reached|used): .*\.$/);
    },
    30_000,
  );

  it('a server that stops responding after the connection is open is reported with a message', async () => {
    const proxy = await startProxy(await emptyDatabase());
    onTestFinished(() => proxy.away());
    proxy.tap = { fromClient: ({ type }: Message) => (type === 'Q' ? (proxy.stall(), false) : undefined) };
    expect(await refusalOf(migrate(proxy.url))).toBe('The database cannot be reached: Query read timeout.');
  }, 30_000);

  it('a server that stops responding during migrations is reported with a message', async () => {
    const proxy = await startProxy(await emptyDatabase());
    onTestFinished(() => proxy.away());
    const isMigration = ({ type, text }: Message): boolean =>
      type === 'Q' && text.includes('create table institutions');
    proxy.tap = { fromClient: (message) => (isMigration(message) ? (proxy.stall(), false) : undefined) };
    expect(await refusalOf(migrate(proxy.url))).toMatch(/^The database cannot be reached: .*\.$/);
  }, 40_000);

  it('a missing connection slot of the role is reported with a message', async () => {
    const url = await emptyDatabase('', 'alter database %I connection limit 0', ...asRole('crowded'));
    expect(await refusalOf(migrate(asUser(url, 'crowded')))).toMatch(
      /^The database has no connection left\..*\(53300\)\.$/,
    );
  });

  it('a role that may not connect is reported with a message', async () => {
    const url = await emptyDatabase('', 'revoke connect on database %I from public', ...asRole('stranger'));
    expect(await refusalOf(migrate(asUser(url, 'stranger')))).toMatch(/lacks a privilege.*\(42501\)\.$/);
  });

  it('a role that may not create tables is reported with a message', async () => {
    const grants = ['create role escrowgrid_app nologin', 'grant escrowgrid_app to reader'];
    const url = await emptyDatabase('', ...asRole('reader'), ...grants.map(ifNot));
    expect(await refusalOf(migrate(asUser(url, 'reader')))).toMatch(/lacks a privilege.*\(42501\)\.$/);
  });

  it('a read-only database is reported with a message', async () => {
    const url = await emptyDatabase('', 'alter database %I set default_transaction_read_only = on');
    expect(await refusalOf(migrate(url))).toMatch(/^The database is read-only: .* \(25006\)\.$/);
  });

  it('a missing schema public, or tables in another schema, are reported with a message', async () => {
    const without = await emptyDatabase('', 'drop schema public');
    expect(await refusalOf(migrate(without))).toMatch(/^The database has no schema public\..*\(3F000\)\.$/);
    const { url, ...database } = await createDatabase();
    onTestFinished(() => database.drop());
    await asAdmin(url, (admin) => admin.query('create schema other; alter table positions set schema other'));
    expect(await refusalOf(migrate(url))).toMatch(/^The schema public .* set schema public\.$/);
  });
});

describe('a database whose encoding is not UTF8', () => {
  it.each(['SQL_ASCII', 'LATIN1', 'LATIN9', 'WIN1252', 'EUC_JP', 'KOI8R'])(
    'a database with the encoding %s is rejected and left unchanged',
    async (encoding) => {
      const url = await emptyDatabase(`encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`);
      expect(await refusalOf(migrate(url))).toBe(
        `The encoding of the database is ${encoding}, and must be UTF8. Create another one: ` +
          'createdb --template=template0 --encoding=UTF8 <name>',
      );
      const { rows } = await asAdmin(url, (admin) =>
        admin.query(`select from information_schema.tables where table_schema = 'public'`),
      );
      expect(rows).toEqual([]);
    },
  );

  it.skipIf(PGBOUNCER === undefined)(
    'the encoding is also checked behind a pooler, and for a database without tables',
    async () => {
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
    },
  );
});

/** Roles are shared by the test files of a cluster, so the role may exist already. */
const ifNot = (statement: string): string =>
  `do $$ begin ${statement}; exception when duplicate_object or unique_violation then null; end $$`;
const asRole = (name: string): readonly string[] => [ifNot(`create role ${name} login`)];

function asUser(url: string, name: string): string {
  const changed = new URL(url);
  changed.username = name;
  return changed.href;
}
