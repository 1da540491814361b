-- What people typed about callers is sealed everywhere (G24-6.2.2c, 7.5c): the columns take sealed words, which are longer,
-- and chains that only grow refer to words beside them, so that keys can be turned over without breaking a chain.

alter table caller_alert
  drop constraint caller_alert_words_check, drop constraint caller_alert_reason_check,
  add constraint caller_alert_said check (words <> '' and reason <> '');
alter table hint drop constraint hint_words_check, add constraint hint_said check (words <> '');
alter table incident drop constraint incident_title_check, add constraint incident_said check (title <> '');
alter table retention_decision
  drop constraint retention_decision_reason_check, add constraint retention_decision_said check (reason <> '');
alter table disclosure drop constraint disclosure_words_check, add constraint disclosure_said check (words <> '');
alter table break_glass drop constraint break_glass_reason_check, add constraint break_glass_said check (reason <> '');
alter table register_entry
  drop constraint register_entry_title_check, add constraint register_entry_said check (title <> '');

-- Words that a chain refers to by `kept:<id>:<hash>`. The hash is that of the words with a salt, which is sealed with them: it
-- binds the chain to the words and tells nobody which they were. Those about a contact are destroyed with it.
create table kept_words (
  words_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid references contact,
  incident_id uuid references incident,
  words text not null,
  -- Keyed hashes of the words; null where nobody searches.
  search tsvector
);
create index kept_words_contact on kept_words (contact_id) where contact_id is not null;
create index kept_words_incident on kept_words (incident_id) where incident_id is not null;
create trigger kept before delete on kept_words for each row execute function refuse_deletion('contact');
create trigger kept_whole before truncate on kept_words for each statement execute function refuse_deletion();
alter table kept_words enable row level security;
create policy own_hotline on kept_words using (hotline_id = current_hotline()) with check (hotline_id = current_hotline());
grant select, insert, update (words) on kept_words to hearthline;

-- Keyed hashes of words that are sealed, for searches; null in rows from before.
alter table confidentiality_exception add column search tsvector;
alter table disclosure add column search tsvector;
alter table break_glass add column search tsvector;
alter table register_entry add column search tsvector;
alter table register_step add column search tsvector;
grant insert (search) on disclosure to hearthline;
grant update (search) on confidentiality_exception to hearthline;

-- The named columns are sealed, or sealed anew, and never emptied; `alone` first: nothing else of the row changes either.
create function only_sealed() returns trigger language plpgsql as $$
declare o jsonb := to_jsonb(old); n jsonb := to_jsonb(new); c text;
begin
  foreach c in array tg_argv loop
    if n -> c is distinct from o -> c and (coalesce(o ->> c, '') = '' or coalesce(n ->> c, '') not like 'sealed:A%') then
      raise exception '% is kept until its date', tg_table_name using errcode = 'HL001';
    end if;
    o := o - c;
    n := n - c;
  end loop;
  if tg_argv[0] = 'alone' and n is distinct from o then
    raise exception '% is kept until its date', tg_table_name using errcode = 'HL001';
  end if;
  return new;
end $$;

drop trigger sealed_anew on confidentiality_exception;
drop function only_sealed_anew();
create trigger sealed_anew before update of words, not_told_because, basis, recipient on confidentiality_exception
  for each row execute function only_sealed('words', 'not_told_because', 'basis', 'recipient');
grant update (basis, recipient) on confidentiality_exception to hearthline;

create trigger sealed_anew before update of title on incident for each row execute function only_sealed('title');
grant update (title) on incident to hearthline;
create trigger sealed_anew before update of reason on break_glass for each row execute function only_sealed('reason');
grant update (reason) on break_glass to hearthline;
create trigger sealed_anew before update of title on register_entry for each row execute function only_sealed('title');
grant update (title) on register_entry to hearthline;
create trigger sealed_anew before update of words, document on disclosure
  for each row execute function only_sealed('words', 'document');
grant update (words, document) on disclosure to hearthline;
create trigger sealed_anew before update of words on kept_words for each row execute function only_sealed('alone', 'words');
create trigger sealed_anew before update on task_attempt for each row execute function only_sealed('alone', 'words');
grant update (words) on task_attempt to hearthline;

-- What nobody may change may be sealed anew.
do $$
declare t text; c text;
begin
  foreach t in array array['retention_decision', 'disposal_approval', 'register_step'] loop
    c := case t when 'register_step' then 'words' else 'reason' end;
    execute format('drop trigger unchanged on %I', t);
    execute format('create trigger unchanged before update on %I for each row execute function only_sealed(''alone'', %L)', t, c);
    execute format('grant update (%I) on %I to hearthline', c, t);
  end loop;
end $$;
