import { placeSupervisors } from './call-ears.ts'
import {
  clearRoom,
  dropGuest,
  releaseCounsellor,
  resume,
  setAside,
  takeOver,
  transferGuest,
} from './call-room.ts'
import type { Guest, Supervision, TransferTo } from './call-state.ts'
import {
  act,
  due,
  duty,
  enter,
  hush,
  music,
  nextId,
  notify,
  stopRecording,
  supervisorsOf,
  talkOf,
  type Turn,
} from './call-turn.ts'
import { queueUp } from './call-waiting.ts'

/** Rings a third person's seat or number; the seat of a supervisor who asked for it answers by itself where it can. */
export function ringGuest(turn: Turn, to: { seat: string }, supervision: Supervision): void
export function ringGuest(turn: Turn, to: Guest['to']): void
export function ringGuest(turn: Turn, to: Guest['to'], supervision?: Supervision): void {
  const { call } = turn
  const leg = nextId(turn, 'l')
  const { guests } = talkOf(turn)
  if (supervision && 'seat' in to) guests.push({ leg, role: 'supervisor', to, up: false, supervision })
  else guests.push({ leg, role: 'transfer', to, up: false })
  const ringFor = call.settings.ringFor
  if ('seat' in to) {
    const rejoin = typeof supervision?.by === 'string'
    duty(turn, to.seat, { type: rejoin ? 'supervises' : 'offered', contact: call.contact })
    act(turn, { do: 'dialSeat', leg, seat: to.seat, for: ringFor, rejoin })
  } else act(turn, { do: 'dialNumber', leg, number: to.number, for: ringFor * 2 })
}

/** To another line: the caller waits there with the time waited so far; the counsellor's part is over. */
function toLine(turn: Turn, line: string): void {
  const { call } = turn
  clearRoom(turn)
  call.line = line
  call.passed = []
  call.newsAt = turn.now
  queueUp(turn, null)
}

/**
 * Starts a transfer. The caller hears calm audio; the counsellor stays until the other answers, so that a transfer
 * that fails brings the caller back. Attended to a line makes no sense and is refused.
 */
export function transfer(turn: Turn, to: TransferTo, attended: boolean): void | false {
  const { call } = turn
  if (call.phase !== 'together' && call.phase !== 'held') return false
  if ('line' in to) return attended ? false : toLine(turn, to.line)
  const talk = talkOf(turn)
  if (
    'seat' in to &&
    (talk.seat === to.seat || talk.guests.some((g) => 'seat' in g.to && g.to.seat === to.seat))
  ) {
    return false
  }
  if (call.phase === 'together') setAside(turn, 'hold')
  enter(turn, 'talking', attended ? 'consulting' : 'handing')
  ringGuest(turn, to)
  due(turn, 'transfer', call.settings.ringFor * ('seat' in to ? 1 : 2))
}

/** The one the transfer is for takes the caller; an outside number is never recorded, consent was given to us. */
function handOver(turn: Turn, guest: Guest): void {
  const { call } = turn
  notify(turn, 'transfer-done')
  if ('seat' in guest.to) {
    call.deadline = null
    return takeOver(turn, guest, guest.to.seat)
  }
  const talk = talkOf(turn)
  // Who only listened has nobody to listen to; who came in while the caller was away was never told of.
  for (const each of supervisorsOf(talk)) {
    if (!each.supervision.inRoom || !each.supervision.told) dropGuest(turn, each, false)
  }
  releaseCounsellor(turn)
  hush(turn)
  music(turn, false)
  stopRecording(turn)
  enter(turn, 'talking', 'outside')
  act(turn, { do: 'join', leg: call.callerLeg, room: talk.room })
}

/** A third person answered. */
export function guestUp(turn: Turn, guest: Guest): void {
  const { call } = turn
  const talk = talkOf(turn)
  guest.up = true
  if ('seat' in guest.to) duty(turn, guest.to.seat, { type: 'answered', contact: call.contact })
  if (guest.role === 'supervisor') return placeSupervisors(turn)
  act(turn, { do: 'join', leg: guest.leg, room: talk.room })
  if (call.phase === 'handing') handOver(turn, guest)
  else call.deadline = null
}

/** A transfer came to nothing: the caller is back with the counsellor, or goes to the head of the queue. */
function fail(turn: Turn, guest: Guest, alreadyGone: boolean): void {
  if (!guest.up) notify(turn, 'transfer-failed')
  dropGuest(turn, guest, alreadyGone)
  resume(turn)
}

/** A third person's leg ended. Returns whether the whole talk is over with it (an outside number hung up). */
export function guestEnded(turn: Turn, guest: Guest): 'over' | 'goes-on' {
  if (turn.call.phase === 'outside' && guest.role === 'transfer') {
    dropGuest(turn, guest, true)
    return 'over'
  }
  if (guest.role === 'transfer') fail(turn, guest, true)
  else {
    if (!guest.up) notify(turn, 'invite-failed')
    dropGuest(turn, guest, true)
  }
  return 'goes-on'
}

/** The counsellor leaves the caller with the one consulted. */
export function completeTransfer(turn: Turn): void | false {
  const guest = transferGuest(talkOf(turn))
  if (!guest || turn.call.phase !== 'consulting') return false
  if (guest.up) return handOver(turn, guest)
  turn.call.phase = 'handing'
}

/** The counsellor takes the caller back. */
export function cancelTransfer(turn: Turn): void | false {
  const { phase } = turn.call
  const guest = transferGuest(talkOf(turn))
  if (!guest || (phase !== 'consulting' && phase !== 'handing')) return false
  dropGuest(turn, guest, false)
  resume(turn)
}

/** The other seat or number did not answer in time. */
export function transferOverdue(turn: Turn): void | false {
  const guest = transferGuest(talkOf(turn))
  return guest && !guest.up ? fail(turn, guest, false) : false
}
