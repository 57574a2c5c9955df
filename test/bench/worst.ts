// Sends the most expensive allowed request of each kind, and measures what it costs the server and how long others
// wait.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DEVELOPMENT_KEY as AS_ROOT } from '../../src/config.ts';
import { type WorstRequest, worstRequests } from './worstRequests.ts';
import type { Filled } from './worstRows.ts';
import type { Used } from './worstServer.ts';

const RUNS = 5;
const GOAL = { cpuMs: 200, blockedMs: 100 } as const;
const MEBIBYTE = 1024 * 1024;

interface Server {
  readonly url: string;
  readonly filled: Filled;
  /** Returns what the server has used since the last call. */
  used(): Promise<Used>;
  stop(): Promise<void>;
}

async function startServer(databaseUrl: string | undefined): Promise<Server> {
  const program = fileURLToPath(new URL('worstServer.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...(databaseUrl ? [databaseUrl] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // The server runs in production mode, because graphql does more checks otherwise.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const lines = createInterface({ input: child.stdout });
  const line = async (): Promise<unknown> => JSON.parse(((await once(lines, 'line')) as [string])[0]);
  const { url, ...filled } = (await line()) as Filled & { readonly url: string };
  return {
    url,
    filled,
    used: async () => {
      const answer = line();
      child.stdin.write('\n');
      return (await answer) as Used;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

interface Sent {
  readonly bytes: number;
  readonly code: string | undefined;
  readonly cost: string | undefined;
}

function send(url: string, { query, variables = {} }: WorstRequest, token: string): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-graphql-cost': '1' };
    const sent = request(url, { method: 'POST', headers }, (response) => {
      let bytes = 0;
      let [head, tail] = ['', ''];
      response.on('data', (part: Buffer) => {
        bytes += part.byteLength;
        if (head.length < 1_000) head += part.toString('latin1');
        tail = part.toString('latin1').slice(-1_000);
      });
      response.once('end', () =>
        resolve({
          bytes,
          code: /"code":"([A-Z_]+)"/.exec(head.slice(0, 1_000))?.[1],
          cost: /"cost":(\d+)/.exec(tail)?.[1],
        }),
      );
    });
    sent.once('error', reject);
    sent.end(JSON.stringify({ query, variables }));
  });
}

interface Figures extends Sent {
  readonly cpuMs: number;
  readonly blockedMs: number;
}

/** Returns the run of a request with the median cost. */
async function measure(server: Server, each: WorstRequest, token: string): Promise<Figures> {
  const runs: Figures[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    await server.used();
    const sent = each.isSubscription ? await follow(server, each, token) : await send(server.url, each, token);
    runs.push({ ...sent, ...(await server.used()) });
  }
  const median = runs.toSorted((a, b) => a.cpuMs - b.cpuMs)[Math.floor(RUNS / 2)] as Figures;
  return {
    ...median,
    blockedMs: runs.map(({ blockedMs }) => blockedMs).toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] as number,
  };
}

/** Subscribes to changes, makes one, and reads until its event is complete. */
async function follow(server: Server, { query }: WorstRequest, token: string): Promise<Sent> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${token}` };
  const sent = request(server.url, { method: 'POST', headers });
  sent.end(JSON.stringify({ query }));
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  let [bytes, events, text] = [0, 0, ''];
  for await (const part of response as AsyncIterable<Buffer>) {
    text = text.slice(-20) + part.toString('latin1');
    const ended = text.endsWith('\n\n') && !text.endsWith(':\n\n');
    if (events === 1) bytes += part.byteLength;
    if (!ended) continue;
    events += 1;
    if (events === 2) break;
    await server.used();
    const change = `mutation { createPosition(input: { assetId: "${server.filled.assetId}", holderReference: "h", amount: { amount: "1", currencyCode: "USD" } }) { __typename } }`;
    await send(server.url, { name: '', query: change }, token);
  }
  sent.destroy();
  return { bytes, code: undefined, cost: undefined };
}

/** Prints the table for one store. */
export async function benchWorst(name: string, databaseUrl?: string): Promise<void> {
  const server = await startServer(databaseUrl);
  try {
    const { filled, url } = server;
    const token = AS_ROOT;
    process.stdout.write(
      `\n${name}: the most expensive allowed request of each kind (goals: ${GOAL.cpuMs} ms of CPU, ${GOAL.blockedMs} ms blocked)\n`,
    );
    process.stdout.write(
      `${''.padEnd(42)}${['cost', 'CPU ms', 'blocked ms', 'MiB'].map((each) => each.padStart(12)).join('')}\n`,
    );
    for (const each of worstRequests(filled)) {
      const { cpuMs, blockedMs, bytes, code, cost } = await measure(server, each, token);
      const cells = [cost ?? '-', cpuMs.toFixed(1), blockedMs.toFixed(1), (bytes / MEBIBYTE).toFixed(2)];
      const over = cpuMs > GOAL.cpuMs || blockedMs > GOAL.blockedMs ? '  over' : '';
      process.stdout.write(
        `${each.name.padEnd(42)}${cells.map((cell) => cell.padStart(12)).join('')}  ${code ?? ''}${over}\n`,
      );
    }
    void url;
  } finally {
    await server.stop();
  }
}
