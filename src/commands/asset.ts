import {
  type Asset,
  type AssetInput,
  type AssetPatch,
  type CheckedAsset,
  checkAsset,
  checkAssetPatch,
  newAsset,
} from '../domain/asset.ts';
import type { AssetTemplate } from '../domain/assetTemplate.ts';
import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { WRITERS } from '../domain/rights.ts';
import { assertInstitution, orNotFound, ownInstitution } from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';
import { type UpdateInput, updating } from './update.ts';

/** Input for createAsset. */
export interface CreateAsset extends AssetInput, Idempotent {
  readonly institutionId?: Maybe<Id>;
  readonly templateId: Id;
}
/** Result of createAsset. */
export interface AssetCreated {
  readonly asset: Asset;
}
type Checked = CheckedAsset & { readonly templateId: Id; readonly institutionId: Maybe<Id> };

const command: Command<CreateAsset, Checked, AssetTemplate | undefined, AssetCreated> = {
  name: 'createAsset',
  roles: WRITERS,
  errors: ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'CAPACITY_EXCEEDED', 'IDEMPOTENCY_CONFLICT'],
  check: (input, issues) => {
    const { templateId, institutionId } = input;
    return { ...checkAsset(input, issues), templateId, institutionId };
  },
  request: ({ institutionId: _implied, ...rest }) => rest,
  load: async (tx, { templateId }) => (await tx.assetTemplates.byIds([templateId]))[0],
  owner: (template) => template?.institutionId,
  act: (tx, loaded, checked, { viewer, newId, clock }) => {
    assertInstitution(ownInstitution(viewer), checked.institutionId);
    const template = orNotFound(loaded, 'asset template', 'templateId', checked.templateId);
    assertInstitution(template.institutionId, checked.institutionId);
    const asset = newAsset(checked, template, newId('ast'), clock());
    tx.assets.insert(asset);
    return { asset };
  },
  resource: (payload) => payload && { type: 'Asset', id: payload.asset.id },
  storePayload: ({ asset }) => ({ id: asset.id }),
  loadPayload: async (tx, { id }) => ({ asset: (await tx.assets.byIds([id as string]))[0] as Asset }),
};

export const createAsset = mutationOf(command);

/** Input for updateAsset. */
export interface UpdateAsset extends AssetPatch, UpdateInput {
  readonly assetId: Id;
}

const update = updating<UpdateAsset, Asset, 'asset'>({
  name: 'updateAsset',
  roles: WRITERS,
  resource: 'Asset',
  payload: 'asset',
  noun: 'asset',
  idField: 'assetId',
  table: (tx) => tx.assets,
  institutionId: ({ institutionId }) => institutionId,
  check: checkAssetPatch,
});

export const updateAsset = mutationOf(update);
