import type { GraphQLResolveInfo } from 'graphql';
import type { AnyRow, Field, MaybePromise, Parent, TableName, Tables, Window } from '../store/store.ts';
import { builder, type Context } from './builder.ts';
import { type Connection, connect, connectionType, type PageArgs, pageArgs, sizeOnly } from './connection.ts';
import type { ListOrder } from './cursor.ts';
import type { FieldCost } from './fieldCosts.ts';
import { type FilterFields, OrderDirection, selectionOf } from './filter.ts';
import type { Loader } from './loaders.ts';
import { bringOfObject, bringOfRows, type Selected, selectedIn } from './lookAhead.ts';
import { uncapitalized, wordsOf } from './naming.ts';
import { type Entity, type EntityRef, loaderOf, type NodeOptions, node } from './node.ts';

/** The orders that clients can choose from. */
export type Orders<E> = {
  readonly [name: string]: { readonly by: ListOrder<E>['by']; readonly description: string };
};

/** An edge from a parent: the list of its objects. */
export interface ListEdge<E> {
  readonly on: EntityRef;
  /** The field of the entity with the id of the parent. */
  readonly field: Field<E>;
  readonly description: string;
  /** The name of the edge. Defaults to the name of the table. */
  readonly name?: string;
  /** The order of a list without filter and `orderBy`. */
  readonly order?: ListOrder<E>;
}

/** The tables with rows of an entity. */
type TableOf<E> = { readonly [T in TableName]: E extends Tables[T] ? T : never }[TableName];

/** The ways to read the objects of a type: by id, in lists, and below their parents. */
export interface Listable<E> extends NodeOptions {
  readonly table: TableOf<E>;
  /** Adds the query of one object by its id. */
  readonly one?: { readonly note?: string };
  /** Adds the query of the whole list, under the name of the table. */
  readonly all?: { readonly description?: string };
  readonly edges?: readonly ListEdge<E>[];
  readonly filter?: FilterFields<E>;
  /** The description of the rows that a list without a filter has. Defaults to 'all'. */
  readonly unfiltered?: string;
  /** The order of every list, or those that clients can choose from. */
  readonly order?: ListOrder<E>;
  readonly orders?: Orders<E>;
  /** The order without `orderBy`, in words and by name. Defaults to newest first. */
  readonly defaultOrder?: { readonly name: string; readonly description: string };
  /** Returns the participants whose unread messages can be counted along with the rows. */
  readonly unreadFor?: (list: Selected) => Window<E>['unreadFor'];
}

const NEWEST_FIRST = { name: 'CREATED_AT', description: 'newest first' };

/** The orders by the times of a versioned object. */
export const BY_TIME = {
  CREATED_AT: { by: ['createdAt'], description: 'By time of creation.' },
  UPDATED_AT: { by: ['updatedAt'], description: 'By time of the last change.' },
} as const;

/** The order by a name or a label. */
export const byText = <F extends 'name' | 'label'>(field: F) =>
  ({
    by: [field, 'createdAt'],
    description: `By ${field}, compared by code point; equal ones by time of creation.`,
  }) as const;

/** Adds the filter type of an entity. Returns its argument and its costs; neither without a filter. */
function filterOf<E>({ name }: EntityRef, { table, filter, unfiltered = 'all' }: Listable<E>) {
  if (!filter) return { args: {}, cost: {} };
  const nouns = wordsOf(table);
  const type = builder.inputType(`${name}Filter`, {
    description: `Filters ${nouns}. Fields are combined with AND, list values with OR. An empty list matches nothing.`,
    fields: (t) => Object.fromEntries(Object.entries(filter).map(([argument, { input }]) => [argument, input(t)])),
  });
  const args = builder.args((t) => ({
    filter: t.field({ type, description: `Filters the ${nouns}. Defaults to ${unfiltered}.` }),
  }));
  const cost: FieldCost = Object.assign({}, ...Object.values(filter).map((each) => each.cost));
  return { args, cost };
}

/** Adds the order types of an entity. Returns their argument; none if clients cannot choose the order. */
function orderArgsOf<E>({ name }: EntityRef, { table, orders, defaultOrder = NEWEST_FIRST }: Listable<E>) {
  if (!orders) return {};
  const nouns = wordsOf(table);
  const OrderField = builder.enumType(`${name}OrderField`, {
    description: `The fields that ${nouns} can be ordered by. Equal values are ordered by id.`,
    values: Object.fromEntries(Object.entries(orders).map(([each, { description }]) => [each, { description }])),
  });
  const type = builder.inputType(`${name}Order`, {
    description: `The order of a list of ${nouns}.`,
    fields: (t) => ({
      field: t.field({ type: OrderField, required: true, description: 'The field to order by.' }),
      direction: t.field({ type: OrderDirection, required: true, description: 'The direction.' }),
    }),
  });
  const description = `The order of the ${nouns}. Defaults to ${defaultOrder.description}.`;
  return builder.args((t) => ({
    orderBy: t.field({ type, defaultValue: { field: defaultOrder.name, direction: 'DESC' }, description }),
  }));
}

interface ListArgs extends PageArgs {
  readonly filter?: unknown;
  readonly orderBy?: { readonly field: string; readonly direction: 'ASC' | 'DESC' } | null;
}

/** Returns the order of a list. */
function orderOf<E>({ order, orders, defaultOrder = NEWEST_FIRST }: Listable<E>, { orderBy }: ListArgs): ListOrder<E> {
  const { field, direction } = orderBy ?? { field: defaultOrder.name, direction: 'DESC' };
  return order ?? { by: orders?.[field]?.by ?? [], direction };
}

/** Adds the type of an entity to `node`, its queries by id and of all, and its edges on parents. */
export function listable<E extends Entity>(type: EntityRef & { readonly $inferType: E }, options: Listable<E>) {
  const { table, roles, filter = {}, one, all, edges = [], unreadFor } = options;
  node(type, options);
  const filtering = filterOf(type, options);
  const shared = { type: connectionType(type), nullable: true, extensions: { roles, cost: filtering.cost } } as const;
  const args = { ...filtering.args, ...orderArgsOf(type, options), ...pageArgs };
  const list = (context: Context, info: GraphQLResolveInfo, sent: ListArgs, parent?: Parent<E>, order?: ListOrder<E>) =>
    connect(
      loaderOf(context.read, type) as Loader<E>,
      type.name,
      selectionOf(filter, sent.filter, parent),
      order ?? orderOf(options, sent),
      sent,
      { unreadFor: unreadFor?.(selectedIn(info)), bring: bringOfRows(context.read, info, type.name) },
    );
  if (one) addQueryById(type, options);
  if (all) {
    const description = `Returns the ${all.description ?? `${wordsOf(table)} that the viewer may see`}.`;
    builder.queryField(table, (t) =>
      t.field({
        ...shared,
        description,
        args,
        resolve: (_root, sent, context, info): MaybePromise<Connection<Entity>> => list(context, info, sent),
      }),
    );
  }
  for (const { on, name = table, field, description, order } of edges) {
    builder.objectField(on, name, (t) =>
      t.field({
        ...shared,
        description,
        extensions: { ...shared.extensions, ...childrenOf(type, options, field, order) },
        args: order ? { ...pageArgs } : args,
        resolve: ({ id }, sent, context, info): MaybePromise<Connection<Entity>> =>
          list(context, info, sent, { field, id }, order),
      }),
    );
  }
  return {
    filterArgs: filtering.args,
    filterCost: filtering.cost,
    selectionOf: (sent: unknown, parent?: Parent<E>) => selectionOf(filter, sent, parent),
  };
}

/** Returns what can be read of the list together with the rows of its parents. */
function childrenOf<E>({ name }: EntityRef, options: Listable<E>, field: Field<E>, order?: ListOrder<E>) {
  const { table, filter = {}, unreadFor } = options;
  const windowOf = (selected: Selected): Window<AnyRow> | undefined => {
    const size = sizeOnly(selected);
    if (!size) return undefined;
    const along = { after: null, before: null, unreadFor: unreadFor?.(selected) };
    const window = { ...selectionOf(filter, undefined), order: order ?? orderOf(options, {}), ...size, ...along };
    // The window is one of the rows of `table`.
    return window as Window<never> as Window<AnyRow>;
  };
  return { reads: ['id'], children: { type: name, table, field, windowOf } };
}

function addQueryById(type: EntityRef, { one, roles }: Listable<never>): void {
  const name = uncapitalized(type.name);
  const noun = wordsOf(name);
  builder.queryField(name, (t) =>
    t.field({
      type,
      nullable: true,
      description: `Returns the ${noun} with this id${one?.note ?? ''}, or null if it does not exist or is not visible to the viewer.`,
      extensions: { roles },
      args: { id: t.arg.id({ required: true, description: `The id of the ${noun}.` }) },
      resolve: (_root, { id }, { read }, info) => loaderOf(read, type).byId(id, bringOfObject(read, info, type.name)),
    }),
  );
}
