import type { Id } from '../../domain/ids.ts';
import type { AssetTemplate } from '../../domain/assetTemplate.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Position } from '../../domain/position.ts';
import type { PositionRules } from '../store.ts';
import type { Table } from './table.ts';

export interface RuleTables {
  readonly positions: Table<Position>;
  readonly assetTemplates: Table<AssetTemplate>;
  readonly policies: Table<Policy>;
}

export function positionRules(
  { positions, assetTemplates, policies }: RuleTables,
  tenant: Id | null,
  positionIds: readonly Id[],
): PositionRules {
  const templateIds = positions.byIds(positionIds, tenant).flatMap((position) => position?.templateId ?? []);
  const templates = assetTemplates.byIds([...new Set(templateIds)], tenant).flatMap((template) => template ?? []);
  const institutionIds = [...new Set(templates.map(({ institutionId }) => institutionId))];
  const all = [...policies.matches({ where: { institutionId: { in: institutionIds } } }, tenant)];
  const applies = (policy: Policy): boolean =>
    templates.some(({ institutionId, region }) => policy.institutionId === institutionId && policy.region === region);
  return { templates, policies: all.filter(applies) };
}
