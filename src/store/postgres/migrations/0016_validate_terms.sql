-- Validates the constraints of the last migration for the rows from before it. Reading these tables may take long, so it
-- is a migration of its own: its locks let others read the tables meanwhile.

-- The new index has the open states of this version. The old one is dropped at the end, because that locks the table.
create index positions_open_due on positions (expires_at, id)
  where expires_at is not null and state in ('CREATED', 'PARTIALLY_FUNDED', 'FUNDED', 'PARTIALLY_RELEASED');

alter table positions validate constraint positions_terms_version_check;
alter table positions validate constraint positions_without_terms;
alter table positions validate constraint positions_amounts;
alter table positions validate constraint positions_state_holds;
alter table lifecycle_events validate constraint lifecycle_events_to_state_check;
alter table lifecycle_events validate constraint lifecycle_events_fee_check;
alter table lifecycle_events validate constraint lifecycle_events_retained_check;
alter table lifecycle_events validate constraint lifecycle_events_move_check;
alter table lifecycle_events validate constraint lifecycle_events_milestone_fkey;
alter table ledger_events validate constraint ledger_events_kind_check;
alter table postings validate constraint postings_account_kind_check;

drop index positions_due;
alter index positions_open_due rename to positions_due;
comment on index positions_due is 'Finds due positions of all institutions; has entries of open positions only.';
