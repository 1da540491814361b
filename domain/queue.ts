import { urgency, type RiskLevel } from './risk.ts'

/** A contact in the queue, as far as its turn depends on it. Never who somebody is. */
export interface Waiting {
  contact: string
  line: string
  /** Entry into the queue (ms since 1970), kept through transfers and call-backs. */
  since: number
  danger: boolean
  risk: RiskLevel | null
  /** The last call broke by our fault. */
  ringsAgain: boolean
  /** What a counsellor must know for this caller, for example a language. */
  skills: readonly string[]
  /** Seats that just let this call pass. */
  passed: readonly { seat: string; at: number }[]
}

/** A free seat with what its counsellor is certified for. */
export interface FreeSeat {
  seat: string
  lines: readonly string[]
  skills: readonly string[]
  idleSince: number
}

/** How the queue is worked; durations in milliseconds. */
export interface QueuePolicy {
  /** A seat that let a call pass is not offered the same call again for this long. */
  restAfterPass: number
}

/** The policy nobody has changed. */
export const defaultPolicy: QueuePolicy = { restAfterPass: 30_000 }

/** One contact for one seat. */
export interface Offer {
  contact: string
  seat: string
}

/**
 * Whose turn is first: danger and risk, then those whose last call we broke, then the longest wait; the contact id
 * decides between equals so that the order is always the same.
 */
export function before(a: Waiting, b: Waiting): number {
  const byRisk = urgency(b.danger, b.risk) - urgency(a.danger, a.risk)
  if (byRisk !== 0) return byRisk
  if (a.ringsAgain !== b.ringsAgain) return a.ringsAgain ? -1 : 1
  if (a.since !== b.since) return a.since - b.since
  return a.contact < b.contact ? -1 : Number(a.contact > b.contact)
}

/** The seats of one line, longest idle first; taken seats are skipped and forgotten from the front. */
interface Pool {
  seats: FreeSeat[]
  from: number
}

function poolsByLine(seats: readonly FreeSeat[]): Map<string, Pool> {
  const pools = new Map<string, Pool>()
  const idleFirst = seats.toSorted((a, b) => a.idleSince - b.idleSince || (a.seat < b.seat ? -1 : 1))
  for (const seat of idleFirst) {
    for (const line of new Set(seat.lines)) {
      const pool = pools.get(line)
      if (pool) pool.seats.push(seat)
      else pools.set(line, { seats: [seat], from: 0 })
    }
  }
  return pools
}

const knows = (seat: FreeSeat, waiting: Waiting): boolean =>
  waiting.skills.every((skill) => seat.skills.includes(skill))

/** Whether a free seat may be offered this contact now. */
export const mayTake = (seat: FreeSeat, waiting: Waiting, policy: QueuePolicy, now: number): boolean =>
  seat.lines.includes(waiting.line) &&
  knows(seat, waiting) &&
  !waiting.passed.some((each) => each.seat === seat.seat && now - each.at < policy.restAfterPass)

/**
 * Who is offered to which seat now: in the order of `before`, each to the seat that has been idle longest among those
 * that may take it. Nobody is offered twice, no seat gets two, nobody jumps over a higher risk of the same line and skills.
 */
export function assign(
  waiting: readonly Waiting[],
  seats: readonly FreeSeat[],
  policy: QueuePolicy,
  now: number,
): Offer[] {
  const offers: Offer[] = []
  if (seats.length === 0 || waiting.length === 0) return offers
  const pools = poolsByLine(seats)
  const taken = new Set<string>()
  const hopeless = new Set<string>()
  for (const each of waiting.filter((one) => pools.has(one.line)).sort(before)) {
    if (taken.size === seats.length) break
    const pool = pools.get(each.line)
    const group = `${each.line} ${each.skills.join(' ')}`
    if (!pool || hopeless.has(group)) continue
    const seat = firstFree(pool, taken, each, policy, now)
    if (seat) {
      taken.add(seat.seat)
      offers.push({ contact: each.contact, seat: seat.seat })
    } else if (each.passed.length === 0) hopeless.add(group)
  }
  return offers
}

function firstFree(
  pool: Pool,
  taken: ReadonlySet<string>,
  waiting: Waiting,
  policy: QueuePolicy,
  now: number,
): FreeSeat | undefined {
  while (pool.from < pool.seats.length && taken.has(pool.seats[pool.from]?.seat ?? '')) pool.from += 1
  for (let at = pool.from; at < pool.seats.length; at += 1) {
    const seat = pool.seats[at]
    if (seat && !taken.has(seat.seat) && mayTake(seat, waiting, policy, now)) return seat
  }
  return undefined
}

/** How many wait before this contact on its line, as it is told to the caller; 0 when it is next. */
export function position(waiting: readonly Waiting[], contact: string): number {
  const own = waiting.find((each) => each.contact === contact)
  if (!own) return 0
  return waiting.filter((each) => each.line === own.line && before(each, own) < 0).length
}

/** An expected wait in whole minutes: a range that holds about two times out of three, or only a lower bound. */
export type ExpectedWait = { from: number; to: number } | { moreThan: number }

const leastObservations = 5
const longestPromise = 60

/**
 * The wait until `ahead + 1` of the staffed seats have become free, from recent handling times (ms): mean and one
 * standard deviation of that sum of exponential times. Null when there is not enough to be honest about.
 */
export function expectedWait(
  ahead: number,
  staffedSeats: number,
  recentHandling: readonly number[],
): ExpectedWait | null {
  if (staffedSeats < 1 || recentHandling.length < leastObservations) return null
  const mean = recentHandling.reduce((sum, each) => sum + each, 0) / recentHandling.length
  const perSeat = mean / 60_000 / staffedSeats
  const turns = ahead + 1
  const expected = turns * perSeat
  if (expected > longestPromise) return { moreThan: longestPromise }
  const spread = Math.sqrt(turns) * perSeat
  return { from: Math.max(1, Math.floor(expected - spread)), to: Math.max(1, Math.ceil(expected + spread)) }
}

/** The one number of minutes spoken to a caller: the middle of the range, rounded up; null when nothing honest can be said. */
export const spokenMinutes = (wait: ExpectedWait | null): number | null =>
  wait === null || 'moreThan' in wait ? null : Math.max(1, Math.ceil((wait.from + wait.to) / 2))
