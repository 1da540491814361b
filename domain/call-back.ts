import { clearRoom, releaseCounsellor } from './call-room.ts'
import { act, due, duty, enter, type Handler, nextId, talkOf, type Turn } from './call-turn.ts'

/**
 * Calls a caller back who is no longer on the line, from one seat: the seat is rung first, then the caller, on new legs
 * of the same contact. Consent is asked for again by the counsellor: the first one was for the first call.
 */
export const callBack: Handler<'callBack'> = (turn, { seat }) => {
  const { call } = turn
  if (!call.canCallBack) return false
  call.unfinished = call.state === 'wrap-up'
  enter(turn, 'offered', 'calling-back')
  const leg = nextId(turn, 'l')
  call.offer = { seat, leg, at: turn.now }
  call.consent = null
  call.endedAt = null
  duty(turn, seat, { type: 'callsBack', contact: call.contact })
  act(turn, { do: 'dialSeat', leg, seat, for: call.settings.ringFor, rejoin: true })
  return due(turn, 'offer', call.settings.ringFor)
}

/** The seat is there: now the caller is rung. */
export function ringCaller(turn: Turn): void | false {
  const { call } = turn
  if (!call.offer) return false
  const { seat, leg } = call.offer
  enter(turn, 'talking', 'calling')
  const room = nextId(turn, 'r')
  call.offer = null
  call.talk = { room, seat, leg, since: turn.now, muted: false, guests: [] }
  call.callerLeg = nextId(turn, 'l')
  act(turn, { do: 'openRoom', room })
  act(turn, { do: 'join', leg, room })
  duty(turn, seat, { type: 'answered', contact: call.contact })
  act(turn, { do: 'dialCaller', leg: call.callerLeg, for: call.settings.ringFor * 2 })
  due(turn, 'transfer', call.settings.ringFor * 2)
}

/** The caller answered the call-back. */
export function callerReached(turn: Turn): void {
  const { call } = turn
  enter(turn, 'talking', 'together')
  act(turn, { do: 'join', leg: call.callerLeg, room: talkOf(turn).room })
}

/** The seat did not come to the call-back, or the caller was not reached: the contact is as it was before. */
export function notReached(turn: Turn): void {
  const { call } = turn
  if (call.offer) {
    act(turn, { do: 'hangUp', leg: call.offer.leg })
    duty(turn, call.offer.seat, { type: 'withdrawn', contact: call.contact })
    call.offer = null
  }
  if (call.talk) {
    act(turn, { do: 'hangUp', leg: call.callerLeg })
    releaseCounsellor(turn, 0)
    clearRoom(turn)
  }
  enter(turn, call.unfinished === true ? 'wrap-up' : 'closed', 'none')
  call.endedAt = turn.now
}
