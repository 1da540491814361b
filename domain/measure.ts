/**
 * Service measures, each with its formula named (facts/standards.md §4.2 and §8b). Durations in milliseconds, counted
 * from entry into the queue; the same functions are used with waits counted from the first ring.
 */

/** One contact that entered a queue: how long it waited, and whether it was answered or left. */
export interface Waited {
  wait: number
  answered: boolean
}

/** The five formulas in use for "answered in time"; SL-B is this product's headline. */
export interface ServiceLevels {
  'SL-A': number | null
  'SL-B': number | null
  'SL-C': number | null
  'SL-D': number | null
  'SL-E': number | null
}

/** An abandonment this short (or shorter) is counted apart: the caller may have misdialled. */
export const shortAbandon = 5_000

const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)

const count = (all: readonly Waited[], which: (one: Waited) => boolean): number => all.filter(which).length

/** All five service levels for a threshold; null where there was nothing to count. */
export function serviceLevels(all: readonly Waited[], threshold: number): ServiceLevels {
  return serviceLevelsOf({
    offered: all.length,
    answered: count(all, (one) => one.answered),
    inTime: count(all, (one) => one.answered && one.wait <= threshold),
    goneEarly: count(all, (one) => !one.answered && one.wait <= threshold),
    goneAtOnce: count(all, (one) => !one.answered && one.wait <= shortAbandon),
  })
}

/** The same from counts: offered, answered, answered in time, gone within the threshold, gone within 5 s. */
export function serviceLevelsOf(counts: {
  offered: number
  answered: number
  inTime: number
  goneEarly: number
  goneAtOnce: number
}): ServiceLevels {
  const { offered, inTime, goneEarly, goneAtOnce } = counts
  return {
    'SL-A': share(inTime, counts.answered),
    'SL-B': share(inTime, offered),
    'SL-C': share(inTime, offered - goneEarly),
    'SL-D': share(inTime + goneEarly, offered),
    'SL-E': share(inTime, offered - goneAtOnce),
  }
}

/** 接通率: answered of offered. */
export const answeredRate = (all: readonly Waited[]): number | null =>
  share(
    count(all, (one) => one.answered),
    all.length,
  )

/** Abandoned of offered, and the same without the short ones on either side. */
export function abandonment(all: readonly Waited[]): { all: number | null; withoutShort: number | null } {
  const gone = all.filter((one) => !one.answered)
  const short = count(gone, (one) => one.wait <= shortAbandon)
  return { all: share(gone.length, all.length), withoutShort: share(gone.length - short, all.length - short) }
}

/** The nearest-rank percentile (0 < p <= 100) of the values; null without values. */
export function percentile(values: readonly number[], p: number): number | null {
  const rank = Math.max(1, Math.ceil((p / 100) * values.length))
  return values.toSorted((a, b) => a - b)[rank - 1] ?? null
}

/** The mean of the values; null without values. */
export const mean = (values: readonly number[]): number | null =>
  share(
    values.reduce((sum, each) => sum + each, 0),
    values.length,
  )

/** Waits: ASA is the mean of the answered; the mean of all, the 90th percentile and the longest stand beside it. */
export function waits(all: readonly Waited[]): {
  asa: number | null
  meanOfAll: number | null
  p90OfAll: number | null
  p90OfAnswered: number | null
  longest: number | null
} {
  const every = all.map((one) => one.wait)
  const answered = all.filter((one) => one.answered).map((one) => one.wait)
  return {
    asa: mean(answered),
    meanOfAll: mean(every),
    p90OfAll: percentile(every, 90),
    p90OfAnswered: percentile(answered, 90),
    longest: percentile(every, 100),
  }
}

/** AHT: talk, hold and wrap-up of all legs, per answered contact. */
export const averageHandling = (
  handled: readonly { talk: number; hold: number; wrapUp: number }[],
): number | null => mean(handled.map((one) => one.talk + one.hold + one.wrapUp))

/** Occupancy: handling time of handling and available time. */
export const occupancy = (handling: number, available: number): number | null =>
  share(handling, handling + available)
