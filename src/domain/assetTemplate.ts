import type { Id } from './ids.ts';
import type { Institution, Region, Vertical } from './institution.ts';
import { Issues } from './issues.ts';
import type { JsonObject } from './json.ts';
import { configFaults, TEMPLATE_KINDS } from './templateKinds.ts';
import type { Instant } from './time.ts';

/** What an institution lets assets be made under: a kind with its terms, for one region. */
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

export interface AssetTemplateInput {
  readonly code: string;
  readonly name: string;
  readonly vertical: Vertical;
  readonly region: Region;
  readonly config: JsonObject;
}

/** What the input alone shows. Refuses with ValidationFailed. */
export function checkAssetTemplate(input: AssetTemplateInput, issues = new Issues()): AssetTemplateInput {
  const kind = TEMPLATE_KINDS.get(input.code);
  const name = issues.text(['name'], input.name);
  const config = issues.json(['config'], input.config);
  if (kind === undefined) issues.add(['code'], `must be one of ${[...TEMPLATE_KINDS.keys()].join(', ')}.`);
  issues.settle();
  if (kind === undefined) return input;
  if (kind.vertical !== input.vertical)
    issues.add(['vertical'], `must be ${kind.vertical}: ${kind.code} belongs to it.`);
  for (const { path, message } of configFaults(config, kind)) issues.add(['config', ...path], message);
  if ((config['region'] ?? input.region) !== input.region) {
    issues.add(['config', 'region'], `must be the template's region, ${input.region}.`);
  }
  issues.settle();
  return { ...input, name, config };
}

/** Refuses with ValidationFailed where the region or the vertical is not among the institution's. */
export function newAssetTemplate(checked: AssetTemplateInput, of: Institution, id: Id, now: Instant): AssetTemplate {
  const { code, name, vertical, region, config } = checked;
  const issues = new Issues();
  if (!of.regions.includes(region))
    issues.add(['region'], `must be one of the institution's: ${of.regions.join(', ')}.`);
  if (!of.verticals.includes(vertical)) {
    issues.add(['vertical'], `must be one of the institution's: ${of.verticals.join(', ')}.`);
  }
  issues.settle();
  const own = { code, name, vertical, region, config };
  return Object.freeze({ id, institutionId: of.id, ...own, version: 1, createdAt: now, updatedAt: now });
}
