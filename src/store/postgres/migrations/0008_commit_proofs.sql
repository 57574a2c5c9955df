-- Proofs that a transaction was committed, for the server that sent COMMIT and received no answer. Every id is random and
-- belongs to one transaction. The numbers of transactions are no proof: PostgreSQL assigns them again after a crash.

-- Transactions that write an audit event need no row here: the audit event is their proof.
create table commit_proofs (
  id text collate "C" primary key,
  created_at timestamptz not null default now()
);
create index commit_proofs_created on commit_proofs (created_at);

-- Unlogged like `tallies`, so that counting waits for no disk and no standby.
create unlogged table tally_proofs (
  id text collate "C" primary key,
  created_at timestamptz not null default now()
);

grant select, insert, delete on commit_proofs, tally_proofs to escrowgrid_app;
