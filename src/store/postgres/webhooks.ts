import type { SequencedChange } from '../../domain/change.ts';
import type { Id } from '../../domain/ids.ts';
import type { WebhookDelivery } from '../../domain/webhookDelivery.ts';
import type { DueDeliveries } from '../store.ts';
import { assertScopeOfAll } from '../tables.ts';
import { encode } from './layout.ts';
import { LAYOUTS } from './layouts.ts';
import type { Session } from './session.ts';
import { inScope, Parameters, selectOf } from './sql.ts';

/**
 * Locks the row with the place of the last change that was taken, if there are changes after it and no other transaction
 * has locked it. The lock is taken by a statement of its own, because the snapshot of the statement that takes changes
 * must include what earlier transactions have taken. The setting, which lasts until the end of the transaction, passes on
 * whether the row is locked.
 */
const LOCK_POSITION = `with more as (
  select from outbox where place > (select last from webhook_position) limit 1
), locked as (
  select from webhook_position where exists (select from more) for update skip locked
) select set_config('escrowgrid.takes', (exists (select from locked))::text, true)`;

/** Writes nothing if there are no changes to take. */
const TAKE = `with taken as (
  select place as sequence, id, topic, kind, institution_id, object_id, detail_id, created_at from outbox
  where place > (select last from webhook_position) and current_setting('escrowgrid.takes') = 'true'
  order by outbox.place limit $1::int
), moved as (
  update webhook_position set last = (select max(sequence) from taken) where exists (select from taken)
) select sequence, id, topic, kind, institution_id as "institutionId", object_id as "objectId", detail_id as "detailId",
  created_at as "createdAt" from taken order by sequence`;

/** Takes the next changes for which the deliveries of webhooks were not created yet. Costs one round trip. */
export async function takeChanges(
  session: Session,
  tenant: Id | null,
  limit: number,
): Promise<readonly SequencedChange[]> {
  assertScopeOfAll(tenant);
  const [, taken] = await Promise.all([
    session.query({ text: LOCK_POSITION, values: [] }),
    session.query<SequencedChange>({ text: TAKE, values: [limit] }),
  ]);
  return taken.rows;
}

/**
 * Returns and locks due deliveries. The endpoints with scheduled deliveries are found one after another, each by the
 * first entry of its part of the index, so that many deliveries of one endpoint cost no more than a few.
 */
export async function lockDueDeliveries(
  session: Session,
  tenant: Id | null,
  { now, limit, perEndpoint, except }: DueDeliveries,
): Promise<readonly WebhookDelivery[]> {
  const parameters = new Parameters();
  const time = parameters.add(encode(now, 'timestamptz'), 'timestamptz');
  const most = parameters.add(limit, 'int');
  const scope = inScope('t', tenant, parameters);
  const scheduled = (more: string): string =>
    `select t.institution_id, t.webhook_endpoint_id, t.next_attempt_at from webhook_deliveries t` +
    ` where t.next_attempt_at is not null${more}${scope} order by t.webhook_endpoint_id, t.next_attempt_at limit 1`;
  const endpoints =
    `select h.* from head h join webhook_endpoints e on e.institution_id = h.institution_id and e.id = h.webhook_endpoint_id` +
    ` where h.next_attempt_at <= ${time} and e.state = 'ENABLED' and e.id <> all(${parameters.add(except, 'text[]')})` +
    `${inScope('e', tenant, parameters)} order by h.next_attempt_at, h.webhook_endpoint_id limit ${most}`;
  const due =
    `${selectOf(LAYOUTS.webhookDeliveries)} where t.webhook_endpoint_id = o.webhook_endpoint_id` +
    ` and t.institution_id = o.institution_id and t.next_attempt_at <= ${time} and t.next_attempt_at is not null${scope}` +
    ` order by t.next_attempt_at, t.sequence limit ${parameters.add(perEndpoint, 'int')} for update skip locked`;
  const text =
    `with recursive head as ((${scheduled('')}) union all select n.* from head h cross join lateral` +
    ` (${scheduled(' and t.webhook_endpoint_id > h.webhook_endpoint_id')}) n)` +
    ` select d.* from (${endpoints}) o cross join lateral (${due}) d limit ${most}`;
  return (await session.query<WebhookDelivery>({ text, values: parameters.values })).rows;
}
