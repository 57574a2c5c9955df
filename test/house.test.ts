import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What both stores stand on, and all that is above them. */
const PLATE = [
  'store/store.ts',
  'store/tables.ts',
  'store/errors.ts',
  'store/window.ts',
  'store/deadline.ts',
  'store/jsonText.ts',
  'domain',
] as const;
/** What each part of the house may import, besides itself: only what stands below it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  'store/errors.ts': [],
  'store/jsonText.ts': [],
  'store/changeFeed.ts': ['domain'],
  'store/store.ts': ['store/changeFeed.ts', 'store/deadline.ts', 'domain'],
  'store/tables.ts': ['store/store.ts', 'domain'],
  'store/window.ts': ['store/store.ts'],
  'store/deadline.ts': [],
  'store/memory': PLATE,
  'store/postgres': PLATE,
  commands: PLATE,
  subscriptions: PLATE,
  jobs: ['commands', ...PLATE],
  schema: ['subscriptions', 'commands', ...PLATE],
  server: ['schema', 'subscriptions', 'commands', ...PLATE],
  'ids.ts': ['domain'],
  'weakSecret.ts': [],
  'envFile.ts': [],
  'variables.ts': ['weakSecret.ts'],
  'config.ts': ['envFile.ts', 'variables.ts'],
  'settings.ts': ['server', 'commands', ...PLATE],
  'configured.ts': ['config.ts', 'settings.ts', 'server', ...PLATE],
  'backgroundJobs.ts': ['settings.ts', 'server', 'subscriptions', 'jobs', 'commands', ...PLATE],
  'app.ts': [
    'ids.ts',
    'settings.ts',
    'backgroundJobs.ts',
    'server',
    'schema',
    'subscriptions',
    'jobs',
    'commands',
    ...PLATE,
  ],
  demo: ['server', 'commands', ...PLATE],
  'openStore.ts': ['config.ts', 'store/memory', 'store/postgres', 'store/store.ts'],
  verify: ['openStore.ts', 'config.ts', 'demo', 'store/postgres', ...PLATE],
  'main.ts': ['app.ts', 'config.ts', 'configured.ts', 'openStore.ts', 'demo', 'server', 'store/postgres', 'domain'],
};
/** What the law may use from outside: nothing that tells the time, rolls dice or waits. */
const PACKAGES_OF_THE_LAW = ['zod', 'node:crypto'];
const IMPURE =
  /\bDate\.now|new Date\(\)|\bDate\(\)|Math\.random|\bPromise\b|\basync\b|\bawait\b|\bprocess\.|\b(set|clear)(Timeout|Interval|Immediate)\b|\brandom[A-Z]\w+|getRandomValues|\bperformance\b|\bfetch\(/;

const longestFileLines = 250;
const longestFunctionLines = 60;

/** The sources by their path within src. */
const SOURCES: ReadonlyMap<string, string> = new Map(
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(root, 'src', path), 'utf8')]),
);

interface Import {
  readonly from: string;
  /** A path within src, or a package. */
  readonly to: string;
  readonly line: number;
}

/** Of values and of types, at the top of a file or within it. */
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
const told = ({ from, to, line }: Import): string => `src/${from}:${line} imports ${to}`;

const partOf = (path: string): string | undefined =>
  Object.keys(MAY_IMPORT).find((part) => path === part || path.startsWith(`${part}/`));

/** Each line of a file that is not a comment, as "file:line: text", if it matches. */
const linesWith = (pattern: RegExp, within: (path: string) => boolean): readonly string[] =>
  [...SOURCES].flatMap(([path, text]) =>
    within(path)
      ? text.split('\n').flatMap((line, index) => {
          const code = line.replace(/^\s*(\/?\*|\/\/).*|\s\/\/ .*/, '');
          return pattern.test(code) ? [`src/${path}:${index + 1}: ${line.trim()}`] : [];
        })
      : [],
  );

it('reads every source and its imports', () => {
  expect(SOURCES.size).toBeGreaterThan(30);
  expect(IMPORTS.filter(isOurs).length).toBeGreaterThan(SOURCES.size);
  expect(IMPORTS.filter((each) => isOurs(each) && !SOURCES.has(each.to)).map(told)).toEqual([]);
  const keywords = [...SOURCES.values()].join('\n').match(/^import\b|^export\b[^=;]* from '/gm);
  expect(IMPORTS.length).toBeGreaterThanOrEqual(keywords?.length ?? 0);
});

it('has a place for every file', () => {
  expect([...SOURCES.keys()].filter((path) => partOf(path) === undefined)).toEqual([]);
});

it('imports only downwards', () => {
  const wrong = IMPORTS.filter(isOurs).filter(({ from, to }) => {
    const [upper, lower] = [partOf(from) ?? '', partOf(to) ?? ''];
    return upper !== lower && !MAY_IMPORT[upper]?.includes(lower);
  });
  expect(wrong.map(told)).toEqual([]);
});

it('has no circle of imports, of types neither', () => {
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

it('keeps the law pure: no clock, no chance, no promise, nothing of the machine', () => {
  const inLaw = (path: string): boolean => partOf(path) === 'domain';
  const foreign = IMPORTS.filter((each) => inLaw(each.from) && !isOurs(each) && !PACKAGES_OF_THE_LAW.includes(each.to));
  expect(foreign.map(told)).toEqual([]);
  expect(linesWith(IMPURE, inLaw)).toEqual([]);
});

it('reads the environment in config.ts alone', () => {
  expect(linesWith(/process\.env|process\[/, (path) => path !== 'config.ts')).toEqual([]);
  expect(linesWith(/process\.env/, (path) => path === 'config.ts')).toHaveLength(1);
});

it('prints nothing to the console', () => {
  expect(linesWith(/\bconsole\b/, () => true)).toEqual([]);
});

it('has short files', () => {
  const long = [...SOURCES].map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }));
  expect(long.filter(({ lines }) => lines > longestFileLines)).toEqual([]);
});

/** Where a function's block begins; the formatter ends it at the first line of the same depth that starts with a brace. */
const OPENS = /(=> \(?|\)(: [^=]+)? )\{$/;
const IS_NO_FUNCTION = /^\s*(\} )?(if|else|for|while|switch|catch|do|try)\b/;

it('has short functions', () => {
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

it('pins every package to one version', () => {
  const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly [kind: string]: Readonly<Record<string, string>>;
  };
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...overrides });
  expect(versions.length).toBeGreaterThan(20);
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
