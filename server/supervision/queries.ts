import { sql, type RawBuilder } from 'kysely'
import type { Guest } from '../../domain/call-state.ts'
import { shortAbandon } from '../../domain/measure.ts'
import type { Tx } from '../db/database.ts'

/** Nobody hears a greeting longer than this before entering the queue. */
const longestGreetingMs = 15 * 60_000

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
  guests: Guest[] | null
  opinion: number | null
  loss_percent: number | null
  silent_since: Date | null
}

/** Everything that has not ended, oldest first. */
export async function findLive(tx: Tx, hotlineId: string): Promise<LiveRow[]> {
  const { rows } = await sql<LiveRow>`
    select c.contact_id, c.number, l.name as line, c.state, c.risk, c.danger_key, c.started_at, c.queued_at, c.answered_at,
      s.name as seat, p.display_name as counsellor, c.stage, c.call->>'phase' as phase,
      coalesce((c.call->>'ringsAgain')::boolean, false) as rings_again,
      case when c.state = 'talking' then c.call->'talk'->'guests' end as guests,
      v.opinion, v.loss_percent, v.silent_since
    from contact c join line l on l.line_id = c.line_id
    left join seat s on s.seat_id = c.seat_id left join person p on p.person_id = c.person_id
    left join lateral (select min(now_opinion) as opinion, max(now_loss_percent) as loss_percent,
        min(silent_since) as silent_since from voice_quality q
      where q.contact_id = c.contact_id and q.ended_at is null and q.side <> 'supervisor') v on c.state = 'talking'
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
  /** Lines whoever sits there is certified for. */
  line_ids: string[]
}

/** Every seat of the hotline with its present duty. */
export async function findSeats(tx: Tx, hotlineId: string): Promise<SeatRow[]> {
  const { rows } = await sql<SeatRow>`
    select s.seat_id, s.name, s.kind, p.display_name as counsellor, d.state, d.reason, d.since, d.connected,
      array(select pl.line_id::text from person_line pl where pl.person_id = d.person_id) as line_ids
    from seat s left join duty d on d.seat_id = s.seat_id left join person p on p.person_id = d.person_id
    where s.hotline_id = ${hotlineId} and s.removed_at is null order by s.name limit 2000`.execute(tx)
  return rows
}

/** Counts of calls that entered the queue, as facts/standards.md §4.2 counts them; waits in milliseconds. */
export interface Figures {
  entered: number
  abandoned: number
  left_in_menu: number
  /** Answered, gone, or waiting longer than the threshold: whoever has just come is not judged yet. */
  offered: number
  answered: number
  in_time: number
  gone_early: number
  gone_at_once: number
  longest: number | null
  mean_answered: number | null
}

/** The figures of calls that started at `from` or later (`started`) or entered the queue then (`queued`). */
export async function findFigures(
  tx: Tx,
  hotlineId: string,
  from: { started: Date; queued: Date },
  thresholdMs: number,
  now: Date,
): Promise<{ today: Figures; lately: Figures }> {
  const since = new Date(Math.min(from.started.getTime(), from.queued.getTime() - longestGreetingMs))
  const counts = (which: RawBuilder<unknown>) => sql`json_build_object(
    'entered', count(*) filter (where ${which} and queued_at is not null),
    'abandoned', count(*) filter (where ${which} and outcome = 'abandoned'),
    'left_in_menu', count(*) filter (where ${which} and outcome = 'left-in-menu'),
    'offered', count(*) filter (where ${which} and judged),
    'answered', count(*) filter (where ${which} and judged and answered),
    'in_time', count(*) filter (where ${which} and judged and answered and wait <= ${thresholdMs}),
    'gone_early', count(*) filter (where ${which} and judged and not answered and wait <= ${thresholdMs}),
    'gone_at_once', count(*) filter (where ${which} and judged and not answered and wait <= ${shortAbandon}),
    'longest', max(wait) filter (where ${which} and judged),
    'mean_answered', avg(wait) filter (where ${which} and judged and answered))`
  const { rows } = await sql<{ today: Figures; lately: Figures }>`
    with waited as (
      select started_at, queued_at, outcome, answered_at is not null as answered,
        extract(epoch from coalesce(answered_at, ended_at, ${now}) - queued_at)::float8 * 1000 as wait,
        queued_at is not null and (answered_at is not null or ended_at is not null
          or extract(epoch from ${now}::timestamptz - queued_at) * 1000 > ${thresholdMs}) as judged
      from contact where hotline_id = ${hotlineId} and started_at >= ${since} and channel in ('phone', 'web-call')
    )
    select ${counts(sql`started_at >= ${from.started}`)} as today, ${counts(sql`queued_at >= ${from.queued}`)} as lately
    from waited`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an aggregate always has a row')
  return row
}

/** What is owed to callers, counted; `since` is when the longest overdue one was due. */
export async function countOwed(
  tx: Tx,
  hotlineId: string,
  now: Date,
): Promise<{ kind: 'follow-up' | 'call-back'; open: number; overdue: number; since: Date | null }[]> {
  const { rows } = await sql<{
    kind: 'follow-up' | 'call-back'
    open: number
    overdue: number
    since: Date | null
  }>`
    select case kind when 'follow-up' then kind else 'call-back' end as kind, count(*)::int as open,
      (count(*) filter (where due_at < ${now}))::int as overdue, min(due_at) filter (where due_at < ${now}) as since
    from task where hotline_id = ${hotlineId} and done_at is null group by 1`.execute(tx)
  return rows
}

/** A dropped high-risk call not called back yet. */
export interface DroppedRow {
  task_id: string
  contact_id: string
  number: number
  line: string
  created_at: Date
  due_at: Date
  owner: string | null
  callable: boolean
}

/** Dropped high-risk calls not called back yet, first due first. */
export async function findDropped(tx: Tx, hotlineId: string): Promise<DroppedRow[]> {
  const { rows } = await sql<DroppedRow>`
    select t.task_id, t.contact_id, c.number, l.name as line, t.created_at, t.due_at, p.display_name as owner,
      c.caller_number_sealed is not null as callable
    from task t join contact c on c.contact_id = t.contact_id join line l on l.line_id = t.line_id
    left join person p on p.person_id = t.owner_id
    where t.hotline_id = ${hotlineId} and t.kind = 'dropped-high-risk' and t.done_at is null
    order by t.due_at, t.task_id limit 100`.execute(tx)
  return rows
}

/** Line and counsellor of contacts. */
export async function findWhose(
  tx: Tx,
  contactIds: readonly string[],
): Promise<{ contact_id: string; line: string; counsellor: string | null }[]> {
  if (contactIds.length === 0) return []
  const { rows } = await sql<{ contact_id: string; line: string; counsellor: string | null }>`
    select c.contact_id, l.name as line, p.display_name as counsellor from contact c
    join line l on l.line_id = c.line_id left join person p on p.person_id = c.person_id
    where c.contact_id = any(${contactIds}::uuid[])`.execute(tx)
  return rows
}

/** Lines that are open, with the least seats they should have and their hours. */
export async function findOpenLines(
  tx: Tx,
  hotlineId: string,
): Promise<{ line_id: string; name: string; least_seats: number; hours: unknown }[]> {
  const { rows } = await sql<{ line_id: string; name: string; least_seats: number; hours: unknown }>`
    select line_id, name, least_seats, hours from line where hotline_id = ${hotlineId} and closed_at is null
    order by name`.execute(tx)
  return rows
}

/** Troubles that last. */
export async function findNotices(
  tx: Tx,
  hotlineId: string,
): Promise<{ kind: string; at: Date; data: { count?: number; trunk?: string } }[]> {
  const { rows } = await sql<{ kind: string; at: Date; data: { count?: number; trunk?: string } }>`
    select kind, at, data from notice where hotline_id = ${hotlineId} and ended_at is null order by at limit 20`.execute(
    tx,
  )
  return rows
}

/** The hotline's settings that the board uses. */
export async function findSettings(
  tx: Tx,
  hotlineId: string,
): Promise<{ time_zone: string; service_level_ms: number; settings: unknown } | undefined> {
  const { rows } = await sql<{ time_zone: string; service_level_ms: number; settings: unknown }>`
    select time_zone, service_level_ms, settings from hotline where hotline_id = ${hotlineId}`.execute(tx)
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
