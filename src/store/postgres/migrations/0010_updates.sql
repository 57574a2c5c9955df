-- Updates of institutions, asset templates, assets and positions, and filters by the references, labels, names and
-- metadata that clients choose.
--
-- Every version of a template's config is kept, so that a position keeps the config under which it was opened.

create table asset_template_configs (
  institution_id text collate "C" not null references institutions,
  id text collate "C" not null unique,
  template_id text collate "C" not null,
  version int not null check (version > 0),
  region text collate "C" not null,
  config json not null,
  created_at timestamptz(3) not null,
  primary key (institution_id, id),
  unique (template_id, version),
  foreign key (institution_id, template_id) references asset_templates
);
insert into asset_template_configs (institution_id, id, template_id, version, region, config, created_at)
  select institution_id, id || '_' || version, id, version, region, config, updated_at from asset_templates;
select keep_apart('asset_template_configs');
grant select, insert on asset_template_configs to escrowgrid_app;

-- A constant default does not rewrite the table. Until this migration every template had only version 1.
alter table positions
  add column template_version int not null default 1 check (template_version > 0),
  add column unique_reference text collate "C",
  add column funded_at timestamptz(3),
  add column closed_at timestamptz(3),
  add constraint positions_unique_reference_kept
    check (unique_reference is null or (external_reference is not null and unique_reference = external_reference));
create unique index positions_unique_reference on positions (institution_id, unique_reference)
  where unique_reference is not null;
grant update (external_reference, unique_reference, metadata, funded_at, closed_at) on positions to escrowgrid_app;

-- The times of existing positions are the times of their lifecycle events.
update positions p set funded_at = m.funded_at, closed_at = m.closed_at
from (
  select position_id,
    min(created_at) filter (where to_state = 'FUNDED') as funded_at,
    min(created_at) filter (where to_state in ('RELEASED', 'CANCELLED', 'EXPIRED')) as closed_at
  from lifecycle_events group by position_id
) m
where m.position_id = p.id and (m.funded_at is not null or m.closed_at is not null);

-- institution_id is the first column, so that an index can also find the references of one institution by prefix.
drop index positions_external_of_institution;
create index positions_external_of_institution on positions (institution_id, external_reference, created_at, id)
  where external_reference is not null;
drop index assets_label_of_institution;
create index assets_label_of_institution on assets (institution_id, label, created_at, id);

-- The indexes for orders of lists: for all institutions and for a single institution.
create index institutions_updated on institutions (updated_at, id);
create index asset_templates_updated on asset_templates (updated_at, id);
create index asset_templates_of_institution_updated on asset_templates (institution_id, updated_at, id);
create index asset_templates_name on asset_templates (name, created_at, id);
create index asset_templates_of_institution_name on asset_templates (institution_id, name, created_at, id);
create index assets_updated on assets (updated_at, id);
create index assets_of_institution_updated on assets (institution_id, updated_at, id);

-- The search terms of metadata, one row per value: the first 128 bits of the SHA-256 of path, U+0001 and value. They
-- are in separate tables, because an index on an array column needs operators that are not leakproof.
create table position_terms (
  institution_id text collate "C" not null,
  id text collate "C" not null,
  term uuid not null,
  primary key (institution_id, id, term),
  foreign key (institution_id, id) references positions
);
create table asset_terms (
  institution_id text collate "C" not null,
  id text collate "C" not null,
  term uuid not null,
  primary key (institution_id, id, term),
  foreign key (institution_id, id) references assets
);

-- Returns the values of a JSON object with their paths, in order. A path consists of keys joined by dots; the items of
-- a list have the path of the list.
create function metadata_values(metadata json) returns table (path text, value text, place bigint[])
language sql immutable as $$
  with recursive part(path, value, place) as (
    select null::text, metadata, '{}'::bigint[]
    union all
    select coalesce(part.path || '.' || member.key, member.key, part.path), member.value, part.place || member.place
    from part cross join lateral (
      select key, value, place
      from json_each(case when json_typeof(part.value) = 'object' then part.value else '{}' end)
        with ordinality as each(key, value, place)
      union all
      select null, value, place
      from json_array_elements(case when json_typeof(part.value) = 'array' then part.value else '[]' end)
        with ordinality as each(value, place)
    ) member
  )
  select path, value #>> '{}', place from part where json_typeof(value) in ('string', 'number', 'boolean')
$$;
insert into position_terms (institution_id, id, term)
  select distinct o.institution_id, o.id, left(encode(sha256(convert_to(v.path || chr(1) || v.value, 'UTF8')), 'hex'), 32)::uuid
  from positions o cross join lateral (select path, value from metadata_values(o.metadata) order by place limit 100) v;
insert into asset_terms (institution_id, id, term)
  select distinct o.institution_id, o.id, left(encode(sha256(convert_to(v.path || chr(1) || v.value, 'UTF8')), 'hex'), 32)::uuid
  from assets o cross join lateral (select path, value from metadata_values(o.metadata) order by place limit 100) v;
drop function metadata_values;

create index position_terms_term on position_terms (term, institution_id, id);
create index asset_terms_term on asset_terms (term, institution_id, id);
select keep_apart('position_terms');
select keep_apart('asset_terms');
grant select, insert, delete on position_terms, asset_terms to escrowgrid_app;
