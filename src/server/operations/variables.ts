import {
  getNullableType,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  type NamedTypeNode,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';
import type { Variables } from './argumentValues.ts';

/** The maximum number of unknown fields of one object that are left to coercion, which reports each of them. */
const UNKNOWN_FIELDS = 5;
/** The maximum characters of a field's name that are repeated in an error or compared with others. */
const NAME = 100;

/**
 * Rejects variables that would take long to coerce: a list with more values than allowed, or an object with many fields
 * that its type does not have. Coercion reports each problem with the whole object in the message.
 */
export function checkVariables(
  schema: GraphQLSchema,
  { variableDefinitions }: OperationDefinitionNode,
  variables: Variables,
  max: number,
): GraphQLError | undefined {
  for (const { variable, type } of variableDefinitions ?? []) {
    const { value: name } = variable.name;
    const known = typeFromAST(schema, type as NamedTypeNode);
    const fault = isInputType(known) ? faultOf(variables[name], known, `$${name}`, max) : undefined;
    if (fault) return fault;
  }
  return undefined;
}

function faultOf(value: unknown, type: GraphQLInputType, path: string, max: number): GraphQLError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    // GraphQL coerces a single value to a list of one item.
    if (!Array.isArray(value)) return faultOf(value, nullable.ofType, path, max);
    const items = value as readonly unknown[];
    if (items.length > max) {
      return refused(`\`${path}\` must have at most ${max} values; it has ${items.length}.`, 'QUERY_TOO_COMPLEX');
    }
    return firstOf(items.entries(), ([index, item]) => faultOf(item, nullable.ofType, `${path}.${index}`, max));
  }
  if (!isInputObjectType(nullable)) return undefined;
  const fields = nullable.getFields();
  const given = Object.keys(value);
  if (given.length > Object.keys(fields).length + UNKNOWN_FIELDS || given.some((name) => name.length > NAME)) {
    return refused(`\`${path}\` has a field that is not defined by type "${nullable.name}".`, 'BAD_USER_INPUT');
  }
  return firstOf(Object.values(fields), (field) =>
    faultOf((value as Variables)[field.name], field.type, `${path}.${field.name}`, max),
  );
}

function firstOf<V>(values: Iterable<V>, fault: (value: V) => GraphQLError | undefined): GraphQLError | undefined {
  for (const value of values) {
    const found = fault(value);
    if (found) return found;
  }
  return undefined;
}

const refused = (message: string, code: string): GraphQLError => new GraphQLError(message, { extensions: { code } });
