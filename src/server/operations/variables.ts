import {
  type ASTNode,
  type GraphQLError,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  type NamedTypeNode,
  TypeInfo,
  typeFromAST,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { badInput } from '../../schema/errors.ts';
import type { Variables } from '../../schema/variables.ts';
import { firstResult, tooManyValues } from './inputLists.ts';
import type { ParsedOperation } from './selections.ts';

/** The facts about the variables of an operation that decide how the values of a request are checked. */
export interface VariableFacts {
  readonly definitions: readonly VariableDefinitionNode[];
  /** The variables with values of any size: lists and input objects. */
  readonly composite: readonly { readonly name: string; readonly type: GraphQLInputType }[];
  /** Nullable variables at a non-null place: allowed because of a default, but null is then not a valid value. */
  readonly mustNotBeNull: ReadonlySet<string>;
  /** Nullable variables at a field of a oneOf input: graphql allows them, but neither null nor nothing is a value. */
  readonly mustBeGiven: ReadonlySet<string>;
  /** Whether a variable is used within the literal of a JSON object. */
  readonly isWithinJson: boolean;
  /** The types of the variables by name, if all of them are scalars and enums. */
  readonly leaves: readonly (readonly [name: string, type: GraphQLLeafType])[] | undefined;
}

/** Returns the facts about the operation's variables. */
export function variableFactsOf({ schema, definition, parts }: ParsedOperation): VariableFacts {
  const definitions = definition.variableDefinitions ?? [];
  const nullable = new Set(
    definitions.flatMap(({ type, variable }) => (type.kind === Kind.NON_NULL_TYPE ? [] : [variable.name.value])),
  );
  const composite = definitions.flatMap(({ type: node, variable }) => {
    const type = typeFromAST(schema, node as NamedTypeNode);
    return isInputType(type) && isComposite(type) ? [{ name: variable.name.value, type }] : [];
  });
  const mustNotBeNull = new Set<string>();
  const mustBeGiven = new Set<string>();
  let isWithinJson = false;
  for (const part of definitions.length === 0 ? [] : parts) {
    visitVariables(schema, part, (name, typeInfo) => {
      const type = typeInfo.getInputType();
      if (!type) isWithinJson = true;
      else if (isNonNullType(type) && nullable.has(name)) mustNotBeNull.add(name);
      else if (isOneOf(typeInfo) && nullable.has(name)) mustBeGiven.add(name);
      return undefined;
    });
  }
  const leaves = leavesOf(schema, definitions);
  return { definitions, composite, mustNotBeNull, mustBeGiven, isWithinJson, leaves };
}

function leavesOf(schema: GraphQLSchema, definitions: readonly VariableDefinitionNode[]): VariableFacts['leaves'] {
  const leaves = definitions.flatMap(({ type: node, variable }) => {
    const type = getNullableType(typeFromAST(schema, node as NamedTypeNode));
    const name = variable.name.value;
    return isLeafType(type) && name !== '__proto__' ? [[name, type] as const] : [];
  });
  return leaves.length === definitions.length ? leaves : undefined;
}

const isComposite = (type: GraphQLInputType): boolean =>
  isListType(getNullableType(type)) || isInputObjectType(getNamedType(type));

function isOneOf(typeInfo: TypeInfo): boolean {
  const parent = getNamedType(typeInfo.getParentInputType());
  return isInputObjectType(parent) && parent.isOneOf;
}

/** Visits the uses of variables. Those without an input type are within the literal of a custom scalar. */
function visitVariables<N extends ASTNode>(
  schema: GraphQLSchema,
  node: N,
  replace: (name: string, typeInfo: TypeInfo) => ValueNode | undefined,
): N {
  const typeInfo = new TypeInfo(schema);
  return visit(
    node,
    visitWithTypeInfo(typeInfo, {
      VariableDefinition: () => false,
      Variable: ({ name }) => replace(name.value, typeInfo),
    }),
  );
}

/** Rejects null for a variable at a non-null place: graphql reports it only during execution, as an internal error. */
export function checkNulls(facts: VariableFacts, sent: Variables): GraphQLError | undefined {
  const { mustNotBeNull, mustBeGiven } = facts;
  if (mustNotBeNull.size + mustBeGiven.size === 0) return undefined;
  const values = sentValues(facts, sent);
  const isNull = (name: string): boolean => values.get(name)?.kind === Kind.NULL;
  const unexpected = [...mustNotBeNull].find(isNull);
  if (unexpected !== undefined) return badVariable(unexpected, 'must not be null here. Omit it to use the default.');
  const missing = [...mustBeGiven].find((name) => !values.get(name) || isNull(name));
  return missing === undefined ? undefined : badVariable(missing, 'must be given here, and must not be null.');
}

const badVariable = (name: string, problem: string): GraphQLError => badInput(`Variable "$${name}" ${problem}`);

/**
 * Inserts variables into literal JSON objects as the client sent them: graphql would insert their internal values, such
 * as a number for an enum or a time.
 */
export function withJsonValues({ schema, document }: ParsedOperation, facts: VariableFacts, sent: Variables) {
  const values = sentValues(facts, sent);
  return visitVariables(schema, document, (name, typeInfo) =>
    typeInfo.getInputType() ? undefined : (values.get(name) ?? { kind: Kind.NULL }),
  );
}

/** Returns the values of variables as they were sent, or their defaults; undefined for one that has neither. */
const sentValues = ({ definitions }: VariableFacts, sent: Variables): ReadonlyMap<string, ValueNode | undefined> =>
  new Map(
    definitions.map(({ variable, defaultValue }) => {
      const name = variable.name.value;
      return [name, sent[name] === undefined ? defaultValue : literalOf(sent[name])];
    }),
  );

function literalOf(value: unknown): ValueNode {
  if (value === null || value === undefined) return { kind: Kind.NULL };
  if (typeof value === 'boolean') return { kind: Kind.BOOLEAN, value };
  if (typeof value === 'number') return { kind: Kind.FLOAT, value: String(value) };
  if (Array.isArray(value)) return { kind: Kind.LIST, values: value.map(literalOf) };
  if (typeof value !== 'object') return { kind: Kind.STRING, value: value as string };
  const fields = Object.entries(value).map(([name, field]) => ({
    kind: Kind.OBJECT_FIELD as const,
    name: { kind: Kind.NAME as const, value: name },
    value: literalOf(field),
  }));
  return { kind: Kind.OBJECT, fields };
}

/** The maximum number of unknown fields of one object that are left to coercion, which reports each of them. */
const MAX_UNKNOWN_FIELDS = 5;
/** The maximum characters of a field's name that are repeated in an error or compared with others. */
const MAX_NAME_CHARACTERS = 100;

/**
 * Rejects variables that would take long to coerce: a list with more values than allowed, or an object with many fields
 * that its type does not have. Coercion reports each problem with the whole object in the message.
 */
export const checkSizes = (
  { composite }: VariableFacts,
  sent: Variables,
  maxValues: number,
): GraphQLError | undefined =>
  firstResult(composite, ({ name, type }) => errorOf(sent[name], type, `$${name}`, maxValues));

function errorOf(value: unknown, type: GraphQLInputType, path: string, maxValues: number): GraphQLError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    // GraphQL coerces a single value to a list of one item.
    if (!Array.isArray(value)) return errorOf(value, nullable.ofType, path, maxValues);
    const items = value as readonly unknown[];
    if (items.length > maxValues) {
      return tooManyValues(path, items.length, maxValues);
    }
    return firstResult(items.entries(), ([index, item]) =>
      errorOf(item, nullable.ofType, `${path}.${index}`, maxValues),
    );
  }
  if (!isInputObjectType(nullable)) return undefined;
  const fields = nullable.getFields();
  const names = Object.keys(value);
  const maxFields = Object.keys(fields).length + MAX_UNKNOWN_FIELDS;
  if (names.length > maxFields || names.some((name) => name.length > MAX_NAME_CHARACTERS)) {
    return badInput(`\`${path}\` has a field that is not defined by type "${nullable.name}".`);
  }
  return firstResult(Object.values(fields), (field) =>
    errorOf((value as Variables)[field.name], field.type, `${path}.${field.name}`, maxValues),
  );
}

/** Returns the values of the variables as resolvers receive them; undefined if any is invalid. */
export function coerceVariables(
  { schema }: ParsedOperation,
  { definitions, leaves }: VariableFacts,
  sent: Variables,
): Variables | undefined {
  const given = leaves && coerceLeaves(leaves, sent);
  return given ?? getVariableValues(schema, definitions, sent, { maxErrors: 0 }).coerced;
}

/** Returns the values of scalars and enums that are all given and valid; undefined otherwise. */
function coerceLeaves(leaves: NonNullable<VariableFacts['leaves']>, sent: Variables): Variables | undefined {
  const coerced: Record<string, unknown> = {};
  try {
    for (const [name, type] of leaves) {
      const value = Object.hasOwn(sent, name) ? sent[name] : undefined;
      if (value === null || value === undefined) return undefined;
      const parsed: unknown = type.parseValue(value);
      if (parsed === undefined) return undefined;
      coerced[name] = parsed;
    }
    return coerced;
  } catch {
    return undefined;
  }
}
