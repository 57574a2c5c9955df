import type { AssetTemplate } from '../domain/assetTemplate.ts';
import { SERVER_INSTITUTION_ID } from '../domain/auditEvent.ts';
import type { Id } from '../domain/ids.ts';
import {
  checkInstitution,
  checkInstitutionPatch,
  type Institution,
  type InstitutionInput,
  type InstitutionPatch,
  newInstitution,
  removedBy,
} from '../domain/institution.ts';
import type { Maybe } from '../domain/issues.ts';
import { ROOT_ONLY, WRITERS } from '../domain/rights.ts';
import { ConflictError } from '../domain/userErrors.ts';
import type { Where, Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { lockTemplates } from './assetTemplate.ts';
import { institutionFor } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import { UPDATE_ERRORS, type UpdateInput, updating } from './update.ts';

/** Input for createInstitution. */
export interface CreateInstitution extends InstitutionInput, Idempotent {}
/** Result of createInstitution. */
export interface InstitutionCreated {
  readonly institution: Institution;
}

const command: Command<CreateInstitution, ReturnType<typeof checkInstitution>, null, InstitutionCreated> = {
  name: 'createInstitution',
  roles: ROOT_ONLY,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'CAPACITY_EXCEEDED', 'IDEMPOTENCY_CONFLICT'],
  check: checkInstitution,
  load: async () => null,
  // The new institution has no idempotency keys yet, so those of this mutation belong to root.
  owner: () => SERVER_INSTITUTION_ID,
  act: (tx, _loaded, checked, { newId, clock }) => {
    const institution = newInstitution(checked, newId('inst'), clock());
    tx.institutions.insert(institution);
    return { institution };
  },
  resource: (payload) => payload && { type: 'Institution', id: payload.institution.id },
  storePayload: ({ institution }) => ({ id: institution.id }),
  loadPayload: async (tx, { id }) => ({ institution: (await tx.institutions.byIds([id as string]))[0] as Institution }),
};

export const createInstitution = mutationOf(command);

/** Input for updateInstitution. */
export interface UpdateInstitution extends InstitutionPatch, UpdateInput {
  /** Defaults to the viewer's institution. */
  readonly institutionId?: Maybe<Id>;
}

/** For each field: a template that uses one of the values that the update removes. */
interface InUse {
  readonly regions: AssetTemplate | undefined;
  readonly verticals: AssetTemplate | undefined;
}

const update = updating<UpdateInstitution, Institution, 'institution', InUse>({
  name: 'updateInstitution',
  roles: WRITERS,
  errors: [...UPDATE_ERRORS, 'CONFLICT'],
  resource: 'Institution',
  payload: 'institution',
  noun: 'institution',
  idField: 'institutionId',
  table: (tx) => tx.institutions,
  institutionId: ({ id }) => id,
  idOf: (input, issues, { viewer }) => institutionFor(viewer, input.institutionId, issues),
  check: checkInstitutionPatch,
  // Acquired before the row, as in createAssetTemplate: the opposite order could deadlock.
  lock: (tx, id, { regions, verticals }, context) => (regions || verticals) && lockTemplates(tx, id, context),
  load: loadInUse,
  decide: (_before, changes, inUse) => {
    const { regions, verticals } = inUse ?? {};
    if (regions) throw inUseBy(regions, 'regions', regions.region);
    if (verticals) throw inUseBy(verticals, 'verticals', verticals.vertical);
    return changes;
  },
});

async function loadInUse(tx: Writers, before: Institution, patch: Partial<Institution>): Promise<InUse> {
  const removed = removedBy(before, patch);
  const oldest = (where: Where<AssetTemplate>) =>
    firstOf<AssetTemplate>({
      parent: { field: 'institutionId', id: before.id },
      where,
      order: { by: ['createdAt'], direction: 'ASC' },
      limit: 1,
    });
  if (removed.regions.length + removed.verticals.length === 0) return { regions: undefined, verticals: undefined };
  const [inRegions, inVerticals] = await tx.assetTemplates.pages([
    oldest({ region: { in: removed.regions } }),
    oldest({ vertical: { in: removed.verticals } }),
  ]);
  return { regions: inRegions?.rows[0], verticals: inVerticals?.rows[0] };
}

const inUseBy = ({ id }: AssetTemplate, field: 'regions' | 'verticals', value: string): ConflictError =>
  new ConflictError(`${value} cannot be removed: the asset template ${id} uses it.`, [field], id);

export const updateInstitution = mutationOf(update);
