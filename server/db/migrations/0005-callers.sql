-- A caller over time: a pseudonymous profile, proposed by the keyed hash of the number, confirmed by a counsellor.
create table caller_profile (
  profile_id uuid primary key,
  hotline_id uuid not null references hotline,
  -- What staff call the caller: made by us, says nothing (`C-0042`).
  pseudonym text not null,
  created_at timestamptz not null,
  created_by uuid references person,
  unique (hotline_id, pseudonym)
);
-- Whose contact it is, as a counsellor said: the same person as before, somebody else, or not to be known. From which
-- numbers a caller calls is said by their contacts alone, so that a shared telephone has several callers and nothing is
-- left of a number when its contacts go.
alter table contact
  add column profile_id uuid references caller_profile,
  add column profile_answer text check (profile_answer in ('same', 'other', 'unknown')),
  add column profile_by uuid references person,
  add column profile_at timestamptz,
  add constraint contact_profile_confirmed check ((profile_id is not null) = (profile_answer is not distinct from 'same'));
create index contact_profile on contact (profile_id, number desc) where profile_id is not null;

-- Something to know when this caller comes again; ends by itself, looked at again before.
create table caller_alert (
  alert_id uuid primary key,
  hotline_id uuid not null references hotline,
  profile_id uuid not null references caller_profile,
  kind text not null check (kind in ('agreed-plan', 'safety', 'limits', 'note')),
  words text not null check (length(trim(words)) between 1 and 1000),
  reason text not null check (length(trim(reason)) between 1 and 1000),
  preferred_person uuid references person,
  times text not null default '',
  review_at timestamptz not null,
  expires_at timestamptz not null,
  created_by uuid not null references person,
  created_at timestamptz not null,
  reviewed_by uuid references person,
  reviewed_at timestamptz,
  ended_at timestamptz,
  ended_by uuid references person,
  check (expires_at > created_at and review_at <= expires_at)
);
create index caller_alert_profile on caller_alert (profile_id) where ended_at is null;
create index caller_alert_review on caller_alert (hotline_id, review_at) where ended_at is null;

-- How many contacts came before this one from the same number or, where somebody confirmed who it is, of the same caller.
create function earlier_contacts(c contact) returns int language sql stable as $$
  select count(*)::int from contact e where e.hotline_id = c.hotline_id and e.number < c.number
    and (e.caller_number_key = c.caller_number_key or e.profile_id = c.profile_id) $$;

do $$
declare t text;
begin
  foreach t in array array['caller_profile', 'caller_alert'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update on %I to hearthline', t);
  end loop;
end $$;
grant execute on all functions in schema public to hearthline;
