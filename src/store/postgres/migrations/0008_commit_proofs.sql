-- Proofs that a transaction was committed, for the server that sent COMMIT and received no answer. Every id is random
-- and belongs to one transaction. Transaction ids are no proof, because PostgreSQL assigns them again after a crash.

-- Transactions that write an audit event need no row here: the audit event is their proof.
create table commit_proofs (
  id text collate "C" primary key,
  created_at timestamptz not null default now()
);
create index commit_proofs_created on commit_proofs (created_at);

-- The table is unlogged like `tallies`, so that counting does not wait for a disk or a standby.
create unlogged table tally_proofs (
  id text collate "C" primary key,
  created_at timestamptz not null default now()
);

grant select, insert, delete on commit_proofs, tally_proofs to escrowgrid_app;
