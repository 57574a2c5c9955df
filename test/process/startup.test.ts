import { once } from 'node:events';
import { createServer } from 'node:net';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { buildProgram, type Environment, type Program, startProgram } from '../support/program.ts';
import { startProxy } from '../support/proxy.ts';

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

const COUNT = '{ institutions { totalCount } }';

async function databaseUrl(): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

/** Returns a port that nothing listens on. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return String(port);
}

const start = (url: string, env: Environment = {}): Program =>
  startProgram(main, { STORE_BACKEND: 'postgres', DATABASE_URL: url, ...env });

/** Returns the messages of a reason in the log. */
const waits = (program: Program): readonly string[] =>
  program.stdout().match(/^.*"waiting for the database".*$/gm) ?? [];

it('a server waits for its database, says so once, and is not ready meanwhile', async () => {
  const proxy = await startProxy(await databaseUrl());
  onTestFinished(() => proxy.away());
  await proxy.away();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const program = start(proxy.url, { PORT: port });
  await expect.poll(() => waits(program).length, { timeout: 30_000 }).toBe(1);
  const [health, ready, graphql] = await Promise.all([
    fetch(`${origin}/health`),
    fetch(`${origin}/ready`),
    fetch(`${origin}/graphql`, { method: 'POST', body: '{}' }),
  ]);
  expect([health.status, ready.status, await ready.json()]).toEqual([
    200,
    503,
    { status: 'unavailable', reason: 'starting' },
  ]);
  expect([graphql.status, graphql.headers.get('retry-after'), await graphql.json()]).toMatchObject([
    503,
    '1',
    { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] },
  ]);
  await proxy.back();
  expect(await program.ask(COUNT)).toEqual({ data: { institutions: { totalCount: 2 } } });
  expect((await fetch(`${origin}/ready`)).status).toBe(200);
  expect(waits(program)).toHaveLength(1);
  await program.stop();
});

it('a server whose database does not come ends with the reason', async () => {
  const program = start(`postgres://clerk@127.0.0.1:${await freePort()}/books`, { STARTUP_TIMEOUT_MS: '600' });
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toMatch(
    /^The database cannot be reached: nothing listens at its address \(ECONNREFUSED\)\.\n$/,
  );
  expect(waits(program)).toHaveLength(1);
});

it('what only the operator can mend is reported at once', async () => {
  const url = new URL(await databaseUrl());
  url.pathname = '/no_such_database';
  const program = start(url.href);
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect([program.stderr(), waits(program)]).toEqual([
    'There is no database of this name. Create it, for example with createdb (3D000).\n',
    [],
  ]);
});

it('MIGRATE=check names the missing migrations and runs none, and MIGRATE=off leaves it to the operator', async () => {
  const url = await databaseUrl();
  const forget = "delete from schema_migrations where name = '0012_column_grants'";
  await asAdmin(url, (admin) => admin.query(forget));
  const checking = start(url, { MIGRATE: 'check' });
  expect(await checking.ended).toEqual({ code: 1, signal: null });
  expect(checking.stderr()).toMatch(/^The database lacks the migrations 0012_column_grants, .*\.\n$/);
  const program = start(url, { MIGRATE: 'off' });
  const ready = await fetch(new URL('/ready', await program.address));
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'unavailable', reason: 'schema_outdated' }]);
  await program.stop();
});

it('a server whose database a later version has migrated says so, and is unavailable where its statements fail', async () => {
  const url = await databaseUrl();
  const program = start(url);
  expect(await program.ask(COUNT)).toEqual({ data: { institutions: { totalCount: 2 } } });
  await asAdmin(url, async (admin) => {
    await admin.query("insert into schema_migrations (name, run_on) values ('9999_later', now())");
    await admin.query('alter table institutions rename to banks');
  });
  await expect.poll(() => program.stdout(), { timeout: 30_000 }).toContain('"reason":"schema_newer"');
  expect(await program.ask(COUNT)).toMatchObject({ errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] });
  expect(program.stdout()).not.toContain('internal error');
  await program.stop();
});
