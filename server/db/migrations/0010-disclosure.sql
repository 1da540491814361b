-- The register of disclosures: nothing identifying leaves the house except through it (G24-6.2.2c, G24-7.5c).

-- Who may be given something: an institution and the public key its packages are encrypted to. A key is never changed:
-- it is taken away and another is added, so that what was agreed on names the key it went to.
create table receiver (
  receiver_id uuid primary key,
  hotline_id uuid not null references hotline,
  name text not null check (length(trim(name)) between 1 and 120),
  recipient text not null check (recipient ~ '^age1[02-9ac-hj-np-z]{58}$'),
  -- How it was made sure that the key is theirs.
  checked text not null check (length(trim(checked)) between 1 and 300),
  added_by uuid not null references person,
  added_at timestamptz not null,
  removed_at timestamptz
);

create table disclosure (
  disclosure_id uuid primary key,
  hotline_id uuid not null references hotline,
  number bigint not null,
  receiver_id uuid not null references receiver,
  -- A copy: what was agreed on stays what it was.
  recipient text not null,
  purpose text not null,
  basis text not null,
  document text not null default '',
  facts text[] not null,
  questions text[] not null,
  sound boolean not null,
  words text not null check (length(trim(words)) between 1 and 2000),
  asked_by uuid not null references person,
  asked_at timestamptz not null,
  state text not null default 'asked'
    check (state in ('asked', 'approved', 'refused', 'withdrawn', 'packaged', 'handed-over', 'received')),
  decided_by uuid references person,
  entry_count int not null default 0,
  entry_hash bytea not null default '\x',
  unique (hotline_id, number),
  check (decided_by is null or decided_by <> asked_by)
);
create index disclosure_state on disclosure (hotline_id, state, number);

create table disclosure_contact (
  disclosure_id uuid not null references disclosure,
  contact_id uuid not null references contact,
  hotline_id uuid not null references hotline,
  primary key (disclosure_id, contact_id)
);
create index disclosure_contact_contact on disclosure_contact (contact_id);

-- What happened to a disclosure: each entry hashes the one before.
create table disclosure_entry (
  disclosure_id uuid not null references disclosure,
  seq int not null,
  hotline_id uuid not null references hotline,
  at timestamptz not null,
  person_id uuid not null references person,
  kind text not null check (kind in ('asked', 'approved', 'refused', 'withdrawn', 'packaged', 'downloaded', 'handed-over', 'received')),
  data jsonb not null default '{}',
  hash bytea not null,
  primary key (disclosure_id, seq)
);

-- The only way a disclosure goes on. It runs as the owner, for the transaction's own hotline only: the product's role can
-- neither change a disclosure nor write an entry by itself. Whatever the program says, the asker does not decide.
create function append_disclosure(p_disclosure uuid, p_at timestamptz, p_person uuid, p_kind text, p_data jsonb)
returns int language plpgsql security definer set search_path = pg_catalog, public as $$
declare v public.disclosure%rowtype; v_hash bytea;
begin
  select * into strict v from public.disclosure
    where disclosure_id = p_disclosure and hotline_id = public.current_hotline() for update;
  if p_kind <> 'downloaded' and (v.state, p_kind) not in (('asked', 'asked'), ('asked', 'approved'), ('asked', 'refused'),
      ('asked', 'withdrawn'), ('approved', 'withdrawn'), ('packaged', 'withdrawn'), ('approved', 'packaged'),
      ('packaged', 'handed-over'), ('handed-over', 'received')) or (p_kind = 'asked') <> (v.entry_count = 0) then
    raise exception 'a disclosure that is % cannot be %', v.state, p_kind using errcode = 'check_violation';
  end if;
  v_hash := sha256(v.entry_hash || convert_to(concat_ws('|', p_disclosure, v.entry_count + 1, extract(epoch from p_at),
    p_kind, p_person::text, p_data::text), 'UTF8'));
  insert into public.disclosure_entry (disclosure_id, seq, hotline_id, at, person_id, kind, data, hash)
    values (p_disclosure, v.entry_count + 1, v.hotline_id, p_at, p_person, p_kind, p_data, v_hash);
  update public.disclosure set entry_count = v.entry_count + 1, entry_hash = v_hash,
    state = case p_kind when 'downloaded' then v.state else p_kind end,
    decided_by = case when p_kind in ('approved', 'refused') then p_person else v.decided_by end
    where disclosure_id = p_disclosure;
  return v.entry_count + 1;
end $$;

do $$
declare t text;
begin
  -- The register is kept for good, and what was asked and done is not rewritten by anybody.
  foreach t in array array['receiver', 'disclosure', 'disclosure_contact', 'disclosure_entry'] loop
    execute format('create trigger kept before delete on %I for each row execute function refuse_deletion()', t);
    execute format('create trigger kept_whole before truncate on %I for each statement execute function refuse_deletion()', t);
  end loop;
  foreach t in array array['disclosure_contact', 'disclosure_entry'] loop
    execute format('create trigger unchanged before update on %I for each row execute function refuse_deletion()', t);
  end loop;
  foreach t in array array['receiver', 'disclosure', 'disclosure_contact', 'disclosure_entry'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select on %I to hearthline', t);
  end loop;
end $$;
grant insert, update (removed_at) on receiver to hearthline;
grant insert (disclosure_id, hotline_id, number, receiver_id, recipient, purpose, basis, document, facts, questions, sound,
  words, asked_by, asked_at) on disclosure to hearthline;
grant insert on disclosure_contact to hearthline;
grant execute on function append_disclosure to hearthline;
