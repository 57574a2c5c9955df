-- Accounting: ledger events, the audit log, idempotency records and policies. The privileges of the role that the
-- application's transactions use are granted here, too. The role cannot change or delete events.

create table ledger_events (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  kind text collate "C" not null check (kind in ('POSITION_CREATED', 'POSITION_STATE_CHANGED')),
  position_id text collate "C" not null,
  lifecycle_event_id text collate "C" not null unique,
  sequence int not null check (sequence > 0),
  from_state text collate "C",
  to_state text collate "C" not null,
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (position_id, sequence),
  foreign key (institution_id, position_id) references positions,
  foreign key (institution_id, lifecycle_event_id) references lifecycle_events
);
create index ledger_events_created on ledger_events (created_at, id);
create index ledger_events_of_institution on ledger_events (institution_id, created_at, id);

create table postings (
  institution_id text collate "C" not null,
  id text collate "C" not null,
  ledger_event_id text collate "C" not null,
  ordinal int not null,
  account_kind text collate "C" not null check (account_kind in ('PAYER', 'ESCROW', 'PAYEE')),
  amount numeric(28, 0) not null check (amount <> 0),
  currency text collate "C" not null,
  primary key (institution_id, id),
  unique (ledger_event_id, ordinal),
  foreign key (institution_id, ledger_event_id) references ledger_events
);

-- Ensures, for every writer, that the postings of one ledger event have one currency and add up to zero.
create function postings_must_balance() returns trigger language plpgsql as $$
begin
  if exists (
    select from postings where ledger_event_id in (old.ledger_event_id, new.ledger_event_id)
    group by ledger_event_id having sum(amount) <> 0 or count(distinct currency) > 1
  ) then
    raise exception 'the postings of % do not add up to zero', coalesce(new.ledger_event_id, old.ledger_event_id)
      using errcode = 'check_violation';
  end if;
  return null;
end
$$;
create constraint trigger postings_balance after insert or update or delete on postings
  for each row execute function postings_must_balance();

create table policies (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  region text collate "C" not null,
  allowed_currencies text[] collate "C",
  limits json not null,
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (institution_id, region)
);

-- There is no foreign key: audit events outlive their objects and record attempts on objects that never existed.
create table audit_events (
  institution_id text collate "C" not null,
  id text collate "C" not null unique,
  action text collate "C" not null,
  outcome text collate "C" not null check (outcome in ('SUCCESS', 'FAILURE')),
  actor_kind text collate "C" not null check (actor_kind in ('ROOT', 'API_KEY', 'SYSTEM', 'ANONYMOUS')),
  api_key_id text collate "C",
  resource_type text collate "C",
  resource_id text collate "C",
  request_id text collate "C",
  error_code text collate "C",
  payload json,
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  check ((outcome = 'FAILURE') = (error_code is not null))
);
create index audit_events_created on audit_events (created_at, id);
create index audit_events_of_institution on audit_events (institution_id, created_at, id);
create index audit_events_action on audit_events (action, created_at, id);
create index audit_events_action_of_institution on audit_events (action, institution_id, created_at, id);
create index audit_events_failures on audit_events (institution_id, created_at, id) where outcome = 'FAILURE';
create index audit_events_resource on audit_events (resource_id, institution_id, created_at, id) where resource_id is not null;
create index audit_events_key on audit_events (api_key_id, institution_id, created_at, id) where api_key_id is not null;
create index audit_events_request on audit_events (request_id, institution_id, created_at, id) where request_id is not null;

create table idempotency_records (
  institution_id text collate "C" not null,
  id text collate "C" not null,
  mutation text collate "C" not null,
  key text collate "C" not null,
  request_hash text collate "C" not null,
  answer json not null,
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  primary key (institution_id, id)
);
create index idempotency_records_created on idempotency_records (created_at, id);

-- The index of the job that expires positions.
create index positions_due on positions (expires_at, id)
  where expires_at is not null and state in ('CREATED', 'FUNDED', 'PARTIALLY_RELEASED');

-- The server creates the role before it runs the migrations. The role owns nothing and cannot change history.
do $$ begin
  execute format('grant usage on schema %I to escrowgrid_app', current_schema());
  execute format('grant select, insert on all tables in schema %I to escrowgrid_app', current_schema());
end $$;
revoke all on schema_migrations from escrowgrid_app;
grant update (state, held, released, refunded, sequence, version, updated_at) on positions to escrowgrid_app;
grant update (name, regions, verticals, version, updated_at) on institutions to escrowgrid_app;
grant update (name, config, version, updated_at) on asset_templates to escrowgrid_app;
grant update (label, metadata, version, updated_at) on assets to escrowgrid_app;
grant update, delete on policies, idempotency_records to escrowgrid_app;
