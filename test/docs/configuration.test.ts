import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { exampleEnvironment, readSettings, type Setting } from '../../scripts/exampleEnvironment.ts';
import { ConfigurationError, type Environment, readConfig, variableNames } from '../../src/config.ts';
import { parseEnvFile } from '../../src/envFile.ts';
import { DOCUMENTS, ROOT_FOLDER } from '../support/documents.ts';

const SETTINGS = readSettings(DOCUMENTS.get('docs/operations.md') ?? '');
const EXAMPLE = readFileSync(join(ROOT_FOLDER, '.env.example'), 'utf8');
const ROOT_API_KEY = 'root-Hb6TqXw3RnKz8PvMd2JyFc9LsGu5Ve7W';
const PRODUCTION: Environment = { NODE_ENV: 'production', ROOT_API_KEY };
const POSTGRES: Environment = { STORE_BACKEND: 'postgres', DATABASE_URL: 'postgres://clerk@db/escrowgrid' };

const namesOf = (settings: readonly Setting[]): readonly string[] => settings.map(({ name }) => name).toSorted();

it('describes every setting in one row of docs/operations.md, and no other', () => {
  expect(namesOf(SETTINGS)).toEqual([...variableNames()].toSorted());
  expect(SETTINGS.length).toBeGreaterThan(40);
});

it('describes every setting in .env.example, with the text of docs/operations.md', () => {
  const names = new Set([...EXAMPLE.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name));
  expect(names).toEqual(variableNames());
  expect(EXAMPLE).toBe(exampleEnvironment(SETTINGS));
});

it('documents the defaults of the configuration', () => {
  const wrong = SETTINGS.filter(({ name, default: value }) => {
    const base = name === 'DATABASE_CONNECTIONS' ? POSTGRES : {};
    return value !== undefined && !isDeepStrictEqual(readConfig({ ...base, [name]: value }), readConfig(base));
  });
  expect(namesOf(wrong)).toEqual([]);
});

it('documents the defaults in production', () => {
  const wrong = SETTINGS.filter(({ name, default: value, inProduction = value }) => {
    if (name in PRODUCTION || inProduction === undefined) return false;
    return !isDeepStrictEqual(readConfig({ ...PRODUCTION, [name]: inProduction }), readConfig(PRODUCTION));
  });
  expect(namesOf(wrong)).toEqual([]);
  expect(SETTINGS.filter(({ inProduction }) => inProduction !== undefined).length).toBeGreaterThan(8);
});

it('changes nothing if .env.example is used as it is or with every line uncommented', () => {
  expect(parseEnvFile(EXAMPLE, variableNames())).toEqual({ variables: {}, problems: [] });
  const { variables, problems } = parseEnvFile(EXAMPLE.replaceAll(/^# (?=[A-Z_]+=)/gm, ''), variableNames());
  expect(problems).toEqual([]);
  expect(Object.keys(variables)).toHaveLength(SETTINGS.length);
  expect(readConfig(variables)).toEqual(readConfig({}));
});

it('documents the values that the configuration allows', () => {
  const problems = problemsOf(Object.fromEntries(SETTINGS.map(({ name }) => [name, 'not a value!'])));
  const allowed = SETTINGS.flatMap(({ name, values }) => {
    const problem = problems.find((each) => each.startsWith(`- ${name} `)) ?? '';
    const [, min, max] = / from (\d+) to (\d+)/.exec(problem) ?? [];
    const [, choices] = / one of (.+);/.exec(problem) ?? [];
    if (choices !== undefined) return [{ name, documented: values.replaceAll('`', ''), actual: choices }];
    if (min === undefined) return [];
    // Its maximum is the heap of this process.
    if (name === 'MEMORY_MAX_MB') return [{ name, documented: values.split(' (')[0], actual: `${min} to the heap` }];
    return [{ name, documented: values, actual: `${min} to ${max}` }];
  });
  expect(allowed.filter(({ documented, actual }) => documented !== actual)).toEqual([]);
  expect(allowed.length).toBeGreaterThan(35);
});

function problemsOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n');
    throw error;
  }
  return [];
}
