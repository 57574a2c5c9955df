-- `log` identifies the history that the values of `place` belong to, so that the server can detect a cursor of another
-- database. In the last 12 digits of a random UUID every bit is random.
alter table outbox_extent add column log text collate "C" not null default right(gen_random_uuid()::text, 12);
alter table outbox_extent alter column log drop default;
