-- Counters that all servers share for one or two minutes. The table is unlogged: after a crash the counters start again
-- at zero, which is acceptable.

create unlogged table tallies (
  window_start timestamptz(3) not null,
  name text collate "C" not null,
  count bigint not null,
  primary key (window_start, name)
-- Each counter is updated every second. Free space in its page lets PostgreSQL update it without the index.
) with (fillfactor = 50);

grant select, insert, update, delete on tallies to escrowgrid_app;
