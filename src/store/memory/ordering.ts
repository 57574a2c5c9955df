import type { Field } from '../store.ts';
import { type Column, type Columns, figureOf } from './columns.ts';
import { type Compare, compareBy, type Row } from './compare.ts';
import type { Handle } from './rows.ts';

/** Compares the row of a handle with a key; negative if the row is below it. */
export type Against = (handle: Handle) => number;

/** An order of one table's rows. */
export class Ordering<E> {
  readonly compare: Compare<E>;
  readonly #by: readonly Field<E>[];
  readonly #rows: readonly (E | undefined)[];
  readonly #columns: readonly (Column | undefined)[];

  constructor(by: readonly Field<E>[], rows: readonly (E | undefined)[], columns: Columns<E>) {
    this.compare = compareBy<E>(by);
    this.#by = by;
    this.#rows = rows;
    this.#columns = by.map((field) => columns.of(field));
  }

  rowOf(handle: Handle): E {
    return this.#rows[handle] as E;
  }

  /** Returns a comparison with the key. It uses the columns, and reads the rows only if these are equal. */
  against(key: E): Against {
    const columns = this.#columns;
    const figures = this.#figuresOf(key as Row);
    return (handle) => {
      for (let index = 0; index < figures.length; index += 1) {
        const own = (columns[index] as Column)[handle] as number;
        const figure = figures[index] as number;
        if (own !== figure) return own < figure ? -1 : 1;
      }
      return this.compare(this.rowOf(handle), key);
    };
  }

  /**
   * Returns the key's column values up to the first field without a column or without an exact value: after that, equal
   * column values do not mean equal field values.
   */
  #figuresOf(key: Row): readonly number[] {
    const figures: number[] = [];
    for (const [index, field] of this.#by.entries()) {
      if (!this.#columns[index]) break;
      figures.push(figureOf(key[field]));
      if (typeof key[field] !== 'number') break;
    }
    return figures;
  }
}
