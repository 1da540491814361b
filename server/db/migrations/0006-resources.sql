-- The directory of help (G24-1.2, 4.4.4): who offers what, where, for whom, when, and how to get there.
create table resource (
  resource_id uuid primary key,
  hotline_id uuid not null references hotline,
  organisation text not null check (length(trim(organisation)) between 1 and 120),
  service text not null default '',
  -- GB/T 2260 code of the place served: 000000 the whole country, else province, prefecture or county.
  region text not null check (region ~ '^[0-9]{6}$'),
  needs text[] not null default '{}',
  populations text[] not null default '{}',
  hours jsonb not null default '{"always":true}',
  phone text,
  address text not null default '',
  referral text not null default '',
  languages text[] not null default '{}',
  -- The open minutes of a week from Monday 00:00 in the hotline's zone: what `hours` says, in a form that can be searched.
  open_week int4multirange not null default '{[0,10080)}',
  verified_on date,
  verify_by date not null,
  verified_by uuid references person,
  search tsvector not null default '',
  changed_at timestamptz not null,
  changed_by uuid references person,
  removed_at timestamptz
);
create index resource_search on resource using gin (search) where removed_at is null;
create index resource_region on resource (hotline_id, region, organisation, resource_id) where removed_at is null;
create index resource_name on resource (hotline_id, organisation, resource_id) where removed_at is null;
create index resource_verify on resource (hotline_id, verify_by, resource_id) where removed_at is null;

-- What was offered to a caller.
create table contact_resource (
  contact_resource_id uuid primary key,
  hotline_id uuid not null references hotline,
  contact_id uuid not null references contact,
  resource_id uuid not null references resource,
  how text not null check (how in ('offered', 'read-out', 'texted', 'transferred')),
  at timestamptz not null,
  person_id uuid not null references person,
  unique (contact_id, resource_id, how)
);
create index contact_resource_resource on contact_resource (resource_id);

-- Ids of the hotline's resources that match, in order, at most p_limit, beyond one of them. As with contacts it runs as the
-- owner, because neither text search nor the range operator is leakproof, and shows ids of the transaction's own hotline
-- only. Few matches are gathered and sorted; of many the first are found by walking the order, each region by itself, so
-- that a common word reads no more than its page. Which of the two is counted, because the planner's guess goes wrong
-- when a word (a city's name) stands in one stretch of the order.
create function matching_resources(p_words tsquery, p_regions text[], p_minute int, p_due date, p_order text, p_after uuid,
  p_limit int) returns setof uuid
  language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
  v public.resource%rowtype; v_where text; v_key text; v_sort text; v_beyond text := ''; v_region text; v_count int;
  v_left int := p_limit;
begin
  if p_after is not null then
    select * into v from public.resource where resource_id = p_after and hotline_id = public.current_hotline();
    if not found then return; end if;
  end if;
  v_where := format('r.hotline_id = %L and r.removed_at is null', public.current_hotline());
  if p_words is not null then
    v_where := v_where || format(' and r.search @@ %L::tsquery', p_words);
    execute format('select count(*) from (select from public.resource r where %s limit 2001) m', v_where) into v_count;
  end if;
  if p_minute is not null then v_where := v_where || format(' and r.open_week @> %s', p_minute); end if;
  if p_due is not null then v_where := v_where || format(' and r.verify_by <= %L', p_due); end if;
  if p_order = 'name' and p_regions is not null and coalesce(v_count, 2001) > 2000 then
    foreach v_region in array p_regions loop
      continue when p_after is not null and array_position(p_regions, v_region) < array_position(p_regions, v.region);
      v_beyond := case when p_after is not null and v_region = v.region
        then format(' and (r.organisation, r.resource_id) > (%L, %L)', v.organisation, p_after) else '' end;
      return query execute format('select r.resource_id from public.resource r where %s and r.region = %L%s
        order by r.organisation, r.resource_id limit %s', v_where, v_region, v_beyond, v_left);
      get diagnostics v_count = row_count;
      v_left := v_left - v_count;
      exit when v_left <= 0;
    end loop;
    return;
  end if;
  if p_regions is not null then v_where := v_where || format(' and r.region = any(%L)', p_regions); end if;
  v_key := case p_order when 'newest' then 'r.resource_id' when 'verify' then 'r.verify_by, r.resource_id'
    else 'r.organisation, r.resource_id' end;
  if p_order = 'name' and p_regions is not null then
    v_key := format('array_position(%L::text[], r.region), ', p_regions) || v_key;
  end if;
  v_sort := case p_order when 'newest' then 'r.resource_id desc' else v_key end;
  if p_after is not null then
    v_beyond := format(' where (%s) %s (select %1$s from public.resource r where r.resource_id = %3$L)', v_key,
      case p_order when 'newest' then '<' else '>' end, p_after);
  end if;
  return query execute format('select r.resource_id from (select * from public.resource r where %s%s) r%s order by %s limit %s',
    v_where, case when v_count <= 2000 then ' offset 0' else '' end, v_beyond, v_sort, p_limit);
end $$;

do $$
declare t text;
begin
  foreach t in array array['resource', 'contact_resource'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
    execute format('grant select, insert, update on %I to hearthline', t);
  end loop;
end $$;
grant execute on all functions in schema public to hearthline;
