import {
  type AssetTemplate,
  checkAssetTemplate,
  type NewAssetTemplate,
  newAssetTemplate,
} from '../domain/assetTemplate.ts';
import type { Id } from '../domain/ids.ts';
import { Issues, type Maybe } from '../domain/issues.ts';
import { mustWrite, scopeOf } from '../domain/viewer.ts';
import { type CommandContext, found, institutionFor } from './context.ts';

export interface CreateAssetTemplate extends NewAssetTemplate {
  readonly institutionId?: Maybe<Id>;
}

/** Refuses with Forbidden, ValidationFailed or NotFound. */
export async function createAssetTemplate(
  { viewer, store, clock, newId }: CommandContext,
  input: CreateAssetTemplate,
): Promise<{ readonly assetTemplate: AssetTemplate }> {
  mustWrite(viewer);
  const issues = new Issues();
  const institutionId = institutionFor(viewer, input.institutionId, issues);
  const checked = checkAssetTemplate(input, issues);
  return store.transact(scopeOf(viewer), async (tx) => {
    const institution = found(
      await tx.institutions.byIds([institutionId]),
      'institution',
      'institutionId',
      institutionId,
    );
    const assetTemplate = newAssetTemplate(checked, institution, newId('tmpl'), clock());
    tx.assetTemplates.insert(assetTemplate);
    return { assetTemplate };
  });
}
