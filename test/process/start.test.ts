import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { runCommands } from '../support/documents.ts';
import { buildProgram, type Environment, npmStart, type Program, startProgram } from '../support/program.ts';
import { startProxy } from '../support/proxy.ts';

const COUNTS = '{ institutions { totalCount } positions { totalCount } }';
const counts = (institutions: number, positions: number) => ({
  data: { institutions: { totalCount: institutions }, positions: { totalCount: positions } },
});
const DEMO = counts(2, 300);
const EMPTY = counts(0, 0);
const KEY_LINE = `Root key, for development: ${DEVELOPMENT_KEY}\n`;
/** The lines with the API keys of the demo. */
const DEMO_KEYS = /^(?:Admin|Read-only) key of Larkfield Escrow Bank: (eg_\w+)$/gm;
const demoKeysOf = (program: Program): readonly string[] =>
  [...program.stdout().matchAll(DEMO_KEYS)].map(([, key]) => key ?? '');

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});
const start = (env?: Environment, dotEnv?: string): Program => startProgram(main, env, dotEnv);

/** Creates a migrated database that is dropped when the test ends, even with open connections. */
async function migratedDatabase(): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

async function emptyDatabase(options = ''): Promise<string> {
  const adminUrl = inject('adminUrl');
  const name = `${inject('template')}_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, (admin) => admin.query(`create database ${name} template template0 ${options}`));
  onTestFinished(() =>
    asAdmin(adminUrl, async (admin) => {
      await admin.query(`drop database if exists ${name} with (force)`);
    }),
  );
  return urlOf(adminUrl, name);
}

/** A database that cannot be used is reported at once. */
const onPostgres = (databaseUrl: string): Environment => ({
  STORE_BACKEND: 'postgres',
  DATABASE_URL: databaseUrl,
  STARTUP_TIMEOUT_MS: '0',
});

/** Returns the message of a failed start, which is on stderr only. */
async function refusalOf(program: Program): Promise<string> {
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stdout()).toBe('');
  return program.stderr();
}

describe('the program', () => {
  it('the program prints the address of GraphiQL last at its start, and serves demo data', async () => {
    const program = start();
    const address = await program.address;
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/);
    expect(program.stdout()).toMatch(
      /^\{.*"ready"\}\nRoot key, for development: \S+\nAdmin key of .+: \S+\nRead-only key of .+: \S+\nGraphiQL: \S+\n$/,
    );
    const [admin, readOnly, ...others] = demoKeysOf(program);
    expect(others).toEqual([]);
    for (const [key, role] of [
      [admin, 'ADMIN'],
      [readOnly, 'READ_ONLY'],
    ]) {
      const institution = { name: 'Larkfield Escrow Bank' };
      expect(await program.ask('{ viewer { role institution { name } } }', {}, key)).toEqual({
        data: { viewer: { role, institution } },
      });
    }
    expect(await program.ask(COUNTS)).toEqual(DEMO);
    const page = await fetch(address, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await page.text();
    for (const key of [DEVELOPMENT_KEY, admin, readOnly]) expect(html).toContain(key);
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.stdout()).toMatch(/"stopping"\}\n$/);
    expect(program.stderr()).toBe('');
  });

  it('npm start serves its build, and SIGTERM ends all processes with exit code 0', async () => {
    const program = npmStart({ PORT: '0' });
    const address = await program.address;
    expect(await program.ask(COUNTS)).toEqual(DEMO);
    for (const path of ['/', '/home/style.css', '/home/script.js', '/home/drawing.js', '/docs/api.md']) {
      expect((await fetch(new URL(path, address))).status).toBe(200);
    }
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    await expect(fetch(address)).rejects.toThrow('fetch failed');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the program with exit code 0, whether sent once or twice',
    async (signal) => {
      const programs = [start(), start()];
      await Promise.all(programs.map(({ address }) => address));
      void programs[1]?.stop(signal);
      const ended = await Promise.all(programs.map((program) => program.stop(signal)));
      expect(ended).toEqual(programs.map(() => ({ code: 0, signal: null })));
    },
  );

  it.each(['SIGTERM', 'SIGINT'])('a %s at the moment of listening ends the program', async (signal) => {
    const program = `import http from 'node:http';
      const { listen } = http.Server.prototype;
      http.Server.prototype.listen = function (...options) {
        process.kill(process.pid, '${signal}');
        return listen.apply(this, options);
      };`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(program)}`;
    expect((await start({ NODE_OPTIONS }).ended).signal).toBeNull();
  });

  it('the program runs with the memory store in production, with a warning and without demo data', async () => {
    const ROOT_API_KEY = randomBytes(24).toString('hex');
    const program = start({ NODE_ENV: 'production', ROOT_API_KEY, GRAPHIQL: 'true' });
    expect(await program.ask(COUNTS, {}, ROOT_API_KEY)).toEqual(EMPTY);
    const page = await fetch(await program.address, { headers: { accept: 'text/html' } });
    const html = await page.text();
    expect(html).toContain('Another API key');
    for (const key of [ROOT_API_KEY, DEVELOPMENT_KEY]) expect(html).not.toContain(key);
    expect((await fetch(new URL('/', await program.address), { redirect: 'manual' })).status).toBe(302);
    const refused = await program.ask(COUNTS);
    expect(refused.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    const warnings = program.stdout().match(/^\{"level":40,.*\}$/gm);
    expect(warnings).toEqual([expect.stringContaining('memory store in production')]);
    await program.stop();
  });

  it('no API keys are created for demo data in production, and none are offered where the root key is a secret', async () => {
    const ROOT_API_KEY = randomBytes(24).toString('hex');
    const production = start({ NODE_ENV: 'production', ROOT_API_KEY, DEMO_DATA: 'true', GRAPHIQL: 'true' });
    expect(await production.ask(COUNTS, {}, ROOT_API_KEY)).toEqual(DEMO);
    const keys = '{ institutions { nodes { apiKeys { totalCount } } } }';
    const none = { apiKeys: { totalCount: 0 } };
    expect(await production.ask(keys, {}, ROOT_API_KEY)).toEqual({ data: { institutions: { nodes: [none, none] } } });
    const secret = start({ ROOT_API_KEY });
    const [admin = ''] = (await secret.address) ? demoKeysOf(secret) : [];
    expect(await secret.ask('{ viewer { role } }', {}, admin)).toEqual({ data: { viewer: { role: 'ADMIN' } } });
    for (const program of [production, secret]) {
      const page = await fetch(await program.address, { headers: { accept: 'text/html' } });
      const html = await page.text();
      expect(html).not.toContain(ROOT_API_KEY);
      expect(html).not.toMatch(/eg_\w{12}_/);
      await program.stop();
    }
    expect(production.stdout()).not.toMatch(/eg_\w{12}_/);
  });

  it('the store is empty without demo data', async () => {
    const program = start({ DEMO_DATA: 'false' });
    expect(await program.ask(COUNTS)).toEqual(EMPTY);
    expect(program.stdout()).not.toContain('"level":40');
    await program.stop();
  });
});

describe('configuration', () => {
  it('all problems of the configuration are reported in one message', async () => {
    const program = start({ PORT: 'x', STORE_BACKEND: 'postgresql', DATABASE_URL: 'mysql://u:pa55-word@h/d' });
    const said = await refusalOf(program);
    for (const name of ['PORT', 'STORE_BACKEND', 'DATABASE_URL']) expect(said).toContain(`- ${name} must be`);
    expect(said).not.toContain('pa55-word');
    expect(said).not.toMatch(/^\s+at /m);
  });

  it('the configuration is read from .env, the environment takes precedence, and unknown variables are ignored', async () => {
    const program = start({ DEMO_DATA: 'true', NONSENSE: 'x' }, 'PORT=0\nDEMO_DATA=false\nLOG_LEVEL=silent\nFOO=bar\n');
    expect(await program.ask(COUNTS)).toEqual(DEMO);
    const address = await program.address;
    const withoutKeys = program.stdout().replace(DEMO_KEYS, '').replaceAll('\n\n', '\n');
    expect(withoutKeys.replaceAll('\n\n', '\n')).toBe(`${KEY_LINE}GraphiQL: ${address}\n`);
    expect(demoKeysOf(program)).toHaveLength(2);
    await program.stop();
  });

  it('a port in use is reported in a message', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as { readonly port: number };
    expect(await refusalOf(start({ PORT: String(port) }))).toBe(
      `EscrowGrid cannot run: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
    );
  });
});

describe('a start with PostgreSQL', () => {
  it('the program migrates an empty database and writes the demo data once', async () => {
    const url = await emptyDatabase();
    const first = start(onPostgres(url));
    expect(await first.ask(COUNTS)).toEqual(DEMO);
    expect(demoKeysOf(first)).toEqual([]);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    const second = start(onPostgres(url));
    expect(await second.ask(COUNTS)).toEqual(DEMO);
    await second.stop();
  });

  it('concurrent servers start on an empty database, and write the demo data once', async () => {
    const url = await emptyDatabase();
    const servers = [1, 2, 3].map(() => start(onPostgres(url)));
    await Promise.all(servers.map(({ address }) => address));
    for (const server of servers) await expect.poll(() => server.ask(COUNTS)).toEqual(DEMO);
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('no demo data is written to a database that is not empty', async () => {
    const url = await migratedDatabase();
    const first = start({ ...onPostgres(url), DEMO_DATA: 'false' });
    await first.ask('mutation { createInstitution(input: { name: "Ours", regions: [US] }) { __typename } }');
    await first.stop();
    const second = start({ ...onPostgres(url), DEMO_DATA: 'true' });
    expect(await second.ask(COUNTS)).toEqual(counts(1, 0));
    await second.stop();
  });

  it('a database that is newer than the program is rejected', async () => {
    const url = await migratedDatabase();
    await asAdmin(url, (admin) =>
      admin.query("insert into schema_migrations (name, run_on) values ('9999_from_the_future', now())"),
    );
    expect(await refusalOf(start(onPostgres(url)))).toBe(
      'The database is newer than this program: it has 9999_from_the_future.\n',
    );
  });

  it('an unreachable database is reported without its password', async () => {
    const said = await refusalOf(start(onPostgres('postgres://clerk:pa55-word@localhost:1/escrowgrid')));
    expect(said).toMatch(/^The database cannot be reached: .*ECONNREFUSED.*\.\n$/);
    expect(said).not.toContain('pa55-word');
    const unknown = urlOf(inject('adminUrl'), 'no_such_database');
    expect(await refusalOf(start(onPostgres(unknown)))).toBe(
      'There is no database of this name. Create it, for example with createdb (3D000).\n',
    );
  });

  it('a database whose encoding is not UTF8 is rejected with the fix, also by the verification', async () => {
    const url = await emptyDatabase("encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'");
    const sentence = /^The encoding of the database is LATIN1, and must be UTF8\. Create another one: createdb .*\n$/;
    expect(await refusalOf(start(onPostgres(url)))).toMatch(sentence);
    expect(await refusalOf(startProgram(main, onPostgres(url), undefined, { args: ['verify'] }))).toMatch(sentence);
  });

  it('DATABASE_URL is checked if it differs from DATABASE_DIRECT_URL', async () => {
    const directUrl = await migratedDatabase();
    const env = { ...onPostgres(urlOf(directUrl, 'no_such_database')), DATABASE_DIRECT_URL: directUrl };
    expect(await refusalOf(start(env))).toContain('There is no database of this name.');
  });

  it('the program stops although the database no longer responds, and logs the outage once', async () => {
    const proxy = await startProxy(await migratedDatabase());
    onTestFinished(() => proxy.away());
    const program = start({ ...onPostgres(proxy.url), OPERATION_TIMEOUT_MS: '2000', KEEP_ALIVE_TIMEOUT_MS: '1000' });
    expect(await program.ask(COUNTS)).toEqual(DEMO);
    proxy.stall();
    for (let n = 0; n < 3; n += 1) {
      const { errors } = await program.ask('{ institutions { totalCount } }');
      expect(errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE' } }]);
    }
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    const lost = program.stdout().match(/^.*"database connection lost".*$/gm) ?? [];
    // One loss is that of the calls, and one that of the connection for notifications.
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThanOrEqual(2);
  }, 60_000);

  it('predecessor mistake 11: a database restart ended the process', async () => {
    const url = await migratedDatabase();
    const program = start(onPostgres(url));
    await Promise.all([1, 2, 3].map(() => program.ask(COUNTS)));
    const killed = await asAdmin(url, async (admin) => {
      const { rows } = await admin.query<{ readonly ended: boolean }>(
        `select pg_terminate_backend(pid, 5000) as ended from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
      );
      return rows;
    });
    expect(killed.length).toBeGreaterThan(0);
    expect(killed.every(({ ended }) => ended)).toBe(true);
    expect(await program.ask(COUNTS)).toEqual(DEMO);
    expect(program.stdout()).toContain('database connection lost');
    expect(await program.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('the commands in the documents', () => {
  const withoutIdsAndTimes = (line: string): unknown =>
    JSON.parse(line.replaceAll(/\b([a-z]+)_[0-9a-z]{26}\b/g, '$1').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then'));

  it('the commands of the tutorial move a position to its end, with the same output from both stores', async () => {
    const programs = [
      start({ DEMO_DATA: 'false' }),
      start({ ...onPostgres(await emptyDatabase()), DEMO_DATA: 'false' }),
    ];
    const runs = await Promise.all(
      programs.map(async ({ address }) => runCommands('docs/api.md', 'Tutorial', await address)),
    );
    const [inMemory, onDisk] = runs.map((lines) => lines.map(withoutIdsAndTimes));
    expect(onDisk).toEqual(inMemory);
    expect(inMemory).toHaveLength(9);
    expect(inMemory?.slice(-4)).toEqual([
      {
        data: {
          releasePosition: expect.objectContaining({
            position: expect.objectContaining({ held: { amount: '999999.99' } }),
          }),
        },
      },
      {
        data: {
          releasePosition: expect.objectContaining({ position: expect.objectContaining({ state: 'RELEASED' }) }),
        },
      },
      { data: { position: expect.objectContaining({ released: { amount: '1000000.00' }, allowedTransitions: [] }) } },
      { data: { releasePosition: expect.objectContaining({ code: 'ILLEGAL_TRANSITION' }) } },
    ]);
    await Promise.all(programs.map((program) => program.stop()));
  });

  it('the commands about API keys show one institution, and nothing after a revocation', async () => {
    const program = start();
    const [seen = '', revoked = '', refused = ''] = await runCommands('docs/api.md', 'API keys', await program.address);
    expect(JSON.parse(seen)).toEqual({
      data: {
        viewer: { role: 'READ_ONLY', institution: { name: expect.any(String) } },
        institutions: { totalCount: 1 },
      },
    });
    expect(JSON.parse(revoked)).toEqual({ data: { revokeApiKey: { __typename: 'RevokeApiKeyPayload' } } });
    expect(JSON.parse(refused)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    await program.stop();
  });

  it('the first query of the README finds the demo data', async () => {
    const program = start();
    const [answer = ''] = await runCommands('README.md', 'A first query', await program.address);
    expect(JSON.parse(answer)).toMatchObject({ data: { positions: { totalCount: 300 } } });
    await program.stop();
  });
});
