-- Webhooks: endpoints that receive the changes of an institution, the log of their deliveries, and how far the changes
-- have become deliveries.

create table webhook_endpoints (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null,
  url text collate "C" not null,
  description text collate "C",
  document text collate "C" not null,
  variables json not null,
  topic text collate "C" not null check (topic in ('POSITION', 'CHAT_SESSION', 'CHAT_MESSAGE')),
  object_id text collate "C",
  detail_id text collate "C",
  state text collate "C" not null,
  disabled_reason text collate "C" check (disabled_reason in ('REQUESTED', 'GONE', 'FAILING')),
  enabled_at timestamptz(3) not null,
  failing_since timestamptz(3),
  -- Both are encrypted with a key that the database does not have.
  secret text collate "C" not null,
  previous_secret text collate "C",
  previous_secret_expires_at timestamptz(3),
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (institution_id, id),
  constraint webhook_endpoints_state_holds check (
    case state when 'ENABLED' then disabled_reason is null when 'DISABLED' then disabled_reason is not null else false end
  )
);
comment on index webhook_endpoints_pkey is 'Finds an endpoint within an institution.';
create index webhook_endpoints_id on webhook_endpoints (id);
comment on index webhook_endpoints_id is 'Finds an endpoint for the root key and for deliveries, whose statements are of all institutions.';
create index webhook_endpoints_of_institution on webhook_endpoints (institution_id, created_at, id);
comment on index webhook_endpoints_of_institution is 'Lists in order of creation, the default.';
create index webhook_endpoints_of_institution_updated on webhook_endpoints (institution_id, updated_at, id);
comment on index webhook_endpoints_of_institution_updated is 'Lists in order of the last change.';
create index webhook_endpoints_created on webhook_endpoints (created_at, id);
comment on index webhook_endpoints_created is 'Lists of all institutions; finds out whether there is an enabled endpoint.';
create index webhook_endpoints_updated on webhook_endpoints (updated_at, id);
comment on index webhook_endpoints_updated is 'Lists of all institutions in order of the last change.';

-- The log. A delivery stays when its endpoint or its object is removed, so it refers to neither. Each one is updated at
-- least twice: when its attempt begins and when it ends, which changes columns of the partial indexes. These have entries
-- of few rows, and no other index has a column that changes.
create table webhook_deliveries (
  institution_id text collate "C" not null,
  id text collate "C" not null,
  webhook_endpoint_id text collate "C" not null,
  topic text collate "C" not null check (topic in ('POSITION', 'CHAT_SESSION', 'CHAT_MESSAGE')),
  kind text collate "C" not null check (kind in ('CREATED', 'UPDATED', 'DELETED')),
  object_id text collate "C" not null,
  detail_id text collate "C",
  -- The place of the change in the outbox.
  sequence bigint not null check (sequence > 0),
  change_id uuid not null,
  changed_at timestamptz(3) not null,
  -- The endpoint and the object of a pending delivery. At most one delivery of a queue has a next attempt.
  queue text collate "C",
  state text collate "C" not null,
  attempts int not null check (attempts >= 0),
  next_attempt_at timestamptz(3),
  last_attempt_at timestamptz(3),
  last_status int,
  last_error text collate "C",
  delivered_at timestamptz(3),
  body text collate "C",
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  constraint webhook_deliveries_state_holds check (
    case state
      when 'PENDING' then queue is not null
      when 'DELIVERED' then queue is null and next_attempt_at is null and delivered_at is not null
      when 'FAILED' then queue is null and next_attempt_at is null
      else false
    end
  )
);
comment on index webhook_deliveries_pkey is 'Finds a delivery within an institution.';
create index webhook_deliveries_id on webhook_deliveries (id);
comment on index webhook_deliveries_id is 'Finds a delivery for the root key and for attempts, whose statements are of all institutions.';
create index webhook_deliveries_of_institution on webhook_deliveries (institution_id, created_at, id);
comment on index webhook_deliveries_of_institution is 'Lists in order of creation, the default; finds those past their retention.';
create index webhook_deliveries_of_endpoint on webhook_deliveries (webhook_endpoint_id, created_at, id);
comment on index webhook_deliveries_of_endpoint is 'Lists of one endpoint.';
create index webhook_deliveries_of_endpoint_sequence on webhook_deliveries (webhook_endpoint_id, sequence, id);
comment on index webhook_deliveries_of_endpoint_sequence is 'Finds the deliveries after that of a change, to repeat them.';
create index webhook_deliveries_of_object on webhook_deliveries (object_id, created_at, id);
comment on index webhook_deliveries_of_object is 'Lists of one object.';
create index webhook_deliveries_due on webhook_deliveries (webhook_endpoint_id, next_attempt_at, sequence)
  where next_attempt_at is not null;
comment on index webhook_deliveries_due is 'Finds due deliveries endpoint by endpoint; has entries of the first delivery of each queue only.';
create index webhook_deliveries_queue on webhook_deliveries (queue, sequence, id) where queue is not null;
comment on index webhook_deliveries_queue is 'Finds the next delivery of a queue; has entries of pending deliveries only.';
create index webhook_deliveries_state_of_endpoint on webhook_deliveries (webhook_endpoint_id, state, created_at, id)
  where state <> 'DELIVERED';
comment on index webhook_deliveries_state_of_endpoint is 'Lists the pending or the failed deliveries of one endpoint.';
create index webhook_deliveries_state_of_institution on webhook_deliveries (institution_id, state, created_at, id)
  where state <> 'DELIVERED';
comment on index webhook_deliveries_state_of_institution is 'Lists the pending or the failed deliveries.';

select keep_apart(name::regclass) from unnest(array['webhook_endpoints', 'webhook_deliveries']) name;
grant select, insert, delete on webhook_endpoints, webhook_deliveries to escrowgrid_app;
grant update (
  url, description, document, variables, topic, object_id, detail_id, state, disabled_reason, enabled_at, failing_since,
  secret, previous_secret, previous_secret_expires_at, version, updated_at
) on webhook_endpoints to escrowgrid_app;
grant update (
  queue, state, attempts, next_attempt_at, last_attempt_at, last_status, last_error, delivered_at, body, version
) on webhook_deliveries to escrowgrid_app;

-- The place of the last change that has become deliveries. The changes from before this migration become none.
create table webhook_position (
  single boolean primary key default true check (single),
  last bigint not null
);
insert into webhook_position (last) select last from outbox_extent;
grant select, update (last) on webhook_position to escrowgrid_app;
