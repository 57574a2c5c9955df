-- The version of the tokenizer that computed the words of each table. Only the server can compute words, not SQL: after
-- an upgrade the servers recompute them, a few rows at a time, in the order of the ids. From this version on each word
-- is stored twice: on its own and combined with its institution.
--
-- done_through: the id up to which all rows have words of `version`, or null if all rows have them.
create table search_words (
  table_name text collate "C" primary key check (table_name in ('chat_sessions', 'chat_messages')),
  version int not null check (version > 0),
  done_through text collate "C"
);
insert into search_words (table_name, version) values ('chat_sessions', 1), ('chat_messages', 1);

-- The indexes get no pending list: each search would read it, and it contains the texts of all institutions.
alter index chat_sessions_words set (fastupdate = off);
alter index chat_messages_words set (fastupdate = off);
select gin_clean_pending_list('chat_sessions_words'::regclass), gin_clean_pending_list('chat_messages_words'::regclass);

grant select, update (version, done_through) on search_words to escrowgrid_app;
