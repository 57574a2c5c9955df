import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

/** A required argument whose value does not matter. */
const SOME_TEXT = '(participantReference: "somebody")';

/**
 * Selects all fields of a type, and objects up to the given number of edges away. Returns an empty text for a scalar.
 */
export function selectionOf(schema: GraphQLSchema, type: GraphQLNamedType, edges: number): string {
  if (isAbstractType(type)) {
    const members = schema
      .getPossibleTypes(type)
      .map((each) => `... on ${each.name} ${selectionOf(schema, each, edges)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  return isObjectType(type) ? `{ __typename ${fieldsOf(schema, type, edges)} }` : '';
}

const fieldsOf = (schema: GraphQLSchema, type: GraphQLObjectType, edges: number): string =>
  Object.values(type.getFields())
    .flatMap((field) => {
      const left = edges - (isEdge(type, field) ? 1 : 0);
      const needed = field.args.some(isRequiredArgument) ? SOME_TEXT : '';
      if (left >= 0) return [`${field.name}${needed} ${selectionOf(schema, getNamedType(field.type), left)}`];
      return [];
    })
    .join(' ');

export const isNode = (type: GraphQLNamedType): boolean =>
  isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node');

/** Whether the field leads from one object to others. Parts of pages and payloads are no edges. */
export const isEdge = (type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): boolean => {
  if (/(Connection|Edge|Payload|Result|Change)$/.test(type.name)) return false;
  const shown = getNamedType(field.type);
  // Terms and totals have lists of their own. With those of all positions and assets of an institution, the response of a
  // mutation could exceed the limit.
  const hasLists = shown.name === 'PositionTerms' || shown.name === 'PositionTotal';
  return isNode(shown) || shown.name.endsWith('Connection') || hasLists;
};
