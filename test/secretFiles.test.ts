import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config, DEVELOPMENT_KEY, type Environment, readConfig } from '../src/config.ts';
import { parametersOf } from '../src/store/postgres/databaseUrl.ts';
import { problemsOf as problemsIn } from './support/configurationProblems.ts';

const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** Writes a file, and returns its path. */
function fileOf(content: string | Buffer): string {
  files += 1;
  const path = join(folder, `secret-${files}`);
  writeFileSync(path, content);
  return path;
}

const newKey = (): string => randomBytes(32).toString('hex');
const URL = 'postgres://clerk:pa55-word@localhost:5432/escrowgrid';
const DIRECT_URL = 'postgres://clerk:pa55-word@localhost:5433/escrowgrid';

/** Returns the problems of the configuration, which must not contain any of the secrets. */
function problemsOf(env: Environment, ...secrets: readonly string[]): readonly string[] {
  const problems = problemsIn(env);
  for (const secret of secrets) expect(problems.join()).not.toContain(secret);
  return problems;
}

/** The variables that may name a file, and what they set. */
const FROM_FILE: readonly (readonly [name: string, value: string, read: (config: Config) => unknown])[] = [
  ['ROOT_API_KEY', newKey(), ({ rootApiKey }) => rootApiKey],
  ['ROOT_API_KEY_PREVIOUS', newKey(), ({ previousRootApiKey }) => previousRootApiKey],
  ['DATABASE_URL', URL, ({ store }) => store.backend === 'postgres' && store.databaseUrl],
  [
    'PGPASSWORD',
    'pa55 w@rd',
    ({ store }) => store.backend === 'postgres' && parametersOf(store.directUrl)?.get('password'),
  ],
  ['DATABASE_DIRECT_URL', DIRECT_URL, ({ store }) => store.backend === 'postgres' && store.directUrl],
  ['READ_DATABASE_URL', DIRECT_URL, ({ store }) => store.backend === 'postgres' && store.replica?.url],
];

describe.each(FROM_FILE)('%s in a file', (name, value, read) => {
  const variable = `${name}_FILE`;
  /** A valid configuration without the variable. */
  const { [name]: _unset, ...base }: Environment = {
    NODE_ENV: 'production',
    ROOT_API_KEY: newKey(),
    STORE_BACKEND: 'postgres',
    DATABASE_URL: URL,
    ...(name === 'PGPASSWORD' && { DATABASE_DIRECT_URL: 'postgres://clerk@localhost/escrowgrid' }),
  };

  it.each([
    ['', 'nothing'],
    ['\n', 'a line feed'],
    ['\r\n', 'a carriage return and a line feed'],
  ])(`${name} is the content of the file that ${variable} names, without %j at its end`, (end) => {
    expect(read(readConfig({ ...base, [variable]: fileOf(`${value}${end}`) }))).toBe(value);
  });

  it('a file is found through a symbolic link, as Kubernetes mounts secrets', () => {
    const link = join(folder, `link-${name}`);
    symlinkSync(fileOf(value), link);
    expect(read(readConfig({ ...base, [variable]: link }))).toBe(value);
  });

  it(`${name} and ${variable} must not both be set, even to the same value`, () => {
    const env = { ...base, [name]: value, [variable]: fileOf(value) };
    expect(problemsOf(env, value)).toContain(`- ${name} and ${variable} must not both be set.`);
    expect(read(readConfig({ ...base, [name]: value, [variable]: '' }))).toBe(value);
    expect(read(readConfig({ ...base, [name]: ' ', [variable]: fileOf(value) }))).toBe(value);
  });

  it('a file that is missing, a folder, a pipe, empty or too large is reported with the variable and the path', () => {
    const pipe = join(folder, `pipe-${name}`);
    execFileSync('mkfifo', [pipe]);
    for (const [path, problem] of [
      [join(folder, 'absent'), 'does not exist'],
      [folder, 'is not a file'],
      [pipe, 'is not a file'],
      [fileOf(''), 'is empty'],
      [fileOf('\n'), 'is empty'],
      [fileOf(value.padEnd(65_537, 'x')), 'is larger than 65536 bytes'],
      [join(fileOf(value), 'x'), 'cannot be read (ENOTDIR)'],
    ]) {
      const problems = problemsOf({ ...base, [variable]: path }, value);
      expect(problems).toContain(`- ${variable} names the file ${path}, which ${problem}.`);
    }
  });

  it.skipIf(process.getuid?.() === 0)('a file that may not be read is reported with the variable and the path', () => {
    const path = fileOf(value);
    chmodSync(path, 0);
    expect(problemsOf({ ...base, [variable]: path }, value)).toContain(
      `- ${variable} names the file ${path}, which the user of this process may not read.`,
    );
  });
});

describe('the content of a file', () => {
  it('a root key in a file must be as strong as one in the environment', () => {
    const problem = 'must be set in production, to 32 to 200 printable characters without spaces.';
    const key = newKey();
    const expected = [
      ['short', problem],
      [` ${key}`, problem],
      [`${key}\n\n`, problem],
      [`\uFEFF${key}`, problem],
      [Buffer.from(key, 'utf16le'), problem],
      [DEVELOPMENT_KEY, 'must not be the development key, which is public.'],
      ['changeme'.repeat(5), 'repeats a short pattern. Generate it, for example with `openssl rand -hex 32`.'],
    ] as const;
    for (const [content, message] of expected) {
      const env = { NODE_ENV: 'production', ROOT_API_KEY_FILE: fileOf(content) };
      expect(problemsOf(env, String(content).trim())).toEqual([`- ROOT_API_KEY ${message}`]);
    }
  });

  it('a URL in a file is validated like one in the environment', () => {
    const url = 'DATABASE_URL must be a URL such as postgres://user:password@localhost:5432/escrowgrid.';
    const path = fileOf('mysql://clerk:pa55-word@db/x');
    expect(problemsOf({ DATABASE_URL_FILE: path }, 'pa55-word', 'clerk')).toEqual([`- ${url}`]);
  });

  it('the problems of all files and of all other variables are reported in one message', () => {
    const absent = join(folder, 'absent');
    const problems = problemsOf({
      NODE_ENV: 'production',
      STORE_BACKEND: 'postgres',
      PORT: 'x',
      ROOT_API_KEY_FILE: absent,
      ROOT_API_KEY_PREVIOUS_FILE: absent,
      DATABASE_URL_FILE: absent,
      DATABASE_DIRECT_URL_FILE: absent,
      READ_DATABASE_URL_FILE: absent,
      PGPASSWORD_FILE: absent,
    });
    const ofFiles = FROM_FILE.map(([name]) => `- ${name}_FILE names the file ${absent}, which does not exist.`);
    expect(problems.toSorted()).toEqual(
      [...ofFiles, '- PORT must be a whole number from 0 to 65535; it is "x".'].toSorted(),
    );
  });
});

describe('ROOT_API_KEY_PREVIOUS', () => {
  const ROOT_API_KEY = newKey();
  const PRODUCTION = { NODE_ENV: 'production', ROOT_API_KEY };

  it('ROOT_API_KEY_PREVIOUS is optional, and can be any other text in development', () => {
    expect(readConfig(PRODUCTION).previousRootApiKey).toBeNull();
    expect(readConfig({ ROOT_API_KEY_PREVIOUS: 'short' }).previousRootApiKey).toBe('short');
  });

  it('ROOT_API_KEY_PREVIOUS must be strong in production', () => {
    for (const [key, message] of [
      ['short', 'must be 32 to 200 printable characters without spaces.'],
      [DEVELOPMENT_KEY, 'must not be the development key, which is public.'],
      ['a'.repeat(40), 'has fewer than 6 different characters. Generate it, for example with `openssl rand -hex 32`.'],
    ] as const) {
      const problems = problemsOf({ ...PRODUCTION, ROOT_API_KEY_PREVIOUS: key }, key);
      expect(problems).toEqual([`- ROOT_API_KEY_PREVIOUS ${message}`]);
    }
  });

  it('ROOT_API_KEY_PREVIOUS must differ from ROOT_API_KEY, in production and in development', () => {
    const expected = ['- ROOT_API_KEY_PREVIOUS must differ from ROOT_API_KEY.'];
    const file = fileOf(`${ROOT_API_KEY}\n`);
    expect(problemsOf({ ...PRODUCTION, ROOT_API_KEY_PREVIOUS_FILE: file }, ROOT_API_KEY)).toEqual(expected);
    expect(problemsOf({ ROOT_API_KEY_PREVIOUS: DEVELOPMENT_KEY })).toEqual(expected);
  });
});
