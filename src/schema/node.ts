import type { ObjectRef } from '@pothos/core';
import { type GraphQLResolveInfo, isObjectType } from 'graphql';
import type { Id, IdPrefix } from '../domain/ids.ts';
import { prefixOf } from '../domain/ids.ts';
import { LIMITS } from '../domain/limits.ts';
import { EVERYONE, type Roles } from '../domain/rights.ts';
import type { MaybePromise, TableName } from '../store/store.ts';
import { builder, type Context, type Types } from './builder.ts';
import { badInput } from './errors.ts';
import type { Loader, Loaders } from './loaders.ts';
import { bringOfObject } from './lookAhead.ts';

/** A row with an id. */
export interface Entity {
  readonly id: Id;
}
export type EntityRef = ObjectRef<Types, Entity>;

/** The table of the objects of a type, and the roles that may see them. */
export interface NodeOptions {
  readonly prefix: IdPrefix;
  readonly table: TableName;
  readonly roles: Roles;
}

const NODES = new Map<string, NodeOptions>();
const NAMES = new Map<string, string>();

/** Makes `node` and `nodes` return the objects of a type, to viewers with one of the roles. */
export function node(type: EntityRef, options: NodeOptions): void {
  NODES.set(type.name, options);
  NAMES.set(options.prefix, type.name);
  const { roles } = options;
  type.updateConfig((config) => ({ ...config, extensions: { ...config.extensions, roles } }));
}

/** Returns the options of a type. Throws if it is not a node. */
export function nodeOptionsOf({ name }: EntityRef): NodeOptions {
  const options = NODES.get(name);
  if (!options) throw new Error(`${name} is not a node.`);
  return options;
}

/** Returns the types of all nodes with their tables. */
export const nodeTables = (): readonly (readonly [type: string, table: TableName])[] =>
  [...NODES].map(([name, { table }]) => [name, table]);

export const loaderOf = (read: Loaders, type: EntityRef): Loader<Entity> => read[nodeOptionsOf(type).table];

const nameOf = (id: Id): string | undefined => NAMES.get(prefixOf(id) ?? '');

export const Node = builder.interfaceRef<Entity>('Node').implement({
  description: 'An object with an id.',
  resolveType: ({ id }) => nameOf(id),
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The id. It is opaque, but its prefix identifies the type, and ids sort by time of creation.',
    }),
  }),
});

/** Returns the object, or null if it does not exist or is not visible to the viewer. */
function resolve(id: Id, { read, viewer }: Context, info: GraphQLResolveInfo): MaybePromise<Entity | null> {
  const { schema } = info;
  const name = nameOf(id) ?? '';
  const table = NODES.get(name)?.table;
  const type = schema.getType(name);
  if (!table || !isObjectType(type) || !type.extensions.roles?.includes(viewer.role)) return null;
  const row = read[table].byId(id, bringOfObject(read, info, name));
  return row instanceof Promise ? row.then((entity) => entity ?? null) : (row ?? null);
}

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description: 'Returns the object with this id, or null if it does not exist or is not visible to the viewer.',
    extensions: { roles: EVERYONE },
    args: { id: t.arg.id({ required: true, description: 'An id of any type.' }) },
    resolve: (_root, { id }, context, info) => resolve(id, context, info),
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description:
      'Returns the objects with these ids, in request order; null for each that does not exist or that the viewer may not see.',
    extensions: { roles: EVERYONE, cost: { items: ['ids'] } },
    args: {
      ids: t.arg.idList({ required: true, description: `The ids, of any types. At most ${LIMITS.listValues}.` }),
    },
    resolve: (_root, { ids }, context, info) => {
      if (ids.length > LIMITS.listValues) {
        throw badInput(`\`ids\` must have at most ${LIMITS.listValues} values; it has ${ids.length}.`);
      }
      return ids.map((id) => resolve(id, context, info));
    },
  }),
);
