/** How many seats and trunk channels a hotline needs for its busiest hour, by Erlang's formulas. */
import { channelsNeeded, seatsNeeded, staffing } from './erlang.ts'

/** What a hotline expects and wants; durations in milliseconds, shares from 0 to 1. */
export interface SizingQuestion {
  callsAnHour: number
  /** Mean of what every caller hears before waiting: greeting, danger key, consent. */
  welcome: number
  talk: number
  /** Mean of what a counsellor does for a call after the talk. */
  wrapUp: number
  /** This share of callers shall be with a counsellor `within` this time. */
  serviceLevel: number
  within: number
  /** Share of paid time in which a counsellor is not at a seat. */
  absent: number
  /** Share of callers who may find the trunk busy. */
  blocked: number
}

/** What a hotline of which nothing is known yet may begin with. */
export const usualSizing: Omit<SizingQuestion, 'callsAnHour'> = {
  welcome: 30_000,
  talk: 20 * 60_000,
  wrapUp: 10 * 60_000,
  serviceLevel: 0.8,
  within: 60_000,
  absent: 0.3,
  blocked: 0.01,
}

/** The answer; `meanWait` in milliseconds. */
export interface Sizing {
  /** Counsellors' load in erlang. */
  load: number
  seats: number
  /** People to plan so that `seats` are there in spite of absences. */
  planned: number
  meanWait: number
  occupancy: number
  /** Calls at once from the outside, which a transfer to an outside number makes one more. */
  channels: number
}

const hour = 3_600_000

/** Nobody is taken to hang up while waiting, so these are upper bounds. The load must be more than nothing. */
export function sizing(given: SizingQuestion): Sizing {
  const handling = given.talk + given.wrapUp
  const load = (given.callsAnHour * handling) / hour
  const { within: threshold, serviceLevel, absent: shrinkage } = given
  const { seats, planned } = seatsNeeded({ load, handling, threshold, serviceLevel, shrinkage })
  const { meanWait, occupancy } = staffing(load, seats, handling, threshold)
  const onTheLine = (given.callsAnHour * (given.welcome + meanWait + given.talk)) / hour
  return { load, seats, planned, meanWait, occupancy, channels: channelsNeeded(onTheLine, given.blocked) }
}
