import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';

/** Texts with a meaning in some layer: SQL, search, JSON, GraphQL, HTML, paths, formats. */
export const INJECTIONS: readonly string[] = [
  "'; drop table positions; --",
  "' or '1'='1",
  '$1',
  '\\',
  '\u0000',
  '%00%_',
  'a & ! b:*',
  "<-> | 'a':ab",
  '{"a":{"$gt":""}}',
  '") { __typename } #',
  '<script>alert(1)</script>',
  '../../../etc/passwd',
  '%s%n%d {0} ${7*7}',
  'x'.repeat(5_000),
  '\u202e\u200b\u200dabc\ufeff',
  '\ud800',
  '__proto__',
  'constructor',
  '',
  ' ',
  'NaN',
  '1e999',
  '2026-01-01T00:00:00Z\u0000',
];

/** Returns a valid value for an argument or a field, so that the operation reaches the tried argument. */
export type Usual = (name: string, type: GraphQLInputType) => unknown;
export type Place = readonly string[];
type Given = GraphQLArgument | GraphQLInputField;

/** Returns the path of every text within the arguments. */
export function placesOf(given: readonly Given[], path: Place = []): readonly Place[] {
  return given.flatMap(({ name, type }) => {
    const named = getNamedType(type);
    if (isInputObjectType(named))
      return path.length > 4 ? [] : placesOf(Object.values(named.getFields()), [...path, name]);
    return isEnumType(named) || ['Int', 'Boolean'].includes(named.name) ? [] : [[...path, name]];
  });
}

/** Returns values for all required arguments, with the text at its path. */
export function valuesWith(given: readonly Given[], [at, ...rest]: Place, text: string, usual: Usual): object {
  const entries = given.flatMap(({ name, type, defaultValue }): [string, unknown][] => {
    if (name === at) return [[name, valueWith(type, rest, text, usual)]];
    return isNonNullType(type) && defaultValue === undefined ? [[name, usualOf(name, type, usual)]] : [];
  });
  return Object.fromEntries(entries);
}

function valueWith(type: GraphQLInputType, rest: Place, text: string, usual: Usual): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [valueWith(nullable.ofType, rest, text, usual)];
  if (isInputObjectType(nullable)) return valuesWith(Object.values(nullable.getFields()), rest, text, usual);
  return nullable.toString() === 'JSONObject' ? { a: text, [text]: [text] } : text;
}

function usualOf(name: string, type: GraphQLInputType, usual: Usual): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [usualOf(name, nullable.ofType, usual)];
  if (isInputObjectType(nullable)) return valuesWith(Object.values(nullable.getFields()), [], '', usual);
  return isEnumType(nullable) ? nullable.getValues()[0]?.name : usual(name, nullable);
}
