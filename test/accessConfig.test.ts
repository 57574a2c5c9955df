import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DEVELOPMENT_KEY, type Environment, readConfig } from '../src/config.ts';
import { DAY_MS } from '../src/domain/time.ts';
import { problemsOf as faultsOf } from './support/configurationProblems.ts';

const ROOT_API_KEY = 'root-Hb6TqXw3RnKz8PvMd2JyFc9LsGu5Ve7W';
const PRODUCTION = { NODE_ENV: 'production', ROOT_API_KEY };

/** Integer variables: the field that each sets, its minimum and its maximum. */
const NUMBERS: Readonly<Record<string, readonly [path: string, min: number, max: number, unit?: number]>> = {
  STORE_LOCK_TIMEOUT_MS: ['store.lockTimeoutMs', 1, 600_000],
  EXPORT_INTERVAL_MS: ['store.exports.intervalMs', 1_000, DAY_MS],
  EXPORT_KEEP: ['store.exports.kept', 1, 10_000],
  EXPIRY_SWEEP_INTERVAL_MS: ['settings.sweepPauseMs', 10, 3_600_000],
  IDEMPOTENCY_RETENTION_DAYS: ['settings.idempotencyRetentionMs', 1, 3_650, DAY_MS],
  CHAT_RETENTION_DAYS: ['settings.chatRetentionMs', 0, 3_650, DAY_MS],
  CHAT_MAX_SESSIONS: ['settings.chatLimits.sessions', 0, 100_000_000],
  CHAT_MAX_MESSAGES_PER_SESSION: ['settings.chatLimits.messagesPerSession', 1, 100_000_000],
  OUTBOX_RETENTION_DAYS: ['settings.changeRetentionMs', 1, 3_650, DAY_MS],
  SUBSCRIPTION_QUEUE: ['settings.maxQueuedChanges', 1, 1_000_000],
  SUBSCRIPTIONS_PER_KEY: ['settings.subscriptionsPerKey', 1, 100_000],
  API_KEYS_PER_INSTITUTION: ['settings.apiKeysPerInstitution', 1, 1_000_000],
  TRUSTED_PROXIES: ['settings.http.trustedProxies', 0, 10],
  MAX_BODY_BYTES: ['settings.http.bodyBytes', 1_024, 100_000_000],
  MAX_TOKENS: ['settings.documents.tokens', 10, 100_000],
  MAX_DEPTH: ['settings.documents.depth', 1, 100],
  MAX_ALIASES: ['settings.documents.aliases', 0, 10_000],
  MAX_DIRECTIVES: ['settings.documents.directives', 0, 10_000],
  MAX_INPUT_LIST: ['settings.operations.listValues', 1, 100_000],
  MAX_COST: ['settings.operations.cost', 1, 100_000_000],
  MAX_SUBSCRIPTION_COST: ['settings.operations.subscriptionCost', 1, 100_000_000],
  MAX_OPERATIONS_PER_SOCKET: ['settings.operationsPerSocket', 1, 100_000],
  MAX_SOCKET_BUFFER_BYTES: ['settings.socketBufferBytes', 65_536, 999_999_999],
  OPERATION_TIMEOUT_MS: ['settings.operationMs', 100, 600_000],
  HEADERS_TIMEOUT_MS: ['settings.http.headersMs', 100, 600_000],
  REQUEST_TIMEOUT_MS: ['settings.http.requestMs', 100, 600_000],
  SILENCE_TIMEOUT_MS: ['settings.http.idleTimeoutMs', 20_000, 3_600_000],
  METRICS_PORT: ['metrics.port', 0, 65_535],
  DRAIN_GRACE_MS: ['settings.drainGraceMs', 0, 2_000],
  MAX_CONNECTIONS: ['settings.http.connections', 1, 1_000_000],
  MAX_SOCKETS: ['settings.maxWebSockets', 0, 1_000_000],
  MAX_SOCKETS_PER_ADDRESS: ['settings.socketsPerAddress', 0, 1_000_000],
};
const NO_NUMBERS = ['none', 'off', 'NaN', 'Infinity', '-1', '1e3', '0x10', '1_000', '1.5', '1 000', '١', 'undefined'];

describe.each(Object.entries(NUMBERS))('%s', (name, [path, least, most, unit = 1]) => {
  it(`${name} accepts integers from its minimum to its maximum`, () => {
    for (const value of [least, most]) {
      expect(readConfig({ [name]: String(value) })).toHaveProperty(path, value * unit);
    }
  });

  it.each([...NO_NUMBERS, String(least - 1), String(most + 1), '9'.repeat(400)])(
    'startup fails if the variable is "%s"',
    (text) => {
      for (const env of [{}, PRODUCTION]) {
        expect(faultsOf({ ...env, [name]: text })).toEqual([
          `- ${name} must be a whole number from ${least} to ${most}; it is "${text}".`,
        ]);
      }
    },
  );
});

describe('predecessor mistake 11: an invalid rate limit switched the limiter off', () => {
  const RATES = {
    RATE_LIMIT_PER_MINUTE: ['key', 1_200],
    RATE_LIMIT_PER_INSTITUTION_PER_MINUTE: ['institution', 3_000],
    RATE_LIMIT_PER_ADDRESS_PER_MINUTE: ['address', 6_000],
    FAILED_LOGINS_PER_ADDRESS_PER_MINUTE: ['failedLogin', 10],
    RATE_LIMIT_SEARCH_PER_MINUTE: ['search', 300],
    RATE_LIMIT_CREATE_API_KEY_PER_MINUTE: ['createApiKey', 30],
    SUBSCRIPTION_COST_PER_MINUTE: ['subscriptionCost', 60_000],
  } as const;
  /** The budget per minute must be enough for one event. */
  const SMALL = { MAX_SUBSCRIPTION_COST: '1' };

  it.each(Object.entries(RATES))(
    '%s accepts a positive integer or "none", and has a default',
    (name, [limit, usual]) => {
      const rate = (env: Environment) => readConfig({ ...SMALL, ...env }).settings.rates[limit];
      expect([rate({}), rate({ [name]: '' }), rate({ [name]: '7' }), rate({ [name]: 'none' })]).toEqual([
        null,
        null,
        7,
        null,
      ]);
      expect([rate(PRODUCTION), rate({ ...PRODUCTION, [name]: ' ' })]).toEqual([usual, usual]);
      expect([rate({ ...PRODUCTION, [name]: '1' }), rate({ ...PRODUCTION, [name]: 'none' })]).toEqual([1, null]);
    },
  );

  it.each(Object.keys(RATES))('startup fails if %s has any other value, in production and in development', (name) => {
    const texts = ['0', 'None', 'unlimited', 'null', '12a', ...NO_NUMBERS.filter((text) => text !== 'none')];
    for (const text of texts) {
      const expected = [`- ${name} must be a positive integer or "none"; it is "${text}".`];
      expect([faultsOf({ [name]: text }), faultsOf({ ...PRODUCTION, [name]: text })]).toEqual([expected, expected]);
    }
  });
});

it('SUBSCRIPTION_COST_PER_MINUTE below MAX_SUBSCRIPTION_COST is rejected', () => {
  const costs = (cost: string, perMinute: string) =>
    faultsOf({ MAX_SUBSCRIPTION_COST: cost, SUBSCRIPTION_COST_PER_MINUTE: perMinute });
  expect(costs('501', '500')).toEqual(['- SUBSCRIPTION_COST_PER_MINUTE must be at least MAX_SUBSCRIPTION_COST.']);
  expect([costs('500', '500'), costs('501', 'none')]).toEqual([[], []]);
});

describe('ROOT_API_KEY', () => {
  it('ROOT_API_KEY has a fixed default in development and can be set to any text', () => {
    expect(readConfig({}).rootApiKey).toBe(DEVELOPMENT_KEY);
    expect(readConfig({ ROOT_API_KEY: 'short' }).rootApiKey).toBe('short');
  });

  it('ROOT_API_KEY is required in production, long, without spaces, and not the development key', () => {
    const expected = ['- ROOT_API_KEY must be set in production, to 32 to 200 printable characters without spaces.'];
    const bad = [
      undefined,
      '',
      ' ',
      'x'.repeat(31),
      'x'.repeat(201),
      `${ROOT_API_KEY} x`,
      `${ROOT_API_KEY}é`,
      `${ROOT_API_KEY}\n.`,
    ];
    for (const key of bad) expect(faultsOf({ NODE_ENV: 'production', ROOT_API_KEY: key })).toEqual(expected);
    const long = Array.from({ length: 4 }, () => randomBytes(32).toString('hex'))
      .join('')
      .slice(0, 200);
    for (const key of [long, long.slice(0, 32)]) expect(faultsOf({ ...PRODUCTION, ROOT_API_KEY: key })).toEqual([]);
    const known = faultsOf({ ...PRODUCTION, ROOT_API_KEY: DEVELOPMENT_KEY });
    expect(known).toEqual(['- ROOT_API_KEY must not be the development key, which is public.']);
  });

  it('a weak ROOT_API_KEY fails in production, with a message that does not repeat it, and works in development', () => {
    for (const [key, weakness] of [
      ['a'.repeat(40), 'has fewer than 6 different characters'],
      ['changeme'.repeat(5), 'repeats a short pattern'],
      ['abcdefghijklmnopqrstuvwxyz0123456789', 'consists of runs of the alphabet, of digits or of a keyboard'],
      ['example-root-key-for-production-2026', 'consists of words that are easy to guess'],
    ] as const) {
      const faults = faultsOf({ ...PRODUCTION, ROOT_API_KEY: key });
      expect(faults).toEqual([`- ROOT_API_KEY ${weakness}. Generate it, for example with \`openssl rand -hex 32\`.`]);
      expect(faults.join()).not.toContain(key);
      expect(faultsOf({ ROOT_API_KEY: key })).toEqual([]);
    }
  });

  it('an invalid ROOT_API_KEY is never repeated in messages', () => {
    const secret = 'secret word that is long enough for anybody';
    expect(faultsOf({ ...PRODUCTION, ROOT_API_KEY: secret }).join()).not.toContain('secret word');
  });
});

describe('ALLOWED_ORIGINS', () => {
  const read = (text: string, env: Environment = {}) => readConfig({ ...env, ALLOWED_ORIGINS: text }).allowedOrigins;

  it('ALLOWED_ORIGINS lists origins separated by commas or white space', () => {
    const [a, b] = ['https://app.example.com', 'http://localhost:*'];
    for (const text of [`${a},${b}`, `${a}, ${b}`, ` ${a}  ${b} `, `${a}\n${b}`]) expect(read(text)).toEqual([a, b]);
    expect(read('http://10.0.0.1:8080')).toEqual(['http://10.0.0.1:8080']);
    expect(read('http://[::1]:3000')).toEqual(['http://[::1]:3000']);
    expect(read('', PRODUCTION)).toEqual([]);
  });

  it.each([
    '*',
    'null',
    'app.example.com',
    'https://*.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'HTTPS://app.example.com',
    'https://App.example.com',
    'https://user@app.example.com',
    'https://app.example.com:443',
    'ftp://app.example.com',
    'javascript:alert(1)',
  ])('startup fails if ALLOWED_ORIGINS contains "%s"', (origin) => {
    expect(faultsOf({ ALLOWED_ORIGINS: `https://good.example.com,${origin}` })).toEqual([
      `- ALLOWED_ORIGINS must list origins such as https://app.example.com; "${origin}" is not an origin.`,
    ]);
  });
});

describe('settings with a fixed set of values', () => {
  it.each([
    ['GRAPHIQL', 'graphiql', { true: true, false: false }],
    ['TRUSTED_DOCUMENTS_ONLY', 'trustedDocuments.only', { true: true, false: false }],
    ['INTROSPECTION', 'settings.documents.introspection', { all: 'all', root: 'root', none: 'none' }],
  ] as const)('%s accepts only its documented values', (name, path, values) => {
    for (const [text, value] of Object.entries(values)) {
      for (const env of [{}, PRODUCTION]) expect(readConfig({ ...env, [name]: text })).toHaveProperty(path, value);
    }
    for (const text of ['yes', '1', 'TRUE', 'on', 'off', 'All']) {
      expect(faultsOf({ [name]: text })).toEqual([
        `- ${name} must be one of ${Object.keys(values).join(', ')}; it is "${text}".`,
      ]);
    }
  });

  it('TRUSTED_DOCUMENTS names a file and defaults to none', () => {
    const read = (text?: string) => readConfig({ TRUSTED_DOCUMENTS: text }).trustedDocuments.file;
    expect([read(), read(' '), read('./documents.json')]).toEqual([null, null, './documents.json']);
  });

  it('DATABASE_DIRECT_URL and DATABASE_CONNECTIONS are validated for either store, without revealing the password', () => {
    const faults = faultsOf({
      DATABASE_DIRECT_URL: 'mysql://clerk:pa55-word@db/x',
      DATABASE_CONNECTIONS: '0',
      MIGRATE: 'on',
      STARTUP_TIMEOUT_MS: '-1',
      MAX_CLOCK_SKEW_MS: '99',
    });
    expect(faults).toEqual([
      expect.stringMatching(/^- DATABASE_DIRECT_URL must be a URL such as postgres:/) as string,
      '- DATABASE_CONNECTIONS must be a whole number from 1 to 1000; it is "0".',
      '- MIGRATE must be one of auto, check, off; it is "on".',
      '- STARTUP_TIMEOUT_MS must be a whole number from 0 to 3600000; it is "-1".',
      '- MAX_CLOCK_SKEW_MS must be a whole number from 100 to 3600000; it is "99".',
    ]);
    expect(faults.join()).not.toContain('pa55');
  });
});
