import { once } from 'node:events';
import { connect } from 'node:net';
import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { serializeError } from '../../src/server/serializeError.ts';
import { urlOf } from '../support/admin.ts';

class OurOwn extends Error {}
const thrownBy = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return expect.fail('Nothing was thrown.');
};
const PATHS = /[\\/]|file:|node_modules/;
const SECRET = 'secret-0000';

describe('the logged data of an error', () => {
  it('an own error is logged with its class, its message and where it was thrown, without directories', async () => {
    const facts = serializeError(
      await thrownBy(() => Promise.reject(new OurOwn('The record\n  at /some/where is away.'))),
    );
    expect(facts).toMatchObject({ class: 'OurOwn', message: 'The record\n  at /some/where is away.' });
    expect(facts.frames[0]).toMatch(/^\S.* \(serializeError\.test\.ts:\d+\)$/);
    expect(facts.frames.join('\n')).not.toMatch(PATHS);
  });

  it.each([
    ['JSON', () => JSON.parse(`{"a": ${SECRET}}`) as unknown],
    ['BigInt', () => BigInt(SECRET)],
    ['URL', () => new URL(SECRET)],
    ['a package', () => new pg.Client({ connectionString: `postgres://clerk:${SECRET}@[` })],
  ])('the message of an error of %s is never logged, because it repeats its input', async (_whose, work) => {
    const facts = serializeError(await thrownBy(work));
    expect(JSON.stringify(facts)).not.toContain(SECRET);
    expect(facts.message).toBeUndefined();
    expect(facts.frames.join('\n')).not.toMatch(PATHS);
  });

  it('an error of a database is logged with its SQLSTATE as the cause of an own error', async () => {
    const client = new pg.Client({ connectionString: urlOf(inject('adminUrl'), 'postgres') });
    await client.connect();
    const refused = await thrownBy(() => client.query('select no_such_column from pg_class'));
    await client.end();
    const facts = serializeError(new OurOwn('It failed.', { cause: refused }));
    expect(facts).toMatchObject({ message: 'It failed.', cause: { class: 'DatabaseError', code: '42703' } });
    expect(JSON.stringify(facts)).not.toMatch(/no_such_column|pg_class|node_modules/);
    expect(facts.cause).not.toHaveProperty('message');
  });

  it('an error of a constraint is logged with its name, without the values', async () => {
    const client = new pg.Client({ connectionString: urlOf(inject('adminUrl'), 'postgres') });
    await client.connect();
    await client.query('create temporary table t (name text constraint names_are_short check (length(name) < 5))');
    const refused = await thrownBy(() => client.query('insert into t values ($1)', [SECRET]));
    await client.end();
    const facts = serializeError(refused);
    expect(facts).toMatchObject({ code: '23514', constraint: 'names_are_short' });
    expect(JSON.stringify(facts)).not.toContain(SECRET);
    const strange = Object.assign(new OurOwn('x'), { constraint: `of ${SECRET}` });
    expect(serializeError(strange)).not.toHaveProperty('constraint');
  });

  it('a system error is logged with its code, without the address', async () => {
    const facts = serializeError(await thrownBy(() => once(connect(1, '127.0.0.1'), 'connect')));
    expect(facts).toMatchObject({ code: 'ECONNREFUSED' });
    expect(JSON.stringify(facts)).not.toContain('127.0.0.1');
  });

  it('a value that is not an error is logged with its type, and a cycle of causes ends', () => {
    expect(serializeError(SECRET)).toEqual({ class: 'string', frames: [] });
    const circle = new OurOwn('again');
    circle.cause = circle;
    expect(JSON.stringify(serializeError(circle)).split('"cause"')).toHaveLength(5);
  });
});
