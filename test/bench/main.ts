// `npm run bench` prints how fast the server answers, in memory and on PostgreSQL, in this process. Compare rows of one
// run; single figures depend on the machine. `npm run bench -- worst` prints what the most expensive requests cost.
import { Bench } from 'tinybench';
import { createApp } from '../../src/app.ts';
import { DEVELOPMENT_KEY } from '../../src/config.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { migrate } from '../../src/store/postgres/migrate.ts';
import type { Store } from '../../src/store/store.ts';
import { asAdmin, urlOf } from '../support/admin.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { benchChat } from './chat.ts';
import { benchWorst } from './worst.ts';

const POSITIONS = 1_000;
const TIME_MS = 1_000;

const ONE = '{ position(id: "$id") { id state held { amount } } }';
const NESTED = '{ position(id: "$id") { id held { amount } asset { label template { code institution { name } } } } }';
const PAGE = `{ positions(first: 50) { nodes { id state amount { amount } held { amount }
  asset { id label template { id code } } institution { id name } events(first: 5) { nodes { sequence toState } } } } }`;

type Ask = (query: string) => Promise<Record<string, Record<string, Record<string, string>>>>;

async function bench(name: string, store: Store): Promise<void> {
  const app = createApp({
    store,
    rootToken: DEVELOPMENT_KEY,
    onInternalError: (_id, error) => process.stderr.write(`${String(error)}\n`),
  });
  const ask: Ask = async (query) => {
    const body = JSON.stringify({ query });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${DEVELOPMENT_KEY}` };
    const response = await app.fetch(new Request('http://localhost/graphql', { method: 'POST', headers, body }));
    const { data, errors } = (await response.json()) as { data: never; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const assetId = await prepare(ask);
  const create = `mutation { createPosition(input: { assetId: "${assetId}", holderReference: "h",
    amount: { amount: "100.00", currencyCode: "USD" } }) { ... on CreatePositionPayload { position { id } } } }`;
  const opened = async (): Promise<string> => (await ask(create))['createPosition']?.['position']?.['id'] ?? '';
  for (let made = 1; made < POSITIONS; made += 1) await opened();
  const id = await opened();
  const tasks = new Bench({ time: TIME_MS, warmupTime: TIME_MS / 4, throws: true })
    .add('position', () => ask(ONE.replace('$id', id)))
    .add('position, three levels', () => ask(NESTED.replace('$id', id)))
    .add('50 positions, asset, template, institution, 5 events', () => ask(PAGE))
    .add('createPosition', opened)
    .add('createPosition, fundPosition', async () => {
      const position = await opened();
      await ask(
        `mutation { fundPosition(input: { positionId: "${position}" }) { ... on FundPositionPayload { position { state } } } }`,
      );
    });
  await tasks.run();
  process.stdout.write(`\n${name}, ${POSITIONS} positions and more, one request at a time\n`);
  for (const { name: task, result } of tasks.tasks) {
    if (!('latency' in result)) throw new Error(`${task} did not run.`);
    const { p50, p99 } = result.latency;
    const figures = [1000 / p50, p50 * 1000, p99 * 1000].map((figure) => figure.toFixed(0).padStart(9));
    process.stdout.write(`${task.padEnd(55)}${figures[0]} /s${figures[1]} us p50${figures[2]} us p99\n`);
  }
}

/** Creates an asset to open positions for, and returns its id. */
async function prepare(ask: Ask): Promise<string> {
  const idOf = async (field: string, object: string, input: string): Promise<string> => {
    const payload = `${field[0]?.toUpperCase()}${field.slice(1)}Payload`;
    const data = await ask(`mutation { ${field}(input: ${input}) { ... on ${payload} { ${object} { id } } } }`);
    return data[field]?.[object]?.['id'] ?? '';
  };
  const institutionId = await idOf('createInstitution', 'institution', '{ name: "Bench", regions: [US] }');
  const templateId = await idOf(
    'createAssetTemplate',
    'assetTemplate',
    `{ institutionId: "${institutionId}", code: "CONSTR_ESCROW", name: "E", vertical: CONSTRUCTION, region: US,
       config: { currency: "USD", region: "US" } }`,
  );
  return idOf('createAsset', 'asset', `{ templateId: "${templateId}", label: "A" }`);
}

/** Prints the table of `npm run bench -- worst`. */
async function worst(): Promise<void> {
  await benchWorst('In memory');
  await onPostgres((url) => benchWorst('On PostgreSQL', url));
}

async function all(): Promise<void> {
  await bench('In memory', createMemoryStore());
  await onPostgres(async (url) => {
    const store = createPostgresStore({ databaseUrl: url, onError: () => undefined });
    await bench('On PostgreSQL', store);
    await store.close();
    await asAdmin(url, (admin) => admin.query('create database chat template template0'));
    await migrate(urlOf(url, 'chat'));
    await benchChat(urlOf(url, 'chat'));
  });
}

/** Runs the work with its own PostgreSQL. */
async function onPostgres(run: (url: string) => Promise<void>): Promise<void> {
  const server = await startPostgres();
  try {
    await migrate(server.url);
    await run(server.url);
  } finally {
    await server.stop();
  }
}

await (process.argv[2] === 'worst' ? worst() : all());
