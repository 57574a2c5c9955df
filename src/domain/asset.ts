import type { AssetTemplate } from './assetTemplate.ts';
import type { Id } from './ids.ts';
import { Issues, type Maybe } from './issues.ts';
import type { JsonObject } from './json.ts';
import { givenFields } from './patch.ts';
import type { Instant } from './time.ts';

/** The deal that money is held for: a building site, an invoice, a letter of credit. */
export interface Asset {
  readonly id: Id;
  readonly institutionId: Id;
  readonly templateId: Id;
  readonly label: string;
  readonly metadata: JsonObject;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The properties that a client chooses for a new asset. */
export interface AssetInput {
  readonly label: string;
  readonly metadata?: Maybe<JsonObject>;
}

/** Validated properties of a new asset. */
export type CheckedAsset = Pick<Asset, 'label' | 'metadata'>;

/** Validates the input without reading the store. Throws ValidationError. */
export function checkAsset(input: AssetInput, issues = new Issues()): CheckedAsset {
  const label = issues.text(['label'], input.label);
  const metadata = issues.json(['metadata'], input.metadata);
  issues.throwIfAny();
  return { label, metadata };
}

/** The changes of an update; an absent field stays as it is. */
export interface AssetPatch {
  readonly label?: Maybe<string>;
  readonly metadata?: Maybe<JsonObject>;
}

/** Validates the input without reading the store. Throws ValidationError. */
export function checkAssetPatch(input: AssetPatch, issues: Issues): Partial<Asset> {
  const { label, metadata } = givenFields(issues, { label: input.label, metadata: input.metadata });
  const patch = {
    ...(label !== undefined && { label: issues.text(['label'], label) }),
    ...(metadata && { metadata: issues.json(['metadata'], metadata) }),
  };
  issues.throwIfAny();
  return patch;
}

/** Returns a new asset under the template. */
export const newAsset = (
  { label, metadata }: CheckedAsset,
  { institutionId, id: templateId }: AssetTemplate,
  id: Id,
  now: Instant,
): Asset =>
  Object.freeze({ id, institutionId, templateId, label, metadata, version: 1, createdAt: now, updatedAt: now });
