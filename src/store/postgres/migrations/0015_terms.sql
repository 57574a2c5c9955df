-- Terms of positions: parties, milestones, retainage and fees, with partial funding and partial refunds.
--
-- No row is rewritten: the new columns have constant defaults. The new constraints of existing tables are NOT VALID, so
-- that no table is read under the locks of this migration. They hold for every new row, and the next migration validates
-- them for the others.

-- Returns the amount that was funded without the fees of the payer, like `principalOf` of the server. The column is not
-- trusted for positions without terms: for those from before this migration it is zero.
create function principal_of(terms_version int, principal numeric, held numeric, released numeric, refunded numeric)
returns numeric language sql immutable parallel safe
return case when terms_version is null then held + released + refunded else principal end;

-- Returns the kind of the change that leads to a state, like `moveInto` of the server. It is the kind of the events from
-- before this migration. Null for a text that is no state.
create function move_into(to_state text) returns text language sql immutable parallel safe
return case to_state
  when 'CREATED' then 'CREATE'
  when 'PARTIALLY_FUNDED' then 'FUND'
  when 'FUNDED' then 'FUND'
  when 'PARTIALLY_RELEASED' then 'RELEASE'
  when 'RELEASED' then 'RELEASE'
  when 'CANCELLED' then 'CANCEL'
  when 'EXPIRED' then 'EXPIRE'
end;

alter table positions
  add column terms_version int,
  add column principal numeric(28, 0) not null default 0,
  add column retained numeric(28, 0) not null default 0,
  add column fees numeric(28, 0) not null default 0,
  drop constraint positions_state_holds,
  add constraint positions_terms_version_check check (terms_version > 0) not valid,
  add constraint positions_without_terms
    check (terms_version is not null or (principal = 0 and retained = 0 and fees = 0)) not valid,
  -- Every amount that `amountsOf` of the server derives is at least zero: available, due, and the fees of the payer and
  -- of the payee. The amounts that are columns are checked by themselves.
  add constraint positions_amounts check (
    principal >= 0 and retained >= 0 and fees >= 0 and retained <= held
    and principal_of(terms_version, principal, held, released, refunded) <= amount
    and principal_of(terms_version, principal, held, released, refunded) >= held + released + refunded
    and principal_of(terms_version, principal, held, released, refunded) <= held + released + refunded + fees
  ) not valid,
  -- The state follows from the amounts: what is held, whether all is funded, and what the payee has earned. The payee has
  -- earned the part of the principal that is neither available nor refunded.
  add constraint positions_state_holds check (
    case state
      when 'CREATED' then principal_of(terms_version, principal, held, released, refunded) = 0 and fees = 0
      when 'PARTIALLY_FUNDED' then held > 0
        and principal_of(terms_version, principal, held, released, refunded) < amount
        and principal_of(terms_version, principal, held, released, refunded) - (held - retained) - refunded = 0
      when 'FUNDED' then held > 0
        and principal_of(terms_version, principal, held, released, refunded) = amount
        and amount - (held - retained) - refunded = 0
      when 'PARTIALLY_RELEASED' then held > 0
        and principal_of(terms_version, principal, held, released, refunded) = amount
        and amount - (held - retained) - refunded > 0
      when 'RELEASED' then held = 0
        and principal_of(terms_version, principal, held, released, refunded) = amount
        and amount - refunded > 0
      when 'CANCELLED' then held = 0
      when 'EXPIRED' then held = 0
      else false
    end
  ) not valid;
grant update (expires_at, terms_version, principal, retained, fees) on positions to escrowgrid_app;

-- The terms of a position by version. Their id is that of the position and the version. They never change.
create table terms (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null,
  position_id text collate "C" not null,
  version int not null check (version > 0),
  fees json not null,
  -- A decimal with at most 4 decimals and without needless zeros, from 0 to 100.
  retainage_percentage text collate "C" check (retainage_percentage ~ '^(100|[1-9]?[0-9]([.][0-9]{0,3}[1-9])?)$'),
  agreement_required boolean not null,
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (institution_id, position_id, version),
  foreign key (institution_id, position_id) references positions
);
comment on index terms_pkey is 'Finds terms within an institution; foreign keys refer to it.';
comment on index terms_institution_id_position_id_version_key is 'Lists the terms of a position by version.';
create index terms_id on terms (id);
comment on index terms_id is 'Finds terms for the root key, which does not know their institution.';

-- The parties of each version of the terms. A party changes once: when it agrees.
create table parties (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null,
  position_id text collate "C" not null,
  terms_id text collate "C" not null,
  ordinal int not null check (ordinal > 0),
  role text collate "C" not null,
  reference text collate "C" not null,
  agreed_at timestamptz(3),
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (institution_id, terms_id, ordinal),
  foreign key (institution_id, position_id) references positions,
  foreign key (institution_id, terms_id) references terms,
  constraint parties_role_agrees check (
    case role
      when 'PAYER' then true
      when 'PAYEE' then true
      when 'OBSERVER' then agreed_at is null
      else false
    end
  )
-- No index has the columns that change, and the space lets PostgreSQL update the rows without the indexes.
) with (fillfactor = 85);
comment on index parties_institution_id_terms_id_ordinal_key is 'Lists the parties of terms in their order.';
create index parties_reference on parties (reference, institution_id, position_id);
comment on index parties_reference is 'Finds the positions of a party.';

-- The milestones of each version of the terms. Those of earlier versions are REPLACED.
create table milestones (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null,
  position_id text collate "C" not null,
  terms_id text collate "C" not null,
  sequence int not null check (sequence > 0),
  title text collate "C" not null,
  currency text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
  amount numeric(28, 0) not null check (amount > 0),
  earned numeric(28, 0) not null check (earned >= 0),
  refunded numeric(28, 0) not null check (refunded >= 0),
  payee_reference text collate "C",
  due_at timestamptz(3),
  state text collate "C" not null,
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (institution_id, terms_id, sequence),
  foreign key (institution_id, position_id) references positions,
  foreign key (institution_id, terms_id) references terms,
  constraint milestones_state_holds check (
    case state
      when 'OPEN' then earned + refunded < amount
      when 'CLOSED' then earned + refunded <= amount
      when 'REPLACED' then earned = 0 and refunded = 0
      else false
    end
  )
);
comment on index milestones_pkey is 'Finds a milestone within an institution; foreign keys refer to it.';
comment on index milestones_institution_id_terms_id_sequence_key is 'Lists the milestones of terms in their order.';
create index milestones_id on milestones (id);
comment on index milestones_id is 'Finds a milestone for the root key, which does not know its institution.';
create index milestones_of_institution on milestones (institution_id, created_at, id);
comment on index milestones_of_institution is 'Lists in order of creation, the default.';
create index milestones_of_institution_due on milestones (institution_id, (least(due_at, 'infinity')), id);
comment on index milestones_of_institution_due is 'Lists in order of the due date, and ranges of it.';
create index milestones_of_position on milestones (position_id, created_at, id);
comment on index milestones_of_position is 'Lists of one position.';
create index milestones_state_of_institution on milestones (state, institution_id, created_at, id);
comment on index milestones_state_of_institution is 'Lists of one state: open milestones are few of all.';

select keep_apart(name::regclass) from unnest(array['terms', 'parties', 'milestones']) name;
grant select, insert on terms, parties, milestones to escrowgrid_app;
grant update (agreed_at, version) on parties to escrowgrid_app;
grant update (earned, refunded, state, version) on milestones to escrowgrid_app;

-- The events from before this migration have no kind of change, and none of the other new columns.
alter table lifecycle_events
  add column move text collate "C",
  add column milestone_id text collate "C",
  add column fee numeric(28, 0),
  add column retained numeric(28, 0),
  add column payment_reference text collate "C",
  add column party_reference text collate "C",
  add constraint lifecycle_events_to_state_check check (move_into(to_state) is not null) not valid,
  add constraint lifecycle_events_fee_check check (fee > 0) not valid,
  add constraint lifecycle_events_retained_check check (retained <> 0) not valid,
  add constraint lifecycle_events_move_check check (
    case
      when move is null then fee is null and retained is null and milestone_id is null and payment_reference is null
        and party_reference is null
      else move in ('CREATE', 'FUND', 'RELEASE', 'REFUND', 'CANCEL', 'EXPIRE', 'AGREE', 'AMEND')
        and (move = 'CREATE') = (from_state is null)
        and (move = 'AGREE') = (party_reference is not null)
    end
  ) not valid,
  add constraint lifecycle_events_milestone_fkey foreign key (institution_id, milestone_id) references milestones not valid;

alter table ledger_events
  drop constraint ledger_events_kind_check,
  add constraint ledger_events_kind_check
    check (kind in ('POSITION_CREATED', 'POSITION_STATE_CHANGED', 'POSITION_CHANGED')) not valid;
alter table postings
  drop constraint postings_account_kind_check,
  add constraint postings_account_kind_check
    check (account_kind in ('PAYER', 'ESCROW', 'RETAINAGE', 'PAYEE', 'FEE')) not valid;

alter table policies add column allowed_countries text[] collate "C";
grant update (allowed_countries) on policies to escrowgrid_app;
