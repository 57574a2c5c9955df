-- Which version of the tokenizer the words of each table are of. The server computes words, so SQL cannot recompute them:
-- the servers do that after an upgrade, a few rows at a time in the order of the ids. From now on each word is kept twice,
-- as it is and under its institution.
--
-- done_through: the id up to which all rows have words of `version`; null if all rows have.
create table search_words (
  table_name text collate "C" primary key check (table_name in ('chat_sessions', 'chat_messages')),
  version int not null check (version > 0),
  done_through text collate "C"
);
insert into search_words (table_name, version) values ('chat_sessions', 1), ('chat_messages', 1);

-- The list of what is not yet in an index is read by each search, and has the texts of all institutions.
alter index chat_sessions_words set (fastupdate = off);
alter index chat_messages_words set (fastupdate = off);
select gin_clean_pending_list('chat_sessions_words'::regclass), gin_clean_pending_list('chat_messages_words'::regclass);

grant select, update (version, done_through) on search_words to escrowgrid_app;
