import { sql } from 'kysely'
import { jsonb, type Tx } from '../db/database.ts'

/** A recording's row. */
export interface RecordingRow {
  recording_id: string
  contact_id: string
  started_at: Date
  ended_at: Date | null
  state: 'running' | 'kept' | 'truncated' | 'lost' | 'destroyed'
  sealed_at: Date | null
  stored_at: Date | null
}

/** One recording, or undefined; one of a restricted contact is not seen. */
export async function findRow(tx: Tx, recordingId: string): Promise<RecordingRow | undefined> {
  const { rows } = await sql<RecordingRow>`
    select r.recording_id, r.contact_id, r.started_at, r.ended_at, r.state, r.sealed_at, r.stored_at
    from recording r join contact c on c.contact_id = r.contact_id where r.recording_id = ${recordingId}`.execute(
    tx,
  )
  return rows[0]
}

/** Recordings still marked as running whose contact no longer talks, with the time at which that was over. */
export async function findEnded(
  tx: Tx,
  hotlineId: string,
): Promise<{ recording_id: string; started_at: Date; over_at: Date }[]> {
  const { rows } = await sql<{ recording_id: string; started_at: Date; over_at: Date }>`
    select r.recording_id, r.started_at, coalesce(r.ended_at, c.talk_ended_at, c.ended_at, c.closed_at) as over_at
    from recording r join contact c on c.contact_id = r.contact_id
    where r.hotline_id = ${hotlineId} and r.state = 'running'
      and coalesce(r.ended_at, c.talk_ended_at, c.ended_at, c.closed_at) is not null
    limit 100 for update of r skip locked`.execute(tx)
  return rows
}

/** Writes what became of a recording. */
export async function settle(
  tx: Tx,
  recordingId: string,
  endedAt: Date,
  state: 'kept' | 'truncated' | 'lost',
  durationMs: number | null,
  digests: Record<string, string>,
): Promise<void> {
  await sql`update recording set state = ${state}, duration_ms = ${durationMs}, sha256 = ${jsonb(digests)},
    ended_at = coalesce(ended_at, ${endedAt}) where recording_id = ${recordingId}`.execute(tx)
}

/** A settled recording whose files are (still) in the recorder's folder. */
export interface MovableRow {
  recording_id: string
  started_at: Date
  ended_at: Date | null
  stored_at: Date | null
}

/**
 * Recordings to move, by id: not stored yet, or stored before `freeBefore` and not freed. A truncated one waits until it ended
 * before `cutBefore`: its recorder may live and still be writing.
 */
export async function findMovable(
  tx: Tx,
  hotlineId: string,
  given: { after: string; limit: number; freeBefore: Date; cutBefore: Date },
): Promise<MovableRow[]> {
  const { after, limit, freeBefore, cutBefore } = given
  const { rows } = await sql<MovableRow>`
    select recording_id, started_at, ended_at, stored_at from recording
    where hotline_id = ${hotlineId} and recording_id > ${after} and state in ('kept', 'truncated') and freed_at is null
      and (stored_at < ${freeBefore} or stored_at is null and (state = 'kept' or ended_at < ${cutBefore}))
    order by recording_id limit ${limit}`.execute(tx)
  return rows
}

/** Takes the right to move or destroy a recording's files until the transaction ends; false when somebody else has it. */
export async function lockFiles(tx: Tx, recordingId: string): Promise<boolean> {
  const { rows } = await sql<{ mine: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended('files of recording ' || ${recordingId}::text, 0)) as mine`.execute(
    tx,
  )
  return rows[0]?.mine ?? false
}

/** Whether a recording is still to be kept; uploads take longer than a transaction may rest otherwise. */
export async function isStillKept(tx: Tx, recordingId: string): Promise<boolean> {
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(tx)
  const { rows } = await sql`select from recording where recording_id = ${recordingId}
    and state in ('kept', 'truncated')`.execute(tx)
  return rows.length > 0
}

/** Writes that all of a recording is in the store, or that nothing of it is in the folder any more. */
export async function saveMoved(
  tx: Tx,
  recordingId: string,
  step: 'stored' | 'freed',
  now: Date,
): Promise<void> {
  const column = sql.ref(`${step}_at`)
  await sql`update recording set ${column} = ${now} where recording_id = ${recordingId}`.execute(tx)
}
