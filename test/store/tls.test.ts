import { chmodSync, chownSync, copyFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { connected } from '../../src/store/postgres/startConnection.ts';
import { UnusableDatabaseError } from '../../src/store/postgres/unusableDatabase.ts';
import { asAdmin } from '../support/admin.ts';
import { type Certificate, HAS_OPENSSL, newCertificate } from '../support/certificates.ts';
import { freePort } from '../support/pgbouncer.ts';
import { type PostgresServer, startPostgres } from '../support/postgresServer.ts';

if (!HAS_OPENSSL) process.stdout.write('Skipped without openssl (Debian: openssl).\n');

/** Who may connect over TCP, and how. */
const ACCESS = `
local   all all                    trust
hostssl all certified 127.0.0.1/32 cert
hostssl all encrypted 127.0.0.1/32 trust
hostnossl all plain   127.0.0.1/32 trust
host    all locked    127.0.0.1/32 scram-sha-256
host    all postgres  127.0.0.1/32 trust
`;

describe.skipIf(!HAS_OPENSSL)('a server with a certificate of its own authority', () => {
  let server: PostgresServer;
  let port: number;
  let authority: Certificate;
  let stranger: Certificate;
  let client: Certificate;
  beforeAll(async () => {
    port = await freePort();
    server = await startPostgres({ settings: ['listen_addresses=127.0.0.1', `port=${port}`] });
    authority = newCertificate('authority');
    stranger = newCertificate('stranger');
    client = newCertificate('certified', authority);
    const own = newCertificate('localhost', authority);
    writeFileSync(join(server.folder, 'data/pg_hba.conf'), ACCESS);
    install(authority.certificate, 'authority.crt');
    install(own.certificate, 'server.crt');
    install(own.key, 'server.key');
    await configure(
      ...['certified', 'encrypted', 'plain'].map((name) => `create role ${name} login`),
      `create role locked login password 'pa55-word'`,
      `alter system set ssl_ca_file = 'authority.crt'`,
      'alter system set ssl = on',
    );
  });
  afterAll(async () => server.stop());

  const socketUrl = (): string => server.url.replace(':5432', `:${port}`);
  /** Copies a file to the data of the server, whose user must own it. */
  function install(file: string, name: string): void {
    const data = join(server.folder, 'data');
    const { uid, gid } = statSync(data);
    copyFileSync(file, join(data, name));
    chmodSync(join(data, name), 0o600);
    chownSync(join(data, name), uid, gid);
  }
  async function configure(...statements: readonly string[]): Promise<void> {
    await asAdmin(socketUrl(), async (admin) => {
      for (const statement of [...statements, 'select pg_reload_conf()']) await admin.query(statement);
    });
  }
  const urlOf = (user: string, query: string, host = '127.0.0.1'): string =>
    `postgres://${user}@${host}:${port}/postgres?${query}`;

  /** Returns whether the connection is encrypted, or the sentence of its refusal. */
  async function encryptionOf(url: string): Promise<boolean | string> {
    let isEncrypted: boolean | undefined;
    try {
      await connected(url, async (opened) => {
        const { rows } = await opened.query<{ ssl: boolean }>(
          'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
        );
        isEncrypted = rows[0]?.ssl;
      });
    } catch (error) {
      if (!(error instanceof UnusableDatabaseError)) throw error;
      return error.message;
    }
    return isEncrypted ?? 'unknown';
  }

  it.each([
    ['', false],
    ['sslmode=disable', false],
    ['sslmode=allow', false],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['ssl=true', true],
  ])('a connection with "%s" to a server with TLS is encrypted: %s', async (query, isEncrypted) => {
    expect(await encryptionOf(urlOf('postgres', query))).toBe(isEncrypted);
  });

  it('sslmode=prefer and sslmode=allow use what the server requires of the user', async () => {
    expect(await encryptionOf(urlOf('encrypted', 'sslmode=allow'))).toBe(true);
    expect(await encryptionOf(urlOf('plain', 'sslmode=prefer'))).toBe(false);
    expect(await encryptionOf(urlOf('encrypted', 'sslmode=disable'))).toMatch(/\(28000\)\.$/);
    expect(await encryptionOf(urlOf('plain', 'sslmode=require'))).toMatch(/\(28000\)\.$/);
  });

  const UNTRUSTED = /^The certificate of the database is not signed by a trusted authority\. .* \([A-Z_]+\)\.$/;
  const OTHER_HOST = /^The certificate of the database is for another host name .*\(ERR_TLS_CERT_ALTNAME_INVALID\)\.$/;

  it('sslmode=require verifies the authority only if one is named, and never the host name', async () => {
    expect(await encryptionOf(urlOf('postgres', `sslmode=require&sslrootcert=${authority.certificate}`))).toBe(true);
    expect(await encryptionOf(urlOf('postgres', `sslmode=require&sslrootcert=${stranger.certificate}`))).toMatch(
      UNTRUSTED,
    );
  });

  it('sslmode=verify-ca verifies the authority, and not the host name', async () => {
    expect(await encryptionOf(urlOf('postgres', `sslmode=verify-ca&sslrootcert=${authority.certificate}`))).toBe(true);
    expect(await encryptionOf(urlOf('postgres', `sslmode=verify-ca&sslrootcert=${stranger.certificate}`))).toMatch(
      UNTRUSTED,
    );
  });

  it('sslmode=verify-full verifies the authority and the host name', async () => {
    const trusted = `sslmode=verify-full&sslrootcert=${authority.certificate}`;
    expect(await encryptionOf(urlOf('postgres', trusted, 'localhost'))).toBe(true);
    expect(await encryptionOf(urlOf('postgres', trusted))).toMatch(OTHER_HOST);
    for (const query of ['sslmode=verify-full', 'sslmode=verify-full&sslrootcert=system']) {
      expect(await encryptionOf(urlOf('postgres', query, 'localhost'))).toMatch(UNTRUSTED);
    }
  });

  it('a certificate authenticates the user', async () => {
    const own = `sslmode=require&sslcert=${client.certificate}&sslkey=${client.key}`;
    expect(await encryptionOf(urlOf('certified', own))).toBe(true);
    expect(await encryptionOf(urlOf('certified', 'sslmode=require'))).toMatch(/\(28000\)\.$/);
  });

  it('a file that cannot be read is reported with its parameter', async () => {
    for (const parameter of ['sslrootcert', 'sslcert', 'sslkey']) {
      expect(await encryptionOf(urlOf('postgres', `sslmode=verify-full&${parameter}=/absent`))).toBe(
        `The file /absent of ${parameter} cannot be read (ENOENT).`,
      );
    }
  });

  it('the password of a file is used, also with encryption', async () => {
    const file = join(server.folder, 'pgpass');
    writeFileSync(file, `127.0.0.1:${port}:postgres:locked:pa55-word\n`, { mode: 0o600 });
    expect(await encryptionOf(urlOf('locked', `sslmode=require&passfile=${file}`))).toBe(true);
    expect(await encryptionOf(urlOf('locked', `passfile=${file}`))).toBe(false);
    expect(await encryptionOf(urlOf('locked', `passfile=${join(server.folder, 'absent')}`))).toBe(
      'The database requires a password. Set it in DATABASE_URL, PGPASSWORD_FILE or a password file (PGPASSFILE).',
    );
    expect(await encryptionOf(urlOf('locked:wrong', ''))).toMatch(
      /^The database refused the user or the password\..*\(28P01\)\.$/,
    );
    rmSync(file);
  });

  it('all connections of a store are encrypted, those of migrations and notifications included', async () => {
    const url = urlOf('postgres', `sslmode=verify-full&sslrootcert=${authority.certificate}`, 'localhost');
    await migrate(url);
    const store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
    try {
      expect(await store.findFault()).toBeUndefined();
      const connections = await asAdmin(socketUrl(), async (admin) => {
        const { rows } = await admin.query<{ ssl: boolean; count: number }>(
          `select ssl, count(*)::int from pg_stat_ssl join pg_stat_activity using (pid)
           where backend_type = 'client backend' and pid <> pg_backend_pid() group by 1`,
        );
        return rows;
      });
      expect(connections).toEqual([{ ssl: true, count: expect.any(Number) as number }]);
    } finally {
      await store.close();
    }
  });

  it('sslmode=verify-full trusts a self-signed certificate that sslrootcert names', async () => {
    const own = newCertificate('localhost');
    install(own.certificate, 'server.crt');
    install(own.key, 'server.key');
    await configure();
    const url = urlOf('postgres', `sslmode=verify-full&sslrootcert=${own.certificate}`, 'localhost');
    await expect.poll(() => encryptionOf(url)).toBe(true);
    const before = urlOf('postgres', `sslmode=verify-full&sslrootcert=${authority.certificate}`, 'localhost');
    expect(await encryptionOf(before)).toMatch(UNTRUSTED);
  });

  it('sslmode=prefer does without TLS if the server has none, and sslmode=require does not', async () => {
    await configure('alter system set ssl = off');
    const serverState = () => encryptionOf(urlOf('postgres', 'sslmode=require'));
    await expect.poll(serverState).toBe('The database cannot be reached: The server does not support SSL connections.');
    expect(await encryptionOf(urlOf('postgres', 'sslmode=prefer'))).toBe(false);
    expect(await encryptionOf(urlOf('postgres', 'sslmode=allow'))).toBe(false);
  });
});
