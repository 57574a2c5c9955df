// `npm run bench` measures this server beside its peers and prints one table; `npm run bench -- memory` runs a part.
// Compare rows of one run: single figures depend on the machine.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { migrate } from '../../src/store/postgres/migrate.ts';
import { startPostgres } from '../support/postgresServer.ts';
import { type LoadGenerator, startLoadGenerator } from './children.ts';
import { measureFairness } from './fairness.ts';
import { compilePrograms } from './folders.ts';
import { measureMemory } from './memory.ts';
import { FULL, type Plan, QUICK } from './plan.ts';
import { measurePostgres } from './postgres.ts';
import { joinResults, type Results, report } from './report.ts';
import { CONNECTIONS, ROUNDS } from './rounds.ts';
import { benchServers } from './servers.ts';
import { benchWeight } from './weight.ts';
import { benchWorst } from './worst.ts';

/** The parts, in the order in which they run. */
const PARTS: Readonly<Record<string, (load: LoadGenerator, plan: Plan) => Promise<Results>>> = {
  memory: measureMemory,
  postgres: measurePostgres,
  fairness: measureFairness,
};

async function bench(parts: readonly string[], plan: Plan): Promise<void> {
  compilePrograms();
  const load = startLoadGenerator();
  const results: Results[] = [];
  try {
    for (const part of parts) results.push((await PARTS[part]?.(load, plan)) as Results);
  } finally {
    await load.stop();
    const { size, part } = plan;
    // Also if a later part has failed: the others took minutes.
    if (results.length > 0) {
      report({ ...size, rounds: ROUNDS, partOfRound: part, connections: CONNECTIONS }, joinResults(results));
    }
  }
}

/** Prints the table of `npm run bench -- worst`. */
async function worst(): Promise<void> {
  await benchWorst('In memory');
  const server = await startPostgres();
  try {
    await migrate(server.url);
    await benchWorst('On PostgreSQL', server.url);
  } finally {
    await server.stop();
  }
}

/** Prints the tables of `npm run bench -- servers` and `npm run bench -- weight`. */
const TABLES: Readonly<Record<string, () => Promise<void>>> = {
  servers: async () => {
    compilePrograms();
    await benchServers();
  },
  weight: benchWeight,
};

/** Prints the table of `npm run bench -- growth`, in a process that may use enough memory for a million positions. */
function growth(sizes: readonly string[]): void {
  const program = fileURLToPath(new URL('growth.ts', import.meta.url));
  const args = ['--expose-gc', '--max-old-space-size=12288', '--import', 'tsx', program, ...sizes];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}

const names = process.argv.slice(2);
const [first, ...others] = names;
const unknown = names.find((name) => !(name in PARTS) && name !== 'quick' && name !== 'worst' && !(name in TABLES));
if (first === 'growth') {
  growth(others);
} else if (unknown !== undefined) {
  process.stderr.write(
    `There is no part "${unknown}": ${[...Object.keys(PARTS), 'growth', 'worst', ...Object.keys(TABLES), 'quick'].join(', ')}.\n`,
  );
  process.exitCode = 2;
} else if (names.some((name) => name in TABLES)) {
  for (const name of names) await TABLES[name]?.();
} else if (names.includes('worst')) {
  await worst();
} else {
  const parts = names.filter((name) => name in PARTS);
  await bench(parts.length > 0 ? parts : Object.keys(PARTS), names.includes('quick') ? QUICK : FULL);
}
