-- Chat sessions with their messages, and the changes that subscriptions read.
--
-- Purging a session also deletes its messages, revisions and read marks. The search columns contain the words that the
-- server computes (array_to_tsvector): PostgreSQL does not stem or split them again.

create table chat_sessions (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  position_id text collate "C",
  owner_reference text collate "C" not null,
  title text collate "C" not null,
  description text collate "C",
  priority int not null check (priority between 1 and 4),
  active boolean not null,
  deleted boolean not null,
  deleted_at timestamptz(3),
  edition int not null check (edition > 0),
  message_count int not null check (message_count >= 0),
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  last_activity_at timestamptz(3) not null,
  words tsvector not null,
  primary key (institution_id, id),
  foreign key (institution_id, position_id) references positions,
  check (deleted = (deleted_at is not null))
);
create index chat_sessions_created on chat_sessions (created_at, id);
create index chat_sessions_updated on chat_sessions (updated_at, id);
create index chat_sessions_activity on chat_sessions (last_activity_at, id);
create index chat_sessions_priority on chat_sessions (priority, last_activity_at, id);
create index chat_sessions_title on chat_sessions (title, id);
create index chat_sessions_of_institution on chat_sessions (institution_id, created_at, id);
create index chat_sessions_of_institution_updated on chat_sessions (institution_id, updated_at, id);
create index chat_sessions_of_institution_activity on chat_sessions (institution_id, last_activity_at, id);
create index chat_sessions_of_institution_priority on chat_sessions (institution_id, priority, last_activity_at, id);
create index chat_sessions_of_institution_title on chat_sessions (institution_id, title, id);
create index chat_sessions_of_position on chat_sessions (position_id, last_activity_at, id) where position_id is not null;
create index chat_sessions_owner on chat_sessions (owner_reference, institution_id, last_activity_at, id);
create index chat_sessions_deleted on chat_sessions (deleted_at, id) where deleted;
create index chat_sessions_words on chat_sessions using gin (words);

create table chat_messages (
  institution_id text collate "C" not null,
  id text collate "C" not null unique,
  session_id text collate "C" not null,
  sequence int not null check (sequence > 0),
  author_reference text collate "C" not null,
  body text collate "C",
  reply_to_id text collate "C",
  idempotency_key text collate "C",
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  edited_at timestamptz(3),
  deleted_at timestamptz(3),
  deletion_reason text collate "C",
  words tsvector not null,
  primary key (institution_id, id),
  unique (session_id, sequence),
  foreign key (institution_id, session_id) references chat_sessions on delete cascade,
  foreign key (institution_id, reply_to_id) references chat_messages,
  check ((body is null) = (deleted_at is not null))
);
create index chat_messages_words on chat_messages using gin (words);

create table chat_revisions (
  institution_id text collate "C" not null,
  id text collate "C" not null,
  message_id text collate "C" not null,
  version int not null check (version > 0),
  body text collate "C" not null,
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (message_id, version),
  foreign key (institution_id, message_id) references chat_messages on delete cascade
);

create table read_marks (
  institution_id text collate "C" not null,
  id text collate "C" not null unique,
  session_id text collate "C" not null,
  participant_reference text collate "C" not null,
  sequence int not null check (sequence >= 0),
  version int not null check (version > 0),
  primary key (institution_id, id),
  unique (session_id, participant_reference),
  foreign key (institution_id, session_id) references chat_sessions on delete cascade
);

-- The published changes. Each row is written in the transaction of its change. The order of `number` is not the order
-- of the commits, so `place` is assigned after the commit, by the transaction that has locked the row of outbox_extent.
create table outbox (
  number bigint generated always as identity primary key,
  place bigint unique,
  institution_id text collate "C" not null,
  topic text collate "C" not null check (topic in ('POSITION', 'CHAT_SESSION', 'CHAT_MESSAGE')),
  kind text collate "C" not null check (kind in ('CREATED', 'UPDATED', 'DELETED')),
  object_id text collate "C" not null,
  detail_id text collate "C",
  created_at timestamptz(3) not null
);
create index outbox_unplaced on outbox (number) where place is null;
create index outbox_created on outbox (created_at);

create table outbox_extent (
  single boolean primary key default true check (single),
  last bigint not null,
  forgotten bigint not null
);
insert into outbox_extent (last, forgotten) values (0, 0);

grant select, insert on chat_sessions, chat_messages, chat_revisions, read_marks, outbox to escrowgrid_app;
grant update, delete on chat_sessions to escrowgrid_app;
grant update on chat_messages, read_marks to escrowgrid_app;
grant update (place), delete on outbox to escrowgrid_app;
grant select, update on outbox_extent to escrowgrid_app;
