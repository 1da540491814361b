-- Two servers may know of one caller: the one that had control when the database went away, and the one that has it now.
-- Whoever comes second gets null and no number.
create or replace function open_contact(p_hotline uuid, p_contact uuid, p_line uuid, p_channel text, p_state text,
  p_at timestamptz, p_leg text, p_number_sealed bytea, p_number_key bytea, p_suffix_key bytea, p_trusted boolean, p_call jsonb,
  p_deadline timestamptz, p_data jsonb)
returns bigint language plpgsql as $$
begin
  perform set_config('hearthline.hotline', p_hotline::text, true);
  perform pg_advisory_xact_lock(hashtextextended('leg ' || p_leg, 0));
  if exists (select from contact where hotline_id = p_hotline and caller_leg = p_leg) then
    return null;
  end if;
  return create_contact(p_contact, p_line, p_channel, p_state, p_at, p_leg, p_number_sealed, p_number_key, p_suffix_key,
    p_trusted, p_call, p_deadline, null, p_data);
end $$;
