-- Signed checkpoints of the audit chain, break-glass, registers of breaches, impact assessments and persons' requests.

-- Where the audit chain stood, signed with a key that the database never sees: whoever rewrites the whole chain cannot
-- sign it again, and a line kept outside (`hearthline checkpoint`) tells even when these rows are gone.
create table audit_checkpoint (
  hotline_id uuid not null references hotline,
  number int not null,
  at timestamptz not null,
  seq bigint not null,
  hash bytea not null,
  public_key text not null,
  signature text not null,
  primary key (hotline_id, number)
);

create index audit_actor on audit_event (hotline_id, actor, seq);
create index audit_action on audit_event (hotline_id, action, seq);

-- Somebody without the right to a contact opened it all the same, saying why; ends by itself, is reviewed by another.
create table break_glass (
  break_glass_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  person_id uuid not null references person,
  reason text not null check (length(trim(reason)) between 1 and 1000),
  at timestamptz not null,
  until timestamptz not null,
  reviewed_at timestamptz,
  reviewed_by uuid references person,
  finding text check (finding in ('justified', 'not-justified')),
  review_words text not null default '',
  check (until <= at + interval '3 hours'),
  check (reviewed_by is null or reviewed_by <> person_id),
  check ((reviewed_at is null) = (finding is null))
);
create index break_glass_person on break_glass (person_id, contact_id);
create index break_glass_contact on break_glass (contact_id);
create index break_glass_open on break_glass (hotline_id) where reviewed_at is null;

-- Breaches (PIPL 57), impact assessments (PIPL 55, 56), persons' requests (PIPL 44-50): a head with a deadline, and steps.
create table register_entry (
  entry_id uuid primary key,
  hotline_id uuid not null references hotline,
  kind text not null check (kind in ('breach', 'assessment', 'request')),
  number int not null,
  title text not null check (length(trim(title)) between 1 and 120),
  -- Of a request: what is asked for, and the contact it is about.
  request text check (request in ('access', 'correction', 'erasure')),
  contact_id uuid references contact,
  opened_at timestamptz not null,
  opened_by uuid not null references person,
  due_at timestamptz not null,
  closed_at timestamptz,
  -- The last day on which the entry must still be there (three years from its end).
  keep_until date,
  check ((request is not null) = (kind = 'request')),
  check ((closed_at is null) = (keep_until is null)),
  unique (hotline_id, kind, number)
);
create index register_entry_open on register_entry (hotline_id, due_at) where closed_at is null;

create table register_step (
  entry_id uuid not null references register_entry,
  seq int not null,
  hotline_id uuid not null references hotline,
  at timestamptz not null,
  person_id uuid not null references person,
  kind text not null check (kind in ('opened', 'note', 'measure', 'told-authority', 'told-persons', 'harm-averted',
    'approved', 'identity-checked', 'granted', 'granted-in-part', 'refused', 'closed')),
  words text not null default '',
  primary key (entry_id, seq)
);

do $$
declare t text;
begin
  foreach t in array array['audit_checkpoint', 'break_glass', 'register_entry', 'register_step'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert on %I to hearthline', t);
  end loop;
end $$;
grant update (reviewed_at, reviewed_by, finding, review_words) on break_glass to hearthline;
grant update (closed_at, keep_until) on register_entry to hearthline;

-- What is kept for the product is so for everybody, the tables' owner included.
do $$
declare t text;
begin
  foreach t in array array['audit_checkpoint', 'break_glass', 'register_entry', 'register_step'] loop
    execute format('create trigger kept before delete on %I for each row execute function refuse_deletion()', t);
    execute format('create trigger kept_whole before truncate on %I for each statement execute function refuse_deletion()', t);
  end loop;
  foreach t in array array['audit_checkpoint', 'register_step'] loop
    execute format('create trigger unchanged before update on %I for each row execute function refuse_deletion()', t);
  end loop;
end $$;
