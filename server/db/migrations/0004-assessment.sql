-- Instruments filled in by or with a caller (G24-4.3.4): answers, the version and language they were asked in, the result.
create table assessment (
  assessment_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  instrument text not null,
  version text not null,
  language text not null,
  licence text not null,
  -- A FHIR QuestionnaireResponse and what scoring made of it.
  response jsonb not null,
  result jsonb not null,
  asked_by uuid references person,
  by_link boolean not null default false,
  at timestamptz not null
);
create index assessment_contact on assessment (contact_id, at);

-- A link for a caller's own browser: no log-in, only its hash is kept, works once until it expires.
create table assessment_link (
  token_hash bytea primary key,
  link_id uuid not null unique,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  instrument text not null,
  language text not null,
  made_by uuid references person,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  opened_at timestamptz,
  revoked_at timestamptz,
  assessment_id uuid references assessment
);
create index assessment_link_contact on assessment_link (contact_id);

-- Wording of an instrument we may not ship, loaded by the operator who confirmed the licence.
create table instrument_text (
  hotline_id uuid not null references hotline,
  instrument text not null,
  language text not null,
  items jsonb not null,
  source text not null,
  confirmed_by uuid not null references person,
  confirmed_at timestamptz not null,
  primary key (hotline_id, instrument, language)
);

create function hotline_of_link(p_token bytea) returns uuid
  language sql stable security definer set search_path = pg_catalog, public as $$
  select l.hotline_id from public.assessment_link l where l.token_hash = p_token $$;

do $$
declare t text;
begin
  foreach t in array array['assessment', 'assessment_link', 'instrument_text'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update on %I to hearthline', t);
  end loop;
end $$;
revoke update on assessment from hearthline;
grant execute on all functions in schema public to hearthline;
