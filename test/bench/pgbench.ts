// pgbench with the statements of a transition, as PostgreSQL received them from this server: the limit for any program
// that sends the same statements.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asAdmin, urlOf } from '../support/admin.ts';
import { PROGRAM_FOLDERS } from '../support/debianPostgres.ts';
import type { LoadGenerator, ServerProcess } from './children.ts';
import type { Database, LoggedStatement } from './database.ts';
import { FUND } from './operations.ts';
import type { Plan } from './plan.ts';
import { authorizationOf, OURS } from './reads.ts';
import type { Row } from './report.ts';
import { CONNECTIONS, median, ROUNDS } from './rounds.ts';
import { newPositions } from './writes.ts';

const MODES = ['prepared', 'extended'] as const;
type Mode = (typeof MODES)[number];
/** The names of the modes in the table. */
export const PGBENCH: { readonly [M in Mode]: string } = {
  prepared: 'pgbench, prepared',
  extended: 'pgbench, unprepared',
};
/** A database with the positions before their transitions, and the copy of it in which a round runs. */
const [BEFORE, RUN] = ['bench_before', 'bench_run'];
/** The transitions of a round. */
const TRANSITIONS = 1_000;

interface PgbenchResults {
  readonly rows: readonly Row[];
  readonly versions: Readonly<Record<string, string>>;
  readonly skipped: readonly string[];
}
type Transition = readonly LoggedStatement[];

/**
 * Captures the statements of transitions, and runs them with pgbench on copies of the database from before. `restart`
 * stops all servers, runs the work and starts this server again: a database that is in use cannot be copied.
 */
export async function measurePgbench(
  load: LoadGenerator,
  database: Database,
  server: ServerProcess,
  plan: Plan,
  restart: (work: () => Promise<void>) => Promise<ServerProcess>,
): Promise<PgbenchResults> {
  const program = PROGRAM_FOLDERS.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path));
  if (program === undefined) {
    return { rows: [], versions: {}, skipped: ['pgbench is skipped: it is in the package postgresql-contrib.'] };
  }
  const ids = await newPositions(server, Math.ceil(TRANSITIONS * plan.part));
  const restarted = await restart(() => copyDatabase(database, 'postgres', BEFORE));
  const transitions = await capture(load, database, restarted, ids);
  await writeParameters(urlOf(database.url, BEFORE), transitions);
  const perClient = Math.floor(transitions.length / CONNECTIONS);
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-bench-'));
  try {
    const rows = await runRounds(database, transitions[0] ?? [], { program, folder, perClient });
    const { stdout } = await promisify(execFile)(program, ['--version']);
    return { rows, versions: { pgbench: stdout.trim() }, skipped: [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function copyDatabase(database: Database, from: string, to: string): Promise<void> {
  await database.admin(async (client) => {
    await client.query(`drop database if exists ${to}`);
    await client.query(`create database ${to} template ${from}`);
    await client.query('checkpoint');
  });
}

/** Funds the positions, and returns the statements of the transitions that have the usual ones, without the feed's. */
async function capture(
  load: LoadGenerator,
  database: Database,
  server: ServerProcess,
  ids: readonly string[],
): Promise<readonly Transition[]> {
  const bodies = ids.map((positionId) => JSON.stringify({ query: FUND, variables: { input: { positionId } } }));
  const run = { url: server.url, authorization: authorizationOf(server), connections: CONNECTIONS };
  const statements = await database.statementsOf(() =>
    load.run({ ...run, bodies, requests: ids.length, expected: '"position":{"id"' }),
  );
  const ofPositions = new Map(ids.map((id) => [id, [] as LoggedStatement[]]));
  for (const transaction of groupsOf(statements.filter(({ application }) => application === OURS))) {
    const values = transaction.flatMap(({ parameters }) => parameters);
    // An id is a parameter of its own, or one of an array or a JSON text.
    const named = values.flatMap((value) => value?.match(/pos_[0-9a-z]{26}/g) ?? []);
    ofPositions.get(named.find((id) => ofPositions.has(id)) ?? '')?.push(...transaction);
  }
  const transitions = [...ofPositions.values()];
  if (transitions.some(({ length }) => length === 0)) throw new Error('The statements of a transition are not logged.');
  const shapeOf = (transition: Transition = []): string =>
    // The remaining time of an operation is part of its settings.
    transition
      .map(
        ({ text, parameters }) =>
          `${text.replace(/'\d+'/g, "'0'")} ${parameters.map((each) => String(each === null)).join()}`,
      )
      .join();
  // A transition that had to wait has one statement more, which shortens the remaining time.
  const byShape = new Map<string, Transition[]>();
  for (const each of transitions) byShape.set(shapeOf(each), [...(byShape.get(shapeOf(each)) ?? []), each]);
  const [usual = []] = [...byShape.values()].toSorted((a, b) => b.length - a.length);
  if (usual.length < transitions.length / 2) throw new Error('The statements of the transitions differ.');
  return usual;
}

/** Returns the statements of each transaction. */
function groupsOf(statements: readonly LoggedStatement[]): readonly Transition[] {
  const groups = new Map<string, LoggedStatement[]>();
  for (const each of statements) groups.set(each.vxid, [...(groups.get(each.vxid) ?? []), each]);
  return [...groups.values()];
}

/** The parameters of a transition in the order of its statements. */
const parametersOf = (transition: Transition): readonly (string | null)[] =>
  transition.flatMap(({ parameters }) => parameters);

/** Writes a table with one row per transition, and one column per parameter. */
const writeParameters = (databaseUrl: string, transitions: readonly Transition[]): Promise<void> =>
  asAdmin(databaseUrl, async (client) => {
    const count = parametersOf(transitions[0] ?? []).length;
    const columns = Array.from({ length: count }, (_, index) => `p${index} text`);
    await client.query(`create table bench_parameters (number int primary key, ${columns.join(', ')})`);
    for (const [number, transition] of transitions.entries()) {
      const values = parametersOf(transition);
      const places = values.map((_value, index) => `$${index + 2}`);
      await client.query(`insert into bench_parameters values ($1, ${places.join(', ')})`, [number, ...values]);
    }
    await client.query('vacuum analyze bench_parameters');
  });

/** Returns the script that reads the parameters of the next transition. */
const lookUpScript = `\\set number :client_id + :turn * ${CONNECTIONS}
\\set turn :turn + 1
select * from bench_parameters where number = :number \\gset
`;

/** Returns the script of the statements. A parameter is a variable of pgbench, which cannot be null. */
function transitionScript(transition: Transition): string {
  let before = 0;
  return transition
    .map(({ text, parameters }) => {
      const from = before;
      before += parameters.length;
      const valueOf = (number: number): string => (parameters[number - 1] === null ? 'null' : `:p${from + number - 1}`);
      return `${text.replace(/\$(\d+)/g, (_match, number) => valueOf(Number(number)))};\n`;
    })
    .join('');
}

interface Runs {
  readonly program: string;
  readonly folder: string;
  readonly perClient: number;
}

/** Runs both modes in turn. The time of reading the parameters is measured too, and subtracted. */
async function runRounds(database: Database, transition: Transition, runs: Runs): Promise<readonly Row[]> {
  const [lookUp, whole] = ['parameters.sql', 'transition.sql'].map((name) => join(runs.folder, name)) as [
    string,
    string,
  ];
  writeFileSync(lookUp, lookUpScript);
  writeFileSync(whole, lookUpScript + transitionScript(transition));
  const rates: { readonly [M in Mode]: number[] } = { prepared: [], extended: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const mode of MODES) {
      await copyDatabase(database, BEFORE, RUN);
      const perSecond = (script: string) => runPgbench(urlOf(database.url, RUN), script, mode, runs);
      await perSecond(lookUp);
      rates[mode].push(1 / (1 / (await perSecond(whole)) - 1 / (await perSecond(lookUp))));
    }
  }
  return MODES.map((mode) => ({
    store: 'postgres',
    operation: 'transition',
    server: PGBENCH[mode],
    perSecond: median(rates[mode]),
    statements: transition.length,
    transactions: new Set(transition.map(({ vxid }) => vxid)).size,
  }));
}

/** Returns the number of scripts per second. */
async function runPgbench(databaseUrl: string, script: string, mode: Mode, runs: Runs): Promise<number> {
  const count = ['-c', CONNECTIONS, '-j', 2, '-t', runs.perClient].map(String);
  const args = ['-n', '-M', mode, ...count, '-D', 'turn=0', '-f', script, databaseUrl];
  const { stdout, stderr } = await promisify(execFile)(runs.program, args, { env: { PATH: process.env['PATH'] } });
  const found = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (found === undefined || /error|aborted/.test(stderr)) throw new Error(`pgbench failed: ${stdout}${stderr}`);
  return Number(found);
}
