import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COUNTS } from '../counts.ts';
import { ATTACKS, type Attack } from '../support/attacks.ts';
import { endpointOn, PRODUCTION } from '../support/endpoint.ts';
import { type Line, type Reply, WIRES } from '../support/wire.ts';

/** The processor time of an attack in ms, including its client: the goal, and the limit of the test. */
const GOAL_MS = 50;
const WRONG_MS = 10 * GOAL_MS;
/** The longest text in a URL in characters; longer attacks are not sent by GET. */
const SHORT = 100_000;
const UNLIMITED = {
  key: null,
  institution: null,
  address: null,
  failedLogin: null,
  search: null,
  createApiKey: null,
  subscriptionCost: null,
};

interface Cost {
  readonly reply: Reply;
  readonly leastMs: number;
  /** The rows that the store scanned. */
  readonly leastRows: number;
}

const endpoint = endpointOn({ ...PRODUCTION, rates: UNLIMITED });
const costs = new Map<string, Readonly<Record<string, string>>>();
afterAll(() => {
  const row = (name: string, cells: readonly string[]) =>
    name.padEnd(40) + cells.map((each) => each.padStart(11)).join('');
  const rows = [...costs].map(([name, cells]) =>
    row(
      name,
      WIRES.map((each) => cells[each.name] ?? '-'),
    ),
  );
  const head = row(
    `CPU ms, the goal is ${GOAL_MS}`,
    WIRES.map(({ name }) => name),
  );
  process.stdout.write(`${[head, ...rows].join('\n')}\n`);
});

describe.each(WIRES)('attacks over $name', ({ name: wire, open }) => {
  let line: Line;
  beforeAll(async () => {
    line = await open(endpoint().url, endpoint().houses[0].admin);
    await line.send('{ __typename }', '{}');
  });
  afterAll(() => line.close());

  /** Sends the attack several times, each time as another document. Returns the last reply and the minimum cost. */
  async function costOf({ query, variables = '{}' }: Attack): Promise<Cost> {
    const { scanStats } = endpoint().store;
    let reply: Reply | undefined;
    let [leastMs, leastRows] = [Infinity, Infinity];
    for (let run = 0; run < COUNTS.attackRuns; run += 1) {
      const document = `${query}#${wire}${run}`;
      const before = process.cpuUsage();
      const rows = scanStats.rows;
      reply = await line.send(document, variables);
      const { user, system } = process.cpuUsage(before);
      leastMs = Math.min(leastMs, (user + system) / 1_000);
      leastRows = Math.min(leastRows, scanStats.rows - rows);
    }
    return { reply: reply as Reply, leastMs, leastRows };
  }

  // A text that is far too long for a URL is rejected by its length.
  const sent = ATTACKS.filter(({ query, variables = '' }) => wire !== 'GET' || query.length + variables.length < SHORT);

  it.each(sent)('the attack is cheap: $name', async (attack) => {
    const { reply, leastMs, leastRows } = await costOf(attack);
    costs.set(attack.name, { ...costs.get(attack.name), [wire]: leastMs.toFixed(1) });
    expect(endpoint().faults).toEqual([]);
    expect(reply.text.length).toBeLessThan(50_000);
    const codes = [...reply.text.matchAll(/"code":"(\w+)"/g)].map(([, code]) => code);
    // The URL may be too long, which is checked first.
    const refused = attack.code && reply.status !== 431;
    expect(codes.filter((code) => refused && !attack.code?.test(code ?? ''))).toEqual([]);
    expect([reply.status < 500, codes.length > 0 || !refused]).toEqual([true, true]);
    // A rejected document is not executed, and reads no row but that of the API key.
    expect(refused && reply.text.includes('"data":{')).not.toBe(true);
    expect(attack.code ? leastRows : 0).toBeLessThanOrEqual(1);
    expect(leastMs).toBeLessThan(WRONG_MS);
  });
});
