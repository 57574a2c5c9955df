import type { Id } from './ids.ts';
import type { Institution, Region, Vertical } from './institution.ts';
import { Issues, type Maybe } from './issues.ts';
import type { JsonObject } from './json.ts';
import { givenFields } from './patch.ts';
import { configIssues, TEMPLATE_KINDS, type TemplateKind } from './templateKinds.ts';
import type { Instant } from './time.ts';

/** The rules under which an institution creates assets: a kind and its config, for one region. */
export interface AssetTemplate {
  readonly id: Id;
  readonly institutionId: Id;
  readonly code: string;
  readonly name: string;
  readonly vertical: Vertical;
  readonly region: Region;
  readonly config: JsonObject;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/**
 * The rules of one version of a template. Never changed once written: a position keeps the version it was opened under.
 */
export interface TemplateConfig {
  readonly id: Id;
  readonly institutionId: Id;
  readonly templateId: Id;
  /** The template's version. */
  readonly version: number;
  /** The region of the template, which never changes. */
  readonly region: Region;
  readonly config: JsonObject;
  readonly createdAt: Instant;
}

/** Returns the id of the config of one version of a template. */
export const templateConfigId = (templateId: Id, version: number): Id => `${templateId}_${version}`;

/** The config of the template's current version. */
export const templateConfigOf = (template: AssetTemplate): TemplateConfig => {
  const { institutionId, id, version, region, config, updatedAt } = template;
  return Object.freeze({
    id: templateConfigId(id, version),
    institutionId,
    templateId: id,
    version,
    region,
    config,
    createdAt: updatedAt,
  });
};

/** The properties that a client chooses for a new asset template. */
export interface AssetTemplateInput {
  readonly code: string;
  readonly name: string;
  readonly vertical: Vertical;
  readonly region: Region;
  readonly config: JsonObject;
}

/** Validates the input without reading the store. Throws ValidationError. */
export function checkAssetTemplate(input: AssetTemplateInput, issues = new Issues()): AssetTemplateInput {
  const kind = TEMPLATE_KINDS.get(input.code);
  const name = issues.text(['name'], input.name);
  const config = issues.json(['config'], input.config);
  if (kind === undefined) issues.add(['code'], `must be one of ${[...TEMPLATE_KINDS.keys()].join(', ')}.`);
  issues.throwIfAny();
  if (kind === undefined) return input;
  if (kind.vertical !== input.vertical)
    issues.add(['vertical'], `must be ${kind.vertical}, the line of business of ${kind.code}.`);
  addConfigIssues(issues, config, kind, input.region);
  issues.throwIfAny();
  return { ...input, name, config };
}

function addConfigIssues(issues: Issues, config: JsonObject, kind: TemplateKind, region: Region): void {
  for (const { path, message } of configIssues(config, kind)) issues.add(['config', ...path], message);
  if ((config['region'] ?? region) !== region) {
    issues.add(['config', 'region'], `must be ${region}, the region of the asset template.`);
  }
}

/** The changes of an update; an absent field stays as it is. */
export interface AssetTemplatePatch {
  readonly name?: Maybe<string>;
  readonly config?: Maybe<JsonObject>;
}

/** Validates the input without reading the store. Throws ValidationError. */
export function checkAssetTemplatePatch(input: AssetTemplatePatch, issues: Issues): Partial<AssetTemplate> {
  const { name, config } = givenFields(issues, { name: input.name, config: input.config });
  const patch = {
    ...(name !== undefined && { name: issues.text(['name'], name) }),
    ...(config && { config: issues.json(['config'], config) }),
  };
  issues.throwIfAny();
  return patch;
}

/** Throws ValidationError if the template's kind does not allow the patch's config. */
export function assertConfigFits({ code, region }: AssetTemplate, { config }: Partial<AssetTemplate>): void {
  const kind = TEMPLATE_KINDS.get(code);
  if (config === undefined || kind === undefined) return;
  const issues = new Issues();
  addConfigIssues(issues, config, kind, region);
  issues.throwIfAny();
}

/** Throws ValidationError if the region or the vertical is not one of the institution's. */
export function newAssetTemplate(
  checked: AssetTemplateInput,
  institution: Institution,
  id: Id,
  now: Instant,
): AssetTemplate {
  const { code, name, vertical, region, config } = checked;
  const issues = new Issues();
  if (!institution.regions.includes(region))
    issues.add(['region'], `must be one of the regions of the institution: ${institution.regions.join(', ')}.`);
  if (!institution.verticals.includes(vertical)) {
    issues.add(
      ['vertical'],
      `must be one of the lines of business of the institution: ${institution.verticals.join(', ')}.`,
    );
  }
  issues.throwIfAny();
  const own = { code, name, vertical, region, config };
  return Object.freeze({ id, institutionId: institution.id, ...own, version: 1, createdAt: now, updatedAt: now });
}
