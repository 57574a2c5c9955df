import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  GraphQLError,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import type { Variables } from './argumentValues.ts';
import { fragmentsOf } from './fragments.ts';

/**
 * Rejects a valid operation if a list in its arguments has more values than allowed, in literals and coerced variables
 * alike, wherever the schema has a list. Reports the first such list. Values inside a scalar such as JSONObject are not
 * checked.
 */
export function checkLists(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variableValues: Variables,
  max: number,
): GraphQLError | undefined {
  const fragments = fragmentsOf(document);
  const search: Search = { schema, variables: variableValues, max, seen: new Set(), spread: new Set(), long: [] };
  inSelections(operation.selectionSet, schema.getRootType(operation.operation), search);
  // The set grows during the iteration, by the fragments that fragments spread.
  for (const name of search.spread) {
    const fragment = fragments.get(name);
    if (fragment) inSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value), search);
  }
  const [first] = search.long;
  if (!first) return undefined;
  const message = `\`${first.path.join('.')}\` must have at most ${max} values; it has ${first.values}.`;
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX' } });
}

type Path = readonly string[];

interface Search {
  readonly schema: GraphQLSchema;
  readonly variables: Variables;
  readonly max: number;
  /** Variables that were checked: each is checked once, however often it is used. */
  readonly seen: Set<string>;
  /** The names of the spread fragments. */
  readonly spread: Set<string>;
  readonly long: { readonly path: Path; readonly values: number }[];
}

function inSelections(set: SelectionSetNode, type: GraphQLNamedType | null | undefined, search: Search): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) search.spread.add(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const { typeCondition, selectionSet } = selection;
      inSelections(selectionSet, typeCondition ? search.schema.getType(typeCondition.name.value) : type, search);
    }
    if (selection.kind === Kind.FIELD) inField(selection, type, search);
  }
}

function inField(field: FieldNode, type: GraphQLNamedType | null | undefined, search: Search): void {
  const known = isObjectType(type) || isInterfaceType(type) ? type.getFields()[field.name.value] : undefined;
  for (const { name, value } of known ? (field.arguments ?? []) : []) {
    const argument = argumentsWithLists(known as GraphQLField<unknown, unknown>).get(name.value);
    if (argument) inLiteral(value, argument.type, [name.value], search);
  }
  if (field.selectionSet) inSelections(field.selectionSet, known && getNamedType(known.type), search);
}

function inLiteral(node: ValueNode, type: GraphQLInputType, path: Path, search: Search): void {
  if (node.kind === Kind.VARIABLE) {
    if (search.seen.has(node.name.value)) return;
    search.seen.add(node.name.value);
    inValue(search.variables[node.name.value], type, path, search);
    return;
  }
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    // GraphQL coerces a single value to a list of one item.
    if (node.kind === Kind.LIST) inItems(node.values, nullable.ofType, path, search, inLiteral);
    else inLiteral(node, nullable.ofType, path, search);
  }
  if (!isInputObjectType(nullable) || node.kind !== Kind.OBJECT) return;
  for (const { name, value } of node.fields) {
    const field = nullable.getFields()[name.value];
    if (field && hasLists(field.type)) inLiteral(value, field.type, [...path, name.value], search);
  }
}

/** Checks a coerced value, which is a list wherever the schema says so. */
function inValue(value: unknown, type: GraphQLInputType, path: Path, search: Search): void {
  if (typeof value !== 'object' || value === null) return;
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    inItems(value as readonly unknown[], nullable.ofType, path, search, inValue);
  }
  if (!isInputObjectType(nullable)) return;
  for (const field of Object.values(nullable.getFields())) {
    const of = (value as Readonly<Record<string, unknown>>)[field.name];
    if (hasLists(field.type)) inValue(of, field.type, [...path, field.name], search);
  }
}

function inItems<V>(
  items: readonly V[],
  type: GraphQLInputType,
  path: Path,
  search: Search,
  inItem: (item: V, type: GraphQLInputType, path: Path, search: Search) => void,
): void {
  if (items.length > search.max) search.long.push({ path, values: items.length });
  else if (hasLists(type)) items.forEach((item, index) => inItem(item, type, [...path, `${index}`], search));
}

const WITH_LISTS = new WeakMap<GraphQLField<unknown, unknown>, ReadonlyMap<string, GraphQLArgument>>();

function argumentsWithLists(field: GraphQLField<unknown, unknown>): ReadonlyMap<string, GraphQLArgument> {
  const known = WITH_LISTS.get(field);
  if (known) return known;
  const found = new Map(field.args.flatMap((each) => (hasLists(each.type) ? [[each.name, each] as const] : [])));
  WITH_LISTS.set(field, found);
  return found;
}

const LISTS_WITHIN = new WeakMap<GraphQLInputObjectType, boolean>();

/** Whether a value of the type can contain a list. */
function hasLists(type: GraphQLInputType): boolean {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return true;
  if (!isInputObjectType(nullable)) return false;
  const known = LISTS_WITHIN.get(nullable);
  if (known !== undefined) return known;
  const within = typesWithin(nullable).flatMap((each) => Object.values(each.getFields()));
  const found = within.some((field) => isListType(getNullableType(field.type)));
  LISTS_WITHIN.set(nullable, found);
  return found;
}

/** Returns an input type and all input types that its values can contain; types may contain each other. */
function typesWithin(type: GraphQLInputObjectType): readonly GraphQLInputObjectType[] {
  const types = new Set([type]);
  for (const each of types) {
    for (const field of Object.values(each.getFields())) {
      const named = getNamedType(field.type);
      if (isInputObjectType(named)) types.add(named);
    }
  }
  return [...types];
}
