import { expect, it } from 'vitest';
import { PreparedStatements } from '../../src/store/postgres/preparedStatements.ts';

it('a statement that was prepared twice at the same time drops its first name', () => {
  const statements = new PreparedStatements({ isNamed: true, setUp: { text: 'select 1', values: [] }, generation: 0 });
  const statement = { text: 'select 1', values: [], keepsPlan: true };
  expect(statements.nameOf(statement)).toBe('');
  const names = [statements.nameOf(statement), statements.nameOf(statement)];
  for (const name of names) statements.keep(statement.text, name, undefined);
  expect(statements.find(statement.text)?.name).toBe(names[1]);
  expect(statements.takeDropped()).toEqual([names[0]]);
});

it('a new generation drops all names', () => {
  const shared = { isNamed: true, setUp: { text: 'select 1', values: [] }, generation: 0 };
  const statements = new PreparedStatements(shared);
  statements.keep('select 1', 'a', undefined);
  statements.keep('select 2', 'b', undefined);
  shared.generation += 1;
  expect(statements.find('select 1')).toBeUndefined();
  expect(statements.takeDropped().toSorted()).toEqual(['a', 'b']);
});
