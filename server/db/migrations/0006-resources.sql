-- The directory of help (G24-1.2, 4.4.4): who offers what, where, for whom, when, and how to get there.
create table resource (
  resource_id uuid primary key,
  hotline_id uuid not null references hotline,
  organisation text not null check (length(trim(organisation)) between 1 and 120),
  service text not null default '',
  -- GB/T 2260 code of the place served: 000000 the whole country, else province, prefecture or county.
  region text not null check (region ~ '^[0-9]{6}$'),
  needs text[] not null default '{}',
  populations text[] not null default '{}',
  hours jsonb not null default '{"always":true}',
  phone text,
  address text not null default '',
  referral text not null default '',
  languages text[] not null default '{}',
  verified_on date,
  verify_by date,
  search tsvector not null default '',
  changed_at timestamptz not null,
  changed_by uuid references person,
  removed_at timestamptz
);
create index resource_search on resource using gin (search) where removed_at is null;
create index resource_region on resource (hotline_id, region, organisation) where removed_at is null;
create index resource_verify on resource (hotline_id, verify_by) where removed_at is null;

-- What was offered to a caller.
create table contact_resource (
  contact_resource_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  resource_id uuid not null references resource,
  how text not null check (how in ('offered', 'read-out', 'texted', 'transferred')),
  at timestamptz not null,
  person_id uuid not null references person
);
create index contact_resource_contact on contact_resource (contact_id);
create index contact_resource_resource on contact_resource (resource_id);

do $$
declare t text;
begin
  foreach t in array array['resource', 'contact_resource'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update on %I to hearthline', t);
  end loop;
end $$;
