import type { Id } from '../domain/ids.ts';
import type { Position } from '../domain/position.ts';
import type { Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** The institution's positions that were created with `uniqueReference`, by those of the references that they have. */
export type TakenReferences = ReadonlyMap<string, Id>;

/**
 * Loads which of the references are taken. A concurrent transaction that takes one first makes this one run again: a
 * unique index refuses its write.
 */
export async function loadTakenReferences(
  tx: Writers,
  institutionId: Id | undefined,
  references: readonly (string | null | undefined)[],
): Promise<TakenReferences> {
  const unique = [...new Set(references)].filter((reference) => typeof reference === 'string');
  if (institutionId === undefined || unique.length === 0) return new Map();
  const [page] = await tx.positions.pages([
    firstOf<Position>({
      where: { institutionId: { in: [institutionId] }, uniqueReference: { in: unique } },
      order: { by: [], direction: 'ASC' },
      limit: unique.length,
    }),
  ]);
  return new Map(page?.rows.map(({ uniqueReference, id }) => [uniqueReference ?? '', id]));
}
