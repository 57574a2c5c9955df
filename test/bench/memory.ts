// This server on the memory store, and servers with the same schema object and the same store.
import { type LoadGenerator, type ServerProcess, startServer } from './children.ts';
import { installPackages, PEERS } from './folders.ts';
import type { Plan } from './plan.ts';
import { contestantOf, memoryOf, OURS, READS } from './reads.ts';
import { joinResults, NO_RESULTS, type Ratio, type Results, type Row, ratioOf } from './report.ts';
import { CONNECTIONS, checkEqual, measure } from './rounds.ts';
import { measureHeap, measureStore } from './store.ts';
import { measureWrites } from './writes.ts';

const PROGRAMS = {
  [OURS]: 'escrowgrid',
  'Mercurius + jit': 'mercurius',
  'node:http + compiled query': 'compiled',
  'stock Yoga': 'yoga',
} as const;

/** Measures the memory store. */
export async function measureMemory(load: LoadGenerator, plan: Plan): Promise<Results> {
  installPackages(PEERS);
  const servers: ServerProcess[] = [];
  try {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      servers.push(await startServer(name, program, { size: plan.size, connections: CONNECTIONS, peers: PEERS }));
    }
    const rows: Row[] = [];
    for (const [operation, read] of Object.entries(READS)) {
      const contestants = servers.map((server) => contestantOf(server, read));
      await checkEqual(operation, contestants);
      const requests = Math.ceil(read.requests * plan.part);
      rows.push(...(await measure(load, { store: 'memory', operation, contestants, ...read, requests })));
    }
    const facts = (await Promise.all(servers.map((server) => memoryOf('memory', server)))).flat();
    const [ours] = servers as [ServerProcess];
    const heap = await measureHeap(load, ours, plan);
    rows.push(...(await measureWrites(load, 'memory', ours, plan)));
    const versions = Object.assign({}, ...servers.map((server) => server.versions)) as Record<string, string>;
    const served = { ...NO_RESULTS, rows, facts, versions, ratios: ratiosOf(rows) };
    return joinResults([served, await measureStore(plan), heap]);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function ratiosOf(rows: readonly Row[]): readonly Ratio[] {
  const against = (server: string, operation: string, atMost: number): readonly Ratio[] =>
    ratioOf(
      rows,
      [
        { operation, server: OURS },
        { operation, server },
      ],
      'cpuUs',
      {
        ratio: `CPU of ${operation}, memory / ${server}`,
        atMost,
      },
    );
  return [
    ...against('Mercurius + jit', 'get', 1),
    ...against('Mercurius + jit', 'nested get', 1),
    ...against('Mercurius + jit', 'nested page of 50', 0.8),
    ...['get', 'nested get', 'nested page of 50'].flatMap((operation) => against('stock Yoga', operation, 0.4)),
  ];
}
