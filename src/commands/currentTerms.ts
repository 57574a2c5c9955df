import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Milestone } from '../domain/milestone.ts';
import type { Position } from '../domain/position.ts';
import { type CurrentTerms, currentTermsId, type Party } from '../domain/terms.ts';
import type { TermsInput } from '../domain/termsInput.ts';
import { formatInstant } from '../domain/time.ts';
import type { Page, Window, Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';

/** The current terms of positions, by the ids of the positions that have terms. */
export type TermsByPosition = ReadonlyMap<Id, CurrentTerms>;

const NO_TERMS: TermsByPosition = new Map();

/**
 * Loads the current terms of the positions, which must be locked, in one round trip whatever their number; in none if no
 * position has terms.
 */
export async function loadCurrentTerms(
  tx: Writers,
  positions: readonly (Position | undefined)[],
): Promise<TermsByPosition> {
  const ids = positions.flatMap((position) => (position && currentTermsId(position)) ?? []);
  if (ids.length === 0) return NO_TERMS;
  const [terms, parties, milestones] = await Promise.all([
    tx.positionTerms.byIds(ids),
    tx.parties.pages(ids.map(partiesOf)),
    tx.milestones.pages(ids.map(milestonesOf)),
  ]);
  return new Map(
    terms.flatMap((each, index) => {
      if (!each) throw new Error(`The terms ${ids[index]} are missing.`);
      const own = { terms: each, parties: rowsOf(parties[index]), milestones: rowsOf(milestones[index]) };
      return [[each.positionId, own] as const];
    }),
  );
}

const rowsOf = <E>(page: Page<E> | undefined): readonly E[] => page?.rows ?? [];

/** Selects the parties of terms, by ordinal. */
export const partiesOf = (id: Id): Window<Party> =>
  firstOf({
    parent: { field: 'termsId', id },
    order: { by: ['ordinal'], direction: 'ASC' },
    limit: LIMITS.parties,
  });

/** Selects the milestones of terms, by sequence. */
export const milestonesOf = (id: Id): Window<Milestone> =>
  firstOf({
    parent: { field: 'termsId', id },
    order: { by: ['sequence'], direction: 'ASC' },
    limit: LIMITS.milestones,
  });

/** Returns an input for the audit log: the times of its terms are texts, as those of its own fields are. */
export function withReadableTerms<I extends { readonly terms?: Maybe<TermsInput> }>(input: I): object {
  const { terms } = input;
  if (!terms?.milestones) return input;
  const milestones = terms.milestones.map((milestone) => {
    const { dueAt } = milestone;
    return typeof dueAt === 'number' ? { ...milestone, dueAt: formatInstant(dueAt) } : milestone;
  });
  return { ...input, terms: { ...terms, milestones } };
}
