import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'

/** A live contact as the board needs it. */
export interface LiveRow {
  contact_id: string
  number: number
  line: string
  state: 'greeting' | 'waiting' | 'offered' | 'talking' | 'survey' | 'wrap-up'
  risk: 'danger-key' | 'none' | 'low' | 'moderate' | 'high' | 'acute' | null
  danger_key: boolean
  started_at: Date
  queued_at: Date | null
  answered_at: Date | null
  seat: string | null
  counsellor: string | null
  stage: string | null
  phase: string | null
  rings_again: boolean
}

/** Everything that has not ended, oldest first. */
export async function findLive(tx: Tx, hotlineId: string): Promise<LiveRow[]> {
  const { rows } = await sql<LiveRow>`
    select c.contact_id, c.number, l.name as line, c.state, c.risk, c.danger_key, c.started_at, c.queued_at, c.answered_at,
      s.name as seat, p.display_name as counsellor, c.stage, c.call->>'phase' as phase,
      coalesce((c.call->>'ringsAgain')::boolean, false) as rings_again
    from contact c join line l on l.line_id = c.line_id
    left join seat s on s.seat_id = c.seat_id left join person p on p.person_id = c.person_id
    where c.hotline_id = ${hotlineId} and c.state not in ('closed', 'failed')
      and c.state in ('greeting', 'waiting', 'offered', 'talking')
    order by c.number limit 1000`.execute(tx)
  return rows
}

/** A seat and who sits there. */
export interface SeatRow {
  seat_id: string
  name: string
  kind: 'browser' | 'phone'
  counsellor: string | null
  state: 'free' | 'offered' | 'busy' | 'wrap-up' | 'paused' | null
  reason: string | null
  since: Date | null
  connected: boolean | null
}

/** Every seat of the hotline with its present duty. */
export async function findSeats(tx: Tx, hotlineId: string): Promise<SeatRow[]> {
  const { rows } = await sql<SeatRow>`
    select s.seat_id, s.name, s.kind, p.display_name as counsellor, d.state, d.reason, d.since, d.connected
    from seat s left join duty d on d.seat_id = s.seat_id left join person p on p.person_id = d.person_id
    where s.hotline_id = ${hotlineId} and s.removed_at is null order by s.name limit 2000`.execute(tx)
  return rows
}

/** Today's contacts with what the measures need; instants as milliseconds. */
export interface TodayRow {
  queued_at: Date | null
  answered_at: Date | null
  ended_at: Date | null
  outcome: string | null
  state: string
}

/** Contacts by call since midnight in the hotline's zone. */
export async function findToday(tx: Tx, hotlineId: string, from: Date): Promise<TodayRow[]> {
  const { rows } = await sql<TodayRow>`
    select queued_at, answered_at, ended_at, outcome, state from contact
    where hotline_id = ${hotlineId} and started_at >= ${from} and channel in ('phone', 'web-call')`.execute(
    tx,
  )
  return rows
}

/** Open call-backs. */
export async function countOpenTasks(tx: Tx, hotlineId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from task where hotline_id = ${hotlineId} and done_at is null`.execute(tx)
  return rows[0]?.count ?? 0
}

/** Troubles that last. */
export async function findNotices(
  tx: Tx,
  hotlineId: string,
): Promise<{ kind: string; at: Date; data: { count?: number } }[]> {
  const { rows } = await sql<{ kind: string; at: Date; data: { count?: number } }>`
    select kind, at, data from notice where hotline_id = ${hotlineId} and ended_at is null order by at limit 20`.execute(
    tx,
  )
  return rows
}

/** The hotline's settings that the board uses. */
export async function findSettings(
  tx: Tx,
  hotlineId: string,
): Promise<{ time_zone: string; service_level_ms: number } | undefined> {
  const { rows } = await sql<{ time_zone: string; service_level_ms: number }>`
    select time_zone, service_level_ms from hotline where hotline_id = ${hotlineId}`.execute(tx)
  return rows[0]
}

/** A stretch of duty inside a span of time; `ended_at` null is still going on. */
export interface PeriodRow {
  seat_id: string
  state: string
  line_ids: string[]
  started_at: Date
  ended_at: Date | null
}

/** Stretches of duty that touch the span. */
export async function findPeriods(tx: Tx, hotlineId: string, from: Date, to: Date): Promise<PeriodRow[]> {
  const { rows } = await sql<PeriodRow>`
    select seat_id, state, line_ids, started_at, ended_at from duty_period
    where hotline_id = ${hotlineId} and started_at < ${to} and (ended_at is null or ended_at > ${from})`.execute(
    tx,
  )
  return rows
}

/** Lines open at some time inside the span. */
export async function findLines(
  tx: Tx,
  hotlineId: string,
  from: Date,
  to: Date,
): Promise<
  { line_id: string; name: string; least_seats: number; opened_at: Date; closed_at: Date | null }[]
> {
  const { rows } = await sql<{
    line_id: string
    name: string
    least_seats: number
    opened_at: Date
    closed_at: Date | null
  }>`
    select line_id, name, least_seats, opened_at, closed_at from line
    where hotline_id = ${hotlineId} and opened_at < ${to} and (closed_at is null or closed_at > ${from})
    order by name`.execute(tx)
  return rows
}
