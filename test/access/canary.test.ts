import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { buildProgram, type Program, startProgram } from '../support/program.ts';
import { isCommit, type Proxy, startProxy } from '../support/proxy.ts';
import {
  bearer,
  type KeptResponse,
  newKey,
  newSecrets,
  type Secrets,
  send,
  useBadly,
  useWell,
} from '../support/secretsRun.ts';

/** Matches paths of the machine and words of a driver or a database. */
const MACHINE =
  /node_modules|file:\/\/|\/(home|tmp|work|usr|root|var|opt)\/|\bdist\b|\.m?js:\d+:|postgres(ql)?:\/\/|does not exist|violates|relation "|column "|syntax error|escrowgrid_test|terminat|administrator|moved_away/i;

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

interface Run {
  readonly program: Program;
  readonly proxy: Proxy;
  readonly secrets: Secrets;
  readonly databaseUrl: string;
  readonly token: string;
}

/** Starts the program on its own database, which it reaches with a password that is a canary. */
async function started(environment: string): Promise<Run> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const proxy = await startProxy(database.url);
  onTestFinished(() => proxy.away());
  const secrets = newSecrets();
  const url = new URL(proxy.url);
  url.password = secrets.password;
  const program = startProgram(main, {
    NODE_ENV: environment,
    LOG_LEVEL: 'trace',
    DEMO_DATA: 'false',
    STORE_BACKEND: 'postgres',
    DATABASE_URL: url.href,
    DATABASE_CONNECTIONS: '2',
    ROOT_API_KEY: secrets.rootKey,
    FAILED_LOGINS_PER_ADDRESS_PER_MINUTE: 'none',
  });
  return { program, proxy, secrets, databaseUrl: database.url, token: await newKey(program, secrets) };
}

/** Returns every row of every table as text. */
const dumpOf = (url: string): Promise<string> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ readonly name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const texts: string[] = [];
    for (const { name } of rows) {
      const table = await admin.query<{ readonly row: string }>(`select t::text as row from ${name} t`);
      texts.push(name, ...table.rows.map(({ row }) => row));
    }
    return texts.join('\n');
  });

const SESSION = `mutation($input: CreateChatSessionInput!) { createChatSession(input: $input) { __typename } }`;
const input = { ownerReference: 'ada', title: 'Pier 9' };

/** Breaks the database during requests: a missing column, a connection cut at COMMIT, no connection at all. */
async function breakThings(
  { program, proxy, databaseUrl, token }: Run,
  kept: KeptResponse[],
): Promise<readonly string[]> {
  const rename = (from: string, to: string) =>
    asAdmin(databaseUrl, (admin) => admin.query(`alter table chat_sessions rename column ${from} to ${to}`));
  await rename('title', 'moved_away');
  const read = await send(program, kept, bearer(token), '{ chatSessions { nodes { title } } }');
  const write = await send(program, kept, bearer(token), SESSION, { input });
  await rename('moved_away', 'title');
  proxy.tap = { fromClient: (message, link) => (isCommit(message) ? (link.cut(), false) : undefined) };
  await send(program, kept, bearer(token), SESSION, { input });
  proxy.tap = {};
  await proxy.away();
  const away = await send(program, kept, bearer(token), '{ viewer { institution { name } } }');
  expect(away.text).toContain('SERVICE_UNAVAILABLE');
  await proxy.back();
  return [read, write].map(({ text }) => /"errorId":"([^"]+)"/.exec(text)?.[1] ?? 'none');
}

describe.each(['development', 'production'])('secrets with NODE_ENV %s', (environment) => {
  it('responses, log, audit log and database contain no API key, root key, password or detail of the machine', async () => {
    const run = await started(environment);
    const { program, secrets, token } = run;
    const kept: KeptResponse[] = [];
    await useWell(program, kept, token);
    for (const each of [token, secrets.rootKey]) await useBadly(program, kept, each);
    const errorIds = await breakThings(run, kept);
    await useWell(program, kept, token);
    await send(
      program,
      kept,
      bearer(secrets.rootKey),
      '{ auditEvents(first: 100) { nodes { action payload requestId } } }',
    );
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    const answers = kept.map(({ text }) => text).join('\n');
    const log = program.stdout() + program.stderr();
    const dump = await dumpOf(run.databaseUrl);
    expect(dump).toContain(token.split('_')[1]);
    for (const [where, text] of Object.entries({ answers, log, dump })) {
      for (const secret of [token, token.slice(-58), secrets.rootKey, secrets.password]) {
        expect([where, text.includes(secret)]).toEqual([where, false]);
      }
    }
    expect(MACHINE.exec(answers)?.[0]).toBeUndefined();
    expect(MACHINE.exec(log)?.[0]).toBeUndefined();
    for (const id of errorIds) expect(log).toContain(`"errorId":"${id}"`);
    expect(log).toMatch(/"err":\{"class":"\w+","code":"42703","frames":\[".* \(\w+\.js:\d+\)"/);
  });
});
