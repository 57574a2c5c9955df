import {
  type AssetTemplate,
  type AssetTemplateInput,
  checkAssetTemplate,
  newAssetTemplate,
} from '../domain/assetTemplate.ts';
import type { Id } from '../domain/ids.ts';
import type { Institution } from '../domain/institution.ts';
import type { Maybe } from '../domain/issues.ts';
import { type CommandContext, found, institutionFor } from './context.ts';
import { type Command, type Keyed, perform, type Replayable } from './perform.ts';

export interface CreateAssetTemplate extends AssetTemplateInput, Keyed {
  readonly institutionId?: Maybe<Id>;
}
export interface AssetTemplateCreated {
  readonly assetTemplate: AssetTemplate;
}
type Checked = AssetTemplateInput & { readonly institutionId: Id };

const command: Command<CreateAssetTemplate, Checked, Institution | undefined, AssetTemplateCreated> = {
  name: 'createAssetTemplate',
  check: (input, issues, { viewer }) => {
    const institutionId = institutionFor(viewer, input.institutionId, issues);
    return { ...checkAssetTemplate(input, issues), institutionId };
  },
  load: async (tx, { institutionId }) => (await tx.institutions.byIds([institutionId]))[0],
  owner: (institution) => institution?.id,
  act: (tx, loaded, checked, { newId, clock }) => {
    const institution = found(loaded, 'institution', 'institutionId', checked.institutionId);
    const assetTemplate = newAssetTemplate(checked, institution, newId('tmpl'), clock());
    tx.assetTemplates.insert(assetTemplate);
    return { assetTemplate };
  },
  resource: (payload) => payload && { type: 'AssetTemplate', id: payload.assetTemplate.id },
  remember: ({ assetTemplate }) => ({ id: assetTemplate.id }),
  recall: async (tx, { id }) => ({
    assetTemplate: (await tx.assetTemplates.byIds([id as string]))[0] as AssetTemplate,
  }),
};

/** Refuses with Forbidden, ValidationFailed, IdempotencyConflict, NotFound or CapacityExceeded. */
export const createAssetTemplate = (
  context: CommandContext,
  input: CreateAssetTemplate,
): Promise<Replayable<AssetTemplateCreated>> => perform(command, context, input);
