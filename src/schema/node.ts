import type { Id, IdPrefix } from '../domain/ids.ts';
import { prefixOf } from '../domain/ids.ts';
import { isAllowed } from '../domain/rights.ts';
import { LIMITS } from '../domain/limits.ts';
import type { MaybePromise } from '../store/store.ts';
import { builder, type Context } from './builder.ts';
import { badInput } from './errors.ts';
import type { Loaders } from './loaders.ts';

type Entity = { readonly id: Id };
type ById = (read: Loaders, id: Id) => MaybePromise<Entity | undefined>;

const TYPES = new Map<string, { readonly name: string; readonly byId: ById }>();

/** Makes `node` and `nodes` return the objects of a type. */
export function node(prefix: IdPrefix, name: string, byId: ById): void {
  TYPES.set(prefix, { name, byId });
}

export const Node = builder.interfaceRef<Entity>('Node').implement({
  description: 'An object with an id.',
  resolveType: ({ id }) => TYPES.get(prefixOf(id) ?? '')?.name,
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The id. It is opaque, but its prefix identifies the type, and ids sort by time of creation.',
    }),
  }),
});

/** Returns the object, or null if it does not exist or is not visible to the viewer. */
const resolve = ({ read, viewer }: Context, id: Id): MaybePromise<Entity | null> => {
  const type = TYPES.get(prefixOf(id) ?? '');
  const row = type && isAllowed(viewer, type.name) ? (type.byId(read, id) ?? null) : null;
  return row instanceof Promise ? row.then((entity) => entity ?? null) : row;
};

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description: 'Returns the object with this id, or null if it does not exist or is not visible to the viewer.',
    args: { id: t.arg.id({ required: true, description: 'An id of any type.' }) },
    resolve: (_root, { id }, context) => resolve(context, id),
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description:
      'Returns the objects with these ids, in request order; null for each that does not exist or that the viewer may not see.',
    args: {
      ids: t.arg.idList({ required: true, description: `The ids, of any types. At most ${LIMITS.listValues}.` }),
    },
    resolve: (_root, { ids }, context) => {
      if (ids.length > LIMITS.listValues) {
        throw badInput(`\`ids\` must have at most ${LIMITS.listValues} values; it has ${ids.length}.`);
      }
      return ids.map((id) => resolve(context, id)) as never;
    },
  }),
);
