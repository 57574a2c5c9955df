import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const ENVIRONMENTS = ['development', 'test', 'production'] as const;
const BACKENDS = ['memory', 'postgres'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Everything that can be set from outside. Variables that are not read here do nothing. */
export interface Config {
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly environment: (typeof ENVIRONMENTS)[number];
  readonly store:
    | { readonly backend: 'memory' }
    | { readonly backend: 'postgres'; readonly databaseUrl: string; readonly directUrl: string };
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
}

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
  const config: Config = {
    port: read.whole('PORT', 4000, 0, 65_535),
    host: read.text('HOST', '127.0.0.1'),
    environment: environmentName,
    store:
      backend === 'postgres'
        ? { backend, databaseUrl: databaseUrl ?? '', directUrl: directUrl ?? databaseUrl ?? '' }
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
  };
  if (faults.length > 0) throw new ConfigurationError(`The configuration is wrong:\n- ${faults.join('\n- ')}`);
  return config;
}

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
