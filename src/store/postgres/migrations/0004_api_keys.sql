-- The API keys of institutions, and the API key that caused each lifecycle event.

create table api_keys (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  label text collate "C" not null,
  role text collate "C" not null check (role in ('ADMIN', 'READ_ONLY')),
  -- The beginning of the token, by which the API key is found. The token itself is not stored.
  prefix text collate "C" not null unique,
  token_hash text collate "C" not null,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3),
  followed_by_id text collate "C",
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  primary key (institution_id, id)
);
create index api_keys_created on api_keys (created_at, id);
create index api_keys_of_institution on api_keys (institution_id, created_at, id);

alter table lifecycle_events add column api_key_id text collate "C";

grant select, insert on api_keys to escrowgrid_app;
grant update (expires_at, revoked_at, last_used_at, followed_by_id, version) on api_keys to escrowgrid_app;
