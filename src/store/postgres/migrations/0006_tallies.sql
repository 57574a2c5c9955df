-- Counts that all servers share for a minute or two. Unlogged: after a crash counting begins anew, which is as well.

create unlogged table tallies (
  window_start timestamptz(3) not null,
  name text collate "C" not null,
  count bigint not null,
  primary key (window_start, name)
-- A count is changed every second: room beside it spares the index.
) with (fillfactor = 50);

grant select, insert, update, delete on tallies to escrowgrid_app;
