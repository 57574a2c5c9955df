import { type GraphQLFieldConfigMap, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { Context } from './builder.ts';

/** The fields of a root type by their names. */
export type RootFields = GraphQLFieldConfigMap<unknown, Context>;
/** The root types. */
export type RootKind = 'query' | 'mutation' | 'subscription';

/**
 * Returns a schema of the same types whose root types have the fields that `change` returns. The types below the root
 * are shared, so this takes little time and memory.
 */
export function withRootFields(
  schema: GraphQLSchema,
  change: (fields: RootFields, kind: RootKind) => RootFields,
): GraphQLSchema {
  const config = schema.toConfig();
  const changed = (kind: RootKind): GraphQLObjectType | null => {
    const root = config[kind]?.toConfig();
    return root ? new GraphQLObjectType({ ...root, fields: change(root.fields, kind) }) : null;
  };
  const roots = { query: changed('query'), mutation: changed('mutation'), subscription: changed('subscription') };
  const former = [config.query, config.mutation, config.subscription];
  const types = config.types.filter((type) => !former.some((root) => root === type));
  return new GraphQLSchema({ ...config, ...roots, types });
}
