-- Change cursors carry the sequence and the random id of a change, encrypted: the sequence alone would say how many
-- changes all institutions have made, and a restored database assigns the same sequences to other changes.
--
-- A server of the former version may run alongside during an upgrade. It needs nothing of this: the rows that it writes
-- get their id by the default. Cursors of the new servers are BAD_USER_INPUT there, and its cursors are CURSOR_EXPIRED
-- here, so a client that changes servers loads its lists again. What it deletes leaves forgotten_id as it was, so a
-- cursor of the last deleted change is then CURSOR_EXPIRED too; no cursor ever resumes at a wrong place.

-- The default is volatile: PostgreSQL rewrites the table, in which only the changes of the retention period are.
alter table outbox add column id uuid not null default gen_random_uuid();

-- The changes of one institution are read without those of others, whose number would show in the time that it takes.
create index outbox_of_institution on outbox (institution_id, topic, place) where place is not null;

-- forgotten_id: the id of the change at `forgotten`, and a random one before the first deletion.
-- cursor_key: 32 bytes from three random UUIDs of 122 random bits each; the core has no other source of randomness. The
-- key only hides numbers and is not a credential: whoever reads a dump has the numbers anyway, and a forged cursor
-- gives access to nothing. It is part of dumps, so that cursors remain valid in a restored database.
alter table outbox_extent
  add column forgotten_id uuid not null default gen_random_uuid(),
  add column cursor_key bytea not null
    default sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8'));
alter table outbox_extent alter column forgotten_id drop default, alter column cursor_key drop default;

-- Only the server itself must not change the key. `log` is read by former servers only.
revoke update on outbox_extent from escrowgrid_app;
grant update (last, forgotten, forgotten_id) on outbox_extent to escrowgrid_app;
