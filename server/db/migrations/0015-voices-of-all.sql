-- Everybody who talks is measured: third parties and supervisors too (G24-3.2.2b).
alter table voice_quality drop constraint voice_quality_side_check,
  add constraint voice_quality_side_check check (side in ('caller', 'seat', 'guest', 'supervisor'));
