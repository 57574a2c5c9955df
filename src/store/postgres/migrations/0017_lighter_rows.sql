-- Fewer and smaller rows: the ledger event of a lifecycle event and its postings are in the row of the lifecycle event, and
-- most indexes are smaller.
--
-- No row is rewritten, and rows from before stay where they are: the views below return both. The migration reads the
-- tables of positions and audit events to build indexes; meanwhile these can be read but not written. Afterwards it
-- locks the tables of events and reads the lifecycle events once, for the indexes of the new columns.

-- The servers of earlier versions do not find the ledger events in the rows of lifecycle events. Like those before
-- migration 0014, they turn not ready when this commits, and their transactions can no longer write.
create function expect_updated_rows(changed bigint, wanted bigint) returns boolean language plpgsql as $$
begin
  if changed <> wanted then
    raise exception 'a row is not at the version it was read at' using errcode = 'ES001';
  end if;
  return true;
end
$$;
create or replace function expect_changed_rows(changed bigint, wanted bigint) returns boolean language plpgsql as $$
begin
  raise exception 'the database is newer than this server: stop it and start the current version'
    using errcode = 'cannot_connect_now';
end
$$;

-- The indexes of these lists do not end with the id: rows of the same millisecond are sorted when they are read. An entry of
-- an index contains whole values, and an id has 31 bytes of 84.
alter index audit_events_of_institution rename to audit_events_of_institution_16;
alter index audit_events_resource rename to audit_events_resource_16;
alter index audit_events_key rename to audit_events_key_16;
alter index audit_events_request rename to audit_events_request_16;
create index audit_events_of_institution on audit_events (institution_id, created_at);
create index audit_events_action_by_institution on audit_events (institution_id, action, created_at);
-- An object has few events: they are sorted when they are read.
create index audit_events_resource on audit_events (resource_id, institution_id) where resource_id is not null;
-- An API key belongs to one institution, and so do the events that it causes.
create index audit_events_key on audit_events (api_key_id, created_at) where api_key_id is not null;
create index audit_events_request on audit_events (request_id, institution_id, created_at) where request_id is not null;

alter index positions_of_institution_updated rename to positions_of_institution_updated_16;
alter index positions_of_asset rename to positions_of_asset_16;
alter index positions_of_template rename to positions_of_template_16;
create index positions_of_institution_updated on positions (institution_id, updated_at);
create index positions_of_asset on positions (asset_id, created_at);
create index positions_of_template on positions (template_id, created_at);
comment on index positions_of_institution_updated is 'Lists in order of the last change.';
comment on index positions_of_asset is 'Lists of one asset, which nearly all pages of assets contain.';
comment on index positions_of_template is 'Lists of one asset template, whose assets are too many to merge.';

-- From here on the tables are locked until the end: for one scan of the lifecycle events, whose new indexes have no
-- entries yet.
drop index audit_events_created, audit_events_of_institution_16, audit_events_action,
  audit_events_action_of_institution, ledger_events_created, audit_events_resource_16, audit_events_key_16, audit_events_request_16,
  positions_of_institution_updated_16, positions_of_asset_16, positions_of_template_16;

-- Returns whether the legs, such as 'PAYER -100,ESCROW 100', add up to zero and each has a known account.
create function legs_balance(legs text) returns boolean language sql immutable strict parallel safe as $$
  select coalesce(sum(split_part(leg, ' ', 2)::numeric) = 0 and bool_and(
    split_part(leg, ' ', 1) in ('PAYER', 'ESCROW', 'RETAINAGE', 'PAYEE', 'FEE') and split_part(leg, ' ', 2)::numeric <> 0
  ), false) from string_to_table(legs, ',') leg
$$;

-- The id of the event's ledger event, and the postings of this in their order; null if there are none. An event from
-- before, or one whose ledger event has other values than its own, has a row in ledger_events instead.
alter table lifecycle_events
  add column ledger_event_id text collate "C",
  add column legs text collate "C",
  add constraint lifecycle_events_legs_check
    check (legs is null or (ledger_event_id is not null and legs_balance(legs)));
create unique index lifecycle_events_ledger_event on lifecycle_events (institution_id, ledger_event_id)
  where ledger_event_id is not null;
create index lifecycle_events_ledger_event_id on lifecycle_events (ledger_event_id) where ledger_event_id is not null;
create index lifecycle_events_ledger_of_institution on lifecycle_events (institution_id, created_at)
  where ledger_event_id is not null;
comment on index lifecycle_events_ledger_event is 'Finds a ledger event within an institution, and ensures that its id is unique.';
comment on index lifecycle_events_ledger_event_id is 'Finds a ledger event for the root key, which does not know its institution.';
comment on index lifecycle_events_ledger_of_institution is 'Lists the ledger events of an institution.';

-- Ensures that a lifecycle event has one ledger event, wherever that is stored.
create function ledger_event_must_be_single() returns trigger language plpgsql as $$
begin
  if exists (
    select from lifecycle_events e where e.institution_id = new.institution_id and e.ledger_event_id is not null
      and (e.id = new.lifecycle_event_id or e.ledger_event_id = new.id)
  ) then
    raise exception 'the ledger event % exists already', new.id using errcode = 'unique_violation';
  end if;
  return null;
end
$$;
create constraint trigger ledger_events_single after insert on ledger_events
  for each row execute function ledger_event_must_be_single();

-- A ledger event is not deleted with its lifecycle event, not even by the owner of the tables, as if it referred to it.
create function ledger_event_must_stay() returns trigger language plpgsql as $$
begin
  raise exception 'the lifecycle event % has a ledger event', old.id using errcode = 'foreign_key_violation';
end
$$;
create trigger lifecycle_events_keep_ledger before delete on lifecycle_events
  for each row when (old.ledger_event_id is not null) execute function ledger_event_must_stay();

-- All ledger events and postings, wherever they are stored. Row level security of the tables applies to the role that reads
-- the views. Where an event has no ledger event in its row, the id is null: a condition in the view itself would keep the
-- planner from reading both tables in the order of their indexes.
create view ledger_entries with (security_invoker = true) as
  select institution_id, id, kind, position_id, lifecycle_event_id, sequence, from_state, to_state, created_at
  from ledger_events
  union all
  select institution_id, ledger_event_id,
    case
      when from_state is null then 'POSITION_CREATED'
      when from_state <> to_state or coalesce(move, move_into(to_state)) = 'RELEASE' then 'POSITION_STATE_CHANGED'
      else 'POSITION_CHANGED'
    end collate "C",
    position_id, id, sequence, from_state, to_state, created_at
  from lifecycle_events;
create view ledger_postings with (security_invoker = true) as
  select institution_id, id, ledger_event_id, ordinal, account_kind, amount, currency from postings
  union all
  select e.institution_id, (e.ledger_event_id || '_' || l.ordinal) collate "C", e.ledger_event_id, l.ordinal::int,
    split_part(l.leg, ' ', 1) collate "C", split_part(l.leg, ' ', 2)::numeric(28, 0), e.currency
  from lifecycle_events e cross join lateral string_to_table(e.legs, ',') with ordinality l(leg, ordinal)
  where e.ledger_event_id is not null;
grant select on ledger_entries, ledger_postings to escrowgrid_app;

-- A change without a place is found by outbox_unplaced, and the others by their place.
alter table outbox drop constraint outbox_pkey;

-- Each server counts in rows of its own, so that none waits for another one to commit the same row every second. The rows of
-- servers of earlier versions, which last for two minutes, have the first id.
alter table tallies
  add column server uuid not null default '00000000-0000-0000-0000-000000000000',
  drop constraint tallies_pkey,
  add primary key (window_start, name, server);
