import { existsSync, readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { parseEnvFile } from './envFile.ts';
import { DEVELOPMENT_KEY, type Environment, VariableReader } from './variables.ts';

const ENVIRONMENTS = ['development', 'test', 'production'] as const;
const BACKENDS = ['memory', 'postgres'] as const;
const INTROSPECTION = ['all', 'root', 'none'] as const;
const RATES = ['key', 'institution', 'address', 'failedLogin', 'search', 'createApiKey', 'subscriptionCost'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Everything that the environment configures. Other variables have no effect. */
export interface Config {
  /** The TCP port; 0 selects a free one. */
  readonly port: number;
  readonly host: string;
  readonly environment: (typeof ENVIRONMENTS)[number];
  readonly store:
    | {
        readonly backend: 'memory';
        /** The memory of stored data above which no new objects are accepted, in MB. */
        readonly maxMb: number;
      }
    | {
        readonly backend: 'postgres';
        readonly databaseUrl: string;
        readonly directUrl: string;
        /** The maximum number of concurrent connections. */
        readonly connections: number;
      };
  /** The pause between two sweeps for expired positions, in ms. */
  readonly expirySweepIntervalMs: number;
  /** The retention of idempotency keys, in days. */
  readonly idempotencyRetentionDays: number;
  /** The maximum time that a transaction waits for the memory store, in ms. */
  readonly storeLockTimeoutMs: number;
  /** The time within which a deleted chat session can be restored, in days. */
  readonly chatRetentionDays: number;
  /** The maximum number of chat sessions, not counting deleted ones, or null for no limit. */
  readonly chatMaxSessions: number | null;
  readonly chatMaxMessagesPerSession: number;
  /** The retention of changes for subscribers that were disconnected, in days. */
  readonly outboxRetentionDays: number;
  /** The maximum number of live changes that wait for one subscriber. */
  readonly subscriptionQueue: number;
  readonly subscriptionsPerKey: number;
  /** Whether an empty store is filled with example data. */
  readonly demoData: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly access: AccessConfig;
}

/** The configuration of access and its limits. */
export interface AccessConfig {
  /** The root key. */
  readonly rootApiKey: string;
  readonly apiKeysPerInstitution: number;
  /** Whether GraphiQL is served. */
  readonly graphiql: boolean;
  readonly introspection: (typeof INTROSPECTION)[number];
  /** Origins whose pages may send requests, in addition to the server's own. */
  readonly allowedOrigins: readonly string[];
  /** The path of a file with documents by their SHA-256. */
  readonly trustedDocuments: string | null;
  readonly trustedDocumentsOnly: boolean;
  readonly trustedProxies: number;
  /** Points per minute, or null for no limit. */
  readonly rates: { readonly [L in (typeof RATES)[number]]: number | null };
  readonly bodyBytes: number;
  readonly tokens: number;
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly listValues: number;
  readonly cost: number;
  /** The maximum bytes of one response. */
  readonly responseBytes: number;
  /** The maximum bytes of all responses that are not yet sent. */
  readonly responseBufferBytes: number;
  readonly subscriptionCost: number;
  readonly operationMs: number;
  readonly headersMs: number;
  readonly requestMs: number;
  /** The time for which an idle connection is kept open for the next request, in ms. */
  readonly keepAliveTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connections: number;
  readonly maxWebSockets: number;
  readonly socketsPerAddress: number;
  readonly operationsPerSocket: number;
  readonly socketBufferBytes: number;
}

export { DEVELOPMENT_KEY, type Environment } from './variables.ts';

/** The fraction of the heap that the data of the memory store may use; requests need the rest. */
const HEAP_PART = 0.75;

/** The configuration is invalid; the message names every invalid variable. */
export class ConfigurationError extends Error {}

/**
 * Returns the environment of the process, with the variables of an optional .env file as defaults. Throws
 * ConfigurationError if a line of the file cannot be parsed: a variable that is lost silently could start a production
 * server with development defaults.
 */
export function environment(file = '.env'): Environment {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { variables, problems } = parseEnvFile(text, variableNames());
  if (problems.length > 0) throw configurationError(problems.map((problem) => `${file}: ${problem}`));
  return { ...variables, ...process.env };
}

/** Returns the names of all variables that `readConfig` reads. */
export function variableNames(): ReadonlySet<string> {
  const names = new Set<string>();
  const recorder = new Proxy<Environment>({}, { get: (_target, name) => void names.add(String(name)) });
  readConfig(recorder);
  return names;
}

const configurationError = (problems: readonly string[]): ConfigurationError =>
  new ConfigurationError(`The configuration is wrong:\n- ${problems.join('\n- ')}`);

/** Reads and validates every variable. Throws ConfigurationError with all problems in one message. */
export function readConfig(env: Environment): Config {
  const faults: string[] = [];
  const read = new VariableReader(env, faults);
  const environmentName = read.oneOf('NODE_ENV', ENVIRONMENTS, 'development');
  const backend = read.oneOf('STORE_BACKEND', BACKENDS, 'memory');
  const databaseUrl = read.databaseUrl('DATABASE_URL');
  const directUrl = read.databaseUrl('DATABASE_DIRECT_URL');
  if (backend === 'postgres' && databaseUrl === undefined) {
    faults.push(
      'DATABASE_URL must be set where STORE_BACKEND is postgres, such as postgres://user@localhost/escrowgrid.',
    );
  }
  const connections = read.whole('DATABASE_CONNECTIONS', 10, 1, 1_000);
  const heapMb = Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20);
  const maxMb = read.whole('MEMORY_MAX_MB', Math.floor(heapMb * HEAP_PART), 16, heapMb);
  const config: Config = {
    port: read.whole('PORT', 4000, 0, 65_535),
    host: read.host('HOST', '127.0.0.1'),
    environment: environmentName,
    store:
      backend === 'postgres'
        ? { backend, databaseUrl: databaseUrl ?? '', directUrl: directUrl ?? databaseUrl ?? '', connections }
        : { backend, maxMb },
    expirySweepIntervalMs: read.whole('EXPIRY_SWEEP_INTERVAL_MS', 1_000, 10, 3_600_000),
    idempotencyRetentionDays: read.whole('IDEMPOTENCY_RETENTION_DAYS', 30, 1, 3_650),
    storeLockTimeoutMs: read.whole('STORE_LOCK_TIMEOUT_MS', 5_000, 1, 600_000),
    chatRetentionDays: read.whole('CHAT_RETENTION_DAYS', 30, 0, 3_650),
    chatMaxSessions:
      env['CHAT_MAX_SESSIONS']?.trim() || backend === 'memory'
        ? read.whole('CHAT_MAX_SESSIONS', 10_000, 0, 100_000_000)
        : null,
    chatMaxMessagesPerSession: read.whole('CHAT_MAX_MESSAGES_PER_SESSION', 100_000, 1, 100_000_000),
    outboxRetentionDays: read.whole('OUTBOX_RETENTION_DAYS', 7, 1, 3_650),
    subscriptionQueue: read.whole('SUBSCRIPTION_QUEUE', 1_000, 1, 1_000_000),
    subscriptionsPerKey: read.whole('SUBSCRIPTIONS_PER_KEY', 100, 1, 100_000),
    demoData: read.flag('DEMO_DATA', environmentName !== 'production'),
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    access: accessOf(read, environmentName),
  };
  const { responseBytes, responseBufferBytes } = config.access;
  // An API key may use half of the buffer, which must have room for one response.
  if (responseBufferBytes < 2 * responseBytes) {
    faults.push('RESPONSE_BUFFER_BYTES must be at least twice MAX_RESPONSE_BYTES.');
  }
  const { rates, subscriptionCost } = config.access;
  if (rates.subscriptionCost !== null && rates.subscriptionCost < subscriptionCost) {
    faults.push('SUBSCRIPTION_COST_PER_MINUTE must be at least MAX_SUBSCRIPTION_COST.');
  }
  if (faults.length > 0) throw configurationError(faults);
  return config;
}

function accessOf(read: VariableReader, environmentName: Config['environment']): AccessConfig {
  const production = environmentName === 'production';
  const rate = (name: string, points: number) => read.rate(name, production ? points : null);
  return {
    rootApiKey: production ? read.secret('ROOT_API_KEY') : read.text('ROOT_API_KEY', DEVELOPMENT_KEY),
    apiKeysPerInstitution: read.whole('API_KEYS_PER_INSTITUTION', 10_000, 1, 1_000_000),
    graphiql: read.flag('GRAPHIQL', !production),
    introspection: read.oneOf('INTROSPECTION', INTROSPECTION, production ? 'root' : 'all'),
    allowedOrigins: read.origins('ALLOWED_ORIGINS', production ? [] : ['http://localhost:*', 'http://127.0.0.1:*']),
    trustedDocuments: read.text('TRUSTED_DOCUMENTS', '') || null,
    trustedDocumentsOnly: read.flag('TRUSTED_DOCUMENTS_ONLY', false),
    trustedProxies: read.whole('TRUSTED_PROXIES', 0, 0, 10),
    rates: {
      key: rate('RATE_LIMIT_PER_MINUTE', 1_200),
      institution: rate('RATE_LIMIT_PER_INSTITUTION_PER_MINUTE', 3_000),
      address: rate('RATE_LIMIT_PER_ADDRESS_PER_MINUTE', 6_000),
      failedLogin: rate('FAILED_LOGINS_PER_ADDRESS_PER_MINUTE', 10),
      search: rate('RATE_LIMIT_SEARCH_PER_MINUTE', 300),
      createApiKey: rate('RATE_LIMIT_CREATE_API_KEY_PER_MINUTE', 30),
      subscriptionCost: rate('SUBSCRIPTION_COST_PER_MINUTE', 60_000),
    },
    bodyBytes: read.whole('MAX_BODY_BYTES', MEBIBYTE, 1_024, 100_000_000),
    tokens: read.whole('MAX_TOKENS', 1_000, 10, 100_000),
    depth: read.whole('MAX_DEPTH', 10, 1, 100),
    aliases: read.whole('MAX_ALIASES', 15, 0, 10_000),
    directives: read.whole('MAX_DIRECTIVES', 8, 0, 10_000),
    listValues: read.whole('MAX_INPUT_LIST', 1_000, 1, 100_000),
    cost: read.whole('MAX_COST', 50_000, 1, 100_000_000),
    responseBytes: read.whole('MAX_RESPONSE_BYTES', 16 * MEBIBYTE, 65_536, 500_000_000),
    responseBufferBytes: read.whole('RESPONSE_BUFFER_BYTES', 256 * MEBIBYTE, 131_072, 999_999_999),
    subscriptionCost: read.whole('MAX_SUBSCRIPTION_COST', 500, 1, 100_000_000),
    operationMs: read.whole('OPERATION_TIMEOUT_MS', 10_000, 100, 600_000),
    headersMs: read.whole('HEADERS_TIMEOUT_MS', 10_000, 100, 600_000),
    keepAliveTimeoutMs: read.whole('KEEP_ALIVE_TIMEOUT_MS', 75_000, 1_000, 3_600_000),
    requestMs: read.whole('REQUEST_TIMEOUT_MS', 30_000, 100, 600_000),
    idleTimeoutMs: read.whole('SILENCE_TIMEOUT_MS', 60_000, 20_000, 3_600_000),
    connections: read.whole('MAX_CONNECTIONS', 10_000, 1, 1_000_000),
    maxWebSockets: read.whole('MAX_SOCKETS', 1_000, 0, 1_000_000),
    socketsPerAddress: read.whole('MAX_SOCKETS_PER_ADDRESS', 100, 0, 1_000_000),
    operationsPerSocket: read.whole('MAX_OPERATIONS_PER_SOCKET', 200, 1, 100_000),
    socketBufferBytes: read.whole('MAX_SOCKET_BUFFER_BYTES', 20 * 1024 * 1024, 65_536, 999_999_999),
  };
}

const MEBIBYTE = 1024 * 1024;
