import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { completeUrl, hostsOf, parametersOf, problemOfUrl, sslModeOf } from '../../src/store/postgres/databaseUrl.ts';
import { passwordIn } from '../../src/store/postgres/passwordFile.ts';

const parametersIn = (url: string): object => Object.fromEntries(parametersOf(url) ?? []);

describe('the URL of a database', () => {
  it.each([
    ['postgres://', {}],
    ['postgresql:///', {}],
    ['postgres://h', { host: 'h' }],
    ['postgres://h:5433/d', { host: 'h', port: '5433', dbname: 'd' }],
    ['postgres://u@h/d', { user: 'u', host: 'h', dbname: 'd' }],
    ['postgres://u:p@h/d', { user: 'u', password: 'p', host: 'h', dbname: 'd' }],
    ['postgres://u:p:q@r@h/d', { user: 'u', password: 'p:q@r', host: 'h', dbname: 'd' }],
    ['postgres://a%40b:p%2Fq%3A@h/d%20e', { user: 'a@b', password: 'p/q:', host: 'h', dbname: 'd e' }],
    ['postgres://u:50%@h/d', { user: 'u', password: '50%', host: 'h', dbname: 'd' }],
    ['postgres://u:%ff%@h/d', { user: 'u', password: '%ff%', host: 'h', dbname: 'd' }],
    ['postgres://[::1]:5433/d', { host: '::1', port: '5433', dbname: 'd' }],
    ['postgres://h1:1,h2:2/d', { host: 'h1,h2', port: '1,2', dbname: 'd' }],
    ['postgres://h1,[::1]:2/d', { host: 'h1,::1', port: ',2', dbname: 'd' }],
    ['postgres:///d?host=/run/postgresql', { host: '/run/postgresql', dbname: 'd' }],
    ['postgres://u@/d?host=/run/postgresql', { user: 'u', host: '/run/postgresql', dbname: 'd' }],
    ['postgres://%2Frun%2Fpostgresql/d', { host: '/run/postgresql', dbname: 'd' }],
    ['postgres://%2Frun%2Fpostgresql:5433/d', { host: '/run/postgresql', port: '5433', dbname: 'd' }],
    ['postgres://h/d?host=other&dbname=e&user=v&port=1', { host: 'other', dbname: 'e', user: 'v', port: '1' }],
    ['postgres://h?options=-c%20a%3Db&sslmode=', { host: 'h', options: '-c a=b' }],
  ])('%s has the parameters of libpq', (url, expected) => {
    expect(parametersIn(url)).toEqual(expected);
    expect(problemOfUrl(url)).toBeUndefined();
  });

  it.each([
    'mysql://h/d',
    'POSTGRES://h/d',
    'postgres:/h/d',
    'postgres//h',
    'postgres://[',
    'postgres://[::1',
    'postgres://::1/d',
    'postgres://h:x/d',
    'postgres://h:0/d',
    'postgres://h:65536/d',
    'postgres://h:1,i:2/d?port=1,2,3',
    'postgres://h/d#part',
    '/run/postgresql',
    'host=h dbname=d',
  ])('%s is rejected', (url) => {
    expect(problemOfUrl(url)).toBe('must be a URL such as postgres://user:password@localhost:5432/escrowgrid.');
  });

  it.each([
    ['sslmode=on', /^must have one of these as sslmode: disable, allow, prefer, require, verify-ca, verify-full\.$/],
    ['sslmod=require', /^has an unknown parameter\. The parameters are host, /],
    ['sslmode=verify-ca', /^must have the parameter sslrootcert with sslmode=verify-ca/],
    ['sslmode=verify-ca&sslrootcert=system', /^must have the parameter sslrootcert with sslmode=verify-ca/],
    ['target_session_attrs=standby', /^must have one of these as target_session_attrs: any, read-write, primary\.$/],
    ['schema=a%22b', /^must have as schema 1 to 63 letters/],
    ['schema=pg_temp', /^must have as schema 1 to 63 letters/],
  ])('the parameter %s is rejected with a sentence that does not repeat its value', (query, sentence) => {
    const problem = problemOfUrl(`postgres://clerk:pa55-word@h/d?${query}`);
    expect(problem).toMatch(sentence);
    expect(problem).not.toMatch(/pa55-word|clerk|sslmod=|a"b|pg_temp/);
  });

  it('every host has its port, one port is that of all hosts, and the defaults are localhost and 5432', () => {
    const hostsIn = (url: string): unknown =>
      hostsOf(parametersOf(url) ?? new Map())?.map(({ host, port }) => [host, port]);
    expect(hostsIn('postgres://')).toEqual([['localhost', 5432]]);
    expect(hostsIn('postgres://a,b:2/d')).toEqual([
      ['a', 5432],
      ['b', 2],
    ]);
    expect(hostsIn('postgres:///d?host=/x,b&port=7')).toEqual([
      ['/x', 7],
      ['b', 7],
    ]);
  });

  it('a parameter that the URL leaves out is added, and no other', () => {
    const missing = { host: 'h2', user: undefined, password: 'a&b=c%', dbname: 'd2' };
    expect(completeUrl('postgres://h/d', { host: 'h2', dbname: 'd2' })).toBe('postgres://h/d');
    expect(completeUrl('postgres://h/d', {})).toBe('postgres://h/d');
    expect(parametersIn(completeUrl('postgres://', missing))).toEqual({ host: 'h2', password: 'a&b=c%', dbname: 'd2' });
    const url = completeUrl('postgres://u@h?sslmode=require', missing);
    expect(parametersIn(url)).toEqual({ user: 'u', host: 'h', sslmode: 'require', password: 'a&b=c%', dbname: 'd2' });
  });

  it('a connection is not encrypted by default, and ssl=true means require', () => {
    const modeOf = (query: string) => sslModeOf(parametersOf(`postgres://h?${query}`) ?? new Map());
    expect(['', 'ssl=true', 'ssl=1', 'ssl=0', 'sslmode=no-verify', 'ssl=true&sslmode=disable'].map(modeOf)).toEqual([
      'disable',
      'require',
      'require',
      'disable',
      'require',
      'disable',
    ]);
  });
});

describe('a password file', () => {
  const login = { host: 'db', port: 5432, database: 'books', user: 'clerk' };
  function fileWith(lines: readonly string[], mode = 0o600): string {
    const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-pgpass-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'pgpass');
    writeFileSync(path, `${lines.join('\n')}\n`);
    chmodSync(path, mode);
    return path;
  }

  it.each([
    [['db:5432:books:clerk:right'], 'right'],
    [['# db:5432:books:clerk:no', '', 'other:*:*:*:no', '*:*:*:clerk:right', '*:*:*:*:later'], 'right'],
    [['db:5433:books:clerk:no', 'db:5432:other:clerk:no', 'db:5432:books:other:no'], undefined],
    [['db:5432:books:clerk:a\\:b\\\\c:rest'], 'a:b\\c'],
    [['db:5432:books:clerk'], undefined],
    [['*:*:*:*:'], undefined],
  ])('the password of %j is %j', (lines, password) => {
    expect(passwordIn(fileWith(lines), login)).toBe(password);
  });

  it('the password of localhost is also used for a socket', () => {
    const file = fileWith(['localhost:*:*:*:right']);
    expect(passwordIn(file, { ...login, host: '/run/postgresql' })).toBe('right');
    expect(passwordIn(file, login)).toBeUndefined();
  });

  it('a file that is absent, or that others may use, is ignored', () => {
    const line = ['*:*:*:*:right'];
    expect(passwordIn('/absent', login)).toBeUndefined();
    for (const mode of [0o640, 0o604, 0o620]) expect(passwordIn(fileWith(line, mode), login)).toBeUndefined();
    expect(passwordIn(fileWith(line, 0o400), login)).toBe('right');
  });
});
