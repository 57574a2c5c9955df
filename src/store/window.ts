import type { Window } from './store.ts';

/** Returns the window of the first rows in an order: of all rows, unless `where` or `of` restricts them. */
export const firstOf = <E>(
  part: Pick<Window<E>, 'order' | 'limit'> & Partial<Pick<Window<E>, 'parent' | 'where' | 'bring'>>,
): Window<E> => ({ where: {}, backward: false, after: null, before: null, ...part });
