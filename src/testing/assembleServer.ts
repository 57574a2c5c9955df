import type { BackgroundJobs } from '../backgroundJobs.ts';
import { TestServerError } from './errors.ts';
import type { Faults } from './faults.ts';
import { type InProcessRequests, requestTo } from './inProcessFetch.ts';
import type { Seeds } from './seed.ts';
import type { ServerClock, Snapshot, TestServer } from './testServer.ts';
import { instantOf, millisecondsOf } from './times.ts';
import type { World, WorldState } from './world.ts';

/** The parts of a running test server. */
interface Parts extends Pick<TestServer, 'url' | 'keys' | 'institutionId' | 'dropConnections' | 'close'> {
  readonly world: World;
  readonly jobs: BackgroundJobs;
  readonly faults: Faults;
  readonly seeds: Seeds;
  readonly errors: readonly unknown[];
  readonly requests: InProcessRequests;
}

/** Returns the test server of the parts. Its functions throw TestServerError once it is closed. */
export function assembleServer(parts: Parts): TestServer {
  const { world, faults, seeds, url, keys, institutionId, errors } = parts;
  let closing: Promise<void> | undefined;
  const check = (): void => {
    if (closing) throw new TestServerError('The test server is closed. Start another one.');
  };
  const close = (): Promise<void> => (closing ??= parts.close());
  const { now, ...advances } = clockOf(parts);
  return {
    url,
    keys,
    institutionId,
    clock: { now, ...guarded(check, advances) },
    seed: guarded(check, seeds),
    ...guarded(check, { fetch: fetchOf(parts), ...statesOf(parts) }),
    failNext: (failure) => {
      check();
      faults.failNext(failure);
    },
    slowNext: (delay) => {
      check();
      faults.slowNext(delay);
    },
    dropConnections: parts.dropConnections,
    events: () => world.events,
    internalErrors: () => [...errors],
    close,
    [Symbol.asyncDispose]: close,
  };
}

const fetchOf =
  ({ url, world, requests }: Parts): TestServer['fetch'] =>
  async (input, init) => {
    const request = requestTo(url, input, init);
    if (!request.headers.has('x-request-id')) request.headers.set('x-request-id', world.sources.newRequestId());
    const signal = init?.signal ?? (input instanceof Request ? input : request).signal;
    return requests.fetch(request, signal);
  };

const clockOf = ({ world, jobs }: Parts): ServerClock => ({
  now: () => new Date(world.clock()),
  advance: async (duration) => {
    const milliseconds = millisecondsOf(duration);
    return new Date(await world.advance(jobs, (now) => instantOf(now + milliseconds, 'now')));
  },
  advanceTo: async (time) => {
    const instant = instantOf(time, 'time');
    return new Date(await world.advance(jobs, () => instant));
  },
});

function statesOf({ world, jobs, faults }: Parts): Pick<TestServer, 'reset' | 'snapshot' | 'restore'> {
  const states = new WeakMap<Snapshot, WorldState>();
  return {
    reset: async () => {
      await world.reset(jobs);
      faults.clear();
    },
    snapshot: async () => {
      const state = await world.copy();
      const snapshot: Snapshot = Object.freeze({ now: new Date(state.now) });
      states.set(snapshot, state);
      return snapshot;
    },
    restore: async (snapshot) => {
      const state = states.get(snapshot);
      if (!state) throw new TestServerError('This is not a snapshot of this server.');
      await world.restore(jobs, state);
    },
  };
}

type AsyncCalls = { readonly [name: string]: (...args: never[]) => Promise<unknown> };

/** Returns the same functions, each of which calls `check` first. */
const guarded = <O extends { readonly [N in keyof O]: AsyncCalls[string] }>(check: () => void, calls: O): O =>
  Object.fromEntries(
    Object.entries(calls as AsyncCalls).map(([name, call]) => [
      name,
      async (...args: never[]) => {
        check();
        return call(...args);
      },
    ]),
  ) as O;
