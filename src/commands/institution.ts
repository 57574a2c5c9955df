import { type Institution, type NewInstitution, newInstitution } from '../domain/institution.ts';
import { mustBeRoot } from '../domain/viewer.ts';
import type { CommandContext } from './context.ts';

/** Refuses with Forbidden or ValidationFailed. */
export async function createInstitution(
  { viewer, store, clock, newId }: CommandContext,
  input: NewInstitution,
): Promise<{ readonly institution: Institution }> {
  mustBeRoot(viewer);
  const institution = newInstitution(input, newId('inst'), clock());
  await store.transact('ALL', async (tx) => tx.institutions.insert(institution));
  return { institution };
}
