-- Follow-ups after a contact, and help while it happens (G24-5.3.5).
alter table task drop constraint task_kind_check, drop constraint task_result_check;
alter table task
  add constraint task_kind_check check (kind in ('call-back', 'listen-to-message', 'lost-call', 'dropped-high-risk', 'follow-up')),
  add constraint task_result_check check (result in ('reached', 'not-reached', 'not-needed', 'declined')),
  -- Of a follow-up: its place in the plan (`next-day`, `1-week`, ... ) and what to ask about.
  add column plan_step text,
  add column words text not null default '',
  add column attempts int not null default 0,
  add column last_attempt_at timestamptz,
  -- When its owner took it by hand; null when it was given to them.
  add column taken_at timestamptz,
  -- Set while its owner calls the caller from the seat; the attempt is written when the call tells how it went.
  add column dialled_at timestamptz,
  add column result_words text not null default '',
  add column created_by uuid references person;
create index task_contact on task (contact_id);

-- Callers of the line are also told of a supervisor who only listens or whispers (docs/decisions/supervision.md).
alter table line add column tell_of_supervision boolean not null default false;
create index task_owner on task (owner_id, due_at) where done_at is null;

create table task_attempt (
  task_id uuid not null references task,
  seq int not null,
  hotline_id uuid not null references hotline,
  at timestamptz not null,
  person_id uuid not null references person,
  outcome text not null check (outcome in ('no-answer', 'busy', 'wrong-person', 'call-later', 'reached')),
  words text not null default '',
  primary key (task_id, seq)
);

-- The counsellor pressed "help": supervisors are rung one after the other until somebody comes.
create table help_request (
  help_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  person_id uuid not null references person,
  at timestamptz not null,
  asked uuid[] not null default '{}',
  next_at timestamptz,
  answered_by uuid references person,
  answered_at timestamptz,
  ended_at timestamptz
);
create unique index help_open on help_request (contact_id) where ended_at is null;
create index help_due on help_request (next_at) where ended_at is null and answered_at is null;

-- A supervisor's words to the counsellor, without a sound.
create table hint (
  hint_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  person_id uuid not null references person,
  words text not null check (length(trim(words)) between 1 and 500),
  at timestamptz not null,
  seen_at timestamptz
);
create index hint_contact on hint (contact_id, at);

create function due_help(p_now timestamptz) returns table (hotline_id uuid, help_id uuid)
  language sql stable security definer set search_path = pg_catalog, public as $$
  select h.hotline_id, h.help_id from public.help_request h
  where h.ended_at is null and h.answered_at is null and h.next_at <= p_now order by h.next_at limit 200 $$;

do $$
declare t text;
begin
  foreach t in array array['task_attempt', 'help_request', 'hint'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update on %I to hearthline', t);
  end loop;
end $$;
revoke update on task_attempt from hearthline;
grant execute on all functions in schema public to hearthline;
