import { describe, expect, it } from 'vitest';
import { type Environment, readConfig } from '../src/config.ts';
import { hostsOf, parametersOf } from '../src/store/postgres/databaseUrl.ts';
import { problemsOf as problemsIn } from './support/configurationProblems.ts';

const POSTGRES = { STORE_BACKEND: 'postgres' };
const URL = 'postgres://clerk:pa55-word@localhost:5432/escrowgrid';

/** Returns the parameters of the database, or of its connection that bypasses a pooler. */
function parametersFor(env: Environment, which: 'databaseUrl' | 'directUrl' = 'databaseUrl'): object {
  const { store } = readConfig({ ...POSTGRES, ...env });
  if (store.backend !== 'postgres') throw new Error('The store is not PostgreSQL.');
  return Object.fromEntries(parametersOf(store[which]) ?? []);
}

/** Returns the problems of the configuration, which must not repeat a password. */
function problemsOf(env: Environment): readonly string[] {
  const problems = problemsIn({ ...POSTGRES, ...env });
  expect(problems.join()).not.toContain('pa55');
  return problems;
}

describe('the variables of libpq', () => {
  const ALL = {
    PGHOST: 'h1,h2',
    PGPORT: '1,2',
    PGUSER: 'clerk',
    PGPASSWORD: 'pa55:w@rd',
    PGPASSFILE: '/run/pgpass',
    PGDATABASE: 'books',
    PGTARGETSESSIONATTRS: 'primary',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/run/root.crt',
    PGSSLCERT: '/run/own.crt',
    PGSSLKEY: '/run/own.key',
  };

  it('the variables replace DATABASE_URL', () => {
    expect(parametersFor(ALL)).toEqual({
      host: 'h1,h2',
      port: '1,2',
      user: 'clerk',
      password: 'pa55:w@rd',
      passfile: '/run/pgpass',
      dbname: 'books',
      target_session_attrs: 'primary',
      sslmode: 'verify-full',
      sslrootcert: '/run/root.crt',
      sslcert: '/run/own.crt',
      sslkey: '/run/own.key',
    });
    expect(parametersFor(ALL, 'directUrl')).toEqual(parametersFor(ALL));
  });

  it('each variable is used only for what the URL leaves out', () => {
    const url = 'postgres://other@h3/d?sslmode=disable';
    const expected = { user: 'other', host: 'h3', dbname: 'd', sslmode: 'disable', password: 'secret', port: '7' };
    const env = { PGHOST: 'h', PGUSER: 'u', PGDATABASE: 'e', PGSSLMODE: 'require', PGPASSWORD: 'secret', PGPORT: '7' };
    expect(parametersFor({ ...env, DATABASE_URL: url })).toEqual(expected);
    expect(parametersFor({ ...env, DATABASE_URL: URL, DATABASE_DIRECT_URL: url }, 'directUrl')).toEqual(expected);
  });

  it('PGHOST or PGDATABASE is enough without DATABASE_URL, and nothing else is', () => {
    expect(parametersFor({ PGHOST: '/run/postgresql' })).toEqual({ host: '/run/postgresql' });
    expect(parametersFor({ PGDATABASE: 'books' })).toEqual({ dbname: 'books' });
    expect(hostsOf(parametersOf('postgres://?dbname=books') ?? new Map())).toEqual([{ host: 'localhost', port: 5432 }]);
    expect(problemsOf({ PGUSER: 'clerk', PGPASSWORD: 'pa55', PGPORT: '5432' })).toEqual([
      '- DATABASE_URL must be set where STORE_BACKEND is postgres, such as postgres://user@localhost/escrowgrid.',
    ]);
  });

  it('a wrong value is reported with its variable', () => {
    expect(problemsOf({ PGHOST: 'h', PGPORT: 'x', PGSSLMODE: 'on', PGTARGETSESSIONATTRS: 'standby' })).toEqual([
      '- PGPORT must be a whole number from 1 to 65535, or several with commas; it is "x".',
      '- PGTARGETSESSIONATTRS must be one of any, read-write, primary; it is "standby".',
      '- PGSSLMODE must be one of disable, allow, prefer, require, verify-ca, verify-full; it is "on".',
    ]);
    expect(problemsOf({ DATABASE_URL: URL, PGSSLMODE: 'verify-ca' })).toEqual([
      '- DATABASE_URL must have the parameter sslrootcert with sslmode=verify-ca: the file of the authority that is trusted.',
    ]);
  });
});

describe('DATABASE_URL', () => {
  it.each([
    'postgres://clerk:pa55@h1:5432,h2:5432/db?target_session_attrs=read-write',
    'postgres:///db?host=/run/postgresql',
    'postgres://%2Frun%2Fpostgresql/db',
    'postgres://clerk@managed.example.com/db?sslmode=verify-full&sslrootcert=/run/ca.crt&channel_binding=require',
  ])('%s is passed on as it is', (url) => {
    expect(readConfig({ ...POSTGRES, DATABASE_URL: url }).store).toMatchObject({ databaseUrl: url, directUrl: url });
  });

  it('a misspelt parameter is rejected, and the message repeats no password', () => {
    const [problem, ...others] = problemsOf({ DATABASE_URL: `${URL}?sslmod=verify-full` });
    expect(problem).toMatch(/^- DATABASE_URL has an unknown parameter\. The parameters are host, /);
    expect(others).toEqual([]);
  });
});

describe('READ_DATABASE_URL', () => {
  const replicaOf = (env: Environment): unknown => {
    const { store } = readConfig({ ...POSTGRES, DATABASE_URL: URL, ...env });
    return 'replica' in store ? store.replica : undefined;
  };

  it('without it there is no replica, also if a pooler is configured', () => {
    expect(replicaOf({})).toBeUndefined();
    expect(replicaOf({ READ_DATABASE_POOLER: 'transaction' })).toBeUndefined();
  });

  it('the pooler of the replica is that of the primary, unless it is set', () => {
    const replica = { READ_DATABASE_URL: 'postgres://clerk@replica/escrowgrid' };
    const url = replica.READ_DATABASE_URL;
    expect(replicaOf(replica)).toEqual({ url, pooler: 'none' });
    expect(replicaOf({ ...replica, DATABASE_POOLER: 'transaction' })).toEqual({ url, pooler: 'transaction' });
    expect(replicaOf({ ...replica, DATABASE_POOLER: 'transaction', READ_DATABASE_POOLER: 'none' })).toEqual({
      url,
      pooler: 'none',
    });
  });

  it('the variables of libpq complete it, except for the one that selects primaries', () => {
    const env = { PGUSER: 'clerk', PGSSLMODE: 'require', PGTARGETSESSIONATTRS: 'read-write', DATABASE_SCHEMA: 'e' };
    const { url } = replicaOf({ ...env, READ_DATABASE_URL: 'postgres://replica/d' }) as { readonly url: string };
    expect(Object.fromEntries(parametersOf(url) ?? [])).toEqual({
      host: 'replica',
      dbname: 'd',
      user: 'clerk',
      sslmode: 'require',
      schema: 'e',
    });
  });

  it('a wrong URL is rejected without its password, and so is one that selects primaries', () => {
    const problems = (READ_DATABASE_URL: string) => problemsOf({ DATABASE_URL: URL, READ_DATABASE_URL });
    expect(problems('mysql://clerk:pa55@h/d')).toEqual([expect.stringMatching(/^- READ_DATABASE_URL must be a URL/)]);
    expect(problems('postgres://clerk:pa55@h/d?target_session_attrs=read-write')).toEqual([
      '- READ_DATABASE_URL must not have target_session_attrs=read-write, which no replica fulfils.',
    ]);
    expect(problemsOf({ DATABASE_URL: URL, READ_DATABASE_POOLER: 'session' })).toEqual([
      '- READ_DATABASE_POOLER must be one of none, transaction; it is "session".',
    ]);
  });
});

describe('DATABASE_SCHEMA', () => {
  it('the schema is a parameter of both URLs, unless it is public', () => {
    expect(parametersFor({ DATABASE_URL: 'postgres://h', DATABASE_SCHEMA: 'Escrow_1' })).toEqual({
      host: 'h',
      schema: 'Escrow_1',
    });
    expect(parametersFor({ PGHOST: 'h', DATABASE_SCHEMA: 'e' }, 'directUrl')).toEqual({ host: 'h', schema: 'e' });
    expect(parametersFor({ DATABASE_URL: 'postgres://h', DATABASE_SCHEMA: 'public' })).toEqual({ host: 'h' });
  });

  it.each(['1st', 'a-b', 'a"b', 'a b', 'a.b', 'é', 'pg_x', 'x'.repeat(64), "a'; drop table positions"])(
    'DATABASE_SCHEMA=%s is rejected',
    (DATABASE_SCHEMA) => {
      const problem =
        `- DATABASE_SCHEMA must be 1 to 63 letters, digits and underscores, with no digit and no pg_ at the beginning; ` +
        `it is "${DATABASE_SCHEMA}".`;
      expect(problemsOf({ DATABASE_URL: URL, DATABASE_SCHEMA })).toEqual([problem]);
    },
  );
});
