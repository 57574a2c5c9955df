import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DEFAULTS } from '../../src/settings.ts';
import { COUNTS } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { type Results, sse } from '../support/live.ts';
import { AS_ROOT, buildProgram, type Environment, type Program, startProgram } from '../support/program.ts';

const WRITERS = 24;
/** The answers after which a writing client counts as busy. */
const BUSY_AFTER = 100;
const CREATE = `mutation($name: String!) { createInstitution(input: { name: $name, regions: [US] }) {
  ... on CreateInstitutionPayload { institution { id } } ... on UserError { code } } }`;
const POST = `mutation($of: ID!, $title: String!) {
  createChatSession(input: { institutionId: $of, ownerReference: "ada", title: $title }) { __typename } }`;
const FOLLOW = `subscription($of: ID, $after: String) {
  chatSessionChanged(institutionId: $of, after: $after) { cursor kind chatSession { title } } }`;

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
  readonly body: string;
}

/** Sends a request on a connection that is kept open. */
const send = (url: URL, agent: Agent, body?: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { 'content-type': 'application/json', ...AS_ROOT };
    const request = httpRequest(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection, body: text }),
      );
    });
    request.on('error', reject).end(body);
  });

const isRefused = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';

/** What writing clients have seen until no connection was accepted. */
interface Seen {
  readonly created: string[];
  /** Errors after which a client does not know whether its request was executed. */
  readonly uncertain: string[];
  /** The header Connection of the last answer that each client received. */
  readonly last: (string | undefined)[];
}

async function writeUntilRefused(url: URL, agent: Agent, writer: number, seen: Seen): Promise<void> {
  for (let count = 0; ; count += 1) {
    const name = `Bank ${writer} ${count}`;
    try {
      const answer = await send(url, agent, JSON.stringify({ query: CREATE, variables: { name } }));
      if (!answer.body.includes('"institution":{"id"')) throw new Error(answer.body);
      seen.created.push(name);
      seen.last[writer] = answer.connection;
    } catch (error) {
      if (!isRefused(error)) seen.uncertain.push(String(error));
      return;
    }
  }
}

/** Returns the answers of `/ready` until no connection is accepted. */
async function probeUntilRefused(url: URL): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (;;) {
    try {
      answers.push(await send(new URL('/ready', url), new Agent()));
    } catch (error) {
      if (isRefused(error)) return answers;
    }
  }
}

async function newInstitution(program: Program): Promise<string> {
  const { data } = await program.ask(CREATE, { name: 'Harbor Bank' });
  return (data as { createInstitution: { institution: { id: string } } }).createInstitution.institution.id;
}

const onPostgres = async (): Promise<Environment> => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return { STORE_BACKEND: 'postgres', DATABASE_URL: database.url };
};

describe.each([
  ['memory', async (): Promise<Environment> => ({})],
  ['PostgreSQL', onPostgres],
])('a server with %s that is stopped', (store, environment) => {
  it('tells every writing client the outcome of its requests, and that it is not ready', async () => {
    const env = { ...(await environment()), DEMO_DATA: 'false', DRAIN_GRACE_MS: String(DEFAULTS.drainGraceMs) };
    const names = new Set<string>();
    for (let round = 0; round < COUNTS.stops; round += 1) {
      const program = startProgram(main, env);
      const url = new URL(await program.address);
      expect((await send(new URL('/ready', url), new Agent())).body).toBe('{"status":"ok"}');
      const agent = new Agent({ keepAlive: true, maxSockets: WRITERS });
      const seen: Seen = { created: [], uncertain: [], last: [] };
      const writing = Array.from({ length: WRITERS }, (_, writer) => writeUntilRefused(url, agent, writer, seen));
      await vi.waitUntil(() => seen.created.length >= BUSY_AFTER, { timeout: 20_000 });
      const began = performance.now();
      const ended = program.stop();
      const probes = await probeUntilRefused(url);
      await Promise.all(writing);
      expect(await ended).toEqual({ code: 0, signal: null });
      process.stdout.write(
        `${store}: ${seen.created.length} writes, stopped within ${Math.round(performance.now() - began)} ms\n`,
      );
      expect(seen.uncertain).toEqual([]);
      expect(seen.last).toEqual(Array.from({ length: WRITERS }, () => 'close'));
      const unready = probes.filter(({ status }) => status === 503);
      expect(unready.length).toBeGreaterThan(0);
      expect(new Set(unready.map(({ body }) => body))).toEqual(
        new Set(['{"status":"unavailable","reason":"stopping"}']),
      );
      for (const name of seen.created) names.add(`${round} ${name}`);
    }
    if (store === 'memory') return;
    const { data } = await startProgram(main, env).ask('{ institutions { totalCount } }');
    expect(data).toEqual({ institutions: { totalCount: names.size } });
  });
});

/** What makes an operation take 10 minutes, in SQL. */
const SLOW = {
  'reads an institution': `create function slowly() returns boolean language plpgsql as $$ begin perform pg_sleep(600);
    return true; end $$; create policy slow on institutions as restrictive to escrowgrid_app using (slowly())`,
  'writes, together with its COMMIT,': `create function slowly() returns trigger language plpgsql as
    $$ begin perform pg_sleep(600); return new; end $$;
    create trigger slow before insert on chat_sessions for each row execute function slowly()`,
};

it.each(Object.entries(SLOW))(
  'an operation that %s too slowly while the server stops is rolled back and unavailable',
  async (_what, slow) => {
    const env = await onPostgres();
    const program = startProgram(main, { ...env, OPERATION_TIMEOUT_MS: '60000', DEMO_DATA: 'false' });
    const url = new URL(await program.address);
    const of = await newInstitution(program);
    const onDatabase = <T extends object>(statement: string): Promise<T | undefined> =>
      asAdmin(String(env['DATABASE_URL']), async (admin) => (await admin.query<T>(statement)).rows?.[0]);
    await onDatabase(slow);
    const answer = send(url, new Agent(), JSON.stringify({ query: POST, variables: { of, title: 'one' } }));
    const sleeping = "select count(*)::int as n from pg_stat_activity where wait_event = 'PgSleep'";
    await vi.waitUntil(async () => (await onDatabase<{ n: number }>(sleeping))?.n === 1, {
      timeout: 20_000,
      interval: 50,
    });
    const ended = program.stop();
    expect(JSON.parse((await answer).body)).toMatchObject({
      errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }],
    });
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(await onDatabase('select count(*)::int as n from chat_sessions')).toEqual({ n: 0 });
  },
);

it('a second signal ends the program at once', async () => {
  const program = startProgram(main, { DRAIN_GRACE_MS: '2000' });
  await program.address;
  void program.stop();
  await delay(700);
  expect(await program.stop()).toEqual({ code: 143, signal: null });
});

it('subscribers of a server that is stopped resume on the next one without a gap', async () => {
  const env = { ...(await onPostgres()), DEMO_DATA: 'false' };
  const first = startProgram(main, env);
  const address = await first.address;
  const of = await newInstitution(first);
  const follow = (program: string, after?: string): Results => sse.connect(program).ask(FOLLOW, { of, after });
  const streams = Array.from({ length: COUNTS.stoppedSubscribers / 2 }, () => follow(address));
  const followed = streams.map(followToEnd);
  await vi.waitUntil(() => followed.every(({ titles }) => titles.length > 0), { timeout: 20_000 });
  for (const title of ['one', 'two']) await first.ask(POST, { of, title });
  await first.stop();
  const ends = await Promise.all(followed.map(({ ended }) => ended));
  expect(new Set(ends)).toEqual(new Set(['SERVICE_UNAVAILABLE']));
  const second = startProgram(main, env);
  const next = await second.address;
  await second.ask(POST, { of, title: 'three' });
  const resumed = followed.map(({ cursor }) => followToEnd(follow(next, cursor())));
  await vi.waitUntil(() => resumed.every(({ titles }) => titles.includes('CAUGHT_UP')), { timeout: 20_000 });
  await second.stop();
  for (const [index, { titles }] of followed.entries()) {
    const all = [...titles, ...(resumed[index]?.titles ?? [])].filter((title) => title !== 'CAUGHT_UP');
    expect(all).toEqual(['one', 'two', 'three']);
  }
});

interface Followed {
  readonly titles: string[];
  readonly cursor: () => string | undefined;
  /** Resolves with the code of the error that ended the stream. */
  readonly ended: Promise<string | undefined>;
}

function followToEnd(results: Results): Followed {
  const titles: string[] = [];
  let cursor: string | undefined;
  const ended = (async () => {
    for await (const { data, errors } of results) {
      if (errors) return errors[0]?.extensions?.code;
      const change = data?.['chatSessionChanged'];
      if (!change) continue;
      cursor = change.cursor;
      titles.push(change.kind === 'CAUGHT_UP' ? 'CAUGHT_UP' : (change['chatSession'] as { title: string }).title);
    }
    return undefined;
  })();
  return { titles, cursor: () => cursor, ended };
}
