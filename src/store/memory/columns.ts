import type { Field } from '../store.ts';
import { HIGHEST, type Row } from './compare.ts';
import type { FieldSet, IndexedFields } from './fieldSet.ts';
import type { GroupLayout } from './layout.ts';
import type { Handle } from './rows.ts';

/** The numeric sort values of one field, by handle. */
export type Column = readonly number[];

/**
 * Numeric sort values of rows, so that a search reads only few of the rows. Two different values are ordered like the
 * field values.
 */
export class Columns<E> {
  readonly #columns: readonly { readonly field: Field<E>; readonly set: FieldSet; readonly figures: number[] }[];

  constructor(groups: readonly GroupLayout<E>[], indexed: IndexedFields<E>) {
    const fields = new Set(groups.flatMap(({ orders }) => orders.flat()));
    this.#columns = [...fields].map((field) => ({ field, set: indexed.setOf([field]), figures: [] }));
  }

  /** Returns the column of a field, or undefined if it has none. */
  of(field: Field<E>): Column | undefined {
    return this.#columns.find((each) => each.field === field)?.figures;
  }

  /** Updates the columns of the changed fields from the row. */
  note(handle: Handle, row: E, changed: FieldSet): void {
    for (const { field, set, figures } of this.#columns) {
      if ((changed & set) !== 0) figures[handle] = figureOf((row as Row)[field]);
    }
  }
}

/**
 * Returns the numeric sort value of any field value. It is exact for numbers; different values of other types may share
 * one.
 */
export function figureOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return figureOfText(value);
  if (typeof value === 'bigint') return Number(value);
  if (value === undefined) return -Infinity;
  return value === null || value === HIGHEST ? Infinity : 0;
}

/** The number of ASCII characters that fit into one number exactly, with 7 bits each. */
const CHARACTERS = 7;
const BEYOND_ASCII = 127;

/** Encodes the first characters, up to the first non-ASCII one. All of those sort above ASCII and are encoded alike. */
function figureOfText(text: string): number {
  let figure = 0;
  let open = true;
  for (let index = 0; index < CHARACTERS; index += 1) {
    const unit: number = open && index < text.length ? text.charCodeAt(index) : 0;
    figure = figure * 128 + Math.min(unit, BEYOND_ASCII);
    open &&= unit < BEYOND_ASCII;
  }
  return figure;
}
