/** Whether the large counts run: `npm run test:full`. */
export const FULL = process.env['TEST_COUNTS'] === 'full';

/**
 * The time after which a test counts as hanging, and a test that starts programs or takes long by itself, in ms. Far above
 * what any test takes, so that no test fails on a slow machine.
 */
export const HANG_MS = FULL ? { test: 3_600_000, longTest: 3_600_000 } : { test: 300_000, longTest: 900_000 };

/** All counts of the tests are defined here. */
export const COUNTS = {
  /** Random amounts, for each property of money. */
  moneyCases: FULL ? 100_000 : 2_000,
  /** Random lifecycles of a position. */
  lives: FULL ? 20_000 : 1_000,
  /** Random contracts with moves of money in parts, and the number of moves of each. */
  contracts: FULL ? 20_000 : 200,
  movesPerContract: 25,
  /** Random contracts that are released in many parts and at once. */
  releasedContracts: FULL ? 20_000 : 1_000,
  /** Random deals that a test server advances through at once and in steps. */
  advancedDeals: FULL ? 500 : 12,
  /** The maximum number of moves per lifecycle. */
  movesPerLife: 12,
  /** Random texts, for each property of text. */
  textCases: FULL ? 100_000 : 2_000,
  /** Random JSON objects. */
  jsonCases: FULL ? 10_000 : 300,
  /** Random ids, for each property of ids. */
  idCases: FULL ? 50_000 : 1_000,
  /** Random times, for each property of time. */
  instantCases: FULL ? 100_000 : 2_000,
  /** Random histories of an ordered index, each of up to 200 steps. */
  indexCases: FULL ? 5_000 : 300,
  /** Random histories of an ordered index of many chunks. */
  largeIndexes: FULL ? 200 : 15,
  /** Random batches of windows on which both stores must agree, for each table. */
  equalWindows: FULL ? 5_000 : 300,
  /** Random documents that must have the same answers with and without look-ahead. */
  lookAheads: FULL ? 2_000 : 100,
  /** The numbers of positions for which the rows that a page scans are counted. */
  positions: [1_000, FULL ? 100_000 : 20_000],
  /** Random scenarios that run on both stores and must return the same results. */
  storeWalks: FULL ? 500 : 15,
  /** The maximum number of steps of such a scenario. */
  stepsPerStoreWalk: 40,
  /** Random positions and keys, for each property of change cursors. */
  cursorCases: FULL ? 50_000 : 500,
  /** Random change cursors, each with every one of its bits changed. */
  tamperedCursors: FULL ? 1_000 : 20,
  /** Random orders of commits, polls, new subscribers and subscribers that resume. */
  liveSeams: FULL ? 5_000 : 150,
  /** Messages posted on one server while clients subscribe on both. */
  liveMessages: FULL ? 10_000 : 300,
  /** The number of times that the connections of those clients drop. */
  liveDrops: FULL ? 50 : 6,
  /** Changes received by a client that reconnects whenever its connection breaks. */
  reconnectedChanges: FULL ? 400 : 40,
  /** Events published while one client never reads. */
  liveEvents: FULL ? 100_000 : 1_000,
  /** Changes that many writers commit concurrently, each of which must get one sequence. */
  placedChanges: FULL ? 5_000 : 400,
  /** Positions created while the transactions that this leads to are counted. */
  creationsOfFeed: FULL ? 2_000 : 200,
  /** Random lifecycles of a position on each store, rebuilt from its ledger. */
  ledgerLives: FULL ? 500 : 25,
  /** Deliveries of webhooks to a receiver that fails at random, while a server is killed. */
  webhookDeliveries: FULL ? 100_000 : 1_500,
  /** Changes of one object that are delivered one after another. */
  changesOfObject: FULL ? 3_000 : 200,
  /** Concurrent calls with one idempotency key. */
  concurrentRetries: 50,
  /** Concurrent calls that set the first policy of an institution. */
  concurrentPolicyCalls: 16,
  /** Servers on one database that sweep for due positions, and the number of such positions. */
  sweepers: 4,
  duePositions: FULL ? 2_000 : 500,
  /** Calls in progress when the database connection is lost. */
  callsInOutage: FULL ? 200 : 24,
  /** Races of each kind, on each store. */
  races: FULL ? 2_000 : 20,
  /** The number of times that the server process is killed under load. */
  crashes: FULL ? 20 : 2,
  /** The number of times that a server is stopped while clients write, and of its subscribers. */
  stops: FULL ? 12 : 2,
  stoppedSubscribers: FULL ? 200 : 10,
  /** The number of times that all PostgreSQL backends are killed under load. */
  backendKills: FULL ? 5 : 1,
  /** Crashes of PostgreSQL under concurrent writers. */
  postmasterCrashes: FULL ? 30 : 5,
  /** Promotions of a synchronous standby under concurrent writers. */
  promotions: FULL ? 10 : 2,
  /** Random sequences of commands against the model, and the operations that they must contain together. */
  modelRuns: { memory: FULL ? 4_200 : 55, postgres: FULL ? 450 : 7 },
  modelOperations: FULL ? { memory: 100_000, postgres: 10_000 } : { memory: 500, postgres: 30 },
  /** The maximum number of commands of one sequence. */
  commandsPerRun: 60,
  /** How often a page with tabs is loaded again. Each time, a browser reads all of GraphiQL. */
  reloads: FULL ? 2 : 1,
  /** How often four databases of a new cluster are migrated at once, so that each tries to create the role. */
  roleRaces: FULL ? 3 : 1,
  /** Random schedules of readers and writers of the lock. */
  lockSchedules: FULL ? 20_000 : 500,
  /** Random searches on which both stores and the model must agree. */
  searches: FULL ? 5_000 : 300,
  /** Random changes of sessions and messages before the searches. */
  chatSteps: FULL ? 2_000 : 250,
  /** Random requests of each kind over HTTP, most of them malformed. */
  requests: FULL ? 20_000 : 1_000,
  /** The number of times that each attack is sent to measure its minimum cost. */
  attackRuns: FULL ? 7 : 2,
  /** Requests with rejected mutations that one API key sends per minute. */
  refusedRequests: FULL ? 1_500 : 22,
  /** Requests that each of 26 API keys of one institution sends per minute. */
  requestsPerApiKey: FULL ? 231 : 12,
  /** Random root keys of each kind, none of which may be reported as weak. */
  rootKeys: FULL ? 100_000 : 2_000,
  /** Different documents that one server receives in a row. */
  differentDocuments: FULL ? 100_000 : 2_600,
  /** Random documents, for each property of their cost. */
  documents: FULL ? 10_000 : 300,
  /** The heap of the attacked server in MB, and the number of requests of 15,000 creations each. */
  memoryAttack: FULL ? { heapMb: 700, requests: 32 } : { heapMb: 450, requests: 19 },
  /** Random changes after each of which the counted memory is compared with a recount. */
  memorySteps: FULL ? 5_000 : 300,
  /** Random reads and writes of the memory store while it keeps lists and sums. */
  keptListSteps: FULL ? 800 : 50,
  /** Positions and messages whose estimated memory is compared with the heap. */
  measuredRows: FULL ? 100_000 : 10_000,
  /** Pairs of calls whose times are compared, with and without the data of another institution. */
  timedPairs: FULL ? 400 : 40,
  /** Exports with a changed bit, and exports that are cut off. */
  damagedExports: FULL ? 2_000 : 40,
  /** Writes on one server, each followed by a read of another server that a replica may serve. */
  readYourWrites: FULL ? 10_000 : 300,
  /** Reads while the replica is stopped and started again, for each time that it is. */
  readsOfStoppedReplica: FULL ? 1_000 : 200,
  replicaStops: FULL ? 5 : 1,
  /** Requests of many tenants through a connection pooler. */
  pooledRequests: FULL ? 10_000 : 1_000,
} as const;

/** The seed of all random values of a test file: TEST_SEED, or a new one for each run. A failure prints it. */
export const SEED = readSeed(process.env['TEST_SEED']);

function readSeed(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(text);
  if (text === '' || !Number.isInteger(seed) || Math.abs(seed) >= 2 ** 31) {
    throw new RangeError(`TEST_SEED must be a whole number of 31 bits, not "${text}".`);
  }
  return seed;
}
