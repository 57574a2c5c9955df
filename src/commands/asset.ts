import { type Asset, checkAsset, type NewAsset, newAsset } from '../domain/asset.ts';
import type { Id } from '../domain/ids.ts';
import type { Maybe } from '../domain/issues.ts';
import { mustWrite, scopeOf } from '../domain/viewer.ts';
import { type CommandContext, found, mustBeOf, mustBeOwn } from './context.ts';

export interface CreateAsset extends NewAsset {
  readonly institutionId?: Maybe<Id>;
  readonly templateId: Id;
}

/** Refuses with Forbidden, ValidationFailed or NotFound. */
export async function createAsset(
  { viewer, store, clock, newId }: CommandContext,
  input: CreateAsset,
): Promise<{ readonly asset: Asset }> {
  mustWrite(viewer);
  const checked = checkAsset(input);
  mustBeOwn(viewer, input.institutionId);
  return store.transact(scopeOf(viewer), async (tx) => {
    const { templateId } = input;
    const template = found(await tx.assetTemplates.byIds([templateId]), 'asset template', 'templateId', templateId);
    mustBeOf(template.institutionId, input.institutionId);
    const asset = newAsset(checked, template, newId('ast'), clock());
    tx.assets.insert(asset);
    return { asset };
  });
}
