import {
  type GraphQLField,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { expect, it } from 'vitest';
import { type ArgumentPath, fieldCostOf } from '../../src/schema/fieldCosts.ts';
import { schema } from '../../src/schema/index.ts';

type Field = GraphQLField<unknown, unknown>;
const metaFieldsOf = (type: string): readonly Field[] =>
  type === 'Query' ? [SchemaMetaFieldDef, TypeMetaFieldDef] : [TypeNameMetaFieldDef];
const FIELDS: readonly (readonly [type: string, field: Field])[] = Object.values(schema.getTypeMap()).flatMap((type) =>
  (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__')
    ? [...Object.values(type.getFields()), ...metaFieldsOf(type.name)].map((field) => [type.name, field] as const)
    : [],
);

/** Whether a field has an argument, or an input field of one, at the path. */
function has(field: Field, [name, ...path]: ArgumentPath): boolean {
  let type = field.args.find((argument) => argument.name === name)?.type;
  for (const each of path) {
    const named = type && getNamedType(type);
    type = isInputObjectType(named) ? named.getFields()[each]?.type : undefined;
  }
  return type !== undefined;
}

it('a cost depends only on arguments that its field has', () => {
  const declared = FIELDS.filter(([, { extensions }]) => extensions.cost !== undefined);
  expect(declared.length).toBeGreaterThan(60);
  for (const [type, field] of declared) {
    const { each, given, items, asks } = fieldCostOf(field);
    const paths = [each?.at, given?.at, typeof items === 'object' ? items : undefined, asks].filter((path) => !!path);
    expect([type, field.name, paths.filter((path) => !has(field, path))]).toEqual([type, field.name, []]);
  }
});

it('every search has the cost of a search', () => {
  const searching = FIELDS.filter(([, field]) => has(field, ['filter', 'search']));
  expect(searching.length).toBeGreaterThan(2);
  for (const [, field] of searching) expect(fieldCostOf(field).given?.at).toEqual(['filter', 'search']);
});

it('every list of a page has as many items as requested, and every page defines their number', () => {
  const pages = FIELDS.filter(([type, field]) => type.endsWith('Connection') && field.name !== '__typename');
  const perRow = pages.filter(([, field]) => fieldCostOf(field).items === 'asked');
  expect([...new Set(perRow.map(([, { name }]) => name))].toSorted()).toEqual(['edges', 'nodes']);
  expect(perRow.length).toBe(pages.length / 2);
  const lists = FIELDS.filter(([, field]) => getNamedType(field.type).name.endsWith('Connection'));
  expect(lists.length).toBeGreaterThan(10);
  expect(lists.filter(([, field]) => !has(field, ['first']) || !has(field, ['last']))).toEqual([]);
});
