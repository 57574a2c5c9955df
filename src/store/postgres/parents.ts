import { textIssue } from '../../domain/text.ts';
import type { Selection } from '../store.ts';

/** Returns groups of indexes of the selections: those of a group differ only in the id of their parent. */
export function groupsOf<E>(selections: readonly Selection<E>[]): readonly (readonly number[])[] {
  if (selections.length === 1) return [[0]];
  const groups = new Map<string, number[]>();
  selections.forEach((selection, index) => {
    const { parent, ...rest } = selection;
    const shape = JSON.stringify([parent?.field, rest], (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    const group = groups.get(shape);
    if (group && parent) group.push(index);
    else groups.set(parent ? shape : `${shape}${index}`, [index]);
  });
  return [...groups.values()];
}

/** Returns the text if PostgreSQL can store it, else the empty text, which no row has. */
export const known = (text = ''): string => (textIssue(text) === undefined ? text : '');

/** Whether the rows are all of a parent or of the scope. The best plan for a filter depends on how many rows match. */
export const isUnfiltered = <E>({ where, search, terms = [], party, country }: Selection<E>): boolean =>
  Object.keys(where).length === 0 && [search, party, country].every((each) => each === undefined) && terms.length === 0;
