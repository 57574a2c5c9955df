import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  GraphQLError,
  type GraphQLNamedType,
  GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
} from 'graphql';
import { VIEWER_ROLES, type ViewerRole } from '../domain/viewer.ts';
import type { Context } from './builder.ts';

type Rights = { readonly [coordinate: string]: readonly ViewerRole[] };

/**
 * Enforces the table of rights: fields throw FORBIDDEN for roles that are not in their line, before anything is loaded.
 * Mutations return a ForbiddenError themselves. Throws if an operation, a node type or an edge has no line.
 */
export function guardField(schema: GraphQLSchema, rights: Rights): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    const root = isRoot(schema, type);
    if (isNode(type)) rolesAt(rights, type.name);
    for (const field of Object.values(type.getFields())) {
      if (!root && !isEdge(type, field)) continue;
      const roles = rolesAt(rights, `${type.name}.${field.name}`);
      if (type === schema.getMutationType()) continue;
      const lines = [roles, ...nodesIn(getNamedType(field.type)).map(({ name }) => rolesAt(rights, name))];
      restrict(
        field,
        roles.filter((role) => lines.every((line) => line.includes(role))),
      );
    }
  }
  return schema;
}

/** Payloads and edges of connections are no edges here: the field that returns them has a line and is checked. */
const isEdge = (type: GraphQLObjectType, { type: shown }: GraphQLField<unknown, unknown>): boolean => {
  const named = getNamedType(shown);
  if (/(Payload|Result|Change|Connection|Edge)$/.test(type.name)) return false;
  return isNode(named) || named.name.endsWith('Connection');
};

const isRoot = (schema: GraphQLSchema, type: GraphQLObjectType): boolean =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);

const isNode = (type: unknown): type is GraphQLObjectType =>
  isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node');

/** Returns the node types that a field of the type exposes: the type itself, or those of a connection or a change. */
function nodesIn(shown: GraphQLNamedType): readonly GraphQLObjectType[] {
  if (isNode(shown)) return [shown];
  if (!isObjectType(shown) || !/(Connection|Change)$/.test(shown.name)) return [];
  return Object.values(shown.getFields())
    .map(({ type }) => getNamedType(type))
    .filter(isNode);
}

function rolesAt(rights: Rights, coordinate: string): readonly ViewerRole[] {
  const roles = rights[coordinate];
  if (roles === undefined) throw new Error(`The table of rights has no line for ${coordinate}.`);
  return roles;
}

/** Restricts a field to the roles. A field for everyone keeps its resolver. */
function restrict(field: GraphQLField<unknown, Context>, roles: readonly ViewerRole[]): void {
  if (roles.length === VIEWER_ROLES.length) return;
  const checked =
    (resolve: GraphQLFieldResolver<unknown, Context>): GraphQLFieldResolver<unknown, Context> =>
    (source, args, context, info) => {
      if (roles.includes(context.viewer.role)) return resolve(source, args, context, info);
      throw new GraphQLError('The role of the viewer does not allow this.', { extensions: { code: 'FORBIDDEN' } });
    };
  field.resolve = checked(field.resolve ?? defaultFieldResolver);
  if (field.subscribe) field.subscribe = checked(field.subscribe);
}
