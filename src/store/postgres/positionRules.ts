import type { AssetTemplate } from '../../domain/assetTemplate.ts';
import { type Id, prefixOf } from '../../domain/ids.ts';
import type { Policy } from '../../domain/policy.ts';
import type { PositionRules } from '../store.ts';
import { LAYOUTS } from './layouts.ts';
import type { Session } from './session.ts';
import { Parameters, selectOf } from './sql.ts';

/** Reads the templates and policies in two statements that join the positions, so that nobody waits for the positions first. */
export async function positionRules(
  session: Session,
  tenant: Id | null,
  positionIds: readonly Id[],
): Promise<PositionRules> {
  const ids = positionIds.filter((id) => prefixOf(id) !== undefined);
  if (ids.length === 0) return { templates: [], policies: [] };
  const parameters = new Parameters();
  const scope = tenant === null ? '' : ` and p.institution_id = ${parameters.add(tenant, 'text')}`;
  const positions =
    'from positions p join asset_templates a on a.institution_id = p.institution_id and a.id = p.template_id' +
    ` where p.id = any(${parameters.add([...new Set(ids)], 'text[]')})${scope}`;
  const { values } = parameters;
  const [templates, policies] = await Promise.all([
    session.query<AssetTemplate>({
      text: `${selectOf(LAYOUTS.assetTemplates)} where (t.institution_id, t.id) in (select a.institution_id, a.id ${positions})`,
      values,
    }),
    session.query<Policy>({
      text: `${selectOf(LAYOUTS.policies)} where (t.institution_id, t.region) in (select a.institution_id, a.region ${positions})`,
      values,
    }),
  ]);
  return { templates: templates.rows, policies: policies.rows };
}
