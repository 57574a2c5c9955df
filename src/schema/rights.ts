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
 * Holds the schema to the table of rights: every operation, every type that is a node and every edge must have a line,
 * or this throws; and whoever a line leaves out is refused with FORBIDDEN, before anything is looked up. Mutations
 * answer for themselves, with a ForbiddenError.
 */
export function guard(schema: GraphQLSchema, rights: Rights): GraphQLSchema {
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

/** Payloads and single rows of pages show only what a field with a line of its own has let through. */
const isEdge = (type: GraphQLObjectType, { type: shown }: GraphQLField<unknown, unknown>): boolean => {
  const named = getNamedType(shown);
  if (/(Payload|Result|Change|Connection|Edge)$/.test(type.name)) return false;
  return isNode(named) || named.name.endsWith('Connection');
};

const isRoot = (schema: GraphQLSchema, type: GraphQLObjectType): boolean =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);

const isNode = (type: unknown): type is GraphQLObjectType =>
  isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node');

/** The nodes that a field of the type shows: the type itself, or what a page or a change has of them. */
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

/** What everyone may use costs nothing to check. */
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
