import { createApp, GRAPHQL_PATH } from '../app.ts';
import type { CommandContext } from '../commands/context.ts';
import { writeDemoData } from '../demo/data.ts';
import { FIRST_TIME } from '../demo/derivedId.ts';
import { sampleContext } from '../demo/sampleContext.ts';
import type { Id } from '../domain/ids.ts';
import { DEFAULTS } from '../settings.ts';
import { AlreadyExistsError } from '../store/errors.ts';
import { createMemoryStore } from '../store/memory/index.ts';
import type { Store } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { assembleServer } from './assembleServer.ts';
import { TestServerError } from './errors.ts';
import { Faults } from './faults.ts';
import { faultySchema } from './faultySchema.ts';
import { InProcessRequests } from './inProcessFetch.ts';
import { openReplaceableStore } from './replaceableStore.ts';
import { createSeeds, type Seeds } from './seed.ts';
import type { ServerKeys, TestServer, TestServerOptions } from './testServer.ts';
import { instantOf } from './times.ts';
import { World } from './world.ts';

/**
 * Starts a server for tests within this process, in a few milliseconds. It has an institution with two API keys. Throws
 * TestServerError if an option is invalid.
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { demo = false, settings = {} } = options;
  const world = await openWorld(options);
  if (demo) await writeDemoData(world.store, world.clock);
  const { seeds, institutionId, keys } = await populate(world, demo);
  const errors: unknown[] = [];
  const faults = new Faults(() => dropConnections());
  const app = createApp({
    ...world.appOptions,
    rootToken: keys.root,
    onInternalError: (_errorId, error) => errors.push(error),
    extendSchema: () => faultySchema(world.store, faults),
    // The clock determines when their work is due.
    runsJobs: false,
    // Compiling queries takes longer than a test saves by it, and sets a flag of V8 for the whole process.
    fastPaths: false,
    origins: ['http://localhost:*', 'http://127.0.0.1:*'],
    settings,
  });
  app.start();
  const listening = await app.listen(0, '127.0.0.1');
  const requests = new InProcessRequests((request) => app.fetch(request));
  const dropConnections = (): void => {
    listening.connections.destroyAll();
    requests.dropAll();
  };
  await world.start();
  const close = async (): Promise<void> => {
    await app.stop();
    await listening.close(0);
    requests.dropAll();
    if (typeof options.store !== 'object') await world.store.close();
  };
  const url = `${listening.origin}${GRAPHQL_PATH}`;
  const parts = { world, jobs: app, faults, requests, seeds, errors, institutionId, keys, url };
  return assembleServer({ ...parts, dropConnections, close });
}

/** Opens the store, and returns it with the clock and the sources of ids. Throws TestServerError. */
async function openWorld({ now = FIRST_TIME, seed = 'test', store = 'memory' }: TestServerOptions): Promise<World> {
  const startsAt = instantOf(now, 'now');
  if (startsAt < 0) throw new TestServerError('`now` must not be before 1970.');
  if (store !== 'memory' && typeof store !== 'object') {
    throw new TestServerError(`\`store\` must be "memory" or an opened store; it is ${String(store)}.`);
  }
  const replaceable = store === 'memory' ? await openReplaceableStore(createMemoryStore) : undefined;
  const opened = replaceable ?? (store as Store);
  return new World({ now: startsAt, seed: String(seed), store: opened, replaceable, recordsEvents: true });
}

/** The objects of a server at its start. */
interface Population {
  readonly seeds: Seeds;
  readonly institutionId: Id;
  readonly keys: ServerKeys;
}

/** Makes the institution, unless it is the first one of the demo data, and its API keys. */
async function populate(world: World, demo: boolean): Promise<Population> {
  const { store, clock, sources } = world;
  const { newId, newToken } = sources;
  const { apiKeysPerInstitution } = DEFAULTS;
  const context: CommandContext = { ...sampleContext({ store, clock, newId }), newToken, apiKeysPerInstitution };
  let institutionId: Id = '';
  const seeds = createSeeds(world, context, () => institutionId);
  try {
    institutionId = demo ? await firstInstitution(store) : (await seeds.institution()).id;
    const { token: admin } = await seeds.apiKey({ role: 'ADMIN' });
    const { token: readOnly } = await seeds.apiKey({ role: 'READ_ONLY' });
    return { seeds, institutionId, keys: { root: sources.rootToken, admin, readOnly } };
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
    throw new TestServerError('The store already has objects of this `seed`. Set another one, or empty the store.', {
      cause: error,
    });
  }
}

async function firstInstitution(store: Store): Promise<Id> {
  const order = { by: ['createdAt', 'id'], direction: 'ASC' } as const;
  const [page] = await store.read('ALL').institutions.pages([firstOf({ where: {}, order, limit: 1 })]);
  return page?.rows[0]?.id ?? '';
}
