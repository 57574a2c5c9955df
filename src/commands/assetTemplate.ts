import {
  type AssetTemplate,
  type AssetTemplateInput,
  type AssetTemplatePatch,
  assertConfigFits,
  checkAssetTemplate,
  checkAssetTemplatePatch,
  newAssetTemplate,
  templateConfigOf,
} from '../domain/assetTemplate.ts';
import type { Id } from '../domain/ids.ts';
import type { Institution } from '../domain/institution.ts';
import type { Maybe } from '../domain/issues.ts';
import { WRITERS } from '../domain/rights.ts';
import type { MaybePromise, Writers } from '../store/store.ts';
import { type CommandContext, institutionFor, orNotFound } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import { type UpdateInput, updating } from './update.ts';

/** Input for createAssetTemplate. */
export interface CreateAssetTemplate extends AssetTemplateInput, Idempotent {
  readonly institutionId?: Maybe<Id>;
}
/** Result of createAssetTemplate. */
export interface AssetTemplateCreated {
  readonly assetTemplate: AssetTemplate;
}
type Checked = AssetTemplateInput & { readonly institutionId: Id };

/**
 * Waits for concurrent transactions that create templates of the institution, or remove regions or verticals from it.
 * Does not wait for those of another institution, which the viewer cannot change.
 */
export const lockTemplates = (tx: Writers, institutionId: Id, { viewer }: CommandContext): MaybePromise<void> =>
  viewer.role === 'ROOT' || viewer.institutionId === institutionId
    ? tx.advisoryLock(`templates of ${institutionId}`)
    : undefined;

const command: Command<CreateAssetTemplate, Checked, Institution | undefined, AssetTemplateCreated> = {
  name: 'createAssetTemplate',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CAPACITY_EXCEEDED', 'IDEMPOTENCY_CONFLICT'],
  check: (input, issues, { viewer }) => {
    const institutionId = institutionFor(viewer, input.institutionId, issues);
    return { ...checkAssetTemplate(input, issues), institutionId };
  },
  load: async (tx, { institutionId }, context) => {
    const turn = lockTemplates(tx, institutionId, context);
    const [institution] = await tx.institutions.byIds([institutionId]);
    await turn;
    return institution;
  },
  owner: (institution) => institution?.id,
  act: (tx, loaded, checked, { newId, clock }) => {
    const institution = orNotFound(loaded, 'institution', 'institutionId', checked.institutionId);
    const assetTemplate = newAssetTemplate(checked, institution, newId('tmpl'), clock());
    tx.assetTemplates.insert(assetTemplate);
    tx.templateConfigs.insert(templateConfigOf(assetTemplate));
    return { assetTemplate };
  },
  resource: (payload) => payload && { type: 'AssetTemplate', id: payload.assetTemplate.id },
  storePayload: ({ assetTemplate }) => ({ id: assetTemplate.id }),
  loadPayload: async (tx, { id }) => ({
    assetTemplate: (await tx.assetTemplates.byIds([id as string]))[0] as AssetTemplate,
  }),
};

export const createAssetTemplate = mutationOf(command);

/** Input for updateAssetTemplate. */
export interface UpdateAssetTemplate extends AssetTemplatePatch, UpdateInput {
  readonly templateId: Id;
}

const update = updating<UpdateAssetTemplate, AssetTemplate, 'assetTemplate'>({
  name: 'updateAssetTemplate',
  roles: WRITERS,
  resource: 'AssetTemplate',
  payload: 'assetTemplate',
  noun: 'asset template',
  idField: 'templateId',
  table: (tx) => tx.assetTemplates,
  institutionId: ({ institutionId }) => institutionId,
  check: checkAssetTemplatePatch,
  decide: (before, changes) => {
    assertConfigFits(before, changes);
    return changes;
  },
  written: (tx, after) => tx.templateConfigs.insert(templateConfigOf(after)),
});

export const updateAssetTemplate = mutationOf(update);
