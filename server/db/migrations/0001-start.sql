-- The first schema. Every table that carries hotline_id has row-level security: a transaction sees only the hotline named
-- by the setting hearthline.hotline (set per transaction). The product's role (hearthline) owns nothing, so it binds it.

create function current_hotline() returns uuid language sql stable
  return nullif(current_setting('hearthline.hotline', true), '')::uuid;

create table hotline (
  hotline_id uuid primary key,
  name text not null check (length(name) between 1 and 80),
  department text not null default '',
  time_zone text not null default 'Asia/Shanghai',
  language text not null default 'zh-CN' check (language in ('zh-CN', 'en')),
  service_level_ms int not null default 20000,
  demo boolean not null default false,
  settings jsonb not null default '{}',
  last_contact_number bigint not null default 0,
  created_at timestamptz not null default now()
);

-- An expiring one-time link by which the first start creates the hotline; only its hash is kept.
create table setup_link (
  token_hash bytea primary key,
  expires_at timestamptz not null,
  used_at timestamptz
);

-- What the database remembers of the master key it was sealed with, so that another key is noticed at the start.
create table key_check (
  only_one boolean primary key default true check (only_one),
  value bytea not null
);

create table line (
  line_id uuid primary key,
  hotline_id uuid not null references hotline,
  name text not null check (length(name) between 1 and 80),
  number text not null check (number ~ '^[0-9+*#]{2,20}$'),
  kind text not null check (kind in ('general', 'event')),
  language text not null default 'zh-CN' check (language in ('zh-CN', 'en')),
  hours jsonb not null default '{"always":true}',
  least_seats int not null default 2,
  offer_timeout_ms int not null default 20000 check (offer_timeout_ms between 5000 and 120000),
  wrap_up_ms int not null default 300000 check (wrap_up_ms between 0 and 3600000),
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  opened_by uuid,
  closed_by uuid
);
create unique index line_open_number on line (number) where closed_at is null;

create table person (
  person_id uuid primary key,
  hotline_id uuid not null references hotline,
  name text not null check (length(name) between 1 and 60),
  display_name text not null check (length(display_name) between 1 and 60),
  passphrase_hash text not null,
  roles text[] not null,
  languages text[] not null default '{zh-CN}',
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  failures int not null default 0,
  locked_until timestamptz,
  unique (hotline_id, name)
);

-- Which lines a person is certified to answer.
create table person_line (
  hotline_id uuid not null references hotline,
  person_id uuid not null references person,
  line_id uuid not null references line,
  primary key (person_id, line_id)
);

create table session (
  token_hash bytea primary key,
  hotline_id uuid not null references hotline,
  person_id uuid not null references person,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create table seat (
  seat_id uuid primary key,
  hotline_id uuid not null references hotline,
  name text not null check (length(name) between 1 and 60),
  kind text not null check (kind in ('browser', 'phone')),
  sip_user text not null unique check (sip_user ~ '^[A-Za-z0-9._-]{2,40}$'),
  sip_secret_sealed bytea,
  owner_id uuid references person,
  removed_at timestamptz
);
create unique index seat_name on seat (hotline_id, name) where removed_at is null;

-- Who is on duty now: one row per person on duty, at one seat (G24-3.2.1b counts these).
create table duty (
  duty_id uuid primary key,
  hotline_id uuid not null references hotline,
  person_id uuid not null unique references person,
  seat_id uuid not null unique references seat,
  state text not null check (state in ('free', 'offered', 'busy', 'wrap-up', 'paused')),
  reason text,
  since timestamptz not null,
  idle_since timestamptz not null,
  started_at timestamptz not null,
  contact_id uuid,
  -- End of the wrap-up limit; what was asked for in mid-call and is done after it.
  until timestamptz,
  next jsonb,
  connected boolean not null default true
);

-- What was: closed and open stretches of duty, for coverage and occupancy. Never changed after ended_at is set.
create table duty_period (
  period_id uuid primary key,
  hotline_id uuid not null references hotline,
  duty_id uuid not null,
  person_id uuid not null references person,
  seat_id uuid not null references seat,
  state text not null,
  reason text,
  line_ids uuid[] not null default '{}',
  started_at timestamptz not null,
  ended_at timestamptz
);
create index duty_period_time on duty_period (hotline_id, started_at);
create index duty_period_open on duty_period (duty_id) where ended_at is null;

-- One service encounter, by call, chat, visit or hand entry: one row from its first word on (G24-6.2.1a).
create table contact (
  contact_id uuid primary key,
  hotline_id uuid not null references hotline,
  number bigint not null,
  line_id uuid not null references line,
  channel text not null check (channel in ('phone', 'web-call', 'chat', 'by-hand')),
  state text not null check (state in ('greeting', 'waiting', 'offered', 'talking', 'survey', 'wrap-up', 'closed', 'failed')),
  outcome text check (outcome in ('answered', 'left-in-menu', 'abandoned', 'call-back', 'message', 'failed')),
  risk text check (risk in ('danger-key', 'none', 'low', 'moderate', 'high', 'acute')),
  consent text check (consent in ('given', 'refused', 'silent', 'withdrawn')),
  danger_key boolean not null default false,
  caller_number_sealed bytea,
  caller_number_key bytea,
  caller_suffix_key bytea,
  number_trusted boolean not null default false,
  started_at timestamptz not null,
  queued_at timestamptz,
  answered_at timestamptz,
  talk_ended_at timestamptz,
  ended_at timestamptz,
  closed_at timestamptz,
  seat_id uuid references seat,
  person_id uuid references person,
  ended_by text check (ended_by in ('caller', 'counsellor', 'system')),
  satisfaction smallint check (satisfaction between 1 and 5),
  form jsonb not null default '{}',
  form_revision int not null default 0,
  form_saved_at timestamptz,
  search tsvector,
  caller_leg text,
  call jsonb,
  pending jsonb not null default '[]',
  deadline_at timestamptz,
  event_count int not null default 0,
  event_hash bytea not null default '\x',
  unique (hotline_id, number)
) with (fillfactor = 80);
create index contact_deadline on contact (deadline_at) where deadline_at is not null;
create index contact_live on contact (hotline_id) where state not in ('closed', 'failed');
create index contact_leg on contact (caller_leg) where caller_leg is not null;
create index contact_caller on contact (hotline_id, caller_number_key) where caller_number_key is not null;
create index contact_suffix on contact (hotline_id, caller_suffix_key) where caller_suffix_key is not null;
create index contact_person on contact (hotline_id, person_id, number desc);
create index contact_started on contact (hotline_id, started_at);
create index contact_search on contact using gin (search);
-- Rare values that people look for; common ones are found soon enough by walking the numbers.
create index contact_risk on contact (hotline_id, risk, number) where risk in ('high', 'acute', 'danger-key');
create index contact_outcome on contact (hotline_id, outcome, number) where outcome in ('message', 'failed', 'call-back');

-- What happened on a contact; append-only, each row hashes the one before it.
create table contact_event (
  contact_id uuid not null references contact,
  seq int not null,
  hotline_id uuid not null,
  at timestamptz not null,
  kind text not null,
  actor uuid,
  data jsonb not null default '{}',
  hash bytea not null,
  primary key (contact_id, seq)
);

-- Reads and writes of personal data, log-ins, configuration; append-only, chained per hotline.
create table audit_chain (
  hotline_id uuid primary key references hotline,
  seq bigint not null default 0,
  hash bytea not null default '\x'
);
create table audit_event (
  hotline_id uuid not null,
  seq bigint not null,
  at timestamptz not null,
  actor uuid,
  action text not null,
  subject text not null default '',
  contact_id uuid,
  data jsonb not null default '{}',
  hash bytea not null,
  primary key (hotline_id, seq)
);
create index audit_contact on audit_event (contact_id) where contact_id is not null;

-- A sound recording of a contact, or a message left after the tone. The sound itself is in encrypted files.
create table recording (
  recording_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  kind text not null check (kind in ('talk', 'message')),
  segment int not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz,
  duration_ms int,
  sha256 jsonb not null default '{}',
  state text not null default 'running' check (state in ('running', 'kept', 'truncated', 'lost'))
);
create index recording_contact on recording (contact_id);

-- Something promised to a caller or left to be done, with a time by which it is due.
create table task (
  task_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  kind text not null check (kind in ('call-back', 'listen-to-message', 'lost-call')),
  line_id uuid not null references line,
  keeps_place_since timestamptz not null,
  due_at timestamptz not null,
  owner_id uuid references person,
  done_at timestamptz,
  result text check (result in ('reached', 'not-reached', 'not-needed')),
  created_at timestamptz not null default now()
);
create index task_open on task (hotline_id, due_at) where done_at is null;

-- What callers hear; a new version for every change, old ones stay because records name them.
create table prompt (
  prompt_id uuid primary key,
  hotline_id uuid not null references hotline,
  key text not null,
  language text not null check (language in ('zh-CN', 'en')),
  part int not null default 0,
  version int not null,
  words text not null,
  sha256 bytea not null,
  sound bytea,
  shipped boolean not null default false,
  created_by uuid references person,
  created_at timestamptz not null default now(),
  unique (hotline_id, key, language, part, version)
);

create table trunk (
  trunk_id uuid primary key,
  hotline_id uuid not null references hotline,
  name text not null check (name ~ '^[a-z0-9-]{2,40}$'),
  kind text not null check (kind in ('address', 'registration')),
  host text not null,
  port int not null default 5060,
  transport text not null default 'udp' check (transport in ('udp', 'tcp', 'tls')),
  username text,
  secret_sealed bytea,
  caller_number text,
  outbound_patterns text[] not null default '{}',
  removed_at timestamptz
);
create unique index trunk_name on trunk (name) where removed_at is null;

-- The switchboard's last sign of life and what it lost, shown on the board.
create table notice (
  notice_id uuid primary key,
  hotline_id uuid not null references hotline,
  kind text not null,
  data jsonb not null default '{}',
  at timestamptz not null default now(),
  ended_at timestamptz
);
create index notice_open on notice (hotline_id) where ended_at is null;

-- Adds one event to a contact's chain; the caller holds the contact's row lock (the update takes it).
create function append_contact_event(p_contact uuid, p_at timestamptz, p_kind text, p_actor uuid, p_data jsonb)
returns int language plpgsql as $$
declare v contact%rowtype; v_hash bytea;
begin
  select * into strict v from contact where contact_id = p_contact for update;
  v_hash := sha256(v.event_hash || convert_to(concat_ws('|', p_contact, v.event_count + 1, extract(epoch from p_at),
    p_kind, coalesce(p_actor::text, ''), p_data::text), 'UTF8'));
  insert into contact_event (contact_id, seq, hotline_id, at, kind, actor, data, hash)
    values (p_contact, v.event_count + 1, v.hotline_id, p_at, p_kind, p_actor, p_data, v_hash);
  update contact set event_count = v.event_count + 1, event_hash = v_hash where contact_id = p_contact;
  return v.event_count + 1;
end $$;

-- Adds one event to the hotline's audit chain.
create function append_audit(p_at timestamptz, p_actor uuid, p_action text, p_subject text, p_contact uuid, p_data jsonb)
returns bigint language plpgsql as $$
declare v audit_chain%rowtype; v_hash bytea;
begin
  select * into strict v from audit_chain where hotline_id = current_hotline() for update;
  v_hash := sha256(v.hash || convert_to(concat_ws('|', v.seq + 1, extract(epoch from p_at), coalesce(p_actor::text, ''),
    p_action, p_subject, coalesce(p_contact::text, ''), p_data::text), 'UTF8'));
  insert into audit_event (hotline_id, seq, at, actor, action, subject, contact_id, data, hash)
    values (v.hotline_id, v.seq + 1, p_at, p_actor, p_action, p_subject, p_contact, p_data, v_hash);
  update audit_chain set seq = v.seq + 1, hash = v_hash where hotline_id = v.hotline_id;
  return v.seq + 1;
end $$;

-- Opens a contact with the hotline's next number, its first event and its audit entry, in one statement. The hotline's
-- row lock makes numbers gapless: a transaction that fails gives its number back. The two locks that everybody waits for
-- are taken last, so that they are held only for the inserts and the commit.
create function create_contact(p_contact uuid, p_line uuid, p_channel text, p_state text, p_at timestamptz,
  p_leg text, p_number_sealed bytea, p_number_key bytea, p_suffix_key bytea, p_trusted boolean, p_call jsonb,
  p_deadline timestamptz, p_actor uuid, p_data jsonb)
returns bigint language plpgsql as $$
declare v_hotline uuid := current_hotline(); v_number bigint; v_hash bytea;
begin
  v_hash := sha256(convert_to(concat_ws('|', p_contact, 1, extract(epoch from p_at), 'started',
    coalesce(p_actor::text, ''), p_data::text), 'UTF8'));
  update hotline set last_contact_number = last_contact_number + 1 where hotline_id = v_hotline
    returning last_contact_number into strict v_number;
  insert into contact (contact_id, hotline_id, number, line_id, channel, state, started_at, caller_leg,
      caller_number_sealed, caller_number_key, caller_suffix_key, number_trusted, call, deadline_at, event_count, event_hash)
    values (p_contact, v_hotline, v_number, p_line, p_channel, p_state, p_at, p_leg, p_number_sealed, p_number_key,
      p_suffix_key, p_trusted, p_call, p_deadline, 1, v_hash);
  insert into contact_event (contact_id, seq, hotline_id, at, kind, actor, data, hash)
    values (p_contact, 1, v_hotline, p_at, 'started', p_actor, p_data, v_hash);
  perform append_audit(p_at, p_actor, 'contact.started', '', p_contact, '{}');
  return v_number;
end $$;

-- The same as a transaction of its own in one message: the two locks everybody waits for are held for no round trip.
create function open_contact(p_hotline uuid, p_contact uuid, p_line uuid, p_channel text, p_state text, p_at timestamptz,
  p_leg text, p_number_sealed bytea, p_number_key bytea, p_suffix_key bytea, p_trusted boolean, p_call jsonb,
  p_deadline timestamptz, p_data jsonb)
returns bigint language plpgsql as $$
begin
  perform set_config('hearthline.hotline', p_hotline::text, true);
  return create_contact(p_contact, p_line, p_channel, p_state, p_at, p_leg, p_number_sealed, p_number_key, p_suffix_key,
    p_trusted, p_call, p_deadline, null, p_data);
end $$;

-- Numbers of the hotline's contacts whose words match, beyond a number, at most p_limit. It runs as the owner because the
-- text-search operator is not leakproof: under row-level security it could never use its index. It shows numbers of the
-- transaction's own hotline only. The query is planned anew for each search, as rare and common words want other plans.
create function matching_numbers(p_words tsquery, p_beyond bigint, p_newest boolean, p_limit int) returns setof bigint
  language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
  return query execute format(
    'select c.number from public.contact c where c.hotline_id = %L and c.search @@ %L::tsquery and c.number %s %s
     order by c.number %s limit %s',
    public.current_hotline(), p_words, case when p_newest then '<' else '>' end, p_beyond,
    case when p_newest then 'desc' else 'asc' end, p_limit);
end $$;

-- Doors through row-level security, each answering one narrow question before a hotline is known.
create function session_owner(p_token bytea, p_now timestamptz, p_idle_ms bigint)
  returns table (hotline_id uuid, person_id uuid, name text, display_name text, roles text[], seen_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select s.hotline_id, s.person_id, p.name, p.display_name, p.roles, s.seen_at
  from public.session s join public.person p using (person_id)
  where s.token_hash = p_token and s.expires_at > p_now and s.seen_at > p_now - p_idle_ms * interval '1 millisecond'
    and p.disabled_at is null $$;
create function set_up_needed() returns boolean
  language sql stable security definer set search_path = pg_catalog, public as $$
  select not exists (select 1 from public.hotline) $$;
create function line_of_number(p_number text) returns table (hotline_id uuid, line_id uuid)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select l.hotline_id, l.line_id from public.line l where l.number = p_number and l.closed_at is null $$;
create function all_hotlines() returns table (hotline_id uuid, name text, demo boolean)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select h.hotline_id, h.name, h.demo from public.hotline h order by h.created_at $$;
create function hotline_of_person_name(p_name text) returns table (hotline_id uuid)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select p.hotline_id from public.person p where p.name = p_name and p.disabled_at is null $$;
create function hotline_of_contact(p_contact uuid) returns uuid
  language sql stable security definer set search_path = pg_catalog, public as $$
  select c.hotline_id from public.contact c where c.contact_id = p_contact $$;
create function due_contacts(p_now timestamptz) returns table (hotline_id uuid, contact_id uuid)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select c.hotline_id, c.contact_id from public.contact c where c.deadline_at <= p_now order by c.deadline_at limit 200 $$;

do $$
declare t text;
begin
  foreach t in array array['hotline', 'line', 'person', 'person_line', 'session', 'seat', 'duty', 'duty_period', 'contact',
    'contact_event', 'audit_chain', 'audit_event', 'recording', 'task', 'prompt', 'trunk', 'notice'] loop
    execute format('alter table %I enable row level security', t);
    -- The owner is let through only inside the SECURITY DEFINER doors above; the product's role never owns a table.
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
  end loop;
end $$;

grant select, insert, update on all tables in schema public to hearthline;
revoke update on contact_event, audit_event from hearthline;
revoke update on setup_link, key_check from hearthline;
grant update (used_at) on setup_link to hearthline;
grant delete on session, duty, person_line to hearthline;
grant execute on all functions in schema public to hearthline;
