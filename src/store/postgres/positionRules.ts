import type { TemplateConfig } from '../../domain/assetTemplate.ts';
import { type Id, prefixOf } from '../../domain/ids.ts';
import type { Policy } from '../../domain/policy.ts';
import type { PositionRules } from '../store.ts';
import { LAYOUTS } from './layouts.ts';
import type { Queries } from './session.ts';
import { inScope, Parameters, selectOf } from './sql.ts';

/**
 * Reads the configs and policies in two statements that join the positions, so that neither waits for the positions
 * first.
 */
export async function positionRules(
  queries: Queries,
  tenant: Id | null,
  positionIds: readonly Id[],
): Promise<PositionRules> {
  const ids = positionIds.filter((id) => prefixOf(id) !== undefined);
  if (ids.length === 0) return { configs: [], policies: [] };
  const parameters = new Parameters();
  const scope = inScope('p', tenant, parameters);
  const positions =
    'from positions p join asset_template_configs c on c.institution_id = p.institution_id' +
    ' and c.template_id = p.template_id and c.version = p.template_version' +
    ` where p.id = any(${parameters.add([...new Set(ids)], 'text[]')})${scope}`;
  const own = inScope('t', tenant, parameters);
  const { values } = parameters;
  const [configs, policies] = await Promise.all([
    queries.query<TemplateConfig>({
      text: `${selectOf(LAYOUTS.templateConfigs)} where (t.institution_id, t.id) in (select c.institution_id, c.id ${positions})${own}`,
      values,
      keepsPlan: true,
    }),
    queries.query<Policy>({
      text: `${selectOf(LAYOUTS.policies)} where (t.institution_id, t.region) in (select c.institution_id, c.region ${positions})${own}`,
      values,
      keepsPlan: true,
    }),
  ]);
  return { configs: configs.rows, policies: policies.rows };
}
