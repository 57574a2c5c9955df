// Hand-written SQL behind node:http: one statement per request builds the whole response. It has no API keys, no limits
// and no row level security.
import pg from 'pg';
import type { Operation } from '../operations.ts';
import { listenLocally, serve } from './serve.ts';
import { textServer } from './textServer.ts';

const money = (column: string): string => `json_build_object('amount', round(${column} / 100, 2)::text)`;

const GET = `select json_build_object('position', json_build_object(
  'id', id, 'state', state, 'holderReference', holder_reference,
  'amount', json_build_object('amount', round(amount / 100, 2)::text, 'currencyCode', currency),
  'held', ${money('held')})) as data
from positions where institution_id = $1 and id = $2`;

const NESTED = `select json_build_object('position', json_build_object(
  'id', p.id, 'state', p.state, 'held', ${money('p.held')},
  'asset', json_build_object('id', a.id, 'label', a.label, 'template', json_build_object(
    'id', t.id, 'code', t.code, 'institution', json_build_object('id', i.id, 'name', i.name))))) as data
from positions p
join assets a on a.institution_id = p.institution_id and a.id = p.asset_id
join asset_templates t on t.institution_id = a.institution_id and t.id = a.template_id
join institutions i on i.id = t.institution_id
where p.institution_id = $1 and p.id = $2`;

const PAGE = `select json_build_object('positions', json_build_object('nodes', json_agg(json_build_object(
  'id', p.id, 'state', p.state, 'amount', ${money('p.amount')}, 'held', ${money('p.held')},
  'asset', json_build_object('id', a.id, 'label', a.label,
    'template', json_build_object('id', t.id, 'code', t.code)),
  'institution', json_build_object('id', i.id, 'name', i.name),
  'events', json_build_object('nodes', e.nodes)) order by p.created_at desc, p.id desc))) as data
from (select * from positions where institution_id = $1 order by created_at desc, id desc limit $2) p
join assets a on a.institution_id = p.institution_id and a.id = p.asset_id
join asset_templates t on t.institution_id = a.institution_id and t.id = a.template_id
join institutions i on i.id = p.institution_id
cross join lateral (
  select json_agg(json_build_object('sequence', sequence, 'toState', to_state) order by sequence) as nodes
  from (select sequence, to_state from lifecycle_events
    where position_id = p.id and institution_id = p.institution_id order by sequence limit 5) first_events
) e`;

const STATEMENTS: Readonly<Record<string, string>> = { Get: GET, Nested: NESTED, Page: PAGE };

await serve(async ({ databaseUrl, connections, data }) => {
  if (!data) throw new Error('The statements need a filled database.');
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections });
  const parser = { getTypeParser: () => (text: unknown) => text };
  const execute = async (body: string): Promise<string> => {
    const { query, variables } = JSON.parse(body) as Operation;
    const name = /^query (\w+)/.exec(query)?.[1] ?? '';
    const values = [data.institutionId, variables['id'] ?? variables['first']];
    const { rows } = await pool.query<{ data: string }>({ name, text: STATEMENTS[name] ?? '', values, types: parser });
    return `{"data":${rows[0]?.data ?? 'null'}}`;
  };
  return { url: await listenLocally(textServer(execute)), data, versions: {} };
});
