// The memory store without a server, and the heap of the server over many requests.
import { type LoadGenerator, runStoreFacts, type ServerProcess } from './children.ts';
import type { Plan } from './plan.ts';
import { authorizationOf, READS } from './reads.ts';
import { type Fact, NO_RESULTS, type Results } from './report.ts';
import { CONNECTIONS, median } from './rounds.ts';

/** The objects that are created, and the requests over which the heap is measured. */
const COUNTS = { positions: 100_000, sessions: 10_000, requests: 1_000_000 } as const;
/** The creates per second that the first design document names. */
const FIRST_DESIGN = 10_000;
const TENTHS = 10;

/** Measures how fast positions are created through the command, and what they and chat sessions need in memory. */
export async function measureStore(plan: Plan): Promise<Results> {
  const positions = COUNTS.positions * plan.store;
  const { sessions } = COUNTS;
  const facts = await runStoreFacts({ startMs: plan.size.startMs, positions, sessions });
  const perSecond = median(facts.createsPerSecond);
  const fact = (what: string, value: number, unit: string): Fact => ({ store: 'memory', what, value, unit });
  return {
    ...NO_RESULTS,
    facts: [
      fact('createPosition through the command', perSecond, '/s'),
      fact('createPosition through the command: CPU', median(facts.cpuUsPerCreate), 'us'),
      fact(`a position of ${positions}, with its event, audit event and change`, facts.bytesPerPosition, 'bytes'),
      fact(`a chat session of ${sessions}, without messages`, facts.bytesPerSession, 'bytes'),
    ],
    ratios: [
      {
        ratio: `memory: creates per second through the command / ${FIRST_DESIGN}`,
        reached: perSecond / FIRST_DESIGN,
        atLeast: 3,
      },
    ],
  };
}

/** Sends many requests, and compares the heap after the last tenth of them with that after the first. */
export async function measureHeap(load: LoadGenerator, server: ServerProcess, plan: Plan): Promise<Results> {
  const authorization = authorizationOf(server);
  const requests = (COUNTS.requests * plan.heap) / TENTHS;
  const heaps: number[] = [];
  for (let tenth = 0; tenth < TENTHS; tenth += 1) {
    // One page per 20 gets, so that every tenth is as long as it can be but has both.
    for (const [name, share] of Object.entries({ get: 0.95, 'nested page of 50': 0.05 })) {
      const read = READS[name];
      const bodies = (read?.operations(server.data) ?? []).map((each) => JSON.stringify(each));
      const run = { url: server.url, authorization, connections: CONNECTIONS, expected: read?.expected ?? '' };
      await load.run({ ...run, bodies, requests: Math.ceil(requests * share) });
    }
    heaps.push((await server.usage(true)).heapBytes);
  }
  const ratio = `heap after collection over ${requests * TENTHS} requests, last / first tenth`;
  return { ...NO_RESULTS, ratios: [{ ratio, reached: (heaps.at(-1) ?? 0) / (heaps[0] ?? 0), atMost: 1.05 }] };
}
