import type { ObjectRef } from '@pothos/core';
import { Kind } from 'graphql';
import type { Key, MaybePromise, Page, Selection, Window } from '../store/store.ts';
import { builder, type Types } from './builder.ts';
import { decodeCursor, encodeCursor, type ListOrder, listMark } from './cursor.ts';
import { badInput } from './errors.ts';
import type { Loader } from './loaders.ts';
import type { Selected } from './lookAhead.ts';
import type { Entity, EntityRef } from './node.ts';

/** The default and the maximum page size. */
export const PAGE_SIZE = { default: 20, max: 100 } as const;

/** A page of a list. */
export interface Connection<E> {
  readonly rows: readonly E[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  cursorOf(row: E): string;
  /** Counts the items of the whole list. Called only if `totalCount` is selected. */
  total(): MaybePromise<number>;
}

interface Edge<E> {
  readonly row: E;
  readonly of: Connection<E>;
}

const cursorAt = (page: Connection<Entity>, index: number): string | null => {
  const row = page.rows.at(index);
  return row ? page.cursorOf(row) : null;
};

const PageInfo = builder.objectRef<Connection<Entity>>('PageInfo').implement({
  description: 'Information about a page of a list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', {
      description: 'Whether more items follow the page. Always true if `before` is set.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'Whether more items precede the page. Always true if `after` is set.',
    }),
    startCursor: t.string({
      nullable: true,
      description: 'The cursor of the first item, or null if the page is empty.',
      resolve: (page) => cursorAt(page, 0),
    }),
    endCursor: t.string({
      nullable: true,
      description: 'The cursor of the last item, or null if the page is empty.',
      resolve: (page) => cursorAt(page, -1),
    }),
  }),
});

/** Returns the connection type of an entity. */
export function connectionType(type: EntityRef): ObjectRef<Types, Connection<Entity>> {
  const Edge = builder.objectRef<Edge<Entity>>(`${type.name}Edge`).implement({
    description: `One ${type.name} of a page, with its cursor.`,
    fields: (t) => ({
      cursor: t.string({
        description:
          'The cursor of the item. You can pass it as `after` or `before` to a list with the same parent, filter and order.',
        resolve: (edge) => edge.of.cursorOf(edge.row),
      }),
      node: t.field({ type, description: `The ${type.name}.`, resolve: (edge) => edge.row }),
    }),
  });
  return builder.objectRef<Connection<Entity>>(`${type.name}Connection`).implement({
    description: `A page of a list of ${type.name} objects.`,
    fields: (t) => ({
      edges: t.field({
        type: [Edge],
        description: 'The items of the page, each with its cursor.',
        extensions: { cost: { items: 'asked' } },
        resolve: (page) => page.rows.map((row) => ({ row, of: page })),
      }),
      nodes: t.field({
        type: [type],
        description: 'The items of the page, without cursors.',
        extensions: { cost: { items: 'asked' } },
        resolve: (page) => page.rows,
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'Information about the page.',
        resolve: (page) => page,
      }),
      totalCount: t.int({
        nullable: true,
        description:
          'The number of items of the whole list, or null if they could not be counted in time. Counted only if selected.',
        // It can scan an index.
        extensions: { cost: { own: 10 } },
        resolve: (page) => page.total(),
      }),
    }),
  });
}

/** The arguments of every list. */
export interface PageArgs {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** The arguments that page a list. They follow its filter and order. */
export const pageArgs = builder.args((t) => ({
  first: t.int({
    description: `Returns the first n items, 0 to ${PAGE_SIZE.max}. Defaults to ${PAGE_SIZE.default} if \`last\` is absent too.`,
  }),
  after: t.string({
    description: 'Returns only items after this cursor. Use it with `first` for the next page.',
  }),
  last: t.int({ description: `Returns the last n items, 0 to ${PAGE_SIZE.max}. Not allowed together with \`first\`.` }),
  before: t.string({
    description: 'Returns only items before this cursor. Use it with `last` for the previous page.',
  }),
}));

/** The rows and counts that are read together with the rows of a page. */
type Along = Pick<Window<object>, 'unreadFor' | 'bring'>;

/** Returns one page. Throws BAD_USER_INPUT for an invalid argument. */
export function connect<E extends object>(
  reading: Loader<E>,
  list: string,
  selection: Selection<E>,
  order: ListOrder<E>,
  args: PageArgs,
  along: Along = {},
): MaybePromise<Connection<E>> {
  const { limit, backward } = sizeOf(args);
  const { unreadFor, bring } = along;
  const cursors = new Cursors(list, selection, order);
  const after = cursors.keyOf('after', args.after);
  const before = cursors.keyOf('before', args.before);
  const window: Window<E> = { ...selection, order, limit, backward, after, before, unreadFor, bring };
  const page = reading.page(window);
  return page instanceof Promise
    ? page.then((loaded) => new WindowPage(reading, selection, cursors, window, loaded))
    : new WindowPage(reading, selection, cursors, window, page);
}

/** The cursors of one list. */
class Cursors<E extends object> {
  readonly #list: string;
  readonly #selection: Selection<E>;
  readonly #order: ListOrder<E>;
  #mark: string | undefined;

  constructor(list: string, selection: Selection<E>, order: ListOrder<E>) {
    this.#list = list;
    this.#selection = selection;
    this.#order = order;
  }

  of(row: E): string {
    return encodeCursor(this.#ownMark(), this.#order, row);
  }

  keyOf(argument: 'after' | 'before', cursor: string | null | undefined): Key | null {
    return typeof cursor === 'string' ? decodeCursor(argument, cursor, this.#ownMark(), this.#order) : null;
  }

  #ownMark(): string {
    const { parent, where, search, terms = [], party, country } = this.#selection;
    const joined = party === undefined && country === undefined ? [] : [{ party, country }];
    this.#mark ??= listMark([this.#list, parent, where, search, this.#order, ...terms, ...joined]);
    return this.#mark;
  }
}

/** The page that a window selects. */
class WindowPage<E extends object> implements Connection<E> {
  readonly rows: readonly E[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly #reading: Loader<E>;
  readonly #selection: Selection<E>;
  readonly #cursors: Cursors<E>;

  constructor(
    reading: Loader<E>,
    selection: Selection<E>,
    cursors: Cursors<E>,
    { backward, after, before }: Window<E>,
    { rows, more }: Page<E>,
  ) {
    this.rows = rows;
    this.hasNextPage = (!backward && more) || before !== null;
    this.hasPreviousPage = (backward && more) || after !== null;
    this.#reading = reading;
    this.#selection = selection;
    this.#cursors = cursors;
  }

  cursorOf(row: E): string {
    return this.#cursors.of(row);
  }

  total(): MaybePromise<number> {
    return this.#reading.count(this.#selection);
  }
}

/** The size of a page, and whether it is at the end of the list. */
type Size = Pick<Window<object>, 'limit' | 'backward'>;

function sizeOf(args: PageArgs): Size {
  const fault = sizeFault(args);
  if (fault !== undefined) throw badInput(fault);
  return sizeIn(args);
}

const sizeIn = ({ first, last }: PageArgs): Size => ({
  limit: last ?? first ?? PAGE_SIZE.default,
  backward: typeof last === 'number',
});

/** Returns why `first` and `last` are invalid, or undefined. */
function sizeFault({ first, last }: PageArgs): string | undefined {
  if (typeof first === 'number' && typeof last === 'number')
    return '`first` and `last` are not allowed together. Send only one of them.';
  const { limit, backward } = sizeIn({ first, last });
  if (limit >= 0 && limit <= PAGE_SIZE.max) return undefined;
  return `\`${backward ? 'last' : 'first'}\` must be from 0 to ${PAGE_SIZE.max}; it is ${limit}.`;
}

/**
 * Returns the size of the page that a field of a document requests, or undefined if it is invalid or the field has an
 * argument other than `first` and `last`.
 */
export function sizeOnly({ fields: [field], variable }: Selected): Size | undefined {
  const args: { [name: string]: number } = {};
  for (const { name, value } of field?.arguments ?? []) {
    if (name.value !== 'first' && name.value !== 'last') return undefined;
    const given = value.kind === Kind.VARIABLE ? variable(value.name.value) : value;
    if (typeof given === 'number') args[name.value] = given;
    else if (value.kind === Kind.INT) args[name.value] = Number(value.value);
    else if (value.kind !== Kind.NULL && given !== null && given !== undefined) return undefined;
  }
  return sizeFault(args) === undefined ? sizeIn(args) : undefined;
}
