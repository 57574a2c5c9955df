import type { Field, Order } from '../store/store.ts';
import { builder } from './builder.ts';
import { OrderDirection } from './filter.ts';

interface OrderValues {
  readonly createdAt: unknown;
  readonly updatedAt: unknown;
}
type OrderNames = 'NAME' | 'LABEL';

/** Adds the order types of lists of entities with a name or a label. Returns their argument and its translation. */
export function orderByName<E extends OrderValues>(type: string, nouns: string, name: OrderNames, field: Field<E>) {
  const OrderField = builder.enumType(`${type}OrderField`, {
    description: `The fields that ${nouns} can be ordered by. Equal values are ordered by id.`,
    values: {
      CREATED_AT: { description: 'By time of creation.' },
      UPDATED_AT: { description: 'By time of the last change.' },
      [name]: { description: `By ${name.toLowerCase()}, compared by code point; equal ones by time of creation.` },
    } as { readonly [V in 'CREATED_AT' | 'UPDATED_AT' | OrderNames]: { readonly description: string } },
  });
  const OrderInput = builder.inputType(`${type}Order`, {
    description: `The order of a list of ${nouns}.`,
    fields: (t) => ({
      field: t.field({ type: OrderField, required: true, description: 'The field to order by.' }),
      direction: t.field({ type: OrderDirection, required: true, description: 'The direction.' }),
    }),
  });
  const args = builder.args((t) => ({
    orderBy: t.field({
      type: OrderInput,
      defaultValue: { field: 'CREATED_AT', direction: 'DESC' },
      description: `The order of the ${nouns}. Defaults to newest first.`,
    }),
  }));
  const fields: { readonly [V in string]: readonly Field<E>[] } = {
    CREATED_AT: ['createdAt'],
    UPDATED_AT: ['updatedAt'],
    [name]: [field, 'createdAt'],
  };
  const orderOf = (orderBy: OrderBy): Order<E> => ({
    by: fields[orderBy?.field ?? 'CREATED_AT'] ?? [],
    direction: orderBy?.direction ?? 'DESC',
  });
  return { args, orderOf };
}

/** The value of the argument `orderBy`. */
export type OrderBy = { readonly field: string; readonly direction: 'ASC' | 'DESC' } | null | undefined;
