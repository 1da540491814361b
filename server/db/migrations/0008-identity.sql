-- Who you are: second factors, recovery codes, sessions that know how far a log-in has come, failures at the door.

-- A session begins with the passphrase alone (proved_at null) and opens nothing until a second factor was shown. Nobody's
-- session of before shows one: everybody logs in again.
delete from session;
alter table session
  add column session_id uuid not null default gen_random_uuid(),
  add column device text not null default '',
  add column proved_at timestamptz,
  -- When passphrase and second factor were last shown: what needs somebody fresh asks for this.
  add column fresh_at timestamptz,
  -- A passkey's challenge that waits for its answer; answered once.
  add column challenge text,
  add column challenge_at timestamptz;
create index session_person on session (person_id);

-- A second factor of a person. The sealed part is the secret of one-time codes, or a passkey's credential.
create table factor (
  factor_id uuid primary key,
  hotline_id uuid not null references hotline,
  person_id uuid not null references person,
  kind text not null check (kind in ('totp', 'passkey')),
  name text not null default '',
  secret_sealed bytea not null,
  -- The last time step whose code was taken, or the passkey's own count: neither ever goes back.
  counter bigint not null default 0,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  used_at timestamptz
);
create index factor_person on factor (person_id);

create table recovery_code (
  code_id uuid primary key,
  hotline_id uuid not null references hotline,
  person_id uuid not null references person,
  code_hash text not null,
  used_at timestamptz
);
create index recovery_code_person on recovery_code (person_id);

-- Failures of an address, of a name nobody has, or of a name known to several hotlines; the key is a keyed hash of it.
create table login_failure (
  hotline_id uuid not null references hotline,
  key bytea not null,
  failures int not null default 0,
  at timestamptz not null,
  primary key (hotline_id, key)
);

drop function session_owner(bytea, timestamptz, bigint);
create function session_owner(p_token bytea, p_now timestamptz, p_idle_ms bigint)
  returns table (hotline_id uuid, person_id uuid, name text, display_name text, roles text[], seen_at timestamptz,
    proved_at timestamptz, fresh_at timestamptz)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select s.hotline_id, s.person_id, p.name, p.display_name, p.roles, s.seen_at, s.proved_at, s.fresh_at
  from public.session s join public.person p using (person_id)
  where s.token_hash = p_token and s.expires_at > p_now and s.seen_at > p_now - p_idle_ms * interval '1 millisecond'
    and p.disabled_at is null $$;

do $$
declare t text;
begin
  foreach t in array array['factor', 'recovery_code', 'login_failure'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update, delete on %I to hearthline', t);
  end loop;
end $$;
grant execute on all functions in schema public to hearthline;
