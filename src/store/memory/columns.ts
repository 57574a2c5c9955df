import type { Field } from '../store.ts';
import { HIGHEST, type Row } from './compare.ts';
import type { FieldSet, IndexedFields } from './fieldSet.ts';
import type { GroupLayout } from './layouts.ts';
import type { Handle } from './rows.ts';

/** The figures of one field, by handle. */
export type Column = readonly number[];

/**
 * What rows are ordered by, as figures beside the rows: where two differ they stand as the values do, so that a search
 * looks into few of the rows themselves.
 */
export class Columns<E> {
  readonly #columns: readonly { readonly field: Field<E>; readonly set: FieldSet; readonly figures: number[] }[];

  constructor(groups: readonly GroupLayout<E>[], indexed: IndexedFields<E>) {
    const fields = new Set(groups.flatMap(({ orders }) => orders.flat()));
    this.#columns = [...fields].map((field) => ({ field, set: indexed.setOf([field]), figures: [] }));
  }

  /** Undefined for a field that has no column. */
  of(field: Field<E>): Column | undefined {
    return this.#columns.find((each) => each.field === field)?.figures;
  }

  /** Takes the figures of the changed fields from the row. */
  note(handle: Handle, row: E, changed: FieldSet): void {
    for (const { field, set, figures } of this.#columns) {
      if ((changed & set) !== 0) figures[handle] = figureOf((row as Row)[field]);
    }
  }
}

/** A figure for a value of any field. Those of numbers are exact; other values that differ may have the same. */
export function figureOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return figureOfText(value);
  if (typeof value === 'bigint') return Number(value);
  if (value === undefined) return -Infinity;
  return value === null || value === HIGHEST ? Infinity : 0;
}

/** As many ASCII characters as a figure holds exactly, 7 bits each. */
const CHARACTERS = 7;
const BEYOND_ASCII = 127;

/** Goes by the first characters, up to one beyond ASCII: all of those are above the others, and count as one. */
function figureOfText(text: string): number {
  let figure = 0;
  let open = true;
  for (let at = 0; at < CHARACTERS; at += 1) {
    const unit: number = open && at < text.length ? text.charCodeAt(at) : 0;
    figure = figure * 128 + Math.min(unit, BEYOND_ASCII);
    open &&= unit < BEYOND_ASCII;
  }
  return figure;
}
