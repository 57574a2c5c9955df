import {
  defaultFieldResolver,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
} from 'graphql';
import type { Roles } from '../domain/rights.ts';
import { VIEWER_ROLES } from '../domain/viewer.ts';
import type { Context } from './builder.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The roles that may use the field, for each field that has some. Required for operations and edges. */
    readonly roles?: Roles;
  }
  interface GraphQLObjectTypeExtensions<_TSource, _TContext> {
    /** The roles that may see objects of the type. Required for nodes. */
    readonly roles?: Roles;
  }
}

/**
 * Enforces the `roles` of fields and node types: fields throw FORBIDDEN for other roles, before anything is loaded.
 * Mutations return a ForbiddenError themselves. Throws if an operation, a node type or an edge has no roles.
 */
export function guardField(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    const root = isRoot(schema, type);
    if (isNode(type)) rolesOf(type.name, type);
    for (const field of Object.values(type.getFields())) {
      if (!root && !isEdge(type, field) && !field.extensions.roles) continue;
      const roles = rolesOf(`${type.name}.${field.name}`, field);
      if (type === schema.getMutationType()) continue;
      const nodes = nodesIn(getNamedType(field.type)).map((each) => rolesOf(each.name, each));
      restrict(
        field,
        roles.filter((role) => nodes.every((allowed) => allowed.includes(role))),
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

function rolesOf(coordinate: string, { extensions }: { readonly extensions: { readonly roles?: Roles } }): Roles {
  if (extensions.roles === undefined) throw new Error(`${coordinate} has no roles.`);
  return extensions.roles;
}

/** Restricts a field to the roles. A field for everyone keeps its resolver. */
function restrict(field: GraphQLField<unknown, Context>, roles: Roles): void {
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
