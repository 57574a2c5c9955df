import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The folders below both stores, and the folders above them. */
const BASE = [
  'store/store.ts',
  'store/tables.ts',
  'store/query.ts',
  'store/scanOrders.ts',
  'store/errors.ts',
  'store/window.ts',
  'store/deadline.ts',
  'store/lsn.ts',
  'store/jsonText.ts',
  'domain',
] as const;
/** The folders that each folder may import besides itself. All of them are below it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  'store/errors.ts': [],
  'store/jsonText.ts': [],
  'store/changeFeed.ts': ['domain'],
  'store/entities.ts': ['domain'],
  'store/dueDeliveries.ts': ['domain'],
  'store/sharedCounters.ts': ['domain'],
  'store/query.ts': ['store/entities.ts', 'domain'],
  'store/connectionCounts.ts': [],
  'store/lsn.ts': [],
  'store/store.ts': [
    'store/changeFeed.ts',
    'store/connectionCounts.ts',
    'store/deadline.ts',
    'store/dueDeliveries.ts',
    'store/entities.ts',
    'store/query.ts',
    'store/sharedCounters.ts',
    'domain',
  ],
  'store/tables.ts': ['store/store.ts', 'domain'],
  'store/scanOrders.ts': ['store/store.ts'],
  'store/window.ts': ['store/store.ts'],
  'store/deadline.ts': ['store/lsn.ts'],
  'store/memory': BASE,
  'store/postgres/databaseUrl.ts': [],
  'store/postgres': ['store/postgres/databaseUrl.ts', ...BASE],
  client: [],
  commands: BASE,
  subscriptions: BASE,
  jobs: ['commands', ...BASE],
  webhooks: ['subscriptions', 'commands', ...BASE],
  'graphqlVersionError.ts': [],
  'oneGraphql.ts': ['graphqlVersionError.ts'],
  schema: ['oneGraphql.ts', 'subscriptions', 'commands', ...BASE],
  server: ['schema', 'subscriptions', 'commands', ...BASE],
  'ids.ts': ['domain'],
  'secretFile.ts': [],
  'weakSecret.ts': [],
  'envFile.ts': [],
  'variables.ts': ['secretFile.ts', 'weakSecret.ts', 'store/postgres/databaseUrl.ts'],
  'storeConfig.ts': ['variables.ts', 'domain'],
  'config.ts': ['storeConfig.ts', 'webhookConfig.ts', 'envFile.ts', 'variables.ts', 'settings.ts', 'domain'],
  'settings.ts': ['server', 'webhooks', 'commands', ...BASE],
  'webhookConfig.ts': ['variables.ts', 'webhooks', 'domain'],
  'appWebhooks.ts': ['ids.ts', 'server', 'webhooks', 'subscriptions', 'commands', ...BASE],
  'trustedDocumentsFile.ts': ['config.ts', 'server'],
  'backgroundJobs.ts': ['settings.ts', 'server', 'subscriptions', 'jobs', 'commands', ...BASE],
  metrics: ['backgroundJobs.ts', 'server', ...BASE],
  'app.ts': [
    'metrics',
    'ids.ts',
    'settings.ts',
    'backgroundJobs.ts',
    'appWebhooks.ts',
    'server',
    'schema',
    'subscriptions',
    'jobs',
    'commands',
    ...BASE,
  ],
  'openTelemetry.ts': ['server'],
  'logOutput.ts': [],
  'log.ts': ['config.ts', 'logOutput.ts', 'server'],
  demo: ['server', 'commands', 'ids.ts', ...BASE],
  embedded: ['store/postgres'],
  testing: ['app.ts', 'backgroundJobs.ts', 'settings.ts', 'demo', 'schema', 'store/memory', 'commands', ...BASE],
  'openDatabase.ts': ['config.ts', 'embedded', 'store/postgres', 'store/store.ts'],
  'openStore.ts': ['openDatabase.ts', 'config.ts', 'store/memory', 'store/postgres', 'store/store.ts'],
  verify: BASE,
  transfer: BASE,
  cli: [
    'openStore.ts',
    'backgroundJobs.ts',
    'config.ts',
    'settings.ts',
    'ids.ts',
    'verify',
    'transfer',
    'demo',
    'commands',
    'store/postgres',
    ...BASE,
  ],
  'observers.ts': [
    'app.ts',
    'config.ts',
    'log.ts',
    'logOutput.ts',
    'metrics',
    'openTelemetry.ts',
    'openStore.ts',
    'server',
  ],
  'shutDown.ts': ['app.ts', 'server', 'store/store.ts'],
  'development.ts': ['app.ts', 'config.ts', 'demo', 'server', 'store/store.ts', 'domain'],
  'serve.ts': [
    'development.ts',
    'cli',
    'app.ts',
    'shutDown.ts',
    'config.ts',
    'trustedDocumentsFile.ts',
    'openStore.ts',
    'jobs',
    'transfer',
    'observers.ts',
    'testing',
    'server',
    'store/store.ts',
    'domain',
  ],
  'index.ts': [
    'app.ts',
    'settings.ts',
    'graphqlVersionError.ts',
    'server',
    'commands',
    'store/memory',
    'store/postgres',
    ...BASE,
  ],
  'main.ts': ['cli', 'serve.ts', 'config.ts', 'graphqlVersionError.ts', 'server', 'store/postgres'],
};
/** The packages that the domain may import: none that reads a clock, is random or waits. */
const PACKAGES_OF_THE_DOMAIN = ['zod', 'node:crypto'];
const IMPURE =
  /\bDate\.now|new Date\(\)|\bDate\(\)|Math\.random|\bPromise\b|\basync\b|\bawait\b|\bprocess\.|\b(set|clear)(Timeout|Interval|Immediate)\b|\brandom[A-Z]\w+|getRandomValues|\bperformance\b|\bfetch\(/;

const longestFileLines = 250;
const longestFunctionLines = 60;

/** The source files by their path within src. */
const SOURCES: ReadonlyMap<string, string> = new Map(
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(root, 'src', path), 'utf8')]),
);

interface Import {
  readonly from: string;
  /** A path within src, or the name of a package. */
  readonly to: string;
  readonly line: number;
}

/** All imports of values and of types, anywhere in a file. */
const IMPORTS: readonly Import[] = [...SOURCES].flatMap(([from, text]) =>
  [...text.matchAll(/^(?:import|export)\b[^;'"]*?from\s*'([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'/gm)].map(
    (match) => {
      const name = match[1] ?? match[2] ?? match[3] ?? '';
      const to = name.startsWith('.') ? normalize(join(dirname(from), name)) : name;
      return { from, to, line: text.slice(0, match.index).split('\n').length };
    },
  ),
);
const isOurs = ({ to }: Import): boolean => to.endsWith('.ts');
const describeImport = ({ from, to, line }: Import): string => `src/${from}:${line} imports ${to}`;

const partOf = (path: string): string | undefined =>
  Object.keys(MAY_IMPORT).find((part) => path === part || path.startsWith(`${part}/`));

/** Returns each line of a file that is not a comment and matches, as "file:line: text". */
const linesWith = (pattern: RegExp, within: (path: string) => boolean): readonly string[] =>
  [...SOURCES].flatMap(([path, text]) =>
    within(path)
      ? text.split('\n').flatMap((line, index) => {
          const code = line.replace(/^\s*(\/?\*|\/\/).*|\s\/\/ .*/, '');
          return pattern.test(code) ? [`src/${path}:${index + 1}: ${line.trim()}`] : [];
        })
      : [],
  );

it('the test reads every source file and its imports', () => {
  expect(SOURCES.size).toBeGreaterThan(30);
  expect(IMPORTS.filter(isOurs).length).toBeGreaterThan(SOURCES.size);
  expect(IMPORTS.filter((each) => isOurs(each) && !SOURCES.has(each.to)).map(describeImport)).toEqual([]);
  const keywords = [...SOURCES.values()].join('\n').match(/^import\b|^export\b[^=;]* from '/gm);
  expect(IMPORTS.length).toBeGreaterThanOrEqual(keywords?.length ?? 0);
});

it('every source file belongs to a known folder', () => {
  expect([...SOURCES.keys()].filter((path) => partOf(path) === undefined)).toEqual([]);
});

it('imports go only to lower layers', () => {
  const wrong = IMPORTS.filter(isOurs).filter(({ from, to }) => {
    const [upper, lower] = [partOf(from) ?? '', partOf(to) ?? ''];
    return upper !== lower && !MAY_IMPORT[upper]?.includes(lower);
  });
  expect(wrong.map(describeImport)).toEqual([]);
});

it('there are no import cycles, including type imports', () => {
  const seen = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) circles.push([...above.slice(above.indexOf(path)), path].join(' -> '));
    if (seen.has(path)) return;
    seen.add(path);
    for (const each of IMPORTS) if (each.from === path && isOurs(each)) visit(each.to, [...above, path]);
  };
  for (const path of SOURCES.keys()) visit(path, []);
  expect(circles).toEqual([]);
});

it('the domain is pure: it uses no clock, randomness, promises or system access', () => {
  const inDomain = (path: string): boolean => partOf(path) === 'domain';
  const foreign = IMPORTS.filter(
    (each) => inDomain(each.from) && !isOurs(each) && !PACKAGES_OF_THE_DOMAIN.includes(each.to),
  );
  expect(foreign.map(describeImport)).toEqual([]);
  expect(linesWith(IMPURE, inDomain)).toEqual([]);
});

it('only config.ts reads the environment', () => {
  expect(linesWith(/process\.env|process\[/, (path) => path !== 'config.ts')).toEqual([]);
  expect(linesWith(/process\.env/, (path) => path === 'config.ts')).toHaveLength(1);
});

it('no source file prints to the console', () => {
  expect(linesWith(/\bconsole\b/, () => true)).toEqual([]);
});

it('source files that are written by hand are short', () => {
  const long = [...SOURCES].map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }));
  const written = long.filter(({ path }) => !path.startsWith('client/generated/'));
  expect(written.filter(({ lines }) => lines > longestFileLines)).toEqual([]);
});

/**
 * Matches the start of the block of a function. The formatter ends it at the first line of the same depth that starts
 * with a brace.
 */
const OPENS = /(=> \(?|\)(: [^=]+)? )\{$/;
const IS_NO_FUNCTION = /^\s*(\} )?(if|else|for|while|switch|catch|do|try)\b/;

it('functions are short', () => {
  const long = [...SOURCES].flatMap(([path, text]) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      if (!OPENS.test(line) || IS_NO_FUNCTION.test(line)) return [];
      const depth = line.length - line.trimStart().length;
      const length = lines.slice(index + 1).findIndex((each) => each.startsWith(`${' '.repeat(depth)}}`)) + 2;
      return length > longestFunctionLines ? [`src/${path}:${index + 1} has ${length} lines`] : [];
    });
  });
  expect(long).toEqual([]);
});

it('every package has one pinned version', () => {
  const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as { readonly [kind: string]: Readonly<Record<string, string>> };
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides });
  expect(versions.length).toBeGreaterThan(20);
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
