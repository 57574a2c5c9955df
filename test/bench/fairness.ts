// Whether the queries of the benchmark are treated as any other query: random documents of the same cost must need the
// same CPU time per object.
import { type LoadGenerator, type ServerProcess, startServer } from './children.ts';
import { PEERS } from './folders.ts';
import { NESTED, type Operation, PAGE } from './operations.ts';
import type { Plan } from './plan.ts';
import { type Roll, randomGet, randomPage, rollsOf } from './randomDocuments.ts';
import { authorizationOf, OURS } from './reads.ts';
import { isReached, NO_RESULTS, type Ratio, type Results } from './report.ts';
import { CONNECTIONS, median } from './rounds.ts';

/** The random documents per query of the benchmark. */
const DOCUMENTS = 100;
/** The difference in cost up to which documents have the same cost. */
const SAME_COST = 0.1;
const MAX_FACTOR = 2;
const WARM_UP = 100;

interface Query {
  readonly name: string;
  readonly own: Operation;
  /** The number of requests that are measured per document. */
  readonly requests: number;
  /** Returns a random operation of about the given cost. */
  readonly random: (roll: Roll, cost: number) => Promise<Operation>;
}

/** Compares the queries of the benchmark with 200 random documents, in this server on the memory store. */
export async function measureFairness(load: LoadGenerator, plan: Plan): Promise<Results> {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
  const roll = rollsOf(seed);
  const server = await startServer(OURS, 'escrowgrid', { size: plan.size, connections: CONNECTIONS, peers: PEERS });
  try {
    const ratios: Ratio[] = [];
    for (const query of queriesOf(server)) ratios.push(...(await compare(load, server, query, roll)));
    if (!ratios.every(isReached)) process.exitCode = 1;
    return { ...NO_RESULTS, ratios, versions: { 'seed of the random documents': String(seed) } };
  } finally {
    await server.stop();
  }
}

function queriesOf(server: ServerProcess): readonly Query[] {
  const id = server.data.positionIds[1] ?? '';
  const get = async (roll: Roll): Promise<Operation> => randomGet(roll, id);
  const page = async (roll: Roll, cost: number): Promise<Operation> => {
    const ofSize = randomPage(roll);
    const first = Math.round((50 * cost) / (await answerOf(server, ofSize(50))).cost);
    return ofSize(Math.max(1, Math.min(100, first)));
  };
  return [
    { name: 'nested get', own: { query: NESTED, variables: { id } }, requests: 200, random: get },
    { name: 'nested page of 50', own: { query: PAGE, variables: { first: 50 } }, requests: 60, random: page },
  ];
}

/** Returns how the CPU time per object of the query relates to that of the random documents. */
async function compare(
  load: LoadGenerator,
  server: ServerProcess,
  { name, own, requests, random }: Query,
  roll: Roll,
): Promise<readonly Ratio[]> {
  const { cost } = await answerOf(server, own);
  const ofOwn: number[] = [];
  const ofRandom: number[] = [];
  while (ofRandom.length < DOCUMENTS) {
    const operation = await random(roll, cost);
    const answer = await answerOf(server, operation);
    if (Math.abs(answer.cost / cost - 1) > SAME_COST) continue;
    ofRandom.push(await cpuPerObject(load, server, operation, requests));
    // In turn with the others, so that what else runs on the machine affects both alike.
    if (ofRandom.length % 5 === 0) ofOwn.push(await cpuPerObject(load, server, own, requests));
  }
  const middle = median(ofRandom);
  const within = ofRandom.filter((each) => Math.max(each / middle, middle / each) <= MAX_FACTOR).length;
  const factor = median(ofOwn) / middle;
  return [
    {
      ratio: `CPU per object of ${name} / ${DOCUMENTS} random documents of the same cost`,
      reached: factor,
      atLeast: 1 / MAX_FACTOR,
      atMost: MAX_FACTOR,
    },
    {
      ratio: `the part of these documents within a factor of ${MAX_FACTOR} of their median`,
      reached: within / DOCUMENTS,
    },
  ];
}

interface Answer {
  readonly cost: number;
  readonly objects: number;
}

/** Sends an operation, and returns its cost and the number of objects in its data. */
async function answerOf(server: ServerProcess, operation: Operation): Promise<Answer> {
  const headers = {
    'content-type': 'application/json',
    'x-graphql-cost': '1',
    authorization: authorizationOf(server) ?? '',
  };
  const response = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify(operation) });
  const { data, extensions, errors } = (await response.json()) as {
    readonly data?: unknown;
    readonly errors?: unknown;
    readonly extensions?: { readonly cost: number };
  };
  if (errors || !extensions) throw new Error(`${operation.query} was refused: ${JSON.stringify(errors)}`);
  return { cost: extensions.cost, objects: JSON.stringify(data).split('{').length - 1 };
}

async function cpuPerObject(
  load: LoadGenerator,
  server: ServerProcess,
  operation: Operation,
  requests: number,
): Promise<number> {
  const { objects } = await answerOf(server, operation);
  const authorization = authorizationOf(server);
  const run = { url: server.url, authorization, connections: CONNECTIONS, bodies: [JSON.stringify(operation)] };
  await load.run({ ...run, requests: WARM_UP, expected: '"data":' });
  const before = await server.usage();
  await load.run({ ...run, requests, expected: '"data":' });
  return ((await server.usage()).cpuUs - before.cpuUs) / requests / objects;
}
