import type { Field, Page, Window } from '../store.ts';
import type { GroupKey } from './keyMap.ts';
import { type Conditions, keysOf, singleValue } from './match.ts';
import type { OrderedIndex } from './orderedIndex.ts';
import { boundsOf, type Group, type Indexed } from './plan.ts';

/**
 * Reads a window from the index that contains exactly its rows in its order, which is the case of most lists. Returns
 * undefined if there is no such index. The page is empty if its rows are not visible.
 */
export function directPage<E>(
  { groups, scanStats }: Indexed<E>,
  window: Window<E>,
  conditions: Conditions,
  isVisible: (row: E) => boolean,
): Page<E> | undefined {
  for (const group of groups) {
    if (group.fields.length !== conditions.length) continue;
    const at = group.orders.findIndex((order) => isSame(order, window.order.by));
    const key = at < 0 ? undefined : keyOf(group, conditions);
    if (key === undefined) continue;
    const page = pageFrom(group.indexAt(key, at), window, isVisible);
    scanStats.rows += page.rows.length + (page.more ? 1 : 0);
    return page;
  }
  return undefined;
}

/** Returns the key whose rows are exactly those that meet the conditions; undefined if there is no such key. */
function keyOf<E>({ fields }: Group<E>, conditions: Conditions): GroupKey | undefined {
  const values: (readonly unknown[])[] = [];
  for (const field of fields) {
    const condition = conditions.find((each) => each[0] === field)?.[1];
    const value = condition && singleValue(condition);
    if (!value) return undefined;
    values.push(value);
  }
  return keysOf(values)[0];
}

function pageFrom<E>(index: OrderedIndex<E> | undefined, window: Window<E>, isVisible: (row: E) => boolean): Page<E> {
  if (!index) return EMPTY;
  const { limit, backward, order } = window;
  const { above, below } = boundsOf(window);
  const from = above ? index.seek(above as E, true) : { chunk: 0, row: 0 };
  const to = below ? index.seek(below as E, false) : { chunk: index.chunks.length, row: 0 };
  const rows = index.read(from, to, (order.direction === 'DESC') !== backward, limit + 1);
  if (!rows.every(isVisible)) return EMPTY;
  const more = rows.length > limit;
  if (more) rows.pop();
  return { rows: backward ? rows.toReversed() : rows, more };
}

const EMPTY: Page<never> = { rows: [], more: false };

const isSame = <E>(a: readonly Field<E>[], b: readonly Field<E>[]): boolean =>
  a.length === b.length && a.every((field, index) => field === b[index]);
