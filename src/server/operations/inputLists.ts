import {
  type FieldNode,
  GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import type { Variables } from '../../schema/variables.ts';
import type { ParsedOperation } from './selections.ts';

type Path = readonly string[];

/** A literal list in the arguments of an operation. */
interface LiteralList {
  readonly path: Path;
  readonly values: number;
}
/** A variable in the arguments of an operation whose value can contain lists. */
interface ListVariable {
  readonly path: Path;
  readonly variable: string;
  readonly type: GraphQLInputType;
}
export type ListUse = LiteralList | ListVariable;

/**
 * Returns the lists in the operation's arguments, literals and variables. Values inside a scalar such as JSONObject
 * are not included. A variable that is used several times is included once.
 */
export function listUsesOf({ schema, definition, fragments }: ParsedOperation): readonly ListUse[] {
  const search: Search = { schema, variables: new Set(), spread: new Set(), uses: [] };
  inSelections(definition.selectionSet, schema.getRootType(definition.operation), search);
  // The set grows during the iteration, by the fragments that fragments spread.
  for (const name of search.spread) {
    const fragment = fragments.get(name);
    if (fragment) inSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value), search);
  }
  return search.uses;
}

/** Rejects an operation if a list in its arguments has more values than allowed. Reports the first such list. */
export function checkLists(uses: readonly ListUse[], variables: Variables, max: number): GraphQLError | undefined {
  for (const use of uses) {
    const tooLong = 'variable' in use ? longListIn(variables[use.variable], use.type, use.path, max) : use;
    if (tooLong && tooLong.values > max) return tooManyValues(tooLong.path.join('.'), tooLong.values, max);
  }
  return undefined;
}

/** Returns the error for a list with more values than allowed. */
export const tooManyValues = (path: string, values: number, max: number): GraphQLError =>
  new GraphQLError(`\`${path}\` must have at most ${max} values; it has ${values}.`, {
    extensions: { code: 'QUERY_TOO_COMPLEX' },
  });

interface Search {
  readonly schema: GraphQLSchema;
  /** The names of the variables in `uses`. */
  readonly variables: Set<string>;
  /** The names of the spread fragments. */
  readonly spread: Set<string>;
  readonly uses: ListUse[];
}

type SearchedType = GraphQLNamedType | null | undefined;

function inSelections(set: SelectionSetNode, type: SearchedType, search: Search): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) search.spread.add(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const { typeCondition, selectionSet } = selection;
      inSelections(selectionSet, typeCondition ? search.schema.getType(typeCondition.name.value) : type, search);
    }
    if (selection.kind === Kind.FIELD) inField(selection, type, search);
  }
}

function inField(node: FieldNode, type: SearchedType, search: Search): void {
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
  for (const { name, value } of field ? (node.arguments ?? []) : []) {
    const argument = field?.args.find((definition) => definition.name === name.value);
    if (argument && hasLists(argument.type)) inLiteral(value, argument.type, [name.value], search);
  }
  if (node.selectionSet) inSelections(node.selectionSet, field && getNamedType(field.type), search);
}

function inLiteral(node: ValueNode, type: GraphQLInputType, path: Path, search: Search): void {
  if (node.kind === Kind.VARIABLE) {
    const variable = node.name.value;
    if (!search.variables.has(variable)) search.uses.push({ path, variable, type });
    search.variables.add(variable);
    return;
  }
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const { ofType } = nullable;
    if (node.kind === Kind.LIST) {
      search.uses.push({ path, values: node.values.length });
      if (!hasLists(ofType)) return;
      for (const [index, item] of node.values.entries()) inLiteral(item, ofType, [...path, `${index}`], search);
      // GraphQL coerces a single value to a list of one item.
    } else inLiteral(node, ofType, path, search);
  }
  if (!isInputObjectType(nullable) || node.kind !== Kind.OBJECT) return;
  for (const { name, value } of node.fields) {
    const field = nullable.getFields()[name.value];
    if (field && hasLists(field.type)) inLiteral(value, field.type, [...path, name.value], search);
  }
}

/** Returns the first list with too many values in a coerced value, which is a list wherever the schema says so. */
function longListIn(value: unknown, type: GraphQLInputType, path: Path, max: number): LiteralList | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    const items = value as readonly unknown[];
    if (items.length > max) return { path, values: items.length };
    return hasLists(nullable.ofType)
      ? firstResult(items.entries(), ([index, item]) => longListIn(item, nullable.ofType, [...path, `${index}`], max))
      : undefined;
  }
  if (!isInputObjectType(nullable)) return undefined;
  return firstResult(Object.values(nullable.getFields()), (field) =>
    hasLists(field.type)
      ? longListIn((value as Variables)[field.name], field.type, [...path, field.name], max)
      : undefined,
  );
}

/** Returns the first result that is not undefined. */
export function firstResult<V, R>(values: Iterable<V>, find: (value: V) => R | undefined): R | undefined {
  for (const value of values) {
    const result = find(value);
    if (result !== undefined) return result;
  }
  return undefined;
}

const LISTS_WITHIN = new WeakMap<GraphQLInputObjectType, boolean>();

/** Whether a value of the type can contain a list. */
function hasLists(type: GraphQLInputType): boolean {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return true;
  if (!isInputObjectType(nullable)) return false;
  const known = LISTS_WITHIN.get(nullable);
  if (known !== undefined) return known;
  const within = typesWithin(nullable).flatMap((input) => Object.values(input.getFields()));
  const hasList = within.some((field) => isListType(getNullableType(field.type)));
  LISTS_WITHIN.set(nullable, hasList);
  return hasList;
}

/** Returns an input type and all input types that its values can contain; types may contain each other. */
function typesWithin(type: GraphQLInputObjectType): readonly GraphQLInputObjectType[] {
  const types = new Set([type]);
  for (const input of types) {
    for (const field of Object.values(input.getFields())) {
      const named = getNamedType(field.type);
      if (isInputObjectType(named)) types.add(named);
    }
  }
  return [...types];
}
