import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const ENVIRONMENTS = ['development', 'test', 'production'] as const;
const BACKENDS = ['memory', 'postgres'] as const;
const INTROSPECTION = ['all', 'root', 'none'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Everything that can be set from outside. Variables that are not read here do nothing. */
export interface Config {
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly environment: (typeof ENVIRONMENTS)[number];
  readonly store:
    | { readonly backend: 'memory' }
    | {
        readonly backend: 'postgres';
        readonly databaseUrl: string;
        readonly directUrl: string;
        /** The most connections at once. */
        readonly connections: number;
      };
  /** How long the sweep for positions past their hour pauses, in ms. */
  readonly expirySweepIntervalMs: number;
  /** How long an idempotency key is remembered, in days. */
  readonly idempotencyRetentionDays: number;
  /** How long a unit of work may wait for the memory store, in ms. */
  readonly storeLockTimeoutMs: number;
  /** How long a deleted chat session can be restored, in days. */
  readonly chatRetentionDays: number;
  /** How many chat sessions there may be, deleted ones not counted; null: any number. */
  readonly chatMaxSessions: number | null;
  readonly chatMaxMessagesPerSession: number;
  /** How long changes are kept for subscribers who were away, in days. */
  readonly outboxRetentionDays: number;
  /** The most live changes that may wait for one subscriber. */
  readonly subscriptionQueue: number;
  readonly subscriptionsPerKey: number;
  /** Whether an empty store is filled with something to look at. */
  readonly demoData: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly access: AccessConfig;
}

type LimitName = 'key' | 'address' | 'failedLogin' | 'search' | 'createApiKey' | 'subscriptionCost';

/** Who may ask what, and how much. */
export interface AccessConfig {
  /** The operator's token. */
  readonly rootApiKey: string;
  readonly apiKeysPerInstitution: number;
  /** Whether there is a page with GraphiQL. */
  readonly graphiql: boolean;
  readonly introspection: (typeof INTROSPECTION)[number];
  /** Origins whose pages may ask, beside the server's own. */
  readonly allowedOrigins: readonly string[];
  /** A file of documents by their SHA-256. */
  readonly trustedDocuments: string | null;
  readonly trustedDocumentsOnly: boolean;
  readonly trustedProxies: number;
  /** Points a minute; null: any number. */
  readonly rates: { readonly [L in LimitName]: number | null };
  readonly bodyBytes: number;
  readonly tokens: number;
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly listValues: number;
  readonly cost: number;
  readonly subscriptionCost: number;
  readonly operationMs: number;
  readonly headersMs: number;
  readonly requestMs: number;
  readonly silenceMs: number;
  readonly connections: number;
  readonly sockets: number;
  readonly socketsPerAddress: number;
  readonly operationsPerSocket: number;
  readonly socketBufferBytes: number;
}

/** Known to everybody who reads this: it opens servers in development, and production refuses it. */
export const DEVELOPMENT_KEY = 'escrowgrid-development-root-key-0000';

export type Environment = { readonly [name: string]: string | undefined };

/** The configuration is wrong: the message names every variable at fault. */
export class ConfigurationError extends Error {}

/** The process's environment over an optional .env file. */
export function environment(file = '.env'): Environment {
  return { ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}), ...process.env };
}

/** Reads and judges every variable; refuses with ConfigurationError, all faults in one message. */
export function readConfig(env: Environment): Config {
  const faults: string[] = [];
  const read = reader(env, faults);
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
  const config: Config = {
    port: read.whole('PORT', 4000, 0, 65_535),
    host: read.text('HOST', '127.0.0.1'),
    environment: environmentName,
    store:
      backend === 'postgres'
        ? { backend, databaseUrl: databaseUrl ?? '', directUrl: directUrl ?? databaseUrl ?? '', connections }
        : { backend },
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
    demoData:
      read.oneOf('DEMO_DATA', ['true', 'false'], environmentName === 'production' ? 'false' : 'true') === 'true',
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    access: accessOf(read, environmentName),
  };
  const { rates, subscriptionCost } = config.access;
  if (rates.subscriptionCost !== null && rates.subscriptionCost < subscriptionCost) {
    faults.push('SUBSCRIPTION_COST_PER_MINUTE must be at least MAX_SUBSCRIPTION_COST.');
  }
  if (faults.length > 0) throw new ConfigurationError(`The configuration is wrong:\n- ${faults.join('\n- ')}`);
  return config;
}

function accessOf(read: Reader, environmentName: Config['environment']): AccessConfig {
  const production = environmentName === 'production';
  const rate = (name: string, points: number) => read.rate(name, production ? points : null);
  return {
    rootApiKey: production ? read.secret('ROOT_API_KEY') : read.text('ROOT_API_KEY', DEVELOPMENT_KEY),
    apiKeysPerInstitution: read.whole('API_KEYS_PER_INSTITUTION', 10_000, 1, 1_000_000),
    graphiql: read.oneOf('GRAPHIQL', ['true', 'false'], production ? 'false' : 'true') === 'true',
    introspection: read.oneOf('INTROSPECTION', INTROSPECTION, production ? 'root' : 'all'),
    allowedOrigins: read.origins('ALLOWED_ORIGINS', production ? [] : ['http://localhost:*', 'http://127.0.0.1:*']),
    trustedDocuments: read.text('TRUSTED_DOCUMENTS', '') || null,
    trustedDocumentsOnly: read.oneOf('TRUSTED_DOCUMENTS_ONLY', ['true', 'false'], 'false') === 'true',
    trustedProxies: read.whole('TRUSTED_PROXIES', 0, 0, 10),
    rates: {
      key: rate('RATE_LIMIT_PER_MINUTE', 1_200),
      address: rate('RATE_LIMIT_PER_ADDRESS_PER_MINUTE', 6_000),
      failedLogin: rate('FAILED_LOGINS_PER_ADDRESS_PER_MINUTE', 10),
      search: rate('RATE_LIMIT_SEARCH_PER_MINUTE', 300),
      createApiKey: rate('RATE_LIMIT_CREATE_API_KEY_PER_MINUTE', 30),
      subscriptionCost: rate('SUBSCRIPTION_COST_PER_MINUTE', 60_000),
    },
    bodyBytes: read.whole('MAX_BODY_BYTES', 1024 * 1024, 1_024, 100_000_000),
    tokens: read.whole('MAX_TOKENS', 1_000, 10, 100_000),
    depth: read.whole('MAX_DEPTH', 10, 1, 100),
    aliases: read.whole('MAX_ALIASES', 15, 0, 10_000),
    directives: read.whole('MAX_DIRECTIVES', 8, 0, 10_000),
    listValues: read.whole('MAX_INPUT_LIST', 1_000, 1, 100_000),
    cost: read.whole('MAX_COST', 50_000, 1, 100_000_000),
    subscriptionCost: read.whole('MAX_SUBSCRIPTION_COST', 500, 1, 100_000_000),
    operationMs: read.whole('OPERATION_TIMEOUT_MS', 10_000, 100, 600_000),
    headersMs: read.whole('HEADERS_TIMEOUT_MS', 10_000, 100, 600_000),
    requestMs: read.whole('REQUEST_TIMEOUT_MS', 30_000, 100, 600_000),
    silenceMs: read.whole('SILENCE_TIMEOUT_MS', 60_000, 20_000, 3_600_000),
    connections: read.whole('MAX_CONNECTIONS', 10_000, 1, 1_000_000),
    sockets: read.whole('MAX_SOCKETS', 1_000, 0, 1_000_000),
    socketsPerAddress: read.whole('MAX_SOCKETS_PER_ADDRESS', 100, 0, 1_000_000),
    operationsPerSocket: read.whole('MAX_OPERATIONS_PER_SOCKET', 200, 1, 100_000),
    socketBufferBytes: read.whole('MAX_SOCKET_BUFFER_BYTES', 20 * 1024 * 1024, 65_536, 999_999_999),
  };
}

type Reader = ReturnType<typeof reader>;

/** The fewest and the most characters of the operator's token. */
const SECRET = { least: 32, most: 200 } as const;

/** A star that stands for anything but a port would match nothing, silently. */
const isOrigin = (text: string): boolean =>
  /^https?:[^*]*$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** Readers of single variables. One that is unset or empty takes its default; a wrong one is noted as a fault. */
function reader(env: Environment, faults: string[]) {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  return {
    text: (name: string, otherwise: string): string => given(name) ?? otherwise,
    oneOf: <V extends string>(name: string, values: readonly V[], otherwise: V): V => {
      const text = given(name) ?? otherwise;
      const value = values.find((each) => each === text);
      if (value === undefined) faults.push(`${name} must be one of ${values.join(', ')}; it is "${text}".`);
      return value ?? otherwise;
    },
    whole: (name: string, otherwise: number, least: number, most: number): number => {
      const text = given(name) ?? String(otherwise);
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= least && value <= most) return value;
      faults.push(`${name} must be a whole number from ${least} to ${most}; it is "${text}".`);
      return otherwise;
    },
    /** Points a minute, or "none". */
    rate: (name: string, otherwise: number | null): number | null => {
      const text = given(name) ?? (otherwise === null ? 'none' : String(otherwise));
      if (text === 'none') return null;
      const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
      if (value > 0) return value;
      faults.push(`${name} must be a whole number from 1 on, or none; it is "${text}".`);
      return otherwise;
    },
    /** A list of origins, parted by commas or spaces; "*" in the place of a port is any port. */
    origins: (name: string, otherwise: readonly string[]): readonly string[] => {
      const origins = given(name)?.split(/[\s,]+/) ?? otherwise;
      for (const origin of origins) {
        if (isOrigin(origin.replace(/:\*$/, ''))) continue;
        faults.push(`${name} must list origins such as https://app.example.com; "${origin}" is none.`);
      }
      return origins;
    },
    /** It must be there, long enough, and not one that everybody knows. Never repeated. */
    secret: (name: string): string => {
      const text = given(name) ?? '';
      const fits = text.length >= SECRET.least && text.length <= SECRET.most && /^[\x21-\x7e]*$/.test(text);
      if (!fits) {
        faults.push(
          `${name} must be set in production, to ${SECRET.least} to ${SECRET.most} printable characters without spaces.`,
        );
      } else if (text === DEVELOPMENT_KEY) {
        faults.push(`${name} must not be the key of development, which everybody knows.`);
      }
      return text;
    },
    /** Its value may hold a password, so it is never repeated. */
    databaseUrl: (name: string): string | undefined => {
      const text = given(name);
      if (text !== undefined && !(/^postgres(ql)?:\/\//.test(text) && URL.canParse(text))) {
        faults.push(`${name} must be a URL such as postgres://user:password@localhost:5432/escrowgrid.`);
      }
      return text;
    },
  };
}
