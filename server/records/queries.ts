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
}

/** One recording, or undefined; one of a restricted contact is not seen. */
export async function findRow(tx: Tx, recordingId: string): Promise<RecordingRow | undefined> {
  const { rows } = await sql<RecordingRow>`
    select r.recording_id, r.contact_id, r.started_at, r.ended_at, r.state, r.sealed_at
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
