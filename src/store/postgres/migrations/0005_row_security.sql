-- Row level security: a second protection in addition to the conditions of the statements. A statement that lacks its
-- condition still accesses only the rows of one institution.
--
-- Each transaction sets its scope when it begins: `escrowgrid.scope` is the id of an institution, or ALL. Without a
-- scope no row is accessible. A scope that is not set is null, or '' if an earlier transaction of the session set it.
--
-- The owner of the tables accesses all rows through the policy of_owner, because FORCE applies row level security to
-- the owner, too. Later migrations therefore see all rows that they change, whether or not a superuser runs them. After
-- a change of owner, run `alter policy of_owner on ... to ...`. An owner that is not a superuser must dump
-- with pg_dump --enable-row-security.
--
-- PostgreSQL evaluates the condition of a policy before any other condition that could reveal a row, unless that
-- condition is leakproof (pg_proc.proleakproof). The comparisons of text, int and timestamptz are leakproof; those of
-- numeric, coalesce(...), && and @@ are not and can no longer use an index. For each one that lists need there is a
-- leakproof replacement below.

-- Enables row level security for a table with a column institution_id. Each later migration calls it for its new
-- tables.
--
-- The condition ends with "is not null", so that the planner expects it to exclude almost no rows and never uses an
-- index for it. The plans then depend only on the conditions of the statements, as they did before.
create function keep_apart(kept regclass, owner_column name default 'institution_id') returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security, force row level security', kept);
  execute format('create policy of_owner on %s to current_user using (true)', kept);
  execute format(
    'create policy of_scope on %s to escrowgrid_app using (nullif('
      '(select current_setting(''escrowgrid.scope'', true) = ''ALL'')'
      ' or %I = (select nullif(current_setting(''escrowgrid.scope'', true), '''')), false) is not null)',
    kept, owner_column
  );
end
$$;
revoke execute on function keep_apart from public;

select keep_apart('institutions', 'id');
select keep_apart(name::regclass) from unnest(array[
  'asset_templates', 'assets', 'positions', 'lifecycle_events', 'ledger_events', 'postings', 'policies',
  'audit_events', 'api_keys', 'idempotency_records', 'chat_sessions', 'chat_messages', 'chat_revisions', 'read_marks',
  'outbox'
]) name;

-- The magnitude as text of 28 digits, which has the same order: the comparisons of numeric are not leakproof.
alter table positions
  add column magnitude_key text collate "C" not null generated always as (lpad(magnitude::text, 28, '0')) stored;
drop index positions_magnitude, positions_of_institution_magnitude;
create index positions_magnitude on positions (magnitude_key, id);
create index positions_of_institution_magnitude on positions (institution_id, magnitude_key, id);

-- Like coalesce(...), least(...) ignores nulls, and it is leakproof if the comparisons of its type are.
drop index positions_expires, positions_of_institution_expires;
create index positions_expires on positions ((least(expires_at, 'infinity')), id);
create index positions_of_institution_expires on positions (institution_id, (least(expires_at, 'infinity')), id);

-- Returns the sessions in the scope of the transaction that have all of the words in their own text or in the text of
-- one of their messages. The function runs as the owner of the tables, so that it can use the index of words, and
-- checks the scope itself. Its names are resolved when it is created (begin atomic), so the search_path and the
-- operators of a caller have no effect on it.
create function sessions_with(sought tsquery) returns table (id text) language sql stable security definer rows 100
begin atomic
  select s.id from chat_sessions s where s.words @@ sought
    and ((select current_setting('escrowgrid.scope', true) = 'ALL')
      or s.institution_id = (select nullif(current_setting('escrowgrid.scope', true), '')))
  union
  select m.session_id from chat_messages m where m.words @@ sought
    and ((select current_setting('escrowgrid.scope', true) = 'ALL')
      or m.institution_id = (select nullif(current_setting('escrowgrid.scope', true), '')));
end;
revoke execute on function sessions_with from public;
grant execute on function sessions_with to escrowgrid_app;
