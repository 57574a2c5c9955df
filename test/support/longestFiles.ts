/**
 * The files that take longest, measured on two processors. A long file that starts last leaves all other processors
 * idle, and vitest knows durations only from its cache, which a new clone lacks. Files that wait and files that compute
 * alternate, so that those that run together do not compete.
 */
export const LONGEST = [
  'process/start',
  'faults/sqlStates',
  'process/graphiql',
  'faults/commit',
  'endpoint/injection',
  'store/unusableDatabase',
  'endpoint/attacks',
  'faults/halfOpen',
  'process/memoryLimit',
  'process/graphiqlLive',
  'client/react',
  'faults/promotion',
  'access/matrix',
  'support/postgresServer',
  'faults/crash',
  'subscriptions/slowClient',
  'endpoint/roles',
  'subscriptions/costlySubscriptions',
  'access/canary',
  'faults/model',
  'subscriptions/twoServers',
  'accounting/concurrentRetries',
  'access/refusedAttempts',
  'api/positionLists',
  'subscriptions/socketAttacks',
  'accounting/refusedAttempts',
  'accounting/roles',
  'store/scannedRows',
  'tenants/timing',
  'faults/memoryFull',
].map((name) => `test/${name}.test.ts`);
