-- Row level security: a second line, behind the conditions that the statements themselves have, so that a statement
-- which forgot its condition still reaches one institution's rows alone.
--
-- Each transaction says at its beginning whose rows it may reach: `escrowgrid.scope` is an institution's id, or ALL.
-- Where it says nothing there is nothing: unset it is null, and '' after a transaction that had set it.
--
-- Whoever owns the tables reaches all rows, by a policy and not by right, for FORCE binds the owner too: later
-- migrations see what they change, whether a superuser runs them or not. After a change of owner, `alter policy
-- of_owner on ... to ...`. An owner who is no superuser dumps with pg_dump --enable-row-security.
--
-- A policy's condition is looked at before any other that could tell something of a row by failing. PostgreSQL takes
-- the comparisons of text, int and timestamptz for safe (pg_proc.proleakproof); those of numeric, coalesce(...), && and
-- @@ are not, so they no longer find rows in an index. Hence, below, a safe twin of each that lists need.

-- Keeps the rows of a table with a column institution_id apart; for every later table too.
--
-- The condition is written as "is not null", so that the planner takes it to leave out next to nothing and never looks
-- for it in an index: it then makes the plans that it made before, from the conditions of the statements.
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

-- The magnitude as text of 28 digits, in the same order: numeric's own comparisons are not safe.
alter table positions
  add column magnitude_key text collate "C" not null generated always as (lpad(magnitude::text, 28, '0')) stored;
drop index positions_magnitude, positions_of_institution_magnitude;
create index positions_magnitude on positions (magnitude_key, id);
create index positions_of_institution_magnitude on positions (institution_id, magnitude_key, id);

-- least(...) passes over nulls as coalesce(...) does, and is safe where the type's comparisons are.
drop index positions_expires, positions_of_institution_expires;
create index positions_expires on positions ((least(expires_at, 'infinity')), id);
create index positions_of_institution_expires on positions (institution_id, (least(expires_at, 'infinity')), id);

-- The sessions of the transaction's scope that have all of the words in their own text or in one of their messages'.
-- It runs as the tables' owner, whom no policy keeps from the index of words, and looks at the scope itself. What it
-- names was bound when it was made (begin atomic), so nobody's search_path or operators come into it.
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
