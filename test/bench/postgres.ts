// This server on PostgreSQL, and what else can be built on the same tables.
import { type LoadGenerator, type ServerProcess, startServer } from './children.ts';
import { type Database, startDatabase } from './database.ts';
import { PEERS } from './folders.ts';
import { measurePgbench, PGBENCH } from './pgbench.ts';
import type { Plan } from './plan.ts';
import { POSTGRAPHILE, postgraphileContestant, startPostgraphile } from './postgraphile.ts';
import { contestantOf, memoryOf, OURS, READS } from './reads.ts';
import { type Figures, NO_RESULTS, type Ratio, type Results, type Row, ratioOf } from './report.ts';
import { CONNECTIONS, checkEqual, type Measured, measure } from './rounds.ts';
import { BATCH, measureWrites } from './writes.ts';

const SQL = 'node:http + one statement';
/** The number of requests of which the statements are counted. */
const COUNTED = 200;

/** Measures PostgreSQL. */
export async function measurePostgres(load: LoadGenerator, plan: Plan): Promise<Results> {
  const database = await startDatabase(plan.size);
  const servers: ServerProcess[] = [];
  try {
    const { url: databaseUrl, data } = database;
    const start = { size: plan.size, databaseUrl, data, connections: CONNECTIONS, peers: PEERS };
    const ours = await startServer(OURS, 'escrowgrid', start);
    servers.push(ours, await startServer(SQL, 'sql', start));
    const { server: postgraphile, skipped } = await startPostgraphile(start);
    if (postgraphile) servers.push(postgraphile);
    const counted = (measured: Measured): Promise<readonly Row[]> => measureAndCount(load, database, measured);
    const rows: Row[] = [];
    for (const [operation, read] of Object.entries(READS)) {
      const isOurs = operation === 'page of 50 chat sessions';
      const contestants = servers
        .filter((server) => server === ours || !isOurs)
        .map((server) =>
          server === postgraphile ? postgraphileContestant(server, operation) : contestantOf(server, read),
        );
      await checkEqual(operation, contestants);
      const requests = Math.ceil(read.requests * plan.part);
      rows.push(...(await counted({ store: 'postgres', operation, contestants, ...read, requests })));
    }
    rows.push(...(await measureWrites(load, 'postgres', ours, plan, counted)));
    const facts = (await Promise.all(servers.map((server) => memoryOf('postgres', server)))).flat();
    const restart = async (work: () => Promise<void>): Promise<ServerProcess> => {
      await Promise.all(servers.map((server) => server.stop()));
      await work();
      const again = await startServer(OURS, 'escrowgrid', start);
      servers.push(again);
      return again;
    };
    const pgbench = await measurePgbench(load, database, ours, plan, restart);
    const versions = Object.assign(
      {},
      database.versions,
      pgbench.versions,
      ...servers.map((server) => server.versions),
    );
    const all = [...rows, ...pgbench.rows];
    return {
      ...NO_RESULTS,
      rows: all,
      facts,
      versions,
      ratios: ratiosOf(all),
      skipped: [...skipped, ...pgbench.skipped],
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await database.stop();
  }
}

/** Measures an operation, and then counts its statements while it runs once more, because the log costs time. */
async function measureAndCount(load: LoadGenerator, database: Database, measured: Measured): Promise<readonly Row[]> {
  const rows = await measure(load, measured);
  const figures: Figures[] = [];
  for (const { server, authorization, operations, expected = measured.expected } of measured.contestants) {
    const bodies = (await operations(0)).slice(0, COUNTED).map((each) => JSON.stringify(each));
    const requests = measured.requests === undefined ? bodies.length : COUNTED;
    const { connections = CONNECTIONS } = measured;
    const statements = await database.statementsOf(() =>
      load.run({ url: server.url, authorization, bodies, connections, requests, expected }),
    );
    const own = statements.filter(({ application }) => application === server.name);
    const transactions = new Set(own.map(({ vxid }) => vxid)).size;
    figures.push({ statements: own.length / requests, transactions: transactions / requests });
  }
  return rows.map((row, index) => ({ ...row, ...figures[index] }));
}

function ratiosOf(rows: readonly Row[]): readonly Ratio[] {
  const ofServers = (operation: string, server: string, atLeast: number): readonly Ratio[] =>
    perSecond(
      [
        { operation, server: OURS },
        { operation, server },
      ],
      {
        ratio: `${operation} on PostgreSQL, requests per second / ${server}`,
        atLeast,
      },
    );
  const perSecond = (
    [upper, lower]: readonly [Partial<Row>, Partial<Row>],
    limit: { readonly ratio: string; readonly atLeast: number },
  ): readonly Ratio[] =>
    ratioOf(
      rows,
      [
        { store: 'postgres', ...upper },
        { store: 'postgres', ...lower },
      ],
      'perSecond',
      limit,
    );
  const transition = { operation: 'transition', server: OURS };
  const create = { operation: 'create', server: OURS };
  return [
    ...ofServers('get', POSTGRAPHILE, 1.2),
    ...ofServers('nested page of 50', POSTGRAPHILE, 2),
    ...ofServers('nested page of 50', SQL, 0.5),
    ...ofServers('transition', PGBENCH.prepared, 0.6),
    ...perSecond([create, transition], { ratio: 'creates / transitions per second on PostgreSQL', atLeast: 0.8 }),
    ...perSecond([{ operation: 'applyPositions of 1,000', server: OURS }, create], {
      ratio: 'positions per second of applyPositions of 1,000 / single creates on PostgreSQL',
      atLeast: 15,
    }).map((each) => ({ ...each, reached: each.reached * BATCH })),
  ];
}
