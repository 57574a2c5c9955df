import type { ObjectRef } from '@pothos/core';
import type { MaybePromise, Order, Page, Selection, Window } from '../store/store.ts';
import { builder, type Types } from './builder.ts';
import { decodeCursor, encodeCursor, listMark } from './cursor.ts';
import { badInput } from './errors.ts';
import type { Reading } from './readings.ts';

/** How many rows a page has: where nothing is asked for, and at the most. */
export const PAGE = { usual: 20, most: 100 } as const;

/** A part of a list, with what its neighbours are known to be. */
export interface Connection<E> {
  readonly rows: readonly E[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly cursorOf: (row: E) => string;
  /** Counts when asked, not before. */
  readonly total: () => MaybePromise<number>;
}

interface Edge<E> {
  readonly row: E;
  readonly of: Connection<E>;
}

const PageInfo = builder.objectRef<Connection<unknown>>('PageInfo').implement({
  description: 'Where a page stands in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more follows.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Whether something comes before.' }),
    startCursor: t.string({
      nullable: true,
      description: 'The cursor of the first row; null for an empty page.',
      resolve: ({ rows, cursorOf }) => (rows.length > 0 ? cursorOf(rows[0]) : null),
    }),
    endCursor: t.string({
      nullable: true,
      description: 'The cursor of the last row; null for an empty page.',
      resolve: ({ rows, cursorOf }) => (rows.length > 0 ? cursorOf(rows.at(-1)) : null),
    }),
  }),
});

/** The connection type of an entity. Exact outside; inside, Pothos cannot follow a type parameter. */
export function connectionType<E extends object>(of: ObjectRef<Types, E>): ObjectRef<Types, Connection<E>> {
  const type = of as unknown as ObjectRef<Types, object>;
  const Edge = builder.objectRef<Edge<object>>(`${of.name}Edge`).implement({
    description: `One ${of.name} in a list, with its place.`,
    fields: (t) => ({
      cursor: t.string({
        description: 'The place, for `after` and `before` of a list with the same parent, filter and order.',
        resolve: (edge) => edge.of.cursorOf(edge.row),
      }),
      node: t.field({ type, description: `The ${of.name}.`, resolve: (edge) => edge.row }),
    }),
  });
  return builder.objectRef<Connection<object>>(`${of.name}Connection`).implement({
    description: `A page of a list of ${of.name}.`,
    fields: (t) => ({
      edges: t.field({
        type: [Edge],
        description: 'The rows, each with its cursor.',
        resolve: (page) => page.rows.map((row) => ({ row, of: page })),
      }),
      nodes: t.field({ type: [type], description: 'The rows alone.', resolve: (page) => page.rows }),
      pageInfo: t.field({ type: PageInfo, description: 'Where the page stands.', resolve: (page) => page as never }),
      totalCount: t.int({
        nullable: true,
        description: 'How many rows the whole list has; counted only if selected, null if it cannot be had in time.',
        resolve: (page) => page.total(),
      }),
    }),
  }) as unknown as ObjectRef<Types, Connection<E>>;
}

/** The arguments of every list. */
export interface PageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** To be spread into a list's arguments, behind its filter and order. */
export const pageArgs = builder.args((t) => ({
  first: t.int({ description: `The first so many rows, 0 to ${PAGE.most}; ${PAGE.usual} if neither is given.` }),
  after: t.string({
    description: 'Only rows that come later in the list than this cursor; with `first` the next ones.',
  }),
  last: t.int({ description: `The last so many rows, 0 to ${PAGE.most}; not together with \`first\`.` }),
  before: t.string({
    description: 'Only rows that come earlier in the list than this cursor; with `last` the ones just before it.',
  }),
}));
/** Reads one page. Refuses with BAD_USER_INPUT, naming the argument. */
export function connect<E extends object>(
  reading: Reading<E>,
  list: string,
  selection: Selection<E>,
  order: Order<E>,
  args: PageArgs,
  along: Pick<Window<E>, 'unreadFor'> = {},
): MaybePromise<Connection<E>> {
  const { limit, backward } = sizeOf(args);
  let mark: string | undefined;
  const ownMark = (): string =>
    (mark ??= listMark([list, selection.of, selection.where, selection.search, order, ...(selection.terms ?? [])]));
  const key = (argument: 'after' | 'before') => {
    const text = args[argument];
    return typeof text === 'string' ? decodeCursor(argument, text, ownMark(), order) : null;
  };
  const window: Window<E> = {
    ...selection,
    ...along,
    order,
    limit,
    backward,
    after: key('after'),
    before: key('before'),
  };
  const connectionOf = ({ rows, more }: Page<E>): Connection<E> => ({
    rows,
    hasNextPage: (!backward && more) || window.before !== null,
    hasPreviousPage: (backward && more) || window.after !== null,
    cursorOf: (row) => encodeCursor(ownMark(), order, row),
    total: () => reading.count(selection),
  });
  const page = reading.page(window);
  return page instanceof Promise ? page.then(connectionOf) : connectionOf(page);
}

function sizeOf({ first, last }: PageArgs): { readonly limit: number; readonly backward: boolean } {
  if (typeof first === 'number' && typeof last === 'number') throw badInput('first and last exclude each other.');
  const backward = typeof last === 'number';
  const limit = (backward ? last : first) ?? PAGE.usual;
  if (limit < 0 || limit > PAGE.most) {
    throw badInput(`${backward ? 'last' : 'first'} must be from 0 to ${PAGE.most}; it is ${limit}.`);
  }
  return { limit, backward };
}
