/* The wallboard and the coverage strip (G24-5.3.6, 3.2.1b). Nothing here identifies a caller. */
import type { z } from 'zod'
import type { Board, readCoverage } from '../../api/board.ts'
import { coverage, minutesBelow } from '../../domain/coverage.ts'
import { lightsOf } from '../../domain/light.ts'
import { dayOf, nextDay, startOfDay } from '../../domain/zone.ts'
import { Problem } from '../../domain/problem.ts'
import { boardFacts } from '../crisis/crisis.ts'
import type { Tx } from '../db/database.ts'
import {
  crisisOf,
  droppedOf,
  latelyMs,
  latelyOf,
  lightsOfBoard,
  linesOf,
  noticesOf,
  owedOf,
  seatsOf,
  staffedStates,
  talkingOf,
  todayOf,
  waitingOf,
} from './board.ts'
import {
  countOwed,
  findDropped,
  findFigures,
  findLines,
  findLive,
  findNotices,
  findOpenLines,
  findPeriods,
  findSeats,
  findSettings,
  findWhose,
} from './queries.ts'

/** The wallboard as it is now. */
export async function readBoardNow(tx: Tx, hotlineId: string, now: Date): Promise<Board> {
  const settings = await findSettings(tx, hotlineId)
  if (!settings) throw new Problem('request.notFound')
  const { time_zone: zone, service_level_ms: thresholdMs } = settings
  const live = await findLive(tx, hotlineId)
  const seats = await findSeats(tx, hotlineId)
  const facts = await boardFacts(tx, hotlineId, now)
  const whose = await findWhose(
    tx,
    [...facts.reports, ...facts.open].map((one) => one.contactId),
  )
  const from = {
    started: new Date(startOfDay(dayOf(now.getTime(), zone), zone)),
    queued: new Date(now.getTime() - latelyMs),
  }
  const { today, lately } = await findFigures(tx, hotlineId, from, thresholdMs, now)
  const rules = lightsOf(settings.settings)
  const owed = owedOf(await countOwed(tx, hotlineId, now))
  const board = {
    at: now.toISOString(),
    waiting: waitingOf(live),
    talking: talkingOf(live, seats, facts.overdue, rules),
    seats: seatsOf(seats),
    lines: linesOf(await findOpenLines(tx, hotlineId), seats, zone, now),
    ...crisisOf(facts, whose),
    dropped: droppedOf(await findDropped(tx, hotlineId)),
    owed,
    lately: latelyOf(lately),
    today: todayOf(today, thresholdMs, owed.callBacks),
    notices: noticesOf(await findNotices(tx, hotlineId)),
  }
  return { ...board, lights: lightsOfBoard(board, rules, now.getTime()) }
}

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
        (period) => staffedStates.has(period.state) && period.line_ids.includes(line.line_id),
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
