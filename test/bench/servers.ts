// `npm run bench -- servers` measures several servers on one PostgreSQL: moves per second, statements and transactions.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type LoadGenerator, type ServerProcess, startLoadGenerator, startServer } from './children.ts';
import { positionInput } from './data.ts';
import { type Database, startDatabase } from './database.ts';
import { PEERS } from './folders.ts';
import { CHANGED, CREATE, FUND, type Operation } from './operations.ts';
import { newPositions } from './writes.ts';

const SERVERS = [1, 2, 4];
/** The number of requests that are open at once, over all servers. */
const IN_FLIGHT = 16;
const WARM_UP = 300;
const MOVES = 1_500;
/** The number of moves whose statements are counted. They are sent separately, because the log costs time. */
const COUNTED = 200;
/** The time after which the changes of all commits have sequences, in ms. */
const SETTLED_MS = 300;
const SIZE = { startMs: Date.now() - 1_000_000, positions: 0, sessions: 0, messagesPerSession: 1 };

/** Commits do not wait for the disk, which would be the limit for any number of servers on a machine with a slow one. */
const SETTINGS = ['fsync=off'];

/** Servers on one database, each with a load generator of its own. */
interface World {
  readonly database: Database;
  readonly servers: readonly ServerProcess[];
  readonly loads: readonly LoadGenerator[];
}

/** Prints a line per number of servers and move, without subscribers and with one on each server. */
export async function benchServers(): Promise<void> {
  process.stdout.write(
    `\n${IN_FLIGHT} requests at once over all servers, fsync=off. Transactions and statements per move, those of the change feed included\n` +
      'servers  subscribers  move      per second  writing transactions  transactions  statements\n',
  );
  for (const count of SERVERS) for (const hasSubscribers of [false, true]) await measureServers(count, hasSubscribers);
}

async function measureServers(count: number, hasSubscribers: boolean): Promise<void> {
  const database = await startDatabase(SIZE, SETTINGS);
  const servers: ServerProcess[] = [];
  const loads: LoadGenerator[] = [];
  const streams: IncomingMessage[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const start = {
        size: SIZE,
        databaseUrl: database.url,
        data: database.data,
        connections: IN_FLIGHT,
        peers: PEERS,
      };
      servers.push(await startServer(`server ${index}`, 'escrowgrid', start));
      loads.push(startLoadGenerator());
    }
    if (hasSubscribers) streams.push(...(await Promise.all(servers.map((server) => subscribe(server)))));
    const world = { database, servers, loads };
    await run(world, creates(world, WARM_UP));
    await measureMove(world, streams.length, 'create', creates(world, MOVES), creates(world, COUNTED));
    await measureMove(world, streams.length, 'fund', await funds(world, MOVES), await funds(world, COUNTED));
  } finally {
    for (const stream of streams) stream.destroy();
    await Promise.all([...servers, ...loads].map((each) => each.stop()));
    await database.stop();
  }
}

async function measureMove(
  world: World,
  subscribers: number,
  move: string,
  moves: readonly Operation[],
  counted: readonly Operation[],
): Promise<void> {
  const { database, servers } = world;
  const before = await countersOf(database);
  const seconds = await run(world, moves);
  await delay(SETTLED_MS);
  const after = await countersOf(database);
  const names = new Set(servers.map(({ name }) => name));
  const sent = await database.statementsOf(() => run(world, counted));
  const own = sent.filter(({ application }) => names.has(application));
  const cells = [
    String(servers.length).padStart(7),
    String(subscribers).padStart(13),
    `  ${move}`.padEnd(12),
    (moves.length / seconds).toFixed(0).padStart(10),
    ((after - before) / moves.length).toFixed(2).padStart(22),
    (new Set(own.map(({ vxid }) => vxid)).size / counted.length).toFixed(2).padStart(14),
    (own.length / counted.length).toFixed(1).padStart(12),
  ];
  process.stdout.write(`${cells.join('')}\n`);
}

const creates = ({ database }: World, count: number): readonly Operation[] =>
  Array.from({ length: count }, (_, index) => ({
    query: CREATE,
    variables: { input: positionInput(database.data.assetIds, index) },
  }));

async function funds({ servers: [server] }: World, count: number): Promise<readonly Operation[]> {
  const ids = await newPositions(server as ServerProcess, count);
  return ids.map((positionId) => ({ query: FUND, variables: { input: { positionId } } }));
}

/** Sends each operation once, in equal parts to all servers, and returns the seconds until the last answer. */
async function run({ servers, loads }: World, operations: readonly Operation[]): Promise<number> {
  const began = performance.now();
  await Promise.all(
    servers.map(async ({ url, data }, index) => {
      const bodies = operations
        .filter((_each, at) => at % servers.length === index)
        .map((each) => JSON.stringify(each));
      await loads[index]?.run({
        url,
        authorization: `Bearer ${data.apiKey}`,
        bodies,
        connections: IN_FLIGHT / servers.length,
        requests: bodies.length,
        expected: '"position":{"id"',
      });
    }),
  );
  return (performance.now() - began) / 1_000;
}

/** Subscribes to the changes of all positions, and discards them. */
async function subscribe({ url, data }: ServerProcess): Promise<IncomingMessage> {
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    authorization: `Bearer ${data.apiKey}`,
  };
  const sent = request(url, { method: 'POST', headers });
  sent.end(JSON.stringify({ query: CHANGED, variables: {} }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  response.resume();
  return response;
}

/** Returns the number of transactions that have written, ever: only these get an id. */
const countersOf = (database: Database): Promise<number> =>
  database.admin(async (client) => {
    const { rows } = await client.query<{ count: string }>('select pg_snapshot_xmax(pg_current_snapshot()) as count');
    return Number(rows[0]?.count);
  });
