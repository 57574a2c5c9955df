-- Institutions and the amounts that they hold in escrow.
--
-- The primary key of every tenant table begins with institution_id, and every foreign key includes it: no row can refer
-- to a row of another institution. Ids are also unique on their own, because the root key reads rows by id only.
-- Amounts are in minor units: 24 digits before the decimal point and up to 4 after it do not fit into a bigint.
-- Text is compared by code point (collation "C"), as in the memory store. JSON is stored unchanged: json, not jsonb.

create table institutions (
  id text collate "C" primary key,
  name text collate "C" not null,
  regions text[] collate "C" not null check (cardinality(regions) > 0),
  verticals text[] collate "C" not null check (cardinality(verticals) > 0),
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null
);
create index institutions_created on institutions (created_at, id);
create index institutions_name on institutions (name, created_at, id);
create index institutions_regions on institutions using gin (regions);
create index institutions_verticals on institutions using gin (verticals);

create table asset_templates (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  code text collate "C" not null,
  name text collate "C" not null,
  vertical text collate "C" not null,
  region text collate "C" not null,
  config json not null,
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (institution_id, id)
);
-- Each filter has two indexes: one for all institutions, which the root key lists, and one for a single institution.
create index asset_templates_created on asset_templates (created_at, id);
create index asset_templates_of_institution on asset_templates (institution_id, created_at, id);
create index asset_templates_code on asset_templates (code, created_at, id);
create index asset_templates_code_of_institution on asset_templates (code, institution_id, created_at, id);
create index asset_templates_region on asset_templates (region, created_at, id);
create index asset_templates_region_of_institution on asset_templates (region, institution_id, created_at, id);
create index asset_templates_vertical on asset_templates (vertical, created_at, id);
create index asset_templates_vertical_of_institution on asset_templates (vertical, institution_id, created_at, id);

create table assets (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  template_id text collate "C" not null,
  label text collate "C" not null,
  metadata json not null,
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (institution_id, id),
  foreign key (institution_id, template_id) references asset_templates
);
create index assets_created on assets (created_at, id);
create index assets_of_institution on assets (institution_id, created_at, id);
create index assets_of_template on assets (template_id, created_at, id);
create index assets_label on assets (label, created_at, id);
create index assets_label_of_institution on assets (label, institution_id, created_at, id);

create table positions (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  asset_id text collate "C" not null,
  template_id text collate "C" not null,
  holder_reference text collate "C" not null,
  external_reference text collate "C",
  metadata json not null,
  currency text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
  amount numeric(28, 0) not null check (amount > 0),
  magnitude numeric(28, 0) not null check (magnitude > 0),
  expires_at timestamptz(3),
  state text collate "C" not null,
  held numeric(28, 0) not null check (held >= 0),
  released numeric(28, 0) not null check (released >= 0),
  refunded numeric(28, 0) not null check (refunded >= 0),
  sequence int not null check (sequence > 0),
  version int not null check (version > 0),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (institution_id, id),
  foreign key (institution_id, asset_id) references assets,
  foreign key (institution_id, template_id) references asset_templates,
  -- Funding pays the whole amount. The state determines how much of it can be held, released and refunded.
  constraint positions_state_holds check (
    case state
      when 'CREATED' then held = 0 and released = 0 and refunded = 0
      when 'FUNDED' then held = amount and released = 0 and refunded = 0
      when 'PARTIALLY_RELEASED' then held > 0 and released > 0 and refunded = 0 and held + released = amount
      when 'RELEASED' then held = 0 and released = amount and refunded = 0
      when 'CANCELLED' then held = 0 and released + refunded in (0, amount)
      when 'EXPIRED' then held = 0 and released + refunded in (0, amount)
      else false
    end
  )
);
-- Each order of a list has two indexes: one for all institutions and one for a single institution.
create index positions_created on positions (created_at, id);
create index positions_updated on positions (updated_at, id);
create index positions_magnitude on positions (magnitude, id);
create index positions_expires on positions ((coalesce(expires_at, 'infinity')), id);
create index positions_of_institution on positions (institution_id, created_at, id);
create index positions_of_institution_updated on positions (institution_id, updated_at, id);
create index positions_of_institution_magnitude on positions (institution_id, magnitude, id);
create index positions_of_institution_expires on positions (institution_id, (coalesce(expires_at, 'infinity')), id);
-- Each filter has two indexes as well, unless each of its values belongs to one institution.
create index positions_of_asset on positions (asset_id, created_at, id);
create index positions_of_template on positions (template_id, created_at, id);
create index positions_holder on positions (holder_reference, created_at, id);
create index positions_holder_of_institution on positions (holder_reference, institution_id, created_at, id);
create index positions_external on positions (external_reference, created_at, id)
  where external_reference is not null;
create index positions_external_of_institution on positions (external_reference, institution_id, created_at, id)
  where external_reference is not null;
create index positions_state on positions (state, created_at, id);
create index positions_state_of_institution on positions (state, institution_id, created_at, id);
create index positions_currency on positions (currency, created_at, id);
create index positions_currency_of_institution on positions (currency, institution_id, created_at, id);

create table lifecycle_events (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  position_id text collate "C" not null,
  sequence int not null check (sequence > 0),
  from_state text collate "C",
  to_state text collate "C" not null,
  moved numeric(28, 0) check (moved > 0),
  currency text collate "C" not null,
  reason text collate "C",
  metadata json not null,
  actor_kind text collate "C" not null check (actor_kind in ('ROOT', 'API_KEY', 'SYSTEM', 'ANONYMOUS')),
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (position_id, sequence),
  foreign key (institution_id, position_id) references positions,
  constraint lifecycle_events_first check ((sequence = 1) = (from_state is null))
);

-- Raises an error in the statement that calls it unless the number of changed rows is the expected number.
create function expect_rows(changed bigint, wanted bigint) returns boolean language plpgsql as $$
begin
  if changed <> wanted then
    raise exception 'a row is not at the version it was read at' using errcode = 'ES001';
  end if;
  return true;
end
$$;
