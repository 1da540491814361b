-- Data keys, wrapped by the master key that is never in the database; identifying answers and typed words sealed (G24-6.2.2c,
-- 7.5b, 7.5c).

-- `waiting` until every server knows it, `sealing` for what is written now, `retired` while something may still be opened
-- with it. The look-up keys (number, suffix, words) and the first key never change: `sealing` for ever.
create table data_key (
  key_id uuid primary key,
  hotline_id uuid not null references hotline,
  key_class text not null
    check (key_class in ('identifying', 'notes', 'devices', 'first', 'number', 'suffix', 'words')),
  way text not null check (way in ('aes-256-gcm', 'sm4-gcm', 'sm4-ctr-hmac-sm3', 'hmac-sha-256')),
  state text not null check (state in ('waiting', 'sealing', 'retired', 'destroyed')),
  -- Empty once it was destroyed.
  wrapped bytea not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  destroyed_at timestamptz,
  check ((wrapped = '') = (state = 'destroyed'))
);
create unique index data_key_sealing on data_key (hotline_id, key_class) where state = 'sealing';
create unique index data_key_waiting on data_key (hotline_id, key_class) where state = 'waiting';

-- How far the re-sealing of each sealed column has come; a job that was interrupted goes on from there.
create table resealing (
  hotline_id uuid not null references hotline,
  target text not null,
  key_id uuid not null references data_key,
  beyond text,
  resealed bigint not null default 0,
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (hotline_id, target)
);

-- What was taken out of `form`: null in records written before, whose answers are still all in `form`.
alter table contact add column answers_sealed bytea;

-- They go when the contact is destroyed, and never before.
create function keep_sealed_answers() returns trigger language plpgsql as $$
begin
  if new.disposed_at is not null then
    new.answers_sealed := null;
  -- Nothing that was sealed is shorter.
  elsif new.answers_sealed is null or octet_length(new.answers_sealed) < 29 then
    raise exception 'contact is kept until its date' using errcode = 'HL001';
  end if;
  return new;
end $$;
create trigger kept_answers before update on contact for each row
  when (old.answers_sealed is not null) execute function keep_sealed_answers();

do $$
declare t text;
begin
  foreach t in array array['data_key', 'resealing'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update on %I to hearthline', t);
  end loop;
end $$;

-- What an exception says is never changed; it may be sealed, and sealed anew.
create function only_sealed_anew() returns trigger language plpgsql as $$
begin
  if new.words <> '' and new.words not like 'sealed:A%' or new.not_told_because <> '' and new.not_told_because not like 'sealed:A%'
    or (new.words = '') <> (old.words = '') or (new.not_told_because = '') <> (old.not_told_because = '') then
    raise exception 'an exception is not changed' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger sealed_anew before update of words, not_told_because on confidentiality_exception
  for each row execute function only_sealed_anew();
grant update (words, not_told_because) on confidentiality_exception to hearthline;
