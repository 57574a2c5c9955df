-- Which history the places belong to: by it a cursor of another database is told apart. The last part of a random UUID
-- is random throughout.
alter table outbox_extent add column log text collate "C" not null default right(gen_random_uuid()::text, 12);
alter table outbox_extent alter column log drop default;
