import type { Field } from '../store.ts';
import type { GroupLayout } from './layout.ts';

/** A set of indexed fields of one table, with one bit per field. */
export type FieldSet = number;
export const EVERY_FIELD: FieldSet = -1;

/** The fields that the indexes of a table depend on. */
export class IndexedFields<E> {
  readonly #fields: readonly Field<E>[];

  constructor(groups: readonly GroupLayout<E>[]) {
    this.#fields = [...new Set(groups.flatMap(({ fields, orders }) => [...fields, ...orders.flat()]))];
  }

  has(field: Field<E>): boolean {
    return this.#fields.includes(field);
  }

  setOf(fields: readonly Field<E>[]): FieldSet {
    return fields.reduce((set, field) => set | (1 << this.#fields.indexOf(field)), 0);
  }

  /** Returns the fields in which two versions of a row differ. */
  changed(before: E, after: E): FieldSet {
    let set = 0;
    for (let index = 0; index < this.#fields.length; index += 1) {
      const field = this.#fields[index] as Field<E>;
      if (before[field] !== after[field]) set |= 1 << index;
    }
    return set;
  }
}
