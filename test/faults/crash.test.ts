import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { COUNTS } from '../counts.ts';
import { asAdmin } from '../support/admin.ts';
import { createDatabase } from '../support/database.ts';
import { makeDeal } from '../support/deal.ts';
import { buildProgram, startProgram } from '../support/program.ts';
import { serve } from '../support/server.ts';
import { Load } from './load.ts';

const CLIENTS = 8;
/** The number of calls between two kills. */
const CALLS_BETWEEN = 60;

let database: Awaited<ReturnType<typeof createDatabase>>;
let main: string;
beforeAll(async () => {
  [database, main] = await Promise.all([createDatabase(), buildProgram()]);
});
afterAll(() => database.drop());

const ENDS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;
const POSITIONS = `select p.id, p.external_reference as reference, p.version, p.sequence,
  (select count(*)::int from lifecycle_events e where e.position_id = p.id) as events,
  (select count(*)::int from lifecycle_events e where e.position_id = p.id and e.actor_kind = 'SYSTEM') as swept,
  (select count(*)::int from ledger_entries l where l.position_id = p.id) as "ledgerEvents",
  (select count(*)::int from audit_events a where a.resource_id = p.id and a.outcome = 'SUCCESS') as audited
  from positions p`;
interface Row {
  readonly id: string;
  readonly reference: string;
  readonly swept: number;
  readonly [count: string]: unknown;
}

it('no acknowledged change is lost or doubled if the server and database backends are killed under load, and verification succeeds', async () => {
  const env = environment();
  let server = startProgram(main, env);
  let url = await server.address;
  const load = new Load(() => url, await openAsset());
  const clients = Promise.all(Array.from({ length: CLIENTS }, () => load.run()));
  const moreCalls = async (): Promise<void> => {
    for (const until = load.calls + CALLS_BETWEEN; load.calls < until; ) await delay(5);
  };
  for (let kills = 0; kills < COUNTS.crashes; kills += 1) {
    await moreCalls();
    expect(await server.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    server = startProgram(main, env);
    url = await server.address;
  }
  for (let kills = 0; kills < COUNTS.backendKills; kills += 1) {
    await moreCalls();
    const { rowCount } = await asAdmin(database.url, (admin) => admin.query(ENDS));
    expect(rowCount).toBeGreaterThan(0);
  }
  await moreCalls();
  load.stop();
  await clients;
  expect(load.unexpected).toEqual([]);
  // It is the same process that was running when its backends were killed.
  expect(await server.stop()).toEqual({ code: 0, signal: null });

  const { rows } = await asAdmin(database.url, (admin) => admin.query<Row>(POSITIONS));
  const acknowledged = [...load.acknowledged].flatMap(([reference, positions]) =>
    positions.map((position) => ({ reference, ...position })),
  );
  expect(rows.map(({ id }) => id).toSorted()).toEqual(acknowledged.map(({ id }) => id).toSorted());
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const { id, reference, changes, byItself } of acknowledged) {
    const { swept = 0, ...row } = found.get(id) ?? {};
    const all = changes + swept;
    // A batch has one audit event, which refers to no single position.
    const audited = byItself ? all : 0;
    expect(row).toEqual({ id, reference, version: all, sequence: all, events: all, ledgerEvents: all, audited });
  }
  const { code, output } = await verify(env);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/consistent\.\n$/) as string });
  const kills = `${COUNTS.crashes} SIGKILLs, ${COUNTS.backendKills} times all backends ended`;
  process.stdout.write(`${kills}: ${load.calls} calls, ${load.retries} retries, ${rows.length} positions. ${output}`);
});

const environment = (): Readonly<Record<string, string>> => ({
  STORE_BACKEND: 'postgres',
  DATABASE_URL: database.url,
  DEMO_DATA: 'false',
  EXPIRY_SWEEP_INTERVAL_MS: '50',
});

/** Runs `npm run verify`, and returns its output and exit code. */
async function verify(
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: unknown; readonly output: string }> {
  const child = spawn(process.execPath, [main, 'verify'], { env: { ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { code, output };
}

async function openAsset(): Promise<string> {
  const store = createPostgresStore({ databaseUrl: database.url, onError: () => undefined });
  const { assetId } = await makeDeal(serve(store));
  await store.close();
  return assetId;
}
