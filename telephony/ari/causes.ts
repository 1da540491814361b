import type { EndCause } from '../switchboard.ts'

/** What is known about a leg at the moment it is gone. */
export interface Ending {
  dir: 'in' | 'out'
  wasUp: boolean
  /** We asked for the hang-up. */
  byUs: boolean
  /** It rang for as long as it was to ring. */
  rangOut: boolean
  /** Q.850 cause, 0 when unknown. */
  cause: number
  sip: number | null
}

// SIP final status -> cause, RFC 3261 §21.
const bySip: Record<number, EndCause> = {
  404: 'unreachable',
  408: 'no-answer',
  410: 'unreachable',
  480: 'no-answer',
  484: 'unreachable',
  486: 'busy',
  487: 'cancelled',
  600: 'busy',
  603: 'declined',
  604: 'unreachable',
}

// ITU-T Q.850 §2.2.7, the ones a SIP call can end with (RFC 3398 §7.2.4.1).
const byQ850: Record<number, EndCause> = {
  1: 'unreachable',
  2: 'unreachable',
  3: 'unreachable',
  16: 'declined',
  17: 'busy',
  18: 'no-answer',
  19: 'no-answer',
  20: 'offline',
  21: 'declined',
  22: 'unreachable',
  27: 'unreachable',
  28: 'unreachable',
  31: 'declined',
  34: 'unreachable',
  38: 'unreachable',
  41: 'unreachable',
  42: 'unreachable',
  44: 'unreachable',
  102: 'no-answer',
  127: 'error',
}

/** Causes of a leg that was up and broke, against one that was put down: destination or network out of order, failure. */
const broken = new Set([27, 38, 41])

/** Why a leg ended and who ended it. */
export function endCause(ending: Ending): { cause: EndCause; by: 'them' | 'us' } {
  const by = ending.byUs || ending.rangOut ? 'us' : 'them'
  if (ending.wasUp) return { cause: !ending.byUs && broken.has(ending.cause) ? 'unreachable' : 'hangup', by }
  if (ending.byUs) return { cause: 'cancelled', by }
  if (ending.dir === 'in') return { cause: 'cancelled', by }
  if (ending.rangOut) return { cause: 'no-answer', by }
  const fromSip = ending.sip === null ? undefined : (bySip[ending.sip] ?? sipClass(ending.sip))
  return { cause: fromSip ?? byQ850[ending.cause] ?? 'error', by }
}

function sipClass(status: number): EndCause | undefined {
  if (status >= 500 && status < 600) return 'unreachable'
  if (status >= 400 && status < 700) return 'declined'
  return undefined
}
