import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { fundedPosition, makeDeal } from '../support/deal.ts';
import { newKey, ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { serve } from '../support/server.ts';

/**
 * A program for the tests of attacks: a server on the memory store with the limits of production. Its first line of
 * output describes it. Each further line is the response to one line of input: `move` moves the positions in one batch,
 * and every response contains the CPU time and the memory used so far.
 */
const POSITIONS = 100;
const MOVES = 10;

export interface Attacked {
  readonly address: string;
  /** A READ_ONLY API key of the institution that owns the positions. */
  readonly attacker: string;
  /** An API key of another institution. */
  readonly neighbor: string;
}
export interface Figures {
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly subscriptions: number;
}

const store = createMemoryStore();
const builder = serve(store);
const keys = serveKeys(store, { clock: Date.now });
const [deal, other] = [await makeDeal(builder), await makeDeal(builder)];
const positions: string[] = [];
for (let made = 0; made < POSITIONS; made += 1) positions.push((await fundedPosition(builder, deal)).id);
const attacker = await newKey(keys, deal.institution.id, { role: 'READ_ONLY' });
const neighbor = await newKey(keys, other.institution.id);

const config = readConfig({ NODE_ENV: 'production', ROOT_API_KEY: ROOT_TOKEN });
const app = createApp({
  store,
  rootToken: ROOT_TOKEN,
  settings: config.settings,
  onInternalError: (_errorId, error) => process.stderr.write(`${String(error)}\n`),
});
app.start();
const { origin } = await app.listen(0, '127.0.0.1');
const described: Attacked = { address: `${origin}/graphql`, attacker: attacker.token, neighbor: neighbor.token };
process.stdout.write(`${JSON.stringify(described)}\n`);

const MOVE = `mutation ($input: ApplyPositionsInput!) {
  applyPositions(input: $input) { ... on ApplyPositionsPayload { committed } ... on UserError { message } } }`;
async function move(): Promise<void> {
  const operations = positions.slice(0, MOVES).map((positionId) => ({
    transition: { positionId, toState: 'PARTIALLY_RELEASED', amount: '0.01' },
  }));
  const { text } = await keys.ask(MOVE, { input: { operations } });
  if (!text.includes('"committed":true')) throw new Error(text);
}

let rest = '';
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  rest += text;
  const lines = rest.split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) void obey(line);
});

async function obey(line: string): Promise<void> {
  if (line === 'move') await move();
  const { user, system } = process.cpuUsage();
  const figures: Figures = {
    cpuMs: (user + system) / 1_000,
    residentBytes: process.memoryUsage().rss,
    subscriptions: app.liveSubscriptions(),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
