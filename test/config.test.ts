import { getHeapStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { type Config, ConfigurationError, DEVELOPMENT_KEY, type Environment, readConfig } from '../src/config.ts';
import { DAY_MS } from '../src/domain/time.ts';
import { RETRY_DELAYS_MS } from '../src/domain/webhookRetries.ts';

const HEAP_MB = Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20);
const DEFAULTS: Config = {
  port: 4000,
  host: '127.0.0.1',
  environment: 'development',
  store: {
    backend: 'memory',
    maxMb: Math.floor(HEAP_MB * 0.75),
    lockTimeoutMs: 5_000,
    exports: { folder: null, intervalMs: 3_600_000, kept: 24 },
  },
  demoData: true,
  testClock: false,
  logLevel: 'info',
  rootApiKey: DEVELOPMENT_KEY,
  previousRootApiKey: null,
  graphiql: true,
  allowedOrigins: ['http://localhost:*', 'http://127.0.0.1:*'],
  metrics: { port: null, host: '127.0.0.1' },
  trustedDocuments: { file: null, only: false },
  webhooks: { key: DEVELOPMENT_KEY, previousKey: null, allowPrivate: false },
  settings: {
    sweepPauseMs: 1_000,
    idempotencyRetentionMs: 30 * DAY_MS,
    chatRetentionMs: 30 * DAY_MS,
    changeRetentionMs: 7 * DAY_MS,
    chatLimits: { sessions: 10_000, messagesPerSession: 100_000 },
    pollIntervalMs: 1_000,
    maxQueuedChanges: 1_000,
    subscriptionsPerKey: 100,
    apiKeysPerInstitution: 10_000,
    documents: { tokens: 1_000, depth: 10, aliases: 15, directives: 8, introspection: 'all' },
    operations: { cost: 50_000, subscriptionCost: 500, listValues: 1_000 },
    operationMs: 10_000,
    responses: { bytes: 16 * 1024 * 1024, bufferBytes: 256 * 1024 * 1024 },
    http: {
      bodyBytes: 1024 * 1024,
      headersMs: 10_000,
      requestMs: 30_000,
      keepAliveTimeoutMs: 75_000,
      idleTimeoutMs: 60_000,
      trustedProxies: 0,
      connections: 10_000,
    },
    drainGraceMs: 1_000,
    maxWebSockets: 1_000,
    socketsPerAddress: 100,
    operationsPerSocket: 200,
    socketBufferBytes: 20 * 1024 * 1024,
    rates: {
      key: null,
      institution: null,
      address: null,
      failedLogin: null,
      search: null,
      createApiKey: null,
      subscriptionCost: null,
    },
    webhookLimits: {
      endpointsPerInstitution: 20,
      deliveryRetentionMs: 30 * DAY_MS,
      retryDelaysMs: RETRY_DELAYS_MS,
      maxFailingMs: 3 * DAY_MS,
      attemptMs: 15_000,
      leaseMs: 60_000,
      attemptsAtOnce: 500,
      attemptsPerEndpoint: 50,
    },
  },
};
const ROOT_API_KEY = 'root-Hb6TqXw3RnKz8PvMd2JyFc9LsGu5Ve7W';
const PRODUCTION: Config = {
  ...DEFAULTS,
  environment: 'production',
  demoData: false,
  rootApiKey: ROOT_API_KEY,
  webhooks: { key: null, previousKey: null, allowPrivate: false },
  graphiql: false,
  allowedOrigins: [],
  settings: {
    ...DEFAULTS.settings,
    documents: { ...DEFAULTS.settings.documents, introspection: 'root' },
    rates: {
      key: 1_200,
      institution: 3_000,
      address: 6_000,
      failedLogin: 10,
      search: 300,
      createApiKey: 30,
      subscriptionCost: 60_000,
    },
  },
};
/** A database has no limit of chat sessions. */
const ON_POSTGRES: Config['settings'] = {
  ...DEFAULTS.settings,
  chatLimits: { sessions: null, messagesPerSession: 100_000 },
};
/** The defaults of a database. */
const DATABASE = {
  backend: 'postgres',
  connections: 10,
  pooler: 'none',
  migrations: 'auto',
  startupMs: 30_000,
  maxClockSkewMs: 2_000,
} as const;
const SOCKET_WITH_USER = 'postgres://clerk@/escrowgrid?host=/run/postgresql';
const SOCKET = 'postgresql:///escrowgrid?host=/run/postgresql';
const URL = 'postgres://clerk:pa55-word@localhost:5432/escrowgrid';

/** Returns the problems that an invalid configuration is reported with. */
function faultsOf(env: Environment): readonly string[] {
  let thrown: unknown;
  try {
    readConfig(env);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigurationError);
  const [title, ...faults] = (thrown as Error).message.split('\n');
  expect(title).toBe('The configuration is wrong:');
  return faults;
}

it.each(['[]', '[::1', '[::1]:80', 'a b', 'http://a', '[a]'])('HOST=%s is rejected', (HOST) => {
  expect(faultsOf({ HOST })).toEqual([expect.stringContaining('HOST must be a host name or an address')]);
});

describe('valid configurations', () => {
  const good: readonly (readonly [Environment, Partial<Config>])[] = [
    [{}, {}],
    [{ PORT: '0' }, { port: 0 }],
    [{ PORT: '65535' }, { port: 65_535 }],
    [{ PORT: ' 8080 ' }, { port: 8080 }],
    [{ PORT: '' }, {}],
    [{ HOST: '::1' }, { host: '::1' }],
    [{ HOST: '[::1]' }, { host: '::1' }],
    [{ HOST: 'my-host.internal' }, { host: 'my-host.internal' }],
    [{ HOST: '' }, {}],
    [{ METRICS_PORT: '0' }, { metrics: { port: 0, host: '127.0.0.1' } }],
    [{ METRICS_PORT: '9464', METRICS_HOST: '0.0.0.0' }, { metrics: { port: 9464, host: '0.0.0.0' } }],
    [{ NODE_ENV: 'development' }, {}],
    [{ NODE_ENV: 'test' }, { environment: 'test' }],
    [{ NODE_ENV: 'production', ROOT_API_KEY }, PRODUCTION],
    [
      { NODE_ENV: 'production', ROOT_API_KEY, DEMO_DATA: 'true' },
      { ...PRODUCTION, demoData: true },
    ],
    [{ DEMO_DATA: 'true' }, {}],
    [{ DEMO_DATA: 'false' }, { demoData: false }],
    [{ TEST_CLOCK: 'true' }, { testClock: true }],
    [
      { TEST_CLOCK: 'true', NODE_ENV: 'test' },
      { testClock: true, environment: 'test' },
    ],
    [{ STORE_BACKEND: 'memory' }, {}],
    [
      { STORE_BACKEND: 'embedded' },
      { store: { ...DATABASE, backend: 'embedded', dataDir: './data' }, settings: ON_POSTGRES },
    ],
    [
      { STORE_BACKEND: 'embedded', DATA_DIR: '/srv/data', DATABASE_CONNECTIONS: '3' },
      { store: { ...DATABASE, backend: 'embedded', dataDir: '/srv/data', connections: 3 }, settings: ON_POSTGRES },
    ],
    [{ STORE_BACKEND: 'memory', DATABASE_URL: URL }, {}],
    [
      { STORE_BACKEND: 'postgres', DATABASE_URL: URL },
      {
        store: { ...DATABASE, databaseUrl: URL, directUrl: URL },
        settings: ON_POSTGRES,
      },
    ],
    [
      { STORE_BACKEND: 'postgres', DATABASE_URL: SOCKET },
      {
        store: { ...DATABASE, databaseUrl: SOCKET, directUrl: SOCKET },
        settings: ON_POSTGRES,
      },
    ],
    [
      { STORE_BACKEND: 'postgres', DATABASE_URL: SOCKET_WITH_USER },
      {
        store: { ...DATABASE, databaseUrl: SOCKET_WITH_USER, directUrl: SOCKET_WITH_USER },
        settings: ON_POSTGRES,
      },
    ],
    [
      { EXPIRY_SWEEP_INTERVAL_MS: '250', IDEMPOTENCY_RETENTION_DAYS: '7' },
      { settings: { ...DEFAULTS.settings, sweepPauseMs: 250, idempotencyRetentionMs: 7 * DAY_MS } },
    ],
    ...(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const).map(
      (logLevel) => [{ LOG_LEVEL: logLevel }, { logLevel }] as const,
    ),
    [{ port: '1', STORE: 'postgres', ESCROWGRID_PORT: 'x' }, {}],
    [
      {
        STORE_BACKEND: 'postgres',
        DATABASE_URL: URL,
        DATABASE_DIRECT_URL: SOCKET,
        DATABASE_CONNECTIONS: '2',
        DATABASE_POOLER: 'transaction',
        MIGRATE: 'check',
        STARTUP_TIMEOUT_MS: '0',
        MAX_CLOCK_SKEW_MS: '100',
      },
      {
        store: {
          backend: 'postgres',
          databaseUrl: URL,
          directUrl: SOCKET,
          connections: 2,
          pooler: 'transaction',
          migrations: 'check',
          startupMs: 0,
          maxClockSkewMs: 100,
        },
        settings: ON_POSTGRES,
      },
    ],
  ];
  it.each(good)('%j is a valid configuration', (env, expected) => {
    expect(readConfig(env)).toEqual({ ...DEFAULTS, ...expected });
  });
});

describe('invalid configurations', () => {
  const environments = 'NODE_ENV must be one of development, test, production; it is';
  const levels = 'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent; it is';
  const url = 'DATABASE_URL must be a URL such as postgres://user:password@localhost:5432/escrowgrid.';
  const wrong: readonly (readonly [Environment, string])[] = [
    ...['65536', '-1', '4000.5', '4e3', '0x10', 'http', '999999'].map(
      (PORT) => [{ PORT }, `PORT must be a whole number from 0 to 65535; it is "${PORT}".`] as const,
    ),
    [{ NODE_ENV: 'prod' }, `${environments} "prod".`],
    [{ NODE_ENV: 'Production' }, `${environments} "Production".`],
    [{ STORE_BACKEND: 'sqlite' }, 'STORE_BACKEND must be one of memory, postgres, embedded; it is "sqlite".'],
    [{ DEMO_DATA: 'yes' }, 'DEMO_DATA must be one of true, false; it is "yes".'],
    [{ DEMO_DATA: '1' }, 'DEMO_DATA must be one of true, false; it is "1".'],
    [{ LOG_LEVEL: 'verbose' }, `${levels} "verbose".`],
    ...[
      'localhost:5432/escrowgrid',
      'mysql://localhost/escrowgrid',
      'postgres//x',
      'postgres://[',
      'POSTGRES://h/d',
    ].map((DATABASE_URL) => [{ DATABASE_URL }, url] as const),
    [
      { STORE_BACKEND: 'postgres' },
      'DATABASE_URL must be set where STORE_BACKEND is postgres, such as postgres://user@localhost/escrowgrid.',
    ],
    [
      { STORE_BACKEND: 'postgres', DATABASE_URL: ' ' },
      'DATABASE_URL must be set where STORE_BACKEND is postgres, such as postgres://user@localhost/escrowgrid.',
    ],
  ];
  it.each(wrong)('%j is rejected with a message', (env, fault) => {
    expect(faultsOf(env)).toEqual([`- ${fault}`]);
  });

  it('predecessor mistake 11: STORE_BACKEND=postgresql silently selected memory', () => {
    expect(faultsOf({ STORE_BACKEND: 'postgresql', DATABASE_URL: URL })).toEqual([
      '- STORE_BACKEND must be one of memory, postgres, embedded; it is "postgresql".',
    ]);
  });

  it('all problems of a configuration are reported at once', () => {
    const faults = faultsOf({
      PORT: 'x',
      NODE_ENV: 'x',
      STORE_BACKEND: 'x',
      DATABASE_URL: 'x',
      DEMO_DATA: 'x',
      LOG_LEVEL: 'x',
    });
    const names = ['DATABASE_URL', 'DEMO_DATA', 'LOG_LEVEL', 'NODE_ENV', 'PORT', 'STORE_BACKEND'];
    expect(new Set(faults.map((fault) => fault.split(' ')[1]))).toEqual(new Set(names));
    expect(faults).toHaveLength(names.length);
  });

  it('the embedded database needs EMBEDDED_IN_PRODUCTION in production', () => {
    const env = { NODE_ENV: 'production', ROOT_API_KEY, STORE_BACKEND: 'embedded' };
    expect(faultsOf(env)).toEqual([
      '- STORE_BACKEND=embedded is meant for one server without replication. Set EMBEDDED_IN_PRODUCTION=true to use it.',
    ]);
    expect(readConfig({ ...env, EMBEDDED_IN_PRODUCTION: 'true' }).store.backend).toBe('embedded');
  });

  it('a test clock needs the memory store, and never runs in production', () => {
    const inProduction = '- TEST_CLOCK must not be true where NODE_ENV is production.';
    const onDatabase =
      '- TEST_CLOCK must not be true with a database: testReset would have to delete it. Use STORE_BACKEND=memory.';
    expect(faultsOf({ TEST_CLOCK: 'true', NODE_ENV: 'production', ROOT_API_KEY })).toEqual([inProduction]);
    expect(faultsOf({ TEST_CLOCK: 'true', STORE_BACKEND: 'postgres', DATABASE_URL: URL })).toEqual([onDatabase]);
    expect(faultsOf({ TEST_CLOCK: 'true', STORE_BACKEND: 'embedded' })).toEqual([onDatabase]);
    expect(faultsOf({ TEST_CLOCK: 'yes' })).toEqual(['- TEST_CLOCK must be one of true, false; it is "yes".']);
  });

  it('messages never repeat a password', () => {
    const faults = faultsOf({ PORT: 'x', STORE_BACKEND: 'postgres', DATABASE_URL: 'mysql://clerk:pa55-word@db/x' });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toMatch(/pa55-word|clerk/);
  });
});
