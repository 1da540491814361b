-- Forms made without code (G24-4.4.1): a base form, an overlay for a line; a published version is never changed again.
create table form (
  form_id uuid primary key,
  hotline_id uuid not null references hotline,
  kind text not null check (kind in ('base', 'overlay')),
  line_id uuid references line,
  -- What is being made and not yet published; null when the newest version is all there is.
  draft jsonb,
  draft_revision int not null default 0,
  draft_by uuid references person,
  draft_at timestamptz,
  created_at timestamptz not null default now(),
  check ((kind = 'base') = (line_id is null))
);
create unique index form_base on form (hotline_id) where kind = 'base';
create unique index form_overlay on form (line_id) where kind = 'overlay';

create table form_version (
  form_version_id uuid primary key,
  hotline_id uuid not null references hotline,
  form_id uuid not null references form,
  version int not null,
  questionnaire jsonb not null,
  sha256 bytea not null,
  note text not null default '',
  published_by uuid references person,
  published_at timestamptz not null default now(),
  unique (form_id, version)
);

-- The versions a contact's answers are given to; what stage the counsellor is in and how long each took (G24-4.3.1a);
-- what kind of contact it is when it is not counselling: such contacts stay in every denominator under their own class.
alter table contact
  add column base_version_id uuid references form_version,
  add column overlay_version_id uuid references form_version,
  add column stage text not null default 'rapport'
    check (stage in ('rapport', 'clarify', 'goal', 'explore', 'summary')),
  add column stage_ms jsonb not null default '{}',
  add column class text
    check (class in ('counselling', 'silent', 'wrong-number', 'prank', 'test', 'information'));
-- How many contacts are answered in which version.
create index contact_base_version on contact (base_version_id);
create index contact_overlay_version on contact (overlay_version_id) where overlay_version_id is not null;
create index contact_class on contact (hotline_id, class, number) where class <> 'counselling';

do $$
declare t text;
begin
  foreach t in array array['form', 'form_version'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_hotline on %I using (hotline_id = current_hotline()) with check (hotline_id = current_hotline())', t);
  end loop;
end $$;
grant select, insert, update on form to hearthline;
grant select, insert on form_version to hearthline;

-- Records made with the fixed form become answers to the base form as it is shipped. "Unknown" and "declined" were codes
-- among others and are now reasons why there is no answer; their versions are fixed when somebody opens them.
create function pg_temp.answered(link_id text, answer jsonb) returns jsonb language sql immutable as
$$ select case when jsonb_array_length(answer) > 0 then jsonb_build_object('linkId', link_id, 'answer', answer) end $$;

create function pg_temp.code_of(link_id text, value jsonb) returns jsonb language sql immutable as
$$ select case
  when value #>> '{}' in ('unknown', 'declined') then pg_temp.answered(link_id, jsonb_build_array(jsonb_build_object('extension',
    jsonb_build_array(jsonb_build_object('url', 'http://hl7.org/fhir/StructureDefinition/data-absent-reason',
      'valueCode', 'asked-' || (value #>> '{}'))))))
  when jsonb_typeof(value) = 'string' then
    pg_temp.answered(link_id, jsonb_build_array(jsonb_build_object('valueCoding', jsonb_build_object('code', value))))
end $$;

create function pg_temp.codes_of(link_id text, list jsonb) returns jsonb language sql immutable as
$$ select pg_temp.answered(link_id, jsonb_agg(jsonb_build_object('valueCoding', jsonb_build_object('code', code)) order by place))
  from jsonb_array_elements(case when jsonb_typeof(list) = 'array' then list else '[]' end) with ordinality as one (code, place) $$;

create function pg_temp.number_of(link_id text, value jsonb) returns jsonb language sql immutable as
$$ select case when jsonb_typeof(value) = 'number' then
  pg_temp.answered(link_id, jsonb_build_array(jsonb_build_object('valueInteger', value))) end $$;

create function pg_temp.text_of(link_id text, value jsonb) returns jsonb language sql immutable as
$$ select case when jsonb_typeof(value) = 'string' and trim(value #>> '{}') <> '' then
  pg_temp.answered(link_id, jsonb_build_array(jsonb_build_object('valueString', value))) end $$;

create function pg_temp.group_of(link_id text, variadic items jsonb[]) returns jsonb language sql immutable as
$$ select jsonb_build_object('linkId', link_id, 'item', jsonb_agg(item order by place))
  from unnest(items) with ordinality as one (item, place) where item is not null having count(*) > 0 $$;

create function pg_temp.response_of(form jsonb) returns jsonb language sql immutable as
$$ select jsonb_build_object('resourceType', 'QuestionnaireResponse', 'questionnaire', 'urn:hearthline:form:base|1',
  'status', 'in-progress', 'item', coalesce(jsonb_agg(item order by place), '[]'))
  from unnest(array[
    pg_temp.group_of('risk-group', pg_temp.code_of('danger', form -> 'danger'),
      pg_temp.code_of('dangerToOthers', form -> 'dangerToOthers'), pg_temp.code_of('risk', form -> 'risk'),
      pg_temp.text_of('riskReason', form -> 'riskReason')),
    pg_temp.group_of('rapport', pg_temp.codes_of('emotions', form -> 'emotions'),
      pg_temp.number_of('distressBefore', form -> 'distressBefore'),
      pg_temp.code_of('speaksFor', form #> '{caller,speaksFor}'), pg_temp.code_of('firstTime', form #> '{caller,firstTime}'),
      pg_temp.code_of('gender', form #> '{caller,gender}'), pg_temp.code_of('ageGroup', form #> '{caller,ageGroup}'),
      pg_temp.text_of('region', form #> '{caller,region}')),
    pg_temp.group_of('clarify', pg_temp.codes_of('problems', form -> 'problems'),
      pg_temp.codes_of('groups', form -> 'groups'), pg_temp.codes_of('levels', form -> 'levels')),
    pg_temp.group_of('explore', pg_temp.codes_of('given', form -> 'given'), pg_temp.text_of('givenNote', form -> 'givenNote')),
    -- Which kind of call "not counselling" was, nobody was asked: the class stays open.
    pg_temp.group_of('summary', pg_temp.number_of('distressAfter', form -> 'distressAfter'),
      case when form ->> 'outcome' is distinct from 'not-counselling' then pg_temp.code_of('class', '"counselling"') end,
      pg_temp.code_of('outcome', form -> 'outcome')),
    pg_temp.group_of('notes-group', pg_temp.text_of('notes', form -> 'notes'))
  ]) with ordinality as one (item, place) where item is not null $$;

update contact set form = pg_temp.response_of(form),
  stage = coalesce(form ->> 'stage', 'rapport'),
  stage_ms = coalesce(form -> 'stageMs', '{}'),
  class = case when form ->> 'outcome' is distinct from 'not-counselling' then 'counselling' end
where form <> '{}' and not form ? 'resourceType';
