import { type Owned, ownerOf } from '../tables.ts';
import type { Layout } from './layout.ts';
import type { Parameters } from './sql.ts';

type Termed<E> = Pick<Layout<E>, 'terms'>;

/** Inserts the missing terms of the rows. Returns no statement if the rows have none. */
export function insertTerms<E extends Owned>(
  { terms }: Termed<E>,
  rows: readonly E[],
  parameters: Parameters,
): readonly string[] {
  const kept = rows.flatMap((row) => (terms?.of(row) ?? []).map((term) => ({ row, term })));
  if (!terms || kept.length === 0) return [];
  const from = termsAs('v', kept, parameters);
  return [
    `insert into ${terms.table} (institution_id, id, term) select v.institution_id, v.id, v.term from ${from} on conflict do nothing`,
  ];
}

/** Deletes the terms that the rows no longer have. */
export function deleteTerms<E extends Owned>({ terms }: Termed<E>, rows: readonly E[], parameters: Parameters): string {
  const kept = rows.flatMap((row) => (terms?.of(row) ?? []).map((term) => ({ row, term })));
  const owners = rows.map((row) => ({ row, term: null }));
  return (
    `delete from ${terms?.table} m using ${termsAs('v', owners, parameters)}` +
    ' where m.institution_id = v.institution_id and m.id = v.id and not exists (select from' +
    ` ${termsAs('n', kept, parameters)} where n.id = m.id and n.term = m.term)`
  );
}

/** Returns a table with one row per row and term. */
function termsAs(
  name: string,
  kept: readonly { readonly row: Owned; readonly term: string | null }[],
  parameters: Parameters,
): string {
  const arrays = [
    parameters.add(
      kept.map(({ row }) => ownerOf(row)),
      'text[]',
    ),
    parameters.add(
      kept.map(({ row }) => row.id),
      'text[]',
    ),
    parameters.add(
      kept.map(({ term }) => term),
      'uuid[]',
    ),
  ];
  return `unnest(${arrays.join(', ')}) as ${name}(institution_id, id, term)`;
}
