import type { Id, IdPrefix } from '../domain/ids.ts';
import { prefixOf } from '../domain/ids.ts';
import { isAllowed } from '../domain/rights.ts';
import { LIMITS } from '../domain/limits.ts';
import type { MaybePromise } from '../store/store.ts';
import { builder, type Context } from './builder.ts';
import { badInput } from './errors.ts';
import type { Readings } from './readings.ts';

type Entity = { readonly id: Id };
type ById = (read: Readings, id: Id) => MaybePromise<Entity | undefined>;

const TYPES = new Map<string, { readonly name: string; readonly byId: ById }>();

/** Lets `node` and `nodes` answer the ids of a type. */
export function node(prefix: IdPrefix, name: string, byId: ById): void {
  TYPES.set(prefix, { name, byId });
}

export const Node = builder.interfaceRef<Entity>('Node').implement({
  description: 'Whatever has an id of its own.',
  resolveType: ({ id }) => TYPES.get(prefixOf(id) ?? '')?.name,
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id: opaque, but its prefix names the type and ids sort by creation.' }),
  }),
});

/** What the viewer's role may not see is as unknown as what never was. */
const resolve = ({ read, viewer }: Context, id: Id): MaybePromise<Entity | null> => {
  const type = TYPES.get(prefixOf(id) ?? '');
  const row = type && isAllowed(viewer, type.name) ? (type.byId(read, id) ?? null) : null;
  return row instanceof Promise ? row.then((entity) => entity ?? null) : row;
};

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description: 'The object with this id; null if there is none or the viewer may not know of it.',
    args: { id: t.arg.id({ required: true, description: 'The id of any type.' }) },
    resolve: (_root, { id }, context) => resolve(context, id),
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'The objects with these ids, in the order asked, null for each that is unknown.',
    args: { ids: t.arg.idList({ required: true, description: `At most ${LIMITS.listValues} ids of any type.` }) },
    resolve: (_root, { ids }, context) => {
      if (ids.length > LIMITS.listValues) {
        throw badInput(`ids must have at most ${LIMITS.listValues} values; it has ${ids.length}.`);
      }
      return ids.map((id) => resolve(context, id)) as never;
    },
  }),
);
