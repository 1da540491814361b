/* The wallboard and the coverage strip (G24-5.3.6, 3.2.1b). Nothing here identifies a caller. */
import type { z } from 'zod'
import { noticeKinds, type Board, type readCoverage } from '../../api/board.ts'
import { stages } from '../../domain/stage.ts'
import { coverage, minutesBelow } from '../../domain/coverage.ts'
import { pauseReasons } from '../../domain/duty.ts'
import { mean, serviceLevels, type Waited } from '../../domain/measure.ts'
import { before, type Waiting } from '../../domain/queue.ts'
import { dayOf, nextDay, startOfDay } from '../../domain/zone.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import {
  countOpenTasks,
  findLines,
  findLive,
  findNotices,
  findPeriods,
  findSeats,
  findSettings,
  findToday,
  type LiveRow,
  type SeatRow,
  type TodayRow,
} from './queries.ts'

const known = <T extends string>(all: readonly T[], value: string | null): T | null =>
  all.find((one) => one === value) ?? null

const queued = (row: LiveRow): Waiting => ({
  contact: row.contact_id,
  line: row.line,
  since: (row.queued_at ?? row.started_at).getTime(),
  danger: row.danger_key,
  risk: row.risk === 'danger-key' ? null : row.risk,
  ringsAgain: row.rings_again,
  skills: [],
  passed: [],
})

/** Who has not been answered: those in the queue in their order, then those still in the greeting. */
const waitingOf = (live: readonly LiveRow[]): Board['waiting'] => {
  const order = live
    .filter((row) => row.state !== 'talking')
    .sort(
      (a, b) =>
        Number(a.state === 'greeting') - Number(b.state === 'greeting') || before(queued(a), queued(b)),
    )
  const perLine = new Map<string, number>()
  return order.map((row) => {
    const position = (perLine.get(row.line) ?? 0) + 1
    perLine.set(row.line, position)
    return {
      contactId: row.contact_id,
      number: row.number,
      line: row.line,
      since: (row.queued_at ?? row.started_at).toISOString(),
      risk: row.risk,
      dangerKey: row.danger_key,
      position,
      state: row.state,
      ringsAgain: row.rings_again,
    }
  })
}

const talkingOf = (live: readonly LiveRow[]): Board['talking'] =>
  live
    .filter((row) => row.state === 'talking')
    .map((row) => ({
      contactId: row.contact_id,
      number: row.number,
      line: row.line,
      seat: row.seat ?? '',
      counsellor: row.counsellor ?? '',
      since: (row.answered_at ?? row.started_at).toISOString(),
      stage: known(stages, row.stage),
      risk: row.risk,
      dangerKey: row.danger_key,
      onHold: row.phase === 'held' || row.phase === 'consulting' || row.phase === 'handing',
      callerPresent: row.phase !== 'none',
    }))

const seatsOf = (rows: readonly SeatRow[]): Board['seats'] =>
  rows.map((row) => ({
    seatId: row.seat_id,
    name: row.name,
    kind: row.kind,
    counsellor: row.counsellor,
    state: row.state ?? 'off',
    reason: known(pauseReasons, row.reason),
    since: row.since?.toISOString() ?? null,
    connected: row.connected ?? false,
  }))

/**
 * Today's figures. Whoever still waits counts as not answered once the threshold has passed, and not at all before:
 * nobody knows yet how it will end.
 */
const todayOf = (
  rows: readonly TodayRow[],
  thresholdMs: number,
  openTasks: number,
  now: number,
): Board['today'] => {
  const entered = rows.filter((row) => row.queued_at !== null)
  const waits = entered.flatMap((row): Waited[] => {
    const since = row.queued_at?.getTime() ?? now
    if (row.answered_at) return [{ wait: row.answered_at.getTime() - since, answered: true }]
    const wait = (row.ended_at?.getTime() ?? now) - since
    return row.ended_at === null && wait <= thresholdMs ? [] : [{ wait, answered: false }]
  })
  const answered = waits.filter((one) => one.answered)
  const longest = waits.reduce((most, one) => Math.max(most, one.wait), 0)
  const asa = mean(answered.map((one) => one.wait))
  return {
    offered: entered.length,
    answered: answered.length,
    abandoned: rows.filter((row) => row.outcome === 'abandoned').length,
    leftInMenu: rows.filter((row) => row.outcome === 'left-in-menu').length,
    callBacksOpen: openTasks,
    serviceLevel: serviceLevels(waits, thresholdMs)['SL-B'],
    formula: 'SL-B',
    thresholdMs,
    longestWaitMs: waits.length > 0 ? longest : null,
    meanWaitMs: asa === null ? null : Math.round(asa),
  }
}

/** The wallboard as it is now. */
export async function readBoardNow(tx: Tx, hotlineId: string, now: Date): Promise<Board> {
  const settings = await findSettings(tx, hotlineId)
  if (!settings) throw new Problem('request.notFound')
  const live = await findLive(tx, hotlineId)
  const from = new Date(startOfDay(dayOf(now.getTime(), settings.time_zone), settings.time_zone))
  const today = await findToday(tx, hotlineId, from)
  const notices = await findNotices(tx, hotlineId)
  return {
    at: now.toISOString(),
    waiting: waitingOf(live),
    talking: talkingOf(live),
    seats: seatsOf(await findSeats(tx, hotlineId)),
    today: todayOf(today, settings.service_level_ms, await countOpenTasks(tx, hotlineId), now.getTime()),
    notices: notices.flatMap((notice) => {
      const kind = known(noticeKinds, notice.kind)
      return kind ? [{ kind, since: notice.at.toISOString(), count: notice.data.count ?? null }] : []
    }),
  }
}

/** A seat is staffed while its counsellor is there to answer or answering; a pause is not. */
const staffed = new Set(['free', 'offered', 'busy', 'wrap-up'])

/** Staffed seats of each line for every minute of a day; minutes not yet over are null. */
export async function readCoverageOf(
  tx: Tx,
  hotlineId: string,
  day: string | undefined,
  now: Date,
): Promise<z.output<(typeof readCoverage)['reply']>> {
  const settings = await findSettings(tx, hotlineId)
  if (!settings) throw new Problem('request.notFound')
  const zone = settings.time_zone
  const shownDay = day ?? dayOf(now.getTime(), zone)
  const from = startOfDay(shownDay, zone)
  const to = startOfDay(nextDay(shownDay), zone)
  const past = Math.max(from, Math.min(to, Math.floor(now.getTime() / 60_000) * 60_000))
  const periods = await findPeriods(tx, hotlineId, new Date(from), new Date(to))
  const lines = await findLines(tx, hotlineId, new Date(from), new Date(to))
  const minutesOfDay = Math.round((to - from) / 60_000)
  return {
    day: shownDay,
    timeZone: zone,
    lines: lines.map((line) => {
      const open = {
        from: Math.max(from, line.opened_at.getTime()),
        to: Math.min(past, line.closed_at?.getTime() ?? past),
      }
      const own = periods.filter(
        (period) => staffed.has(period.state) && period.line_ids.includes(line.line_id),
      )
      const counted = coverage(
        own.map((period) => ({
          seat: period.seat_id,
          from: period.started_at.getTime(),
          to: Math.min(period.ended_at?.getTime() ?? past, past),
        })),
        from,
        past,
      )
      const minutes = Array.from({ length: minutesOfDay }, (_, index) => {
        const start = from + index * 60_000
        return start >= open.to || start + 60_000 <= open.from ? null : (counted[index] ?? null)
      })
      const inService = minutes.filter((seats) => seats !== null)
      return {
        lineId: line.line_id,
        name: line.name,
        least: line.least_seats,
        minutes,
        minutesBelow: minutesBelow(inService, line.least_seats),
      }
    }),
  }
}
