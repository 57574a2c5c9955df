import * as fc from 'fast-check';
import type { Position } from '../../src/domain/position.ts';
import { PARTY_ROLES } from '../../src/domain/terms.ts';
import type { Scope } from '../../src/domain/viewer.ts';
import type { Key, Window } from '../../src/store/store.ts';
import { at, idOf, type Later, PARENT_FIELDS, QUERYABLE_FIELDS } from './queryableFields.ts';
import type { ListedTable } from './randomRows.ts';

const cut = fc.option(fc.record({ row: at, off: fc.constantFrom(0, 0, 1) }), { freq: 2 });

/** Random windows of one shape, on several parents or on none. */
export function windowsOf(table: ListedTable): fc.Arbitrary<Later<readonly Window<Position>[]>> {
  const {
    where,
    orders,
    parents,
    needsParent,
    words = [],
    terms = [],
    parties = [],
    countries = [],
  } = QUERYABLE_FIELDS[table];
  const conditions = Object.entries(where as { readonly [field: string]: fc.Arbitrary<Later<object>> }).map(
    ([field, condition]) =>
      condition.map(
        (later): Later<readonly [string, object]> =>
          (rows) => [field, later(rows)],
      ),
  );
  const some = fc
    .shuffledSubarray(conditions, { maxLength: Math.min(3, conditions.length) })
    .chain((chosen) => fc.tuple(...chosen));
  const parent =
    parents.length === 0
      ? fc.constant(null)
      : fc
          .constantFrom(...parents)
          .chain((of) =>
            fc.array(idOf(of), { minLength: 1, maxLength: 4 }).map((ids) => ({ field: PARENT_FIELDS[of], ids })),
          );
  return fc
    .record({
      meant: fc.option(some, { freq: 2 }),
      search: words.length === 0 ? fc.constant(null) : fc.option(fc.subarray([...words]), { freq: 1 }),
      terms: terms.length === 0 ? fc.constant(null) : fc.option(fc.subarray([...terms], { maxLength: 2 }), { freq: 1 }),
      party:
        parties.length === 0
          ? fc.constant(null)
          : fc.option(
              fc.record({ reference: fc.constantFrom(...parties), role: fc.constantFrom(null, ...PARTY_ROLES) }),
              { freq: 1 },
            ),
      country: countries.length === 0 ? fc.constant(null) : fc.option(fc.constantFrom(...countries), { freq: 1 }),
      of: needsParent ? parent : fc.option(parent, { freq: 1 }),
      by: fc.constantFrom(...orders),
      direction: fc.constantFrom('ASC', 'DESC'),
      limit: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(100, 1_000)),
      backward: fc.boolean(),
      after: cut,
      before: cut,
    })
    .map(
      ({ meant, search, terms: has, party, country, of, after, before, ...rest }): Later<readonly Window<Position>[]> =>
        (rows) => {
          const key = (where_: typeof after): Key | null => (where_ ? keyAt(rows[table], rest.by, where_) : null);
          const window = {
            where: Object.fromEntries((meant ?? []).map((condition) => condition(rows))),
            order: { by: rest.by, direction: rest.direction },
            limit: rest.limit,
            backward: rest.backward,
            ...(search && { search }),
            ...(has && has.length > 0 && { terms: has }),
            ...(party && { party }),
            ...(country !== null && { country }),
            after: key(after),
            before: key(before),
          };
          const windows = of
            ? of.ids.map((id) => ({ ...window, parent: { field: of.field, id: id(rows) } }))
            : [window];
          return windows as readonly object[] as readonly Window<Position>[];
        },
    );
}

/** Returns the key of a row, or a key just after it without a row. */
function keyAt(
  rows: readonly object[],
  by: readonly string[],
  { row, off }: { readonly row: number; readonly off: number },
): Key {
  const found = rows[row % rows.length] as { readonly [field: string]: Key[number] };
  const id = String(found['id']);
  return [...by.map((field) => found[field] ?? null), off === 0 ? id : `${id.slice(0, -1)}z`];
}

export const scopes = fc.oneof(
  fc.constant((): Scope => 'ALL'),
  idOf('institutions').map(
    (id): Later<Scope> =>
      (rows) => ({ institutionId: id(rows).replace('\0', '') }),
  ),
);
