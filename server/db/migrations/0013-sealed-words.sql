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
grant select, insert, update (words, search) on kept_words to hearthline;

-- Keyed hashes of words that are sealed, for searches; null in rows from before.
alter table confidentiality_exception add column search tsvector;
alter table disclosure add column search tsvector;
alter table break_glass add column search tsvector;
alter table register_entry add column search tsvector;
alter table register_step add column search tsvector;
grant insert (search) on disclosure to hearthline;
grant update (search) on confidentiality_exception to hearthline;

-- The named columns are sealed, or sealed anew, and never emptied; `alone` first: nothing else of
-- the row changes either, but for what finds them again.
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
  if tg_argv[0] = 'alone' and n - 'search' is distinct from o - 'search' then
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

-- Words that stand in chains from before: they go beside them, in plain until the next `keys reseal`, and the chain is hashed
-- anew. One that does not verify is left as it is, so that it is found out.
alter table contact_event disable trigger unchanged;
do $$
declare
  t text[]; c record; e record; v_hash bytea; v_count int; v_whole boolean; v_keys text[]; v_said jsonb; v_text text; v_id uuid; v_data jsonb;
begin
  foreach t slice 1 in array array[
    ['contact_event', 'contact_id', 'actor', 'contact', 'event_count', 'event_hash'],
    ['incident_entry', 'incident_id', 'person_id', 'incident', 'entry_count', 'entry_hash']] loop
    for c in execute format('select h.%2$I as id, h.hotline_id, h.%4$I as count, h.%5$I as hash from %3$I h where exists (
        select from %1$I x where x.%2$I = h.%2$I and (x.kind in (''supervisor.joined'', ''exception.recorded'')
          and x.data ?| ''{reason,basis}'' or %1$L = ''incident_entry'' and x.data ?| ''{words,to,title}''))',
        t[1], t[2], t[4], t[5], t[6]) loop
      v_hash := '';
      v_count := 0;
      v_whole := true;
      for e in execute format('select seq, at, kind, %1$I::text as who, data, hash from %2$I where %3$I = $1 order by seq',
          t[3], t[1], t[2]) using c.id loop
        v_count := v_count + 1;
        v_hash := sha256(v_hash || convert_to(concat_ws('|', c.id, e.seq, extract(epoch from e.at), e.kind,
          coalesce(e.who, ''), e.data::text), 'UTF8'));
        v_whole := v_whole and e.seq = v_count and e.hash = v_hash;
      end loop;
      continue when not v_whole or v_count <> c.count or v_hash <> c.hash;
      v_hash := '';
      for e in execute format('select seq, at, kind, %1$I::text as who, data from %2$I where %3$I = $1 order by seq',
          t[3], t[1], t[2]) using c.id loop
        v_keys := case when t[1] = 'incident_entry' then '{words,to,title}'::text[]
          when e.kind = 'supervisor.joined' then '{reason}' else '{}' end;
        select jsonb_object_agg(key, value) into v_said from jsonb_each(e.data) where key = any(v_keys);
        v_data := e.data - v_keys - case e.kind when 'exception.recorded' then 'basis' else '' end;
        if v_said is not null then
          v_id := gen_random_uuid();
          v_text := v_said || jsonb_build_object('salt', gen_random_uuid());
          insert into kept_words (words_id, hotline_id, contact_id, incident_id, words) values (v_id, c.hotline_id,
            case t[1] when 'contact_event' then c.id end, case t[1] when 'incident_entry' then c.id end, v_text);
          v_data := v_data || jsonb_build_object(case t[1] when 'incident_entry' then 'kept' else 'reason' end,
            format('kept:%s:%s', v_id, encode(sha256(convert_to(v_text, 'UTF8')), 'hex')));
        end if;
        v_hash := sha256(v_hash || convert_to(concat_ws('|', c.id, e.seq, extract(epoch from e.at), e.kind,
          coalesce(e.who, ''), v_data::text), 'UTF8'));
        execute format('update %I set data = $1, hash = $2 where %I = $3 and seq = $4', t[1], t[2])
          using v_data, v_hash, c.id, e.seq;
      end loop;
      execute format('update %I set %I = $1 where %I = $2', t[4], t[6], t[2]) using v_hash, c.id;
    end loop;
  end loop;
end $$;
alter table contact_event enable trigger unchanged;
