import type { Clock } from './contract.ts'
import type { Headers } from './headers.ts'

/** Shortest session interval we allow (RFC 4028 §5), seconds. */
export const minSessionSeconds = 90

/** Who keeps a session alive: we refresh, we watch the peer refresh, or (it knows no timers) we ask whether it is there. */
export interface SessionTerms {
  readonly seconds: number
  readonly duty: 'refresh' | 'watch' | 'probe'
  /** Min-SE the peer has told us in a 422, seconds. */
  readonly least?: number
}

/** What the session timer of a request came to: the terms, and what the 2xx says of them. */
export interface GrantedSession {
  readonly terms: SessionTerms | null
  readonly value: string | null
  readonly require: boolean
}

interface SessionExpires {
  readonly seconds: number
  readonly refresher: 'uac' | 'uas' | null
}

function sessionExpires(headers: Headers): SessionExpires | null {
  const match = /^\s*(\d{1,9})\s*(?:;(.*))?$/s.exec(headers.get('session-expires') ?? '')
  if (!match) return null
  const refresher = /(?:^|;)\s*refresher\s*=\s*(uac|uas)\b/i.exec(match[2] ?? '')?.[1]?.toLowerCase()
  return {
    seconds: Number(match[1]),
    refresher: refresher === 'uac' || refresher === 'uas' ? refresher : null,
  }
}

/** Terms for a request that came in, with what to write into the 2xx; or 'too small' (422). */
export function grantSession(request: Headers, ours: number): GrantedSession | 'too small' {
  const asked = sessionExpires(request)
  const knowsTimer = request.has('supported', 'timer') || request.has('require', 'timer')
  if (asked && knowsTimer && asked.seconds < minSessionSeconds) return 'too small'
  if (!asked && ours === 0) return { terms: null, value: null, require: false }
  if (!asked && !knowsTimer) return { terms: { seconds: ours, duty: 'probe' }, value: null, require: false }
  return grantedTerms(asked, knowsTimer, ours)
}

function grantedTerms(asked: SessionExpires | null, knowsTimer: boolean, ours: number): GrantedSession {
  const seconds = Math.max(asked?.seconds ?? ours, minSessionSeconds)
  const refresher = asked?.refresher ?? (knowsTimer ? 'uac' : 'uas')
  return {
    terms: { seconds, duty: refresher === 'uas' ? 'refresh' : 'watch' },
    value: `${seconds};refresher=${refresher}`,
    require: knowsTimer && refresher === 'uac',
  }
}

/** Terms a 2xx to our request sets. */
export function agreedSession(response: Headers, ours: number): SessionTerms | null {
  const set = sessionExpires(response)
  if (!set) return ours > 0 ? { seconds: ours, duty: 'probe' } : null
  const seconds = Math.max(set.seconds, minSessionSeconds)
  return { seconds, duty: set.refresher === 'uas' ? 'watch' : 'refresh' }
}

/** Runs one session's timers: refreshes at half the interval, gives up shortly before its end (RFC 4028 §10). */
export class SessionTimer {
  private readonly clock: Clock
  private readonly refresh: (terms: SessionTerms) => void
  private readonly expired: () => void
  private stops: (() => void)[] = []

  constructor(clock: Clock, refresh: (terms: SessionTerms) => void, expired: () => void) {
    this.clock = clock
    this.refresh = refresh
    this.expired = expired
  }

  /** Begins anew; null ends it. */
  start(terms: SessionTerms | null): void {
    this.stop()
    if (!terms) return
    const length = terms.seconds * 1000
    const end = length - Math.min(32_000, length / 3)
    if (terms.duty !== 'watch') this.stops.push(this.clock.after(length / 2, () => this.refresh(terms)))
    this.stops.push(this.clock.after(end, () => this.expired()))
  }

  /** The refresh was refused: once more before the session ends (§10). */
  again(terms: SessionTerms): void {
    this.stops.push(this.clock.after(Math.min(10_000, terms.seconds * 50), () => this.refresh(terms)))
  }

  stop(): void {
    for (const stop of this.stops) stop()
    this.stops = []
  }
}
