-- Change cursors contain the sequence and the random id of a change, encrypted. The sequence alone would reveal how
-- many changes all institutions have made, and a restored database assigns the same sequences to other changes.
--
-- A server of the previous version may run alongside during an upgrade. It does not need the new columns: the rows that
-- it writes get their id from the default. It rejects cursors of new servers with BAD_USER_INPUT, and new servers
-- reject its cursors with CURSOR_EXPIRED, so a client that changes servers loads its lists again. When it deletes
-- changes, it does not update forgotten_id, so a cursor of the last deleted change then returns CURSOR_EXPIRED, too. No
-- cursor ever resumes at a wrong place.

-- The default is volatile, so PostgreSQL rewrites the table, which contains only the changes of the retention period.
alter table outbox add column id uuid not null default gen_random_uuid();

-- The changes of one institution are read without those of others: otherwise the time of a read would reveal the number
-- of the others.
create index outbox_of_institution on outbox (institution_id, topic, place) where place is not null;

-- forgotten_id: the id of the change at `forgotten`, or a random id before the first deletion.
-- cursor_key: 32 bytes from three random UUIDs of 122 random bits each, because PostgreSQL has no other secure random
-- generator without an extension. It only hides numbers and is not a credential: anyone who reads a dump sees the
-- numbers there, and a forged cursor gives access to nothing. Dumps include it, so that cursors remain valid in a
-- restored database.
alter table outbox_extent
  add column forgotten_id uuid not null default gen_random_uuid(),
  add column cursor_key bytea not null
    default sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8'));
alter table outbox_extent alter column forgotten_id drop default, alter column cursor_key drop default;

-- The server must not be able to change cursor_key. Only servers of the previous version read `log`.
revoke update on outbox_extent from escrowgrid_app;
grant update (last, forgotten, forgotten_id) on outbox_extent to escrowgrid_app;
