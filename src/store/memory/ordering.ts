import type { Field } from '../store.ts';
import { type Column, type Columns, figureOf } from './columns.ts';
import { type Compare, compareBy, type Row } from './compare.ts';
import type { Handle } from './rows.ts';

/** Compares the row of a handle with a key: negative below it. */
export type Against = (handle: Handle) => number;

/** An order of the rows of a table. */
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

  /** By the figures of the fields, and by the rows where those do not decide. */
  against(key: E): Against {
    const columns = this.#columns;
    const figures = this.#figuresOf(key as Row);
    return (handle) => {
      for (let at = 0; at < figures.length; at += 1) {
        const own = (columns[at] as Column)[handle] as number;
        const figure = figures[at] as number;
        if (own !== figure) return own < figure ? -1 : 1;
      }
      return this.compare(this.rowOf(handle), key);
    };
  }

  /** Up to the first field without a column, or whose figure is not exact: behind that, equal figures do not say that the values are equal. */
  #figuresOf(key: Row): readonly number[] {
    const figures: number[] = [];
    for (const [at, field] of this.#by.entries()) {
      if (!this.#columns[at]) break;
      figures.push(figureOf(key[field]));
      if (typeof key[field] !== 'number') break;
    }
    return figures;
  }
}
