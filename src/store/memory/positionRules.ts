import { type TemplateConfig, templateConfigId } from '../../domain/assetTemplate.ts';
import type { Id } from '../../domain/ids.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Position } from '../../domain/position.ts';
import type { PositionRules } from '../store.ts';
import type { Table } from './table.ts';

export interface RuleTables {
  readonly positions: Table<Position>;
  readonly templateConfigs: Table<TemplateConfig>;
  readonly policies: Table<Policy>;
}

export function positionRules(
  { positions, templateConfigs, policies }: RuleTables,
  tenant: Id | null,
  positionIds: readonly Id[],
): PositionRules {
  const configIds = positions
    .byIds(positionIds, tenant)
    .flatMap((position) => (position ? [templateConfigId(position.templateId, position.templateVersion)] : []));
  const configs = templateConfigs.byIds([...new Set(configIds)], tenant).flatMap((config) => config ?? []);
  const institutionIds = [...new Set(configs.map(({ institutionId }) => institutionId))];
  const all = [...policies.matches({ where: { institutionId: { in: institutionIds } } }, tenant)];
  const applies = (policy: Policy): boolean =>
    configs.some(({ institutionId, region }) => policy.institutionId === institutionId && policy.region === region);
  return { configs, policies: all.filter(applies) };
}
