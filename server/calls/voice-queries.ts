/* What was counted of the legs of contacts (G24-3.2.2b); no word and nobody's name is in it. */
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'

/** Whose leg it is: `guest` is a third party or a consulted colleague. */
export type VoiceSide = 'caller' | 'seat' | 'guest' | 'supervisor'

/** A leg of a contact with its figures up to now; instants in milliseconds since 1970, see the migration for the rest. */
export interface VoiceRow {
  hotlineId: string
  contactId: string
  leg: string
  side: VoiceSide
  seatId: string | null
  trunk: string | null
  startedAt: number
  measuredAt: number
  endedAt: number | null
  lossPercent: number | null
  jitterMs: number | null
  rttMs: number | null
  opinion: number | null
  leastOpinion: number | null
  nowOpinion: number | null
  nowLossPercent: number | null
  silentSince: number | null
}

const instant = (at: number | null): Date | null => (at === null ? null : new Date(at))

/** Writes a leg's figures over what was written of it before. */
export async function saveVoice(tx: Tx, row: VoiceRow): Promise<void> {
  const figures = {
    side: row.side,
    seat_id: row.seatId,
    measured_at: new Date(row.measuredAt),
    ended_at: instant(row.endedAt),
    loss_percent: row.lossPercent,
    jitter_ms: row.jitterMs,
    rtt_ms: row.rttMs,
    opinion: row.opinion,
    now_opinion: row.nowOpinion,
    now_loss_percent: row.nowLossPercent,
    silent_since: instant(row.silentSince),
  }
  await tx
    .insertInto('voice_quality')
    .values({
      contact_id: row.contactId,
      leg: row.leg,
      hotline_id: row.hotlineId,
      trunk: row.trunk,
      started_at: new Date(row.startedAt),
      least_opinion: row.leastOpinion,
      ...figures,
    })
    .onConflict((conflict) =>
      conflict.columns(['contact_id', 'leg']).doUpdateSet({
        ...figures,
        // Another process may have seen worse before.
        least_opinion: sql<number | null>`least(voice_quality.least_opinion, excluded.least_opinion)`,
      }),
    )
    .execute()
}

/** Ends the rows of legs that are up no more: those of a process that died with its calls, or before it could say so. */
export async function endForgottenVoices(tx: Tx, hotlineId: string, before: Date): Promise<void> {
  await sql`
    update voice_quality set ended_at = measured_at, now_opinion = null, now_loss_percent = null, silent_since = null
    where hotline_id = ${hotlineId} and ended_at is null and measured_at < ${before}`.execute(tx)
}
