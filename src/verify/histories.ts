import type { LedgerEvent, Posting } from '../domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../domain/lifecycleEvent.ts';
import type { Milestone } from '../domain/milestone.ts';
import type { Position } from '../domain/position.ts';
import type { Party, PositionTerms } from '../domain/terms.ts';
import type { Field, Key, Page, Reader, Readers, Window } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** All rows of one position. */
export interface History {
  readonly events: readonly LifecycleEvent[];
  readonly ledgerEvents: readonly LedgerEvent[];
  readonly postings: readonly Posting[];
  /** All versions of its terms, in order. */
  readonly terms: readonly VersionOfTerms[];
}

/** One version of the terms of a position. */
export interface VersionOfTerms {
  readonly terms: PositionTerms;
  readonly parties: readonly Party[];
  readonly milestones: readonly Milestone[];
}

const PAGE = 100;

/** Loads the histories of these positions, with a few statements for all of them. */
export async function historiesOf(read: Readers, positions: readonly Position[]): Promise<readonly History[]> {
  const ids = positions.map(({ id }) => id);
  const events = await childrenOf(read.lifecycleEvents, 'positionId', ids, 'sequence');
  const ledgerEvents = await childrenOf(read.ledgerEvents, 'positionId', ids, 'sequence');
  const postings = await byParent(read.postings, 'ledgerEventId', idsOf(ledgerEvents), 'ordinal');
  const terms = await childrenOf(read.positionTerms, 'positionId', ids, 'version');
  const parties = await byParent(read.parties, 'termsId', idsOf(terms), 'ordinal');
  const milestones = await byParent(read.milestones, 'termsId', idsOf(terms), 'sequence');
  return positions.map((_position, index) => {
    const ledger = ledgerEvents[index] ?? [];
    return {
      events: events[index] ?? [],
      ledgerEvents: ledger,
      postings: ledger.flatMap(({ id }) => postings.get(id) ?? []),
      terms: (terms[index] ?? []).map((each) => ({
        terms: each,
        parties: parties.get(each.id) ?? [],
        milestones: milestones.get(each.id) ?? [],
      })),
    };
  });
}

const idsOf = (lists: readonly (readonly { readonly id: string }[])[]): readonly string[] =>
  lists.flatMap((rows) => rows.map(({ id }) => id));

async function byParent<E extends { readonly id: string }>(
  reader: Reader<E>,
  field: Field<E>,
  parents: readonly string[],
  by: Field<E>,
): Promise<ReadonlyMap<string, readonly E[]>> {
  const children = await childrenOf(reader, field, parents, by);
  return new Map(parents.map((id, index) => [id, children[index] ?? []]));
}

/** Loads all children of each parent in order, page by page for parents with many. */
async function childrenOf<E extends { readonly id: string }>(
  reader: Reader<E>,
  field: Field<E>,
  parents: readonly string[],
  by: Field<E>,
): Promise<readonly (readonly E[])[]> {
  const children = parents.map((): E[] => []);
  let open = parents.map((id, index) => ({ at: index, window: windowOf<E>({ by: [by], parent: { field, id } }) }));
  while (open.length > 0) {
    const pages = await reader.pages(open.map(({ window }) => window));
    open = open.flatMap(({ at, window }, n) => {
      const { rows, more } = pages[n] as Page<E>;
      children[at]?.push(...rows);
      return more ? [{ at, window: { ...window, after: keyOf(rows.at(-1) as E, [by]) } }] : [];
    });
  }
  return children;
}

/** Returns all rows of a table in pages. */
export async function* allPages<E extends { readonly id: string }>(
  reader: Reader<E>,
  { by }: { readonly by: readonly Field<E>[] },
): AsyncGenerator<readonly E[]> {
  let window = windowOf<E>({ by });
  for (;;) {
    const [page] = await reader.pages([window]);
    if (!page || page.rows.length === 0) return;
    yield page.rows;
    if (!page.more) return;
    window = { ...window, after: keyOf(page.rows.at(-1) as E, by) };
  }
}

const windowOf = <E>({
  by,
  parent,
}: {
  readonly by: readonly Field<E>[];
  readonly parent?: Window<E>['parent'];
}): Window<E> =>
  firstOf({
    ...(parent && { parent }),
    order: { by, direction: 'ASC' },
    limit: PAGE,
  });

const keyOf = <E extends { readonly id: string }>(row: E, by: readonly Field<E>[]): Key =>
  [...by, 'id' as Field<E>].map((field) => row[field] as Key[number]);
