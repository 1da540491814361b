import type { Guest, Supervisor, Talk } from './call-state.ts'
import { enterRoom, placeSupervisors } from './call-ears.ts'
import {
  act,
  due,
  duty,
  enter,
  hush,
  music,
  notify,
  record,
  say,
  stopRecording,
  supervisorsOf,
  talkOf,
  type Turn,
} from './call-turn.ts'
import { queueUp } from './call-waiting.ts'

/** The caller leaves the room and hears a word, then calm audio; nothing is recorded meanwhile. */
export function setAside(turn: Turn, words: string): void {
  stopRecording(turn)
  act(turn, { do: 'leave', leg: turn.call.callerLeg })
  say(turn, [{ prompt: words }])
}

/** Caller and counsellor hear each other again. */
export function bringBack(turn: Turn): void {
  const talk = talkOf(turn)
  hush(turn)
  music(turn, false)
  enter(turn, 'talking', 'together')
  placeSupervisors(turn)
  act(turn, { do: 'join', leg: turn.call.callerLeg, room: talk.room })
  record(turn)
}

/** The one a transfer is for, there or being rung. */
export const transferGuest = (talk: Talk): Guest | undefined =>
  talk.guests.find((guest) => guest.role === 'transfer')

/** The supervisor who speaks with the caller, or is about to; whoever listens or whispers is not meant. */
export const presentSupervisor = (talk: Talk): Supervisor | undefined =>
  supervisorsOf(talk).find(
    ({ up, supervision: { mode } }) => up && (mode === 'barge' || mode === 'take-over'),
  )

/** A third person leaves or is no longer rung; their seat is free again. */
export function dropGuest(turn: Turn, guest: Guest, alreadyGone: boolean): void {
  const talk = talkOf(turn)
  talk.guests = talk.guests.filter((each) => each.leg !== guest.leg)
  if (!alreadyGone) act(turn, { do: 'hangUp', leg: guest.leg })
  if (!('seat' in guest.to)) return
  const { contact } = turn.call
  if (guest.up) duty(turn, guest.to.seat, { type: 'released', contact, wrapUpFor: 0 })
  else duty(turn, guest.to.seat, { type: 'withdrawn', contact })
}

/** The counsellor's part in this call is over: the leg is put down and the seat goes to wrap-up. */
export function releaseCounsellor(turn: Turn, wrapUpFor = turn.call.settings.wrapUpFor): void {
  const talk = talkOf(turn)
  const { contact } = turn.call
  if (talk.leg) act(turn, { do: 'hangUp', leg: talk.leg })
  if (talk.seat) duty(turn, talk.seat, { type: 'released', contact, wrapUpFor })
  talk.seat = null
  talk.leg = null
}

/** Ends the room and everybody in it but the caller. */
export function clearRoom(turn: Turn): void {
  const talk = talkOf(turn)
  stopRecording(turn)
  for (const guest of talk.guests) dropGuest(turn, guest, false)
  releaseCounsellor(turn)
  act(turn, { do: 'closeRoom', room: talk.room })
  turn.call.talk = null
}

/** A guest becomes the one who answers this caller. */
export function takeOver(turn: Turn, guest: Guest, seat: string): void {
  const talk = talkOf(turn)
  releaseCounsellor(turn)
  talk.guests = talk.guests.filter((each) => each.leg !== guest.leg)
  for (const other of talk.guests) if (other.role === 'transfer') dropGuest(turn, other, false)
  talk.seat = seat
  talk.leg = guest.leg
  talk.muted = false
  if (guest.role === 'supervisor') enterRoom(turn, guest)
  bringBack(turn)
}

/** Nobody is left to talk to: the caller goes to the head of the queue of this risk, keeping the first waiting time. */
export function headOfQueue(turn: Turn): void {
  clearRoom(turn)
  turn.call.ringsAgain = true
  turn.call.newsAt = turn.now
  queueUp(turn, null)
}

/** The counsellor's connection broke: the caller is told and waits in the room for the seat to come back. */
export function loseSeat(turn: Turn): void {
  const talk = talkOf(turn)
  talk.leg = null
  enter(turn, 'talking', 'seat-lost')
  notify(turn, 'seat-lost')
  if (!presentSupervisor(talk)) say(turn, [{ prompt: 'seat-back' }])
  due(turn, 'seat-back', turn.call.settings.seatBackWithin)
}

/** A counsellor is there again, or is not: together if so, waiting for the seat if its leg is gone, else the queue. */
export function resume(turn: Turn): void {
  const talk = talkOf(turn)
  if (!talk.seat) headOfQueue(turn)
  else if (!talk.leg) loseSeat(turn)
  else bringBack(turn)
}
