-- What is kept how long, what callers agreed to, and how what is due is destroyed (G24-6.2.2b, G24-7.5a).
alter table contact
  add column retention_class text not null default 'usual' check (retention_class in ('usual', 'medical-record')),
  add column held boolean not null default false,
  add column restricted_at timestamptz,
  add column disposed_at timestamptz;
-- When a contact was over, as a CASE: under row-level security a COALESCE is not taken for leakproof, and its index not used.
create index contact_kept on contact (hotline_id, (case when ended_at is not null then ended_at
  when closed_at is not null then closed_at else started_at end), contact_id) where disposed_at is null;
create index contact_disposed on contact (hotline_id, number) where disposed_at is not null;
create index contact_kept_otherwise on contact (hotline_id, number)
  where held or restricted_at is not null or retention_class <> 'usual';

-- A restricted contact is sealed: no query of the product sees it, whichever slice asks, but for the custodian's own
-- (server/retention says so per transaction).
create policy not_restricted on contact as restrictive
  using (restricted_at is null or current_setting('hearthline.custody', true) = 'on');

-- A part of the sound that nobody may hear since its consent was withdrawn. What was settled may be moved into a store of
-- objects: stored_at when all of it was found there unchanged, freed_at when it is no longer in the data folder as well.
alter table recording
  add column sealed_at timestamptz,
  add column files_gone_at timestamptz,
  add column stored_at timestamptz,
  add column freed_at timestamptz,
  drop constraint recording_state_check,
  add constraint recording_state_check check (state in ('running', 'kept', 'truncated', 'lost', 'destroyed'));
create index recording_to_destroy on recording (hotline_id) where state = 'destroyed' and files_gone_at is null;
create index recording_to_move on recording (hotline_id, recording_id)
  where state in ('kept', 'truncated') and freed_at is null;

-- What a caller agreed to, refused or took back; append-only, the latest of a purpose stands.
create table consent_record (
  consent_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  purpose text not null
    check (purpose in ('service', 'recording', 'screening', 'follow-up', 'referral', 'disclosure', 'research')),
  state text not null check (state in ('given', 'refused', 'withdrawn')),
  given_by text not null default 'caller' check (given_by in ('caller', 'guardian')),
  how text not null check (how in ('key', 'silence', 'spoken', 'written', 'code', 'custodian')),
  -- The words it was said to: versions of the prompts that were heard, or of the sentence that was read out.
  words text[] not null default '{}',
  at timestamptz not null,
  person_id uuid references person
);
create index consent_record_contact on consent_record (contact_id, at);

-- What calls of before heard about recording; sound whose consent was taken back is sealed from now on.
insert into consent_record (consent_id, hotline_id, contact_id, purpose, state, how, at)
select gen_random_uuid(), hotline_id, contact_id, 'recording', case consent when 'silent' then 'refused' else consent end,
  case consent when 'silent' then 'silence' when 'withdrawn' then 'spoken' else 'key' end, started_at
from contact where consent is not null;
update recording r set sealed_at = now() from contact c
where c.contact_id = r.contact_id and c.consent = 'withdrawn' and r.kind = 'talk';

-- What is kept longer, held or restricted, and why; append-only. A class is only ever lengthened.
create table retention_decision (
  decision_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  kind text not null check (kind in ('medical-record', 'hold', 'hold-ended', 'restrict', 'restrict-ended')),
  reason text not null check (length(trim(reason)) between 1 and 1000),
  decided_by uuid not null references person,
  at timestamptz not null
);
create index retention_decision_contact on retention_decision (contact_id, decision_id);

-- A list of contacts to be destroyed: proposed by one person, approved by two others; a refusal ends it.
create table disposal (
  disposal_id uuid primary key,
  hotline_id uuid not null references hotline,
  proposed_by uuid not null references person,
  proposed_at timestamptz not null
);
create index disposal_listed on disposal (hotline_id, disposal_id);
create table disposal_item (
  disposal_id uuid not null references disposal,
  contact_id uuid not null references contact,
  hotline_id uuid not null references hotline,
  last_day date not null,
  primary key (disposal_id, contact_id)
);
create index disposal_item_contact on disposal_item (contact_id);
create table disposal_approval (
  disposal_id uuid not null references disposal,
  person_id uuid not null references person,
  hotline_id uuid not null references hotline,
  granted boolean not null,
  reason text not null default '',
  at timestamptz not null,
  primary key (disposal_id, person_id)
);
-- What was destroyed: hashes of what was there, never the words.
create table disposal_certificate (
  contact_id uuid primary key references contact,
  certificate_id uuid not null unique,
  hotline_id uuid not null references hotline,
  disposal_id uuid not null references disposal,
  last_day date not null,
  at timestamptz not null,
  data jsonb not null,
  sha256 bytea not null
);
create index disposal_certificate_listed on disposal_certificate (hotline_id, certificate_id);
create index disposal_certificate_of on disposal_certificate (disposal_id);

-- By which a caller withdraws consent later: only its slow hash is kept.
create table caller_code (
  contact_id uuid primary key references contact,
  hotline_id uuid not null references hotline,
  code_hash text not null,
  made_by uuid not null references person,
  made_at timestamptz not null,
  failures int not null default 0,
  locked_until timestamptz
);

-- The last day a contact is kept: the corresponding day, or the month's last, in the hotline's zone (29 February: the 28th).
create function last_day_kept(p_over timestamptz, p_class text, p_zone text) returns date language sql stable
  return ((p_over at time zone p_zone)::date
    + case p_class when 'medical-record' then interval '30 years' else interval '3 years' end)::date;

-- Whether two people who are not its proposer approved a disposal, and nobody refused it.
create function disposal_approved(p_disposal uuid) returns boolean
  language sql stable security definer set search_path = pg_catalog, public as $$
  select count(*) filter (where a.granted and a.person_id <> d.proposed_by) >= 2 and coalesce(bool_and(a.granted), false)
  from public.disposal d left join public.disposal_approval a using (disposal_id)
  where d.disposal_id = p_disposal $$;

-- Whether a contact may be destroyed now, by the database's own clock: over, past its last day, not held, approved by two.
create function may_destroy(p_contact uuid) returns boolean
  language sql stable security definer set search_path = pg_catalog, public as $$
  select exists (
    select from public.contact c join public.hotline h using (hotline_id)
    where c.contact_id = p_contact and c.state in ('closed', 'failed') and not c.held and c.disposed_at is null
      and public.last_day_kept(coalesce(c.ended_at, c.closed_at, c.started_at), c.retention_class, h.time_zone)
        < (now() at time zone h.time_zone)::date
      and exists (select from public.disposal_item i
        where i.contact_id = c.contact_id and public.disposal_approved(i.disposal_id))) $$;

-- Nothing of a contact is deleted by anybody, the tables' owner included, before its date and two approvals.
create function refuse_deletion() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare v jsonb; v_contact uuid;
begin
  if tg_op = 'DELETE' and tg_nargs > 0 then
    v := to_jsonb(old);
    v_contact := case tg_argv[0]
      when 'run' then (select contact_id from public.protocol_run where run_id = (v ->> 'run_id')::uuid)
      when 'task' then (select contact_id from public.task where task_id = (v ->> 'task_id')::uuid)
      when 'profile' then (select contact_id from public.contact where profile_id = (v ->> 'profile_id')::uuid
        order by number desc limit 1)
      else (v ->> 'contact_id')::uuid end;
    if public.may_destroy(v_contact) then return old; end if;
  end if;
  raise exception '% is kept until its date', tg_table_name using errcode = 'HL001';
end $$;
do $$
declare t text;
begin
  -- Kept for good: the number, what happened, what was agreed, what was decided.
  foreach t in array array['contact', 'contact_event', 'audit_event', 'recording', 'consent_record', 'retention_decision',
    'disposal', 'disposal_item', 'disposal_approval', 'disposal_certificate'] loop
    execute format('create trigger kept before delete on %I for each row execute function refuse_deletion()', t);
  end loop;
  foreach t in array array['assessment', 'assessment_link', 'risk_entry', 'risk_lowering', 'report',
    'confidentiality_exception', 'protocol_run', 'task', 'help_request', 'hint', 'contact_resource', 'caller_code'] loop
    execute format('create trigger kept before delete on %I for each row execute function refuse_deletion(''contact'')', t);
  end loop;
  create trigger kept before delete on protocol_step for each row execute function refuse_deletion('run');
  create trigger kept before delete on task_attempt for each row execute function refuse_deletion('task');
  create trigger kept before delete on caller_alert for each row execute function refuse_deletion('profile');
  foreach t in array array['contact', 'contact_event', 'audit_event', 'recording', 'consent_record', 'retention_decision',
    'disposal', 'disposal_item', 'disposal_approval', 'disposal_certificate', 'assessment', 'assessment_link', 'risk_entry',
    'risk_lowering', 'report', 'confidentiality_exception', 'protocol_run', 'protocol_step', 'task', 'task_attempt',
    'help_request', 'hint', 'contact_resource', 'caller_alert', 'caller_code'] loop
    execute format('create trigger kept_whole before truncate on %I for each statement execute function refuse_deletion()', t);
  end loop;
  -- What is append-only for the product is so for everybody.
  foreach t in array array['contact_event', 'audit_event', 'consent_record', 'retention_decision', 'disposal',
    'disposal_item', 'disposal_approval', 'disposal_certificate'] loop
    execute format('create trigger unchanged before update on %I for each row execute function refuse_deletion()', t);
  end loop;
end $$;

-- No retention is shortened and no kept record emptied by an update either.
create function keep_contact() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if old.disposed_at is null then
    if public.may_destroy(old.contact_id) then return new; end if;
    -- From within another trigger: a decision that was written down (below).
    if pg_trigger_depth() > 1 and (new.started_at, new.disposed_at) is not distinct from (old.started_at, old.disposed_at)
      and not (old.retention_class = 'medical-record' and new.retention_class = 'usual') then return new; end if;
  end if;
  raise exception 'contact is kept until its date' using errcode = 'HL001';
end $$;
create trigger kept_long before update on contact for each row when (
  (new.contact_id, new.hotline_id, new.number) is distinct from (old.contact_id, old.hotline_id, old.number)
  -- When a call entered by hand began is said in the step that enters it.
  or (new.started_at is distinct from old.started_at and (old.channel <> 'by-hand' or old.ended_at is not null))
  or new.retention_class is distinct from old.retention_class or new.held is distinct from old.held
  or new.restricted_at is distinct from old.restricted_at or new.disposed_at is distinct from old.disposed_at
  or (old.disposed_at is not null and (new.event_count = old.event_count))
  or (old.state in ('closed', 'failed') and new.state = old.state and (new.ended_at is null and old.ended_at is not null
    or new.ended_at < old.ended_at))
  or (old.state in ('closed', 'failed') and new.form = '{}' and old.form <> '{}')
  or (new.caller_number_sealed is null and old.caller_number_sealed is not null)
) execute function keep_contact();

-- What is sealed stays sealed, and a recording is called destroyed, after which its files go, only with its contact.
create function keep_recording() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if new.state = 'destroyed' and old.state <> 'destroyed' and public.may_destroy(old.contact_id) then return new; end if;
  raise exception 'recording is kept until its date' using errcode = 'HL001';
end $$;
create trigger kept_long before update on recording for each row when (
  (new.recording_id, new.hotline_id, new.contact_id, new.kind, new.started_at)
    is distinct from (old.recording_id, old.hotline_id, old.contact_id, old.kind, old.started_at)
  or (new.state = 'destroyed') <> (old.state = 'destroyed')
  or (new.sealed_at is null and old.sealed_at is not null)
  or (old.state in ('kept', 'truncated') and new.state <> 'destroyed'
    and (new.state not in ('kept', 'truncated') or new.sha256 <> old.sha256))
) execute function keep_recording();

create function apply_retention_decision() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update public.contact set
    retention_class = case new.kind when 'medical-record' then 'medical-record' else retention_class end,
    held = case new.kind when 'hold' then true when 'hold-ended' then false else held end,
    restricted_at = case new.kind when 'restrict' then coalesce(restricted_at, new.at) when 'restrict-ended' then null
      else restricted_at end
    where contact_id = new.contact_id and hotline_id = new.hotline_id and disposed_at is null;
  if not found then
    raise exception 'nothing is left to decide about' using errcode = 'HL001';
  end if;
  return new;
end $$;
create trigger applied after insert on retention_decision for each row execute function apply_retention_decision();

-- Destroys one contact of an approved disposal: what was said is deleted, what could identify is emptied, number, events and
-- consents stay. Gives the certificate's SHA-256, or null when it may not be destroyed (any more). The files of recordings are
-- left to the product, which marks them when they are gone.
create function dispose_contact(p_disposal uuid, p_contact uuid, p_certificate uuid, p_at timestamptz, p_actor uuid)
returns bytea language plpgsql security definer set search_path = pg_catalog, public as $$
declare c public.contact%rowtype; t text; v_rows jsonb := '{}'; v_part jsonb; v jsonb; v_hash bytea; v_last date;
begin
  select i.last_day into v_last from public.disposal_item i
    where i.disposal_id = p_disposal and i.contact_id = p_contact and i.hotline_id = public.current_hotline();
  if not found or not public.disposal_approved(p_disposal) then return null; end if;
  select * into c from public.contact where contact_id = p_contact for update;
  if not public.may_destroy(p_contact) then return null; end if;
  foreach t in array array['task_attempt', 'protocol_step', 'assessment_link', 'assessment', 'risk_entry', 'risk_lowering',
    'report', 'confidentiality_exception', 'protocol_run', 'task', 'help_request', 'hint', 'contact_resource', 'caller_alert',
    'caller_code', 'kept_words'] loop
    execute format('with gone as (delete from public.%I x where %s returning to_jsonb(x)::text as line)
      select case when count(*) > 0 then jsonb_build_object(%L, jsonb_build_object(''rows'', count(*), ''sha256'',
        encode(sha256(convert_to(string_agg(line, E''\n'' order by line), ''UTF8'')), ''hex''))) else ''{}'' end from gone', t,
      case t when 'task_attempt' then 'x.task_id in (select task_id from public.task where contact_id = $1)'
        when 'protocol_step' then 'x.run_id in (select run_id from public.protocol_run where contact_id = $1)'
        -- What is known of a caller goes with the last contact that was theirs.
        when 'caller_alert' then 'x.profile_id = (select profile_id from public.contact where contact_id = $1)
          and not exists (select from public.contact o where o.profile_id = x.profile_id and o.contact_id <> $1)'
        else 'x.contact_id = $1' end, t) into v_part using p_contact;
    v_rows := v_rows || v_part;
  end loop;
  v := jsonb_build_object(
    'number', c.number, 'startedAt', c.started_at, 'class', c.retention_class, 'lastDay', v_last, 'disposedAt', p_at,
    'record', encode(sha256(convert_to(to_jsonb(c)::text, 'UTF8')), 'hex'),
    'events', jsonb_build_object('count', c.event_count, 'head', encode(c.event_hash, 'hex')),
    'recordings', coalesce((select jsonb_object_agg(recording_id, sha256) from public.recording
      where contact_id = p_contact and state <> 'lost'), '{}'),
    'rows', v_rows,
    'proposedBy', (select proposed_by from public.disposal where disposal_id = p_disposal),
    'approvedBy', (select jsonb_agg(person_id order by at) from public.disposal_approval where disposal_id = p_disposal));
  v_hash := sha256(convert_to(v::text, 'UTF8'));
  perform public.append_contact_event(p_contact, p_at, 'disposed', p_actor,
    jsonb_build_object('certificate', p_certificate, 'sha256', encode(v_hash, 'hex')));
  update public.recording set state = 'destroyed', sha256 = '{}', duration_ms = null
    where contact_id = p_contact and state <> 'lost';
  update public.contact set form = '{}', form_revision = 0, form_saved_at = null, search = null, stage_ms = '{}', class = null,
    caller_number_sealed = null, caller_number_key = null, caller_suffix_key = null, number_trusted = false,
    profile_id = null, profile_answer = null, profile_by = null, profile_at = null, risk = null,
    satisfaction = null, seat_id = null, person_id = null, ended_by = null, caller_leg = null, call = null, pending = '[]',
    deadline_at = null, base_version_id = null, overlay_version_id = null, answers_sealed = null, disposed_at = p_at
    where contact_id = p_contact;
  insert into public.disposal_certificate (contact_id, certificate_id, hotline_id, disposal_id, last_day, at, data, sha256)
    values (p_contact, p_certificate, c.hotline_id, p_disposal, v_last, p_at, v, v_hash);
  return v_hash;
end $$;

do $$
declare t text;
begin
  foreach t in array array['consent_record', 'retention_decision', 'disposal', 'disposal_item', 'disposal_approval',
    'disposal_certificate', 'caller_code'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert on %I to hearthline', t);
  end loop;
end $$;
grant update on caller_code to hearthline;
grant execute on all functions in schema public to hearthline;
