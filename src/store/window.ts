import type { Window } from './store.ts';

/** The first rows of a list, in its order: all rows, unless `where` or `of` says which. */
export const firstOf = <E>(
  part: Pick<Window<E>, 'order' | 'limit'> & Partial<Pick<Window<E>, 'of' | 'where'>>,
): Window<E> => ({ where: {}, backward: false, after: null, before: null, ...part });
