-- Risk, protocols, reports, exceptions to confidentiality, incidents (G24-4.3.5, 4.3.1b, 7.3).

-- Every word on a contact's risk, by whom and why: append-only. The level is the highest since the last lowering.
create table risk_entry (
  seq bigint generated always as identity primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  at timestamptz not null,
  source text not null check (source in ('criteria', 'judgement', 'triage', 'scale', 'critical-item', 'lowering')),
  level text not null check (level in ('none', 'low', 'moderate', 'high', 'acute')),
  -- A catalogued reason (`danger.within-72h`, `phq-9.9`) and, for a judgement or a lowering, the words.
  code text not null default '',
  reason text not null default '',
  person_id uuid references person,
  supervisor_id uuid references person,
  check (source <> 'lowering'
    or (length(trim(reason)) > 0 and person_id is not null and supervisor_id is not null and supervisor_id <> person_id))
);
create index risk_entry_contact on risk_entry (contact_id, seq);

-- What was judged before entries were kept is the first entry of its contact: nothing lowers it by itself.
insert into risk_entry (hotline_id, contact_id, at, source, level, code, reason, person_id)
select hotline_id, contact_id, coalesce(form_saved_at, started_at), 'judgement', risk, 'judgement',
  coalesce(jsonb_path_query_first(form, '$.item[*].item[*] ? (@.linkId == "riskReason").answer[0].valueString') #>> '{}', ''),
  person_id
from contact where risk in ('none', 'low', 'moderate', 'high', 'acute') order by number;

-- Asked for by one person, decided by a supervisor who is another.
create table risk_lowering (
  lowering_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  to_level text not null check (to_level in ('none', 'low', 'moderate', 'high')),
  reason text not null check (length(trim(reason)) > 0),
  asked_by uuid not null references person,
  asked_at timestamptz not null,
  -- Refused without anybody's decision when something more serious was heard meanwhile.
  decided_by uuid references person,
  decided_at timestamptz,
  granted boolean,
  check (decided_by is null or decided_by <> asked_by),
  check (granted is not true or decided_by is not null)
);
create unique index risk_lowering_open on risk_lowering (contact_id) where decided_at is null;

-- Danger to others as it was answered; kept beside the level because it asks for report and supervisor by itself.
alter table contact add column danger_to_others boolean not null default false;

-- The protocols as they were when first used: a run goes on, and is read later, by the version it was opened with.
create table protocol_version (
  hotline_id uuid not null references hotline,
  protocol text not null,
  version int not null,
  data jsonb not null,
  primary key (hotline_id, protocol, version)
);

create table protocol_run (
  run_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  protocol text not null,
  version int not null,
  -- How far the danger has gone, where a protocol has grades: decides which of its steps apply. It only rises.
  grade text not null default '',
  opened_at timestamptz not null,
  opened_from text not null check (opened_from in ('caller-key', 'form', 'instrument', 'button')),
  opened_by uuid references person,
  closed_at timestamptz,
  closed_by uuid references person,
  unique (contact_id, protocol)
);
create index protocol_run_open on protocol_run (hotline_id) where closed_at is null;

create table protocol_step (
  run_id uuid not null references protocol_run,
  step text not null,
  hotline_id uuid not null references hotline,
  due_at timestamptz,
  -- What was recorded so far, by item; a step that cannot be done says why.
  record jsonb not null default '{}',
  revision int not null default 0,
  done_at timestamptz,
  done_by uuid references person,
  skipped text,
  primary key (run_id, step)
);

-- Report to the administration group and consultation of a supervisor: each open until somebody acknowledges it.
-- `next_at` is when it escalates if nobody has; `stage` how often it did; `asked` whom it rang so far.
create table report (
  report_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  kind text not null check (kind in ('administration', 'consult')),
  reason text not null check (reason in ('high-risk', 'danger-to-others', 'protocol', 'counsellor-asked')),
  level text,
  opened_at timestamptz not null,
  opened_by uuid references person,
  stage int not null default 0,
  next_at timestamptz,
  asked uuid[] not null default '{}',
  -- When the phones on call ring next; null before the last stage.
  ring_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by uuid references person,
  note text not null default '',
  check ((acknowledged_at is null) = (acknowledged_by is null))
);
create unique index report_open on report (contact_id, kind) where acknowledged_at is null;
create index report_due on report (next_at) where acknowledged_at is null;
create index report_rings on report (ring_at) where acknowledged_at is null and ring_at is not null;
create index report_listed on report (hotline_id, opened_at, report_id) where acknowledged_at is null;
create index report_past on report (hotline_id, acknowledged_at desc, report_id desc) where acknowledged_at is not null;
create index report_contact on report (contact_id);

-- A report is acknowledged once, by somebody of its group, and never by the contact's own counsellor.
create function keep_acknowledgement() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.acknowledged_at is not null then
      raise exception 'a report begins unacknowledged' using errcode = 'check_violation';
    end if;
    return new;
  end if;
  if old.acknowledged_at is not null and (new.acknowledged_at, new.acknowledged_by) is distinct from
      (old.acknowledged_at, old.acknowledged_by) then
    raise exception 'a report stays acknowledged' using errcode = 'check_violation';
  end if;
  if old.acknowledged_at is null and new.acknowledged_at is not null and (
    exists (select from contact where contact_id = new.contact_id and person_id = new.acknowledged_by)
    or not exists (select from person where person_id = new.acknowledged_by
      and case new.kind when 'consult' then 'supervisor' else 'administrator' end = any(roles))
  ) then
    raise exception 'a report is acknowledged by its group' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger report_acknowledged before insert or update of acknowledged_at, acknowledged_by on report
  for each row execute function keep_acknowledgement();

create function risk_rank(p_level text) returns int language sql immutable
  return coalesce(array_position(array['none', 'low', 'moderate', 'high', 'acute'], p_level), 0);

-- The level by what was written down: the highest since the last lowering; null when nobody has assessed.
create function risk_level(p_contact uuid) returns text language sql stable
begin atomic
  select e.level from risk_entry e
  where e.contact_id = p_contact and e.seq >= coalesce(
    (select max(l.seq) from risk_entry l where l.contact_id = p_contact and l.source = 'lowering'), 0)
  order by risk_rank(e.level) desc limit 1;
end;

-- No path closes a contact early: not the desk, not a transfer, not a repair, not SQL. Whatever tries leaves it in wrap-up.
-- No path lowers its level either, but for a lowering that was written down.
create function keep_open_while_owed() returns trigger language plpgsql as $$
declare v_level text;
begin
  if new.risk is distinct from old.risk then
    v_level := risk_level(new.contact_id);
    if v_level is not null and risk_rank(new.risk) < risk_rank(v_level) then
      new.risk := v_level;
    end if;
  end if;
  if old.danger_to_others and not new.danger_to_others then
    new.danger_to_others := true;
  end if;
  if new.state in ('closed', 'failed') and old.state <> new.state and (
    exists (select from report where contact_id = new.contact_id and acknowledged_at is null)
    or exists (select from protocol_run where contact_id = new.contact_id and closed_at is null)
    or ((new.risk in ('high', 'acute') or new.danger_to_others) and 2 > (
      select count(distinct kind) from report where contact_id = new.contact_id and acknowledged_at is not null
        and kind in ('administration', 'consult')))
  ) then
    new.state := 'wrap-up';
    new.closed_at := null;
  end if;
  return new;
end $$;
create trigger contact_owed before update of state, risk, danger_to_others on contact
  for each row execute function keep_open_while_owed();

create table confidentiality_exception (
  exception_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  at timestamptz not null,
  code text not null check (code in ('danger-to-self', 'danger-to-others', 'minor-abused', 'law')),
  basis text not null,
  recipient text not null,
  -- The least that had to be told: names of kinds of data, chosen one by one.
  data text[] not null,
  words text not null default '',
  decided_by uuid not null references person,
  supervisor_id uuid references person,
  supervisor_saw_at timestamptz,
  caller_told boolean not null,
  not_told_because text not null default '',
  check (caller_told or length(trim(not_told_because)) > 0),
  check (supervisor_id is null or supervisor_id <> decided_by)
);
create index exception_contact on confidentiality_exception (contact_id);

-- Incidents of a person, a group or society: what was written stays, each entry hashes the one before (G24-7.3).
create table incident (
  incident_id uuid primary key,
  hotline_id uuid not null references hotline,
  number bigint not null,
  kind text not null check (kind in ('person', 'group', 'society')),
  title text not null check (length(trim(title)) between 1 and 120),
  state text not null default 'open' check (state in ('open', 'closed')),
  opened_at timestamptz not null,
  entry_count int not null default 0,
  entry_hash bytea not null default '\x',
  unique (hotline_id, number)
);
create table incident_entry (
  incident_id uuid not null references incident,
  seq int not null,
  hotline_id uuid not null references hotline,
  at timestamptz not null,
  person_id uuid references person,
  kind text not null check (kind in ('opened', 'note', 'measure', 'told', 'contact', 'correction', 'closed', 'reopened')),
  data jsonb not null default '{}',
  hash bytea not null,
  primary key (incident_id, seq)
);

-- A cluster of similar contacts that the software proposes and a person judges (possible group crisis).
create table cluster (
  cluster_id uuid primary key,
  hotline_id uuid not null references hotline,
  area text not null,
  topic text not null,
  week date not null,
  count int not null,
  expected real not null,
  contact_ids uuid[] not null,
  proposed_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid references person,
  decision text check (decision in ('group-crisis', 'watch', 'not-one')),
  reason text not null default '',
  incident_id uuid references incident,
  unique (hotline_id, area, topic, week)
);

-- Whom to ring when a report is not acknowledged: the phone is sealed, who is on call is set by the administrator.
alter table person
  add column phone_sealed bytea,
  add column on_call boolean not null default false;

-- The only way an incident's log grows. It runs as the owner, for the transaction's own hotline only: the product's role can
-- neither change an incident nor write an entry by itself, so nobody can edit or delete what was written.
create function append_incident(p_incident uuid, p_at timestamptz, p_person uuid, p_kind text, p_data jsonb)
returns int language plpgsql security definer set search_path = pg_catalog, public as $$
declare v public.incident%rowtype; v_hash bytea;
begin
  select * into strict v from public.incident
    where incident_id = p_incident and hotline_id = public.current_hotline() for update;
  v_hash := sha256(v.entry_hash || convert_to(concat_ws('|', p_incident, v.entry_count + 1, extract(epoch from p_at),
    p_kind, coalesce(p_person::text, ''), p_data::text), 'UTF8'));
  insert into public.incident_entry (incident_id, seq, hotline_id, at, person_id, kind, data, hash)
    values (p_incident, v.entry_count + 1, v.hotline_id, p_at, p_person, p_kind, p_data, v_hash);
  update public.incident set entry_count = v.entry_count + 1, entry_hash = v_hash,
    state = case p_kind when 'closed' then 'closed' when 'reopened' then 'open' else v.state end
    where incident_id = p_incident;
  return v.entry_count + 1;
end $$;

-- A door through row-level security: which open reports are due for escalation, of every hotline. Those whose phones are
-- to ring are named only to the server that can ring them.
create function due_reports(p_now timestamptz, p_phones boolean) returns table (hotline_id uuid, report_id uuid)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select r.hotline_id, r.report_id from public.report r
  where r.acknowledged_at is null and (r.next_at <= p_now or (p_phones and r.ring_at <= p_now))
  order by least(r.next_at, r.ring_at) limit 200 $$;

do $$
declare t text;
begin
  foreach t in array array['risk_entry', 'risk_lowering', 'protocol_version', 'protocol_run', 'protocol_step', 'report',
    'confidentiality_exception', 'incident', 'incident_entry', 'cluster'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update on %I to hearthline', t);
  end loop;
end $$;
revoke update on risk_entry, protocol_version, confidentiality_exception from hearthline;
revoke insert, update on incident, incident_entry from hearthline;
grant insert (incident_id, hotline_id, number, kind, title, opened_at) on incident to hearthline;
-- The words of a judgement are typed letter by letter: the entry stays, its reason is what was typed last.
grant update (reason) on risk_entry to hearthline;
grant update (supervisor_id, supervisor_saw_at) on confidentiality_exception to hearthline;
grant execute on all functions in schema public to hearthline;
