import { existsSync, readFileSync } from 'node:fs';
import { DAY_MS } from './domain/time.ts';
import { parseEnvFile } from './envFile.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { readStore, type StoreConfig } from './storeConfig.ts';
import { DEVELOPMENT_KEY, type Environment, VariableReader } from './variables.ts';
import { readWebhookLimits, readWebhooks, type WebhookConfig } from './webhookConfig.ts';

const ENVIRONMENTS = ['development', 'test', 'production'] as const;
const INTROSPECTION = ['all', 'root', 'none'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Everything that the environment configures. Other variables have no effect. */
export interface Config {
  /** The TCP port; 0 selects a free one. */
  readonly port: number;
  readonly host: string;
  readonly environment: (typeof ENVIRONMENTS)[number];
  readonly store: StoreConfig;
  /** Whether an empty store is filled with example data. */
  readonly demoData: boolean;
  /** Whether time stands still until a client advances it with the root key. Never in production. */
  readonly testClock: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** The root key. */
  readonly rootApiKey: string;
  /** The root key before the current one, accepted while clients still use it, or null if there is none. */
  readonly previousRootApiKey: string | null;
  /** Whether GraphiQL is served. */
  readonly graphiql: boolean;
  /** Origins whose pages may send requests, in addition to the server's own. */
  readonly allowedOrigins: readonly string[];
  /** Where the metrics are served without a key. The port is null if they are not. */
  readonly metrics: { readonly port: number | null; readonly host: string };
  readonly trustedDocuments: {
    /** The path of a file with documents by their SHA-256, or null if there is none. */
    readonly file: string | null;
    /** Whether all other documents are rejected. */
    readonly only: boolean;
  };
  readonly webhooks: WebhookConfig;
  /** The limits and times of the server. */
  readonly settings: Settings;
}

export { BACKENDS, type DatabaseConfig, type EmbeddedConfig, type StoreConfig } from './storeConfig.ts';
export { DEVELOPMENT_KEY, type Environment } from './variables.ts';

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
  const problems: string[] = [];
  const read = new VariableReader(env, problems);
  const environmentName = read.oneOf('NODE_ENV', ENVIRONMENTS, 'development');
  const isProduction = environmentName === 'production';
  const store = readStore(read, problems);
  const config: Config = {
    port: read.whole('PORT', 4000, 0, 65_535),
    host: read.host('HOST', '127.0.0.1'),
    environment: environmentName,
    store,
    demoData: read.flag('DEMO_DATA', !isProduction),
    testClock: read.flag('TEST_CLOCK', false),
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    rootApiKey: read.secret('ROOT_API_KEY', isProduction ? '' : DEVELOPMENT_KEY, { isStrong: isProduction }),
    previousRootApiKey: read.secret('ROOT_API_KEY_PREVIOUS', null, { isStrong: isProduction }),
    graphiql: read.flag('GRAPHIQL', !isProduction),
    allowedOrigins: read.origins('ALLOWED_ORIGINS', isProduction ? [] : ['http://localhost:*', 'http://127.0.0.1:*']),
    metrics: {
      port: read.optionalWhole('METRICS_PORT', null, 0, 65_535),
      host: read.host('METRICS_HOST', '127.0.0.1'),
    },
    trustedDocuments: {
      file: read.text('TRUSTED_DOCUMENTS', '') || null,
      only: read.flag('TRUSTED_DOCUMENTS_ONLY', false),
    },
    webhooks: readWebhooks(read, isProduction, problems),
    settings: readSettings(read, isProduction, store.backend),
  };
  if (config.previousRootApiKey === config.rootApiKey) {
    problems.push('ROOT_API_KEY_PREVIOUS must differ from ROOT_API_KEY.');
  }
  if (config.testClock && isProduction) problems.push('TEST_CLOCK must not be true where NODE_ENV is production.');
  if (config.testClock && store.backend !== 'memory') {
    problems.push(
      'TEST_CLOCK must not be true with a database: testReset would have to delete it. Use STORE_BACKEND=memory.',
    );
  }
  if (!read.flag('EMBEDDED_IN_PRODUCTION', false) && isProduction && store.backend === 'embedded') {
    problems.push(
      'STORE_BACKEND=embedded is meant for one server without replication. Set EMBEDDED_IN_PRODUCTION=true to use it.',
    );
  }
  const { responses, rates, operations } = config.settings;
  // An API key may use half of the buffer, which must have room for one response.
  if (responses.bufferBytes < 2 * responses.bytes) {
    problems.push('RESPONSE_BUFFER_BYTES must be at least twice MAX_RESPONSE_BYTES.');
  }
  if (rates.subscriptionCost !== null && rates.subscriptionCost < operations.subscriptionCost) {
    problems.push('SUBSCRIPTION_COST_PER_MINUTE must be at least MAX_SUBSCRIPTION_COST.');
  }
  if (problems.length > 0) throw configurationError(problems);
  return config;
}

/** The maximum number of chat sessions of a memory store. A database has no limit by default. */
const MEMORY_CHAT_SESSIONS = 10_000;

function readSettings(read: VariableReader, isProduction: boolean, backend: StoreConfig['backend']): Settings {
  const { chatLimits, documents, operations, responses } = DEFAULTS;
  const whole: Whole = (...variable) => read.whole(...variable);
  const days = (name: string, otherwiseMs: number, min: number) =>
    read.whole(name, otherwiseMs / DAY_MS, min, 3_650) * DAY_MS;
  const rate = (name: string, perMinute: number) => read.rate(name, isProduction ? perMinute : null);
  return {
    sweepPauseMs: whole('EXPIRY_SWEEP_INTERVAL_MS', DEFAULTS.sweepPauseMs, 10, 3_600_000),
    idempotencyRetentionMs: days('IDEMPOTENCY_RETENTION_DAYS', DEFAULTS.idempotencyRetentionMs, 1),
    chatRetentionMs: days('CHAT_RETENTION_DAYS', DEFAULTS.chatRetentionMs, 0),
    changeRetentionMs: days('OUTBOX_RETENTION_DAYS', DEFAULTS.changeRetentionMs, 1),
    chatLimits: {
      sessions: read.optionalWhole('CHAT_MAX_SESSIONS', backend === 'memory' ? MEMORY_CHAT_SESSIONS : null, 0, 1e8),
      messagesPerSession: whole('CHAT_MAX_MESSAGES_PER_SESSION', chatLimits.messagesPerSession, 1, 1e8),
    },
    pollIntervalMs: DEFAULTS.pollIntervalMs,
    maxQueuedChanges: whole('SUBSCRIPTION_QUEUE', DEFAULTS.maxQueuedChanges, 1, 1_000_000),
    subscriptionsPerKey: whole('SUBSCRIPTIONS_PER_KEY', DEFAULTS.subscriptionsPerKey, 1, 100_000),
    apiKeysPerInstitution: whole('API_KEYS_PER_INSTITUTION', DEFAULTS.apiKeysPerInstitution, 1, 1_000_000),
    documents: {
      tokens: whole('MAX_TOKENS', documents.tokens, 10, 100_000),
      depth: whole('MAX_DEPTH', documents.depth, 1, 100),
      aliases: whole('MAX_ALIASES', documents.aliases, 0, 10_000),
      directives: whole('MAX_DIRECTIVES', documents.directives, 0, 10_000),
      introspection: read.oneOf('INTROSPECTION', INTROSPECTION, isProduction ? 'root' : documents.introspection),
    },
    operations: {
      cost: whole('MAX_COST', operations.cost, 1, 1e8),
      subscriptionCost: whole('MAX_SUBSCRIPTION_COST', operations.subscriptionCost, 1, 1e8),
      listValues: whole('MAX_INPUT_LIST', operations.listValues, 1, 100_000),
    },
    operationMs: whole('OPERATION_TIMEOUT_MS', DEFAULTS.operationMs, 100, 600_000),
    responses: {
      bytes: whole('MAX_RESPONSE_BYTES', responses.bytes, 65_536, 500_000_000),
      bufferBytes: whole('RESPONSE_BUFFER_BYTES', responses.bufferBytes, 131_072, 999_999_999),
    },
    http: readHttp(whole),
    drainGraceMs: whole('DRAIN_GRACE_MS', DEFAULTS.drainGraceMs, 0, 2_000),
    maxWebSockets: whole('MAX_SOCKETS', DEFAULTS.maxWebSockets, 0, 1_000_000),
    socketsPerAddress: whole('MAX_SOCKETS_PER_ADDRESS', DEFAULTS.socketsPerAddress, 0, 1_000_000),
    operationsPerSocket: whole('MAX_OPERATIONS_PER_SOCKET', DEFAULTS.operationsPerSocket, 1, 100_000),
    socketBufferBytes: whole('MAX_SOCKET_BUFFER_BYTES', DEFAULTS.socketBufferBytes, 65_536, 999_999_999),
    rates: {
      key: rate('RATE_LIMIT_PER_MINUTE', 1_200),
      institution: rate('RATE_LIMIT_PER_INSTITUTION_PER_MINUTE', 3_000),
      address: rate('RATE_LIMIT_PER_ADDRESS_PER_MINUTE', 6_000),
      failedLogin: rate('FAILED_LOGINS_PER_ADDRESS_PER_MINUTE', 10),
      search: rate('RATE_LIMIT_SEARCH_PER_MINUTE', 300),
      createApiKey: rate('RATE_LIMIT_CREATE_API_KEY_PER_MINUTE', 30),
      subscriptionCost: rate('SUBSCRIPTION_COST_PER_MINUTE', 60_000),
    },
    webhookLimits: readWebhookLimits(read),
  };
}

type Whole = VariableReader['whole'];

function readHttp(whole: Whole): Settings['http'] {
  const { http } = DEFAULTS;
  return {
    bodyBytes: whole('MAX_BODY_BYTES', http.bodyBytes, 1_024, 1e8),
    headersMs: whole('HEADERS_TIMEOUT_MS', http.headersMs, 100, 600_000),
    requestMs: whole('REQUEST_TIMEOUT_MS', http.requestMs, 100, 600_000),
    keepAliveTimeoutMs: whole('KEEP_ALIVE_TIMEOUT_MS', http.keepAliveTimeoutMs, 1_000, 3_600_000),
    idleTimeoutMs: whole('SILENCE_TIMEOUT_MS', http.idleTimeoutMs, 20_000, 3_600_000),
    trustedProxies: whole('TRUSTED_PROXIES', http.trustedProxies, 0, 10),
    connections: whole('MAX_CONNECTIONS', http.connections, 1, 1_000_000),
  };
}
