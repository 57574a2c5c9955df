/** Whether the large counts run: `npm run test:full`. */
export const FULL = process.env['TEST_COUNTS'] === 'full';

/** Every count of the tests stands here and nowhere else. */
export const COUNTS = {
  /** Random amounts, for each property of money. */
  moneyCases: FULL ? 100_000 : 2_000,
  /** Random lives of a position. */
  lives: FULL ? 20_000 : 1_000,
  /** The most moves that are tried in one life. */
  movesPerLife: 12,
  /** Random texts, for each property of text. */
  textCases: FULL ? 100_000 : 2_000,
  /** Random JSON objects. */
  jsonCases: FULL ? 10_000 : 300,
  /** Random ids, for each property of ids. */
  idCases: FULL ? 50_000 : 1_000,
  /** Random points in time, for each property of time. */
  instantCases: FULL ? 100_000 : 2_000,
  /** Random lives of an ordered index, each of up to 200 steps. */
  indexCases: FULL ? 5_000 : 300,
  /** Random lives of an ordered index of many chunks. */
  largeIndexes: FULL ? 200 : 15,
  /** Random batches of windows on which both stores must agree, for each table. */
  equalWindows: FULL ? 5_000 : 300,
  /** How many positions there are where the rows that a page touches are counted: few, then many. */
  positions: [1_000, FULL ? 100_000 : 20_000],
  /** Random walks that both stores are sent on, to give the same answers. */
  storeWalks: FULL ? 500 : 15,
  /** The most steps of such a walk. */
  stepsPerStoreWalk: 40,
  /** Random positions and keys, for each property of change cursors. */
  cursorCases: FULL ? 50_000 : 500,
  /** Random change cursors, each with every one of its bits changed. */
  tamperedCursors: FULL ? 1_000 : 20,
  /** Random orders of commits, looks, subscribers that come and subscribers that resume. */
  liveSeams: FULL ? 5_000 : 150,
  /** Messages posted on one server while subscribers follow on both. */
  liveMessages: FULL ? 10_000 : 300,
  /** How often the connections of those subscribers drop. */
  liveDrops: FULL ? 50 : 6,
  /** Changes that a client receives which reconnects whenever its connection breaks. */
  reconnectedChanges: FULL ? 400 : 40,
  /** Events past a client that never reads. */
  liveEvents: FULL ? 100_000 : 1_000,
  /** Changes that many writers commit at once, each to be placed once. */
  placedChanges: FULL ? 5_000 : 400,
  /** Random lives of a position on each store, told again by its ledger. */
  ledgerLives: FULL ? 500 : 25,
  /** Calls at once with one idempotency key. */
  twins: 50,
  /** Calls at once that set a policy where there is none. */
  policyRivals: 16,
  /** Servers on one database that sweep for positions past their hour, and how many there are. */
  sweepers: 4,
  duePositions: FULL ? 2_000 : 500,
  /** Calls that are under way when the database goes away. */
  callsInOutage: FULL ? 200 : 24,
  /** Races of each kind, on each store. */
  races: FULL ? 2_000 : 40,
  /** How often the server process is killed under load. */
  crashes: FULL ? 20 : 2,
  /** How often all of PostgreSQL's backends are killed under load. */
  backendKills: FULL ? 5 : 1,
  /** Crashes of PostgreSQL under concurrent writers. */
  postmasterCrashes: FULL ? 30 : 5,
  /** Promotions of a synchronous standby under concurrent writers. */
  promotions: FULL ? 10 : 2,
  /** Random sequences of commands against the model. */
  modelRuns: { memory: FULL ? 2_000 : 60, postgres: FULL ? 200 : 8 },
  /** The most commands of one sequence. */
  commandsPerRun: 60,
  /** How often a page with tabs is loaded again. Each time, a browser reads all of GraphiQL. */
  reloads: FULL ? 2 : 1,
  /** How often four databases of a new cluster are migrated at once, so that each tries to create the role. */
  roleRaces: FULL ? 3 : 1,
  /** Random schedules of readers and writers at the lock. */
  lockSchedules: FULL ? 20_000 : 500,
  /** Random searches on which both stores and the model must agree. */
  searches: FULL ? 5_000 : 300,
  /** Random changes of sessions and messages before them. */
  chatSteps: FULL ? 2_000 : 250,
  /** Random requests of each kind over HTTP, most of them broken. */
  requests: FULL ? 20_000 : 1_000,
  /** How often each attack is sent to see what it costs at the least. */
  attackRuns: FULL ? 7 : 2,
  /** Requests with refused mutations that one API key sends within a minute. */
  refusedRequests: FULL ? 1_500 : 22,
  /** Requests that each of 26 API keys of one institution sends within a minute. */
  requestsPerApiKey: FULL ? 231 : 12,
  /** Random root keys of each kind, none of which may be called weak. */
  rootKeys: FULL ? 100_000 : 2_000,
  /** Random documents, for each property of their cost. */
  documents: FULL ? 10_000 : 300,
  /** The heap in MB of a server that is sent so many requests of 15,000 creates each. */
  memoryAttack: FULL ? { heapMb: 700, requests: 14 } : { heapMb: 700, requests: 11 },
  /** Random changes after each of which the counted memory is compared with a recount. */
  memorySteps: FULL ? 5_000 : 300,
  /** Positions, and messages, whose estimated memory is compared with the heap. */
  measuredRows: FULL ? 100_000 : 10_000,
  /** Pairs of calls whose times are compared, with and without the data of another institution. */
  timedPairs: FULL ? 400 : 40,
  /** Requests of many tenants through a pooler of connections. */
  pooledRequests: FULL ? 10_000 : 1_000,
} as const;

/** Where all randomness of a test file begins: TEST_SEED, or anew each time. A failure names it. */
export const SEED = readSeed(process.env['TEST_SEED']);

function readSeed(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(text);
  if (text === '' || !Number.isInteger(seed) || Math.abs(seed) >= 2 ** 31) {
    throw new RangeError(`TEST_SEED must be a whole number of 31 bits, not "${text}".`);
  }
  return seed;
}
