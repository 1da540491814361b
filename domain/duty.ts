/** How a seat stands: off duty, free, being rung, talking, finishing a record, or paused with a reason. */
export const dutyStates = ['off', 'free', 'offered', 'busy', 'wrap-up', 'paused'] as const

/** One state of a seat. */
export type DutyState = (typeof dutyStates)[number]

/** Why a seat is paused; the last two are set by the hotline itself and are visible to all. */
export const pauseReasons = [
  'break',
  'meal',
  'debrief',
  'training',
  'technical',
  'other',
  'missed-offer',
  'disconnected',
] as const

/** One reason. */
export type PauseReason = (typeof pauseReasons)[number]

/** The duty of one seat: plain JSON; instants in milliseconds since 1970. */
export interface Duty {
  state: DutyState
  reason: PauseReason | null
  since: number
  /** Since when the seat has had no caller, which decides who is offered next. */
  idleSince: number
  contact: string | null
  /** End of the wrap-up limit. */
  until: number | null
  /** What the seat asked for in mid-call, done when the call is over. */
  next: { state: 'paused'; reason: PauseReason } | { state: 'off' } | null
}

/** What may happen to a seat. Durations in milliseconds. */
export type DutyEvent =
  | { type: 'onDuty' }
  | { type: 'offDuty' }
  | { type: 'pause'; reason: PauseReason }
  | { type: 'resume' }
  | { type: 'offered'; contact: string }
  | { type: 'callsBack'; contact: string }
  /** Of their own will, so a pause is no hindrance: it goes on afterwards. */
  | { type: 'supervises'; contact: string }
  | { type: 'withdrawn'; contact: string }
  | { type: 'declined'; contact: string }
  | { type: 'missed'; contact: string }
  | { type: 'unreachable'; contact: string }
  | { type: 'answered'; contact: string }
  | { type: 'released'; contact: string; wrapUpFor: number }
  | { type: 'lost'; contact: string }
  | { type: 'disconnected' }
  | { type: 'extend'; by: number }
  | { type: 'finished' }
  | { type: 'deadline' }

/** A seat that has never been on duty. */
export const offDuty = (now: number): Duty => ({
  state: 'off',
  reason: null,
  since: now,
  idleSince: now,
  contact: null,
  until: null,
  next: null,
})

/** The table: which events a seat takes in which state. Whatever is missing is refused without change. */
const dutyMoves: Record<DutyState, readonly DutyEvent['type'][]> = {
  off: ['onDuty'],
  free: ['offDuty', 'pause', 'offered', 'callsBack', 'supervises', 'disconnected', 'answered'],
  offered: ['offDuty', 'pause', 'withdrawn', 'declined', 'missed', 'unreachable', 'answered'],
  busy: ['offDuty', 'pause', 'resume', 'released', 'lost'],
  'wrap-up': [
    'offDuty',
    'pause',
    'extend',
    'finished',
    'deadline',
    'resume',
    'callsBack',
    'disconnected',
    'answered',
  ],
  paused: ['offDuty', 'pause', 'resume', 'supervises', 'onDuty', 'answered', 'disconnected'],
}

const free = (duty: Duty, now: number): Duty => ({
  ...offDuty(now),
  state: 'free',
  idleSince: duty.idleSince,
})

const paused = (duty: Duty, reason: PauseReason, now: number): Duty => ({
  ...free(duty, now),
  state: 'paused',
  reason,
})

/** After a call or its wrap-up: what was asked for meanwhile, else free. */
function settle(duty: Duty, now: number): Duty {
  if (duty.next?.state === 'off') return offDuty(now)
  return duty.next ? paused(duty, duty.next.reason, now) : free({ ...duty, idleSince: now }, now)
}

const holdsCall = (duty: Duty): boolean => duty.state === 'busy' || duty.state === 'offered'

type Handler = (duty: Duty, event: DutyEvent, now: number) => Duty

const offered: Handler = (duty, event, now) =>
  'contact' in event ? { ...duty, state: 'offered', since: now, contact: event.contact, until: null } : duty

const handlers: Record<DutyEvent['type'], Handler> = {
  onDuty: (duty, _, now) => (duty.state === 'off' ? { ...offDuty(now), state: 'free' } : free(duty, now)),
  offDuty: (duty, _, now) => (holdsCall(duty) ? { ...duty, next: { state: 'off' } } : offDuty(now)),
  pause: (duty, event, now) => {
    if (event.type !== 'pause') return duty
    const next = { state: 'paused', reason: event.reason } as const
    return holdsCall(duty) ? { ...duty, next } : paused(duty, event.reason, now)
  },
  resume: (duty, _, now) => (duty.state === 'busy' ? { ...duty, next: null } : free(duty, now)),
  offered,
  callsBack: offered,
  supervises: (duty, event, now) => {
    const paused = duty.state === 'paused' ? duty.reason : null
    const next: Duty['next'] = paused === null ? duty.next : { state: 'paused', reason: paused }
    return { ...offered(duty, event, now), reason: null, next }
  },
  withdrawn: (duty, _, now) => (duty.next ? settle(duty, now) : free(duty, now)),
  declined: (duty, _, now) => settle(duty, now),
  missed: (duty, _, now) => paused(duty, 'missed-offer', now),
  unreachable: (duty, _, now) => paused(duty, 'disconnected', now),
  answered: (duty, event, now) =>
    event.type === 'answered'
      ? { ...duty, state: 'busy', reason: null, since: now, contact: event.contact, until: null }
      : duty,
  released: (duty, event, now) =>
    event.type === 'released'
      ? { ...duty, state: 'wrap-up', since: now, until: now + event.wrapUpFor }
      : duty,
  lost: (duty, _, now) => paused(duty, 'disconnected', now),
  disconnected: (duty, _, now) => paused(duty, 'disconnected', now),
  extend: (duty, event, now) =>
    event.type === 'extend' ? { ...duty, until: Math.max(duty.until ?? now, now) + event.by } : duty,
  finished: (duty, _, now) => settle(duty, now),
  deadline: (duty, _, now) => (duty.until !== null && duty.until <= now ? settle(duty, now) : duty),
}

const namesOther = (duty: Duty, event: DutyEvent): boolean =>
  'contact' in event && holdsCall(duty) && duty.contact !== event.contact

/**
 * The duty of a seat after an event, or null when the event is refused: it is not in the table for this state,
 * or it speaks of another contact than the one the seat holds (no seat has two calls).
 */
export function dutyAfter(duty: Duty, event: DutyEvent, now: number): Duty | null {
  if (!dutyMoves[duty.state].includes(event.type) || namesOther(duty, event)) return null
  return handlers[event.type](duty, event, now)
}

/** Whether a seat counts as staffed for coverage (G24-3.2.1b): on duty and not away. */
export const isStaffed = (state: DutyState): boolean => state !== 'off' && state !== 'paused'

/** Whether somebody is there for callers of the seat's lines: also on a pause of their own choice, not when they are missing. */
export const isPresent = (duty: Duty): boolean =>
  duty.state !== 'off' &&
  !(duty.state === 'paused' && ['missed-offer', 'disconnected', 'technical'].includes(duty.reason ?? ''))
