-- Keys that begin with the institution, and fewer indexes.
--
-- Stop the servers of earlier versions before this migration: it locks every table until it ends, and its indexes serve
-- other statements than theirs. It is the last migration that may rewrite tables.
--
-- Every primary key, unique constraint and foreign key of a table with the rows of institutions begins with the
-- institution, as Citus requires of a table that is distributed by institution_id (institutions: by id). The other
-- tables stay local: the change feed has one order over all institutions (outbox, outbox_extent), and the proofs of
-- commits, shared counters and the progress of the search index belong to no institution.

-- A server of an earlier version that still runs would read whole tables. Each of its transactions that writes calls
-- expect_rows, which now fails, and servers of this version call a function of another name. The error is one of an
-- unavailable database, so that clients try again, with another server.
create function expect_row_count(changed bigint, wanted bigint) returns boolean language plpgsql as $$
begin
  if changed <> wanted then
    raise exception 'a row is not at the version it was read at' using errcode = 'ES001';
  end if;
  return true;
end
$$;
create or replace function expect_rows(changed bigint, wanted bigint) returns boolean language plpgsql as $$
begin
  raise exception 'the database is newer than this server: stop it and start the current version'
    using errcode = 'cannot_connect_now';
end
$$;

-- PostgreSQL no longer ensures that an id is unique across institutions. Ids are UUIDv7, or derived from such an id or
-- from an institution. These indexes find the rows that the root key reads by id only.
alter table asset_templates drop constraint asset_templates_id_key;
create index asset_templates_id on asset_templates (id);
alter table asset_template_configs drop constraint asset_template_configs_id_key;
create index asset_template_configs_id on asset_template_configs (id);
alter table assets drop constraint assets_id_key;
create index assets_id on assets (id);
alter table positions drop constraint positions_id_key;
create index positions_id on positions (id);
alter table lifecycle_events drop constraint lifecycle_events_id_key;
create index lifecycle_events_id on lifecycle_events (id);
alter table ledger_events drop constraint ledger_events_id_key;
create index ledger_events_id on ledger_events (id);
alter table policies drop constraint policies_id_key;
create index policies_id on policies (id);
alter table audit_events drop constraint audit_events_id_key;
create index audit_events_id on audit_events (id);
alter table chat_sessions drop constraint chat_sessions_id_key;
create index chat_sessions_id on chat_sessions (id);
alter table chat_messages drop constraint chat_messages_id_key;
create index chat_messages_id on chat_messages (id);
alter table read_marks drop constraint read_marks_id_key;
create index read_marks_id on read_marks (id);
alter table api_keys drop constraint api_keys_id_key;
create index api_keys_id on api_keys (id);
-- Until now the root key found an idempotency record only by reading the records of all institutions.
create index idempotency_records_id on idempotency_records (id);

-- The rows of a parent. Their parent has the same institution, which the root key reads from it.
alter table asset_template_configs drop constraint asset_template_configs_template_id_version_key,
  add unique (institution_id, template_id, version);
alter table lifecycle_events drop constraint lifecycle_events_position_id_sequence_key,
  add unique (institution_id, position_id, sequence);
alter table ledger_events drop constraint ledger_events_position_id_sequence_key,
  drop constraint ledger_events_lifecycle_event_id_key,
  add unique (institution_id, position_id, sequence),
  add unique (institution_id, lifecycle_event_id);
alter table postings drop constraint postings_ledger_event_id_ordinal_key,
  add unique (institution_id, ledger_event_id, ordinal);
alter table chat_messages drop constraint chat_messages_session_id_sequence_key,
  add unique (institution_id, session_id, sequence);
alter table chat_revisions drop constraint chat_revisions_message_id_version_key,
  add unique (institution_id, message_id, version);
alter table read_marks drop constraint read_marks_session_id_participant_reference_key,
  add unique (institution_id, session_id, participant_reference);

-- An API key is found by its prefix before its institution is known. The 60 random bits of a prefix make a repetition in
-- another institution improbable; then only the older API key is valid, because the hash of the token is compared.
alter table api_keys drop constraint api_keys_prefix_key, add unique (institution_id, prefix);
create index api_keys_prefix on api_keys (prefix, created_at, id);

-- For each message that is removed with its session PostgreSQL looks for replies. Without this index it read all messages
-- of the institution each time: 5 s for a session of 500 among 50,000 messages.
create index chat_messages_replies on chat_messages (institution_id, reply_to_id) where reply_to_id is not null;

create or replace function postings_must_balance() returns trigger language plpgsql as $$
begin
  if exists (
    select from postings where institution_id in (old.institution_id, new.institution_id)
      and ledger_event_id in (old.ledger_event_id, new.ledger_event_id)
    group by institution_id, ledger_event_id having sum(amount) <> 0 or count(distinct currency) > 1
  ) then
    raise exception 'the postings of % do not add up to zero', coalesce(new.ledger_event_id, old.ledger_event_id)
      using errcode = 'check_violation';
  end if;
  return null;
end
$$;

-- Indexes of positions. With 22 of them a new position took 2,700 to 3,000 bytes of WAL and a transition 2,900, and each
-- index 120 to 160 bytes of both; with 14 both take 1,900. A list of all institutions is now merged from the lists of
-- the institutions, so that the indexes over all institutions are not needed.
drop index positions_created, positions_updated, positions_magnitude, positions_expires, positions_holder,
  positions_external, positions_state, positions_currency;

comment on index positions_pkey is 'Finds a position within an institution; foreign keys refer to it.';
comment on index positions_id is 'Finds a position for the root key, which does not know its institution.';
comment on index positions_unique_reference is 'Ensures unique references; has no entry for other positions.';
comment on index positions_due is 'Finds due positions of all institutions; has entries of open positions only.';
comment on index positions_of_institution is 'Lists in order of creation, the default.';
comment on index positions_of_institution_updated is 'Lists in order of the last change.';
comment on index positions_of_institution_magnitude is 'Lists in order of the amount, and ranges of it.';
comment on index positions_of_institution_expires is 'Lists in order of the expiry, and ranges of it.';
comment on index positions_of_asset is 'Lists of one asset, which nearly all pages of assets contain.';
comment on index positions_of_template is 'Lists of one asset template, whose assets are too many to merge.';
comment on index positions_holder_of_institution is 'Lists of one holder, who has few of the positions.';
comment on index positions_external_of_institution is 'Finds external references, also by their prefix.';
comment on index positions_state_of_institution is 'Lists of one state: open positions are few of all.';
comment on index positions_currency_of_institution is 'Lists of a rare currency.';

-- Every update of a position changes updated_at, and every transition the state. Both have an index that lists need, so
-- no update of a position can be HOT, and free space in its pages gains nothing. These tables are updated without a
-- change of an indexed column, and the space lets PostgreSQL update them without their indexes.
alter table api_keys set (fillfactor = 85);
alter table read_marks set (fillfactor = 85);
alter table policies set (fillfactor = 85);

-- Old changes are found in the order of `place`. Each change had an entry of this index when it was written and another
-- one when it got its place.
drop index outbox_created;
