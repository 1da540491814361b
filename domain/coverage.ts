/** How many seats a line had, minute by minute (G24-3.2.1b asks for two at least). Instants in ms since 1970. */

/** A stretch in which one seat was staffed; `to` is null while it lasts. */
export interface StaffedPeriod {
  seat: string
  from: number
  to: number | null
}

const minute = 60_000

/**
 * For each minute from `from` (a whole minute) until `to`: the lowest number of seats staffed at one time in it. A seat
 * that leaves and another that comes in the same minute leave a gap, and the gap counts. Two overlapping stretches of
 * the same seat are one seat.
 */
export function coverage(periods: readonly StaffedPeriod[], from: number, to: number): number[] {
  const minutes = Math.max(0, Math.ceil((to - from) / minute))
  const lowest: number[] = Array.from({ length: minutes }, () => 0)
  const changes = changesOf(periods, from, to)
  let seats = 0
  let at = 0
  for (let index = 0; index < minutes; index += 1) {
    const start = from + index * minute
    while ((changes[at]?.at ?? Infinity) <= start) seats += changes[at++]?.by ?? 0
    let least = seats
    while ((changes[at]?.at ?? Infinity) < start + minute) {
      seats += changes[at++]?.by ?? 0
      least = Math.min(least, seats)
    }
    lowest[index] = least
  }
  return lowest
}

/** Comings (+1) and goings (-1) in time order; at the same instant who comes is counted before who goes. */
function changesOf(
  periods: readonly StaffedPeriod[],
  from: number,
  to: number,
): { at: number; by: number }[] {
  const bySeat = Map.groupBy(periods, (each) => each.seat)
  const changes: { at: number; by: number }[] = []
  for (const own of bySeat.values()) {
    for (const { start, end } of merged(own, from, to))
      changes.push({ at: start, by: 1 }, { at: end, by: -1 })
  }
  return changes.sort((a, b) => a.at - b.at || b.by - a.by)
}

function merged(
  periods: readonly StaffedPeriod[],
  from: number,
  to: number,
): { start: number; end: number }[] {
  const result: { start: number; end: number }[] = []
  const cut = periods
    .map((each) => ({ start: Math.max(each.from, from), end: Math.min(each.to ?? to, to) }))
    .filter((each) => each.end > each.start)
    .sort((a, b) => a.start - b.start)
  for (const each of cut) {
    const last = result.at(-1)
    if (last && each.start <= last.end) last.end = Math.max(last.end, each.end)
    else result.push(each)
  }
  return result
}

/** How many of the minutes had fewer seats than the least allowed. */
export const minutesBelow = (minutes: readonly number[], least: number): number =>
  minutes.filter((seats) => seats < least).length
