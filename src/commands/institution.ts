import { SERVER } from '../domain/auditEvent.ts';
import { checkInstitution, type Institution, type InstitutionInput, newInstitution } from '../domain/institution.ts';
import type { CommandContext } from './context.ts';
import { type Command, type Keyed, perform, type Replayable } from './perform.ts';

export interface CreateInstitution extends InstitutionInput, Keyed {}
export interface InstitutionCreated {
  readonly institution: Institution;
}

const command: Command<CreateInstitution, ReturnType<typeof checkInstitution>, null, InstitutionCreated> = {
  name: 'createInstitution',
  check: checkInstitution,
  load: async () => null,
  // It belongs to no institution before it is one: the keys are root's own.
  owner: () => SERVER,
  act: (tx, _loaded, checked, { newId, clock }) => {
    const institution = newInstitution(checked, newId('inst'), clock());
    tx.institutions.insert(institution);
    return { institution };
  },
  resource: (payload) => payload && { type: 'Institution', id: payload.institution.id },
  remember: ({ institution }) => ({ id: institution.id }),
  recall: async (tx, { id }) => ({ institution: (await tx.institutions.byIds([id as string]))[0] as Institution }),
};

/** Refuses with Forbidden, ValidationFailed, IdempotencyConflict or CapacityExceeded. */
export const createInstitution = (
  context: CommandContext,
  input: CreateInstitution,
): Promise<Replayable<InstitutionCreated>> => perform(command, context, input);
