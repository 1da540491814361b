/** Calls to the outside: by which trunk, and how many somebody may make, because a stolen account costs money at once. */
import { z } from 'zod'
import { type RiskLevel, riskRank } from './risk.ts'

/** A trunk as far as dialling by it goes. */
export interface Way {
  trunk: string
  /** The hotline's number, shown to whoever is called. */
  from: string | null
  /** Numbers that may be dialled by it: `X` is any digit, a last `*` any further signs. */
  patterns: readonly string[]
  /** Lower is tried first. */
  rank: number
  /** Calls it may have at once, or null. */
  mostCalls: number | null
}

/** How the trunks stand now, and which were tried for this call already. */
export interface TrunkUse {
  tried: readonly string[]
  /** False when the far end is known to be gone, or to refuse. */
  online: (trunk: string) => boolean
  /** Calls on it now, in and out. */
  calls: (trunk: string) => number
}

/** `X` stands for any digit; a pattern that ends with `*` lets anything follow. */
export function fitsPattern(pattern: string, number: string): boolean {
  const open = pattern.endsWith('*')
  const fixed = open ? pattern.slice(0, -1) : pattern
  if (open ? number.length < fixed.length : number.length !== fixed.length) return false
  return [...fixed].every((sign, i) => (sign === 'X' ? /\d/.test(number[i] ?? '') : sign === number[i]))
}

const inOrder = (a: Way, b: Way): number => a.rank - b.rank || (a.trunk < b.trunk ? -1 : 1)

/**
 * The trunk by which a number is dialled next, or null when none may or has room. Those whose far end is gone come last: what
 * is known of them may be old, and trying costs less than not calling. An empty number asks for any.
 */
export function nextWay(ways: readonly Way[], number: string, use?: TrunkUse): Way | null {
  const allowed = ways
    .filter((way) => way.patterns.some((pattern) => number === '' || fitsPattern(pattern, number)))
    .toSorted(inOrder)
  if (!use) return allowed[0] ?? null
  const left = allowed.filter(
    (way) =>
      !use.tried.includes(way.trunk) && (way.mostCalls === null || use.calls(way.trunk) < way.mostCalls),
  )
  return left.find((way) => use.online(way.trunk)) ?? left[0] ?? null
}

/** The trunk does not take our account (RFC 3261 §21.4): no number is the cause of that. */
const accountRefused: ReadonlySet<number> = new Set([401, 402, 407])

/** Whether a call that a trunk did not carry goes on by the next: it never rang, and it was not the number that was refused. */
export function isTrunkFault(end: { cause: string; sip: number | null; rang: boolean }): boolean {
  if (end.rang) return false
  if (end.sip !== null)
    return end.sip === 408 || accountRefused.has(end.sip) || (end.sip >= 500 && end.sip < 600)
  return end.cause === 'unreachable' || end.cause === 'error'
}

/** Calls in a row that a trunk did not take, and when the last of them was (ms since 1970). */
export interface TrunkRefusals {
  inRow: number
  at: number
}

/** So many calls in a row tell of a trunk, and not of a number. */
const refusesFrom = 3
/** After so long it is tried again in its turn. */
const refusesFor = 600_000

/** What is remembered of a trunk once it took a call (null), or did not. */
export const afterTry = (
  before: TrunkRefusals | undefined,
  took: boolean,
  now: number,
): TrunkRefusals | null => (took ? null : { inRow: (before?.inRow ?? 0) + 1, at: now })

/** Whether a trunk is known to refuse: calls go by it last, as if it were gone, and the board says so. */
export const isRefusing = (refusals: TrunkRefusals | undefined, now: number): boolean =>
  refusals !== undefined && refusals.inRow >= refusesFrom && now - refusals.at < refusesFor

/** How many calls to the outside may be made in an hour. */
export interface OutboundLimits {
  perPerson: number
  perHotline: number
}

/** The limits of a hotline that changed none. */
export const defaultOutboundLimits: OutboundLimits = { perPerson: 30, perHotline: 200 }

const count = z.number().int().min(0).optional().catch(undefined)
const settings = z
  .object({ outbound: z.object({ perPerson: count, perHotline: count }).catch({}).default({}) })
  .catch({ outbound: {} })

/** The limits of a hotline: its own over the defaults. Settings nobody can read change nothing. */
export function outboundLimitsOf(hotlineSettings: unknown): OutboundLimits {
  const { outbound } = settings.parse(hotlineSettings ?? {})
  return {
    perPerson: outbound.perPerson ?? defaultOutboundLimits.perPerson,
    perHotline: outbound.perHotline ?? defaultOutboundLimits.perHotline,
  }
}

/** Police, fire brigade and ambulance in China; no limit keeps anybody from them. */
const emergencyNumbers: ReadonlySet<string> = new Set(['110', '119', '120'])

/** What is known of a call before it is made to the outside; counts are of the last hour. */
export interface Outgoing {
  number: string
  danger: boolean
  risk: RiskLevel | null
  byPerson: number
  byHotline: number
}

/**
 * Whether the limits refuse a call to the outside. Never one to an emergency number, nor one for somebody in danger: a limit
 * against fraud must not cost a life.
 */
export function isOverLimit(call: Outgoing, limits: OutboundLimits): boolean {
  if (call.danger || riskRank(call.risk) >= riskRank('high') || emergencyNumbers.has(call.number))
    return false
  return call.byPerson >= limits.perPerson || call.byHotline >= limits.perHotline
}
