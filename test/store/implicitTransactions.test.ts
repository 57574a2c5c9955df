import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../src/domain/viewer.ts';
import { APP_ROLE, openingOf, openingsOf } from '../../src/store/postgres/begin.ts';
import { Flight, Step } from '../../src/store/postgres/flight.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { PreparedStatements } from '../../src/store/postgres/preparedStatements.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { anInstitution, keep } from './rows.ts';

const OWN = anInstitution();
const OTHER = anInstitution();
const STATE = `select current_setting('role') as role, coalesce(current_setting('escrowgrid.scope', true), '') as scope,
  current_setting('transaction_read_only') as "isReadOnly", current_setting('statement_timeout') as timeout,
  current_setting('lock_timeout') as "lockTimeout"`;

const OPENINGS = openingsOf('none', 'public');

let client: pg.Client;
let url: string;
let database: Awaited<ReturnType<typeof createDatabase>>;
/** The state of a connection between two transactions. */
let before: object;
beforeAll(async () => {
  database = await createDatabase();
  ({ url } = database);
  const store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
  await keep(store, { institutions: [OWN, OTHER] });
  await store.close();
  client = new pg.Client({ connectionString: url, pipeline: true });
  await client.connect();
  before = await state();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const state = async (): Promise<object> => (await client.query<{ role: string; scope: string }>(STATE)).rows[0] ?? {};

/** Sends statements before one Sync, as the reads of a request are sent. Returns the rows or the SQLSTATE of each. */
async function sent(scope: Scope, leftMs: number, statements: PreparedStatements, ...texts: readonly string[]) {
  const steps = [
    openingOf(OPENINGS, 'reading', scope, leftMs),
    ...texts.map((text) => ({ text, values: [], keepsPlan: true })),
  ];
  const flight = new Flight(
    steps.map((statement) => new Step(statement)),
    statements,
  );
  return answersOf(flight);
}

async function answersOf(flight: Flight) {
  const answers = flight.steps.map(({ answer }) =>
    answer.then(
      ({ rows }) => rows,
      ({ code }: pg.DatabaseError) => code,
    ),
  );
  client.query(flight);
  await flight.done.catch(() => undefined);
  return (await Promise.all(answers)).slice(1);
}

const named = () => new PreparedStatements({ isNamed: true, setUp: OPENINGS.setUp, generation: 0 });
const unnamed = () => new PreparedStatements({ isNamed: false, setUp: OPENINGS.setUp, generation: 0 });
const IDS = 'select id from institutions order by id';

describe.each([
  ['named', named],
  ['unnamed', unnamed],
])('reads with %s statements before one Sync', (_how, make) => {
  const statements = make();
  // Named ones would collide on the connection with those that the other run has prepared.
  beforeAll(async () => {
    await client.query('deallocate all');
  });

  it('each has the role, the scope and the limits of its transaction, and none is left after it', async () => {
    for (const { id } of [OWN, OTHER, OWN, OTHER, OWN]) {
      const [settings, rows] = await sent({ institutionId: id }, 1_234, statements, STATE, IDS);
      const timeout = { timeout: '1235ms', lockTimeout: '1235ms' };
      expect(settings).toEqual([{ role: APP_ROLE, scope: id, isReadOnly: 'on', ...timeout }]);
      expect(rows).toEqual([{ id }]);
      expect(await state()).toEqual(before);
    }
    expect((await sent('ALL', 1_234, statements, IDS))[0]).toHaveLength(2);
    expect((await sent({ institutionId: 'inst_x' }, 1_234, statements, IDS))[0]).toEqual([]);
  });

  it.each([
    ['a failure', 'select 1 / 0', '22012'],
    ['a text that is no SQL', 'nonsense', '42601'],
    ['a write', `insert into commit_proofs (id) values ('x')`, '25006'],
    ['a statement that takes too long', 'select pg_sleep(60)', '57014'],
    ['a role that it may not take back', `select set_config('role', 'none', true), 1 / 0`, '22012'],
  ])('%s ends the transaction, and neither role nor scope is left', async (_what, text, code) => {
    for (let round = 0; round < 3; round += 1) {
      const answers = await sent({ institutionId: OWN.id }, 300, statements, IDS, text, IDS);
      expect(answers).toEqual([[{ id: OWN.id }], code, code]);
      expect(await state()).toEqual(before);
    }
    expect(await sent({ institutionId: OTHER.id }, 1_000, statements, IDS)).toEqual([[{ id: OTHER.id }]]);
  });

  it('nothing is read if the settings of the transaction fail', async () => {
    const steps = [
      { text: 'select 1 / 0', values: [] },
      { text: IDS, values: [], keepsPlan: true },
    ];
    const flight = new Flight(
      steps.map((statement) => new Step(statement)),
      statements,
    );
    expect(await answersOf(flight)).toEqual(['22012']);
  });
});

it('statements are prepared again after a migration has changed the type of a column', async () => {
  const sentTexts: string[] = [];
  const store = createPostgresStore({
    databaseUrl: url,
    connections: 2,
    onError: () => undefined,
    onStatement: ({ text }) => sentTexts.push(text),
  });
  const read = () => store.read('ALL').institutions.byIds([OWN.id]);
  const both = () => Promise.all([read(), read()]);
  for (let round = 0; round < 8; round += 1) expect(await both()).toEqual([[OWN], [OWN]]);
  await asAdmin(url, (admin) => admin.query('alter table institutions alter column name type varchar'));
  sentTexts.length = 0;
  for (let round = 0; round < 8; round += 1) expect(await both()).toEqual([[OWN], [OWN]]);
  // Some were sent twice: the first time with the outdated plan.
  expect(sentTexts.length).toBeGreaterThan(16);
  await store.close();
});

it('a connection remembers a bounded number of statements', async () => {
  const statements = named();
  for (let round = 0; round < 2; round += 1)
    for (let index = 0; index < 300; index += 1) await sent('ALL', 1_000, statements, `select ${index} as n`);
  const { rows } = await client.query<{ n: number }>('select count(*)::int as n from pg_prepared_statements');
  expect(rows[0]?.n).toBeLessThanOrEqual(257);
});
