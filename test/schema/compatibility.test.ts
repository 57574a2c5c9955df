import { readFileSync } from 'node:fs';
import { BreakingChangeType, buildSchema, findBreakingChanges } from 'graphql';
import { expect, it } from 'vitest';
import { schemaText } from '../../src/schema/index.ts';
import { coordinateOf, unnamedChanges } from './breakingChanges.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const released = read('released.graphql');
const changelog = read('../../CHANGELOG.md');

it('the changelog names every breaking change of the schema since the last release', () => {
  const changes = findBreakingChanges(buildSchema(released), buildSchema(schemaText()));
  expect(unnamedChanges(changes, changelog)).toEqual([]);
});

it('released.graphql is the schema of the newest version in the changelog', () => {
  const { version } = JSON.parse(read('../../package.json')) as { readonly version: string };
  const [, newest = version] = /^## v?(\d+\.\d+\.\d+)/m.exec(changelog) ?? [];
  expect(/^# The schema of version (\S+),/.exec(released)?.[1]).toBe(newest);
});

it('a breaking change that the changelog does not name is reported', () => {
  const broken = schemaText()
    .replace(/^ {2}minorUnits: String!$/m, '  units: String!')
    .replace(/^ {2}RELEASED$/m, '  PAID');
  const changes = findBreakingChanges(buildSchema(schemaText()), buildSchema(broken));
  expect(changes.map(coordinateOf).toSorted()).toEqual(['Money.minorUnits', 'PositionState.RELEASED']);
  const section = (...lines: readonly string[]): string =>
    ['# Changelog', '## Unreleased', '### Breaking', ...lines, '### Added', '- Nothing.', '## 0.1.0', ''].join('\n');
  expect(unnamedChanges(changes, section('- `PositionState.RELEASED` was removed.'))).toHaveLength(1);
  expect(unnamedChanges(changes, section('- `PositionState.RELEASED` and `Money.minorUnits` were removed.'))).toEqual(
    [],
  );
  // What another section or an earlier release names does not count.
  expect(unnamedChanges(changes, section().replace('Nothing', '`Money.minorUnits`'))).toHaveLength(2);
  expect(unnamedChanges(changes, `${section()}### Breaking\n- \`Money.minorUnits\`\n`)).toHaveLength(2);
});

const BEFORE = `
  directive @gone on FIELD
  directive @kept(old: Int) repeatable on FIELD | QUERY
  directive @needs on FIELD
  interface Named { name: Int }
  type Query implements Named { name: Int, one(a: Int, b: Int): Int, two: Int, three: Int, union: Some }
  type Gone { name: Int }
  type Left { name: Int }
  union Some = Gone | Left | Query
  enum Kind { OLD NEW }
  input In { a: Int, k: Kind }
  type Kept { x(in: In): Int, gone: Gone }
  scalar Form`;
const AFTER = `
  directive @kept on FIELD
  directive @needs(new: Int!) on FIELD
  interface Named { name: Int }
  type Query { name: Int, one(a: String, c: Int!): Int, three: String, union: Some }
  type Left { name: Int }
  union Some = Left | Query
  enum Kind { NEW }
  input In { a: Int, b: Int!, k: Kind }
  type Kept { x(in: In): Int }
  enum Form { A }`;

it('every kind of breaking change has the coordinate of its element', () => {
  const changes = findBreakingChanges(buildSchema(BEFORE), buildSchema(AFTER));
  const found = changes.map((change) => `${change.type} ${coordinateOf(change)}`).toSorted();
  expect(new Set(changes.map(({ type }) => type))).toEqual(new Set(Object.values(BreakingChangeType)));
  expect(found).toEqual([
    'ARG_CHANGED_KIND Query.one(a:)',
    'ARG_REMOVED Query.one(b:)',
    'DIRECTIVE_ARG_REMOVED @kept(old:)',
    'DIRECTIVE_LOCATION_REMOVED @kept',
    'DIRECTIVE_REMOVED @gone',
    'DIRECTIVE_REPEATABLE_REMOVED @kept',
    'FIELD_CHANGED_KIND Query.three',
    'FIELD_REMOVED Kept.gone',
    'FIELD_REMOVED Query.two',
    'IMPLEMENTED_INTERFACE_REMOVED Query',
    'REQUIRED_ARG_ADDED Query.one(c:)',
    'REQUIRED_DIRECTIVE_ARG_ADDED @needs(new:)',
    'REQUIRED_INPUT_FIELD_ADDED In.b',
    'TYPE_CHANGED_KIND Form',
    'TYPE_REMOVED Gone',
    'TYPE_REMOVED_FROM_UNION Some.Gone',
    'VALUE_REMOVED_FROM_ENUM Kind.OLD',
  ]);
});
