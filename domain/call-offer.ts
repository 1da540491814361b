import { notReached, ringCaller } from './call-back.ts'
import type { CallEvent, LegEnd } from './call-state.ts'
import {
  act,
  duty,
  enter,
  type Handlers,
  hush,
  isCurrent,
  music,
  nextId,
  record,
  type Turn,
} from './call-turn.ts'
import { leaveUnanswered, pressWaiting, keepWaiting, withdrawOffer } from './call-waiting.ts'

/** The seat did not take the call: it is remembered, and the caller waits at the old place for the next seat. */
export function passOn(turn: Turn, why: 'declined' | 'missed' | 'unreachable'): void {
  const { call } = turn
  if (!call.offer) return
  if (call.phase === 'calling-back') return notReached(turn)
  const { seat, leg } = call.offer
  if (why !== 'unreachable') act(turn, { do: 'hangUp', leg })
  duty(turn, seat, { type: why, contact: call.contact })
  call.passed = [...call.passed.filter((each) => each.seat !== seat), { seat, at: turn.now }]
  call.offer = null
  keepWaiting(turn)
}

const whyNot = (cause: LegEnd): 'declined' | 'missed' | 'unreachable' => {
  if (cause === 'no-answer') return 'missed'
  return cause === 'lost' || cause === 'unreachable' ? 'unreachable' : 'declined'
}

/** The seat answered: both are in one room, and only now, and only with consent, recording begins (G24-7.5a). */
export function answer(turn: Turn): void | false {
  const { call } = turn
  if (!call.offer) return false
  if (call.phase === 'calling-back') return ringCaller(turn)
  const { seat, leg } = call.offer
  hush(turn)
  music(turn, false)
  enter(turn, 'talking', 'together')
  const room = nextId(turn, 'r')
  call.offer = null
  call.talk = { room, since: turn.now, seat, leg, muted: false, guests: [] }
  call.answeredAt ??= turn.now
  call.outcome = 'answered'
  act(turn, { do: 'openRoom', room })
  act(turn, { do: 'join', leg: call.callerLeg, room })
  act(turn, { do: 'join', leg, room })
  duty(turn, seat, { type: 'answered', contact: call.contact })
  record(turn)
}

const isOffer = (turn: Turn, event: CallEvent): boolean =>
  'leg' in event && turn.call.offer?.leg === event.leg

/** What a ringing offer does with each event. */
export const offerEvents: Handlers = {
  digit: (turn, { digit }) => (turn.call.phase === 'ringing' ? pressWaiting(turn, digit) : false),
  playEnded: (turn, { play }) => {
    if (!isCurrent(turn, play)) return false
    turn.call.play = null
    music(turn, true)
  },
  legUp: (turn, event) => (isOffer(turn, event) ? answer(turn) : false),
  legEnded: (turn, event) => (isOffer(turn, event) ? passOn(turn, whyNot(event.cause)) : false),
  decline: (turn) => passOn(turn, 'declined'),
  deadline: (turn, { kind }) => (kind === 'offer' ? passOn(turn, 'missed') : false),
  callerHungUp: (turn) => {
    if (turn.call.phase === 'calling-back') return notReached(turn)
    withdrawOffer(turn)
    leaveUnanswered(turn, 'abandoned')
  },
}
