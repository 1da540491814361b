-- Forms made without code (G24-4.4.1): a base form, an overlay for a line; a published version is never changed again.
create table form (
  form_id uuid primary key,
  hotline_id uuid not null references hotline,
  kind text not null check (kind in ('base', 'overlay')),
  line_id uuid references line,
  -- What is being made and not yet published; null when the newest version is all there is.
  draft jsonb,
  draft_revision int not null default 0,
  draft_by uuid references person,
  draft_at timestamptz,
  created_at timestamptz not null default now(),
  check ((kind = 'base') = (line_id is null))
);
create unique index form_base on form (hotline_id) where kind = 'base';
create unique index form_overlay on form (line_id) where kind = 'overlay';

create table form_version (
  form_version_id uuid primary key,
  hotline_id uuid not null references hotline,
  form_id uuid not null references form,
  version int not null,
  questionnaire jsonb not null,
  sha256 bytea not null,
  note text not null default '',
  published_by uuid references person,
  published_at timestamptz not null default now(),
  unique (form_id, version)
);

-- The versions a contact's answers are given to; what stage the counsellor is in and how long each took (G24-4.3.1a);
-- what kind of contact it is when it is not counselling: such contacts stay in every denominator under their own class.
alter table contact
  add column base_version_id uuid references form_version,
  add column overlay_version_id uuid references form_version,
  add column stage text not null default 'rapport'
    check (stage in ('rapport', 'clarify', 'goal', 'explore', 'summary')),
  add column stage_ms jsonb not null default '{}',
  add column class text
    check (class in ('counselling', 'silent', 'wrong-number', 'prank', 'test', 'information'));
-- How many contacts are answered in which version.
create index contact_base_version on contact (base_version_id);
create index contact_overlay_version on contact (overlay_version_id) where overlay_version_id is not null;
create index contact_class on contact (hotline_id, class, number) where class <> 'counselling';

do $$
declare t text;
begin
  foreach t in array array['form', 'form_version'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
  end loop;
end $$;
grant select, insert, update on form to hearthline;
grant select, insert on form_version to hearthline;
