/**
 * Clusters of similar contacts: signs of a group crisis that are put before a human (notice 2020-8: report signs of a group
 * psychological crisis). The rule, so that it can be argued with:
 * - A cell is one area (prefecture or province) and one problem type in one ISO week of the hotline's zone. A caller counts
 *   once in a cell, however often they call.
 * - What is expected is the mean of the cell over the eight full weeks before, but never less than one a week. Weeks before
 *   the hotline's first contact do not count; with fewer than two weeks to compare with nothing is proposed.
 * - Proposed is a cell with at least five callers, at least twice what is expected, and so many that chance alone gives them
 *   less than once in a thousand weeks (upper tail of the Poisson distribution).
 * - A province is not proposed beside a prefecture of it that holds more than half of its callers.
 * Nothing follows by itself: a person decides.
 */
import { areaNames, areaOf } from './area.ts'
import { dayOf } from './zone.ts'

/** A contact as the rule needs it. `caller` tells one caller from another; null when unknown, then each counts. */
export interface Told {
  contactId: string
  /** ms since 1970. */
  at: number
  caller: string | null
  region: string | null
  topics: readonly string[]
}

/** A cell that stands out. */
export interface Cluster {
  /** A GB/T 2260 code, or words where no code is known. */
  area: string
  topic: string
  /** Monday of the week, YYYY-MM-DD. */
  week: string
  /** Callers, each once. */
  count: number
  expected: number
  /** Every contact of the cell, in the order of time. */
  contactIds: string[]
}

/** Fewer callers than this are never proposed: small numbers are chance, and could point to somebody. */
export const leastCallers = 5
/** Chance may give a proposed cell no more often than this. */
const mostChance = 0.001
const leastTimes = 2
/** Full weeks that are compared with. */
export const comparedWeeks = 8
const leastWeeks = 2
const weekMs = 7 * 86_400_000

/** The Monday of the ISO week (ISO 8601) an instant falls in, as a day of the zone. */
export function weekOf(at: number, zone: string): string {
  const day = Date.parse(`${dayOf(at, zone)}T00:00:00Z`)
  const sinceMonday = (new Date(day).getUTCDay() + 6) % 7
  return new Date(day - sinceMonday * 86_400_000).toISOString().slice(0, 10)
}

/** The week so many weeks before another. */
export const weekBefore = (week: string, weeks: number): string =>
  new Date(Date.parse(`${week}T00:00:00Z`) - weeks * weekMs).toISOString().slice(0, 10)

/** How likely a Poisson count of this mean is at least `count`. */
export function chanceOf(count: number, mean: number): number {
  let term = Math.exp(-mean)
  let below = 0
  for (let n = 0; n < count; n += 1) {
    below += term
    term *= mean / (n + 1)
  }
  return Math.min(1, Math.max(0, 1 - below))
}

interface Cell {
  area: string
  /** The province of a prefecture's cell when it was told; null of a province's own. */
  within: Set<string>
  topic: string
  /** By week: callers with their contacts. */
  weeks: Map<string, Map<string, string[]>>
}

/** Cells of one reading; the key has no meaning outside. */
function cellsOf(told: readonly Told[], zone: string): Cell[] {
  const cells = new Map<string, Cell>()
  for (const one of told) {
    const area = areaOf(one.region)
    if (!area) continue
    const week = weekOf(one.at, zone)
    for (const name of areaNames(area))
      for (const topic of new Set(one.topics)) {
        const key = JSON.stringify([name, topic])
        const cell = cells.get(key) ?? { area: name, within: new Set(), topic, weeks: new Map() }
        cells.set(key, cell)
        if (name !== area.province && area.province !== null) cell.within.add(area.province)
        const callers = cell.weeks.get(week) ?? new Map<string, string[]>()
        cell.weeks.set(week, callers)
        const caller = one.caller ?? one.contactId
        callers.set(caller, [...(callers.get(caller) ?? []), one.contactId])
      }
  }
  return [...cells.values()]
}

const standsOut = (count: number, expected: number): boolean =>
  count >= leastCallers && count >= leastTimes * expected && chanceOf(count, expected) < mostChance

/**
 * The cells of `week` that stand out. `told` holds that week's contacts and those of the compared weeks before; `since` is
 * the instant of the hotline's first contact.
 */
export function clustersOf(told: readonly Told[], week: string, zone: string, since: number): Cluster[] {
  const first = weekOf(since, zone)
  // The week in which the hotline began is not a full one.
  const before = Array.from({ length: comparedWeeks }, (_, n) => weekBefore(week, n + 1)).filter(
    (each) => each > first,
  )
  if (before.length < leastWeeks) return []
  const ordered = told.toSorted(
    (one, other) => one.at - other.at || (one.contactId < other.contactId ? -1 : 1),
  )
  const found = cellsOf(ordered, zone).flatMap((cell) => {
    const callers = cell.weeks.get(week)
    if (!callers) return []
    const earlier = before.reduce((sum, each) => sum + (cell.weeks.get(each)?.size ?? 0), 0)
    const expected = Math.max(1, earlier / before.length)
    return standsOut(callers.size, expected) ? [{ cell, callers, expected }] : []
  })
  const explained = (cell: Cell, count: number): boolean =>
    found.some(
      (other) =>
        other.cell.topic === cell.topic &&
        other.cell.within.has(cell.area) &&
        other.cell.area !== cell.area &&
        other.callers.size * 2 > count,
    )
  return found
    .filter(({ cell, callers }) => !explained(cell, callers.size))
    .map(({ cell, callers, expected }) => ({
      area: cell.area,
      topic: cell.topic,
      week,
      count: callers.size,
      expected,
      contactIds: [...callers.values()].flat(),
    }))
    .toSorted((one, other) => other.count / other.expected - one.count / one.expected)
}
