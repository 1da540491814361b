/** Erlang's formulas for sizing seats (facts/standards.md §5.1). Load in erlang (calls x mean handling / time). */

/** Erlang B: the share of calls that find all `seats` busy when nobody waits. */
export function erlangB(load: number, seats: number): number {
  let blocked = 1
  for (let n = 1; n <= seats; n += 1) blocked = (load * blocked) / (n + load * blocked)
  return blocked
}

/** Erlang C: the share of callers who must wait; 1 when there are not enough seats for the load at all. */
export function erlangC(load: number, seats: number): number {
  if (load >= seats) return 1
  const blocked = erlangB(load, seats)
  return (seats * blocked) / (seats - load * (1 - blocked))
}

/** What a number of seats gives; durations in milliseconds, `meanWait` is Infinity when load >= seats. */
export interface Staffing {
  mustWait: number
  serviceLevel: number
  meanWait: number
  meanQueue: number
  occupancy: number
}

/** Service level within `threshold`, mean wait, queue length and occupancy for a load. */
export function staffing(load: number, seats: number, handling: number, threshold: number): Staffing {
  const mustWait = erlangC(load, seats)
  if (load >= seats)
    return { mustWait, serviceLevel: 0, meanWait: Infinity, meanQueue: Infinity, occupancy: 1 }
  const spare = seats - load
  return {
    mustWait,
    serviceLevel: 1 - mustWait * Math.exp((-spare * threshold) / handling),
    meanWait: (mustWait * handling) / spare,
    meanQueue: (mustWait * load) / spare,
    occupancy: load / seats,
  }
}

/** The fewest seats with at least this service level, then raised for absences (share of paid time), never rounded down. */
export function seatsNeeded(given: {
  load: number
  handling: number
  threshold: number
  serviceLevel: number
  shrinkage?: number
}): { seats: number; planned: number } {
  let seats = Math.floor(given.load) + 1
  while (staffing(given.load, seats, given.handling, given.threshold).serviceLevel < given.serviceLevel)
    seats += 1
  return { seats, planned: Math.ceil(seats / (1 - (given.shrinkage ?? 0))) }
}

/** The fewest channels of a trunk at which no larger share of calls than `blocked` finds all of them busy. */
export function channelsNeeded(load: number, blocked: number): number {
  let channels = 0
  for (let busy = 1; busy > blocked;) {
    channels += 1
    busy = (load * busy) / (channels + load * busy)
  }
  return channels
}
