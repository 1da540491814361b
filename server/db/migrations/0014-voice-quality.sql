-- How each leg of a contact is heard, by what was counted of its packets (G24-3.2.2b): one row a leg, written while it is up.
create table voice_quality (
  contact_id uuid not null references contact,
  -- The switchboard's id of the leg.
  leg text not null check (length(leg) between 1 and 200),
  hotline_id uuid not null references hotline,
  side text not null check (side in ('caller', 'seat')),
  -- Of a seat's leg.
  seat_id uuid references seat,
  -- Of a caller's leg that came by a trunk.
  trunk text,
  started_at timestamptz not null,
  measured_at timestamptz not null,
  -- Null while the leg is up.
  ended_at timestamptz,
  -- Of the whole leg, the worse direction; null where nothing was told of it.
  loss_percent real check (loss_percent between 0 and 100),
  jitter_ms real check (jitter_ms >= 0),
  rtt_ms real check (rtt_ms >= 0),
  -- The opinion estimated by the E-model (ITU-T G.107), 1 to 4.5; null where nothing was ever heard.
  opinion real check (opinion between 1 and 4.5),
  -- The worst ten seconds.
  least_opinion real check (least_opinion between 1 and 4.5),
  -- The last ten seconds.
  now_opinion real check (now_opinion between 1 and 4.5),
  now_loss_percent real check (now_loss_percent between 0 and 100),
  -- Since when nothing is heard of it.
  silent_since timestamptz,
  primary key (contact_id, leg)
);
create index voice_quality_live on voice_quality (hotline_id) where ended_at is null;
create index voice_quality_seat on voice_quality (seat_id, measured_at) where seat_id is not null;
create index voice_quality_trunk on voice_quality (hotline_id, trunk, measured_at) where trunk is not null;
create trigger kept before delete on voice_quality for each row execute function refuse_deletion('contact');
create trigger kept_whole before truncate on voice_quality for each statement execute function refuse_deletion();
alter table voice_quality enable row level security;
create policy own_hotline on voice_quality using (hotline_id = current_hotline()) with check (hotline_id = current_hotline());
grant select, insert, update on voice_quality to hearthline;

-- Calls to the outside that somebody made, so that nobody's account can make many (toll fraud). Only ever added to.
create table outbound_call (
  outbound_id uuid primary key,
  hotline_id uuid not null references hotline,
  person_id uuid references person,
  kind text not null check (kind in ('call-back', 'transfer')),
  at timestamptz not null
);
create index outbound_call_lately on outbound_call (hotline_id, at);
alter table outbound_call enable row level security;
create policy own_hotline on outbound_call using (hotline_id = current_hotline()) with check (hotline_id = current_hotline());
grant select, insert on outbound_call to hearthline;

-- Trunks are tried in their order; one that has as many calls as it may have is passed over. `watched`: it is asked by OPTIONS.
alter table trunk
  add column rank smallint not null default 1 check (rank between 1 and 99),
  add column most_calls integer check (most_calls between 1 and 10000),
  add column watched boolean not null default true;

-- What was counted of a contact's legs is destroyed with it.
do $$
declare v_old text := pg_get_functiondef('dispose_contact'::regproc);
  v_new text := replace(v_old, '''kept_words''', '''kept_words'', ''voice_quality''');
begin
  if v_new = v_old then raise exception 'dispose_contact is not as expected'; end if;
  execute v_new;
end $$;
