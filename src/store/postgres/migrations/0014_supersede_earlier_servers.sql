-- The servers of earlier versions turn not ready when this migration commits, and their transactions can no longer write.
-- It changes nothing else and commits before the next migrations change tables, so that no server of an earlier version
-- writes rows of a schema that it does not know.
--
-- The error is one of an unavailable database, so that clients try again, with another server.
create function expect_changed_rows(changed bigint, wanted bigint) returns boolean language plpgsql as $$
begin
  if changed <> wanted then
    raise exception 'a row is not at the version it was read at' using errcode = 'ES001';
  end if;
  return true;
end
$$;
create or replace function expect_row_count(changed bigint, wanted bigint) returns boolean language plpgsql as $$
begin
  raise exception 'the database is newer than this server: stop it and start the current version'
    using errcode = 'cannot_connect_now';
end
$$;
