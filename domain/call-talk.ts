import { callerReached, notReached } from './call-back.ts'
import { finish } from './call-end.ts'
import {
  bringBack,
  dropGuest,
  headOfQueue,
  loseSeat,
  presentSupervisor,
  releaseCounsellor,
  setAside,
  takeOver,
  transferGuest,
} from './call-room.ts'
import { restoreSupervisors } from './call-ears.ts'
import type { LegEnd } from './call-state.ts'
import { callerTold, invite, supervise } from './call-supervise.ts'
import {
  cancelTransfer,
  completeTransfer,
  guestEnded,
  guestUp,
  transfer,
  transferOverdue,
} from './call-transfer.ts'
import {
  act,
  due,
  enter,
  type Handlers,
  isCurrent,
  music,
  nextId,
  record,
  stopRecording,
  supervisorsOf,
  talkOf,
  type Turn,
} from './call-turn.ts'
import { consentWithdrawn } from './consent.ts'

/** The counsellor hangs up: the one consulted or a supervisor goes on with the caller; with nobody left the talk is over. */
function counsellorGone(turn: Turn): void | false {
  const { call } = turn
  const talk = talkOf(turn)
  if (call.phase === 'outside') return false
  if (call.phase === 'calling') return notReached(turn)
  const guest = transferGuest(talk)
  if (call.phase === 'consulting' && guest?.up) return completeTransfer(turn)
  if (call.phase === 'consulting') {
    call.phase = 'handing'
    return releaseCounsellor(turn)
  }
  if (call.phase === 'handing') return talk.seat ? releaseCounsellor(turn) : false
  const supervisor = presentSupervisor(talk)
  if (supervisor) return takeOver(turn, supervisor, supervisor.to.seat)
  finish(turn, 'counsellor')
}

const isBroken = (cause: LegEnd): boolean => cause === 'lost' || cause === 'unreachable'

/** The counsellor's leg ended: hung up, or broken (a reload, a lost network). */
function counsellorLegEnded(turn: Turn, cause: LegEnd): void | false {
  const { call } = turn
  const talk = talkOf(turn)
  talk.leg = null
  if (call.phase === 'seat-lost') return
  if (!isBroken(cause) || call.phase === 'calling') return counsellorGone(turn)
  if (call.phase === 'handing') return
  for (const guest of talk.guests.filter((each) => each.role === 'transfer')) dropGuest(turn, guest, false)
  loseSeat(turn)
}

function legEnded(turn: Turn, leg: string, cause: LegEnd): void | false {
  const talk = talkOf(turn)
  if (talk.leg === leg) return counsellorLegEnded(turn, cause)
  const guest = talk.guests.find((each) => each.leg === leg)
  if (!guest) return false
  if (guestEnded(turn, guest) === 'over') finish(turn, 'system')
}

function legUp(turn: Turn, leg: string): void | false {
  const { call } = turn
  const talk = talkOf(turn)
  if (talk.leg === leg && call.phase === 'seat-lost') {
    act(turn, { do: 'join', leg, room: talk.room })
    return bringBack(turn)
  }
  if (call.phase === 'calling') return call.callerLeg === leg ? callerReached(turn) : false
  const guest = talk.guests.find((each) => each.leg === leg && !each.up)
  return guest ? guestUp(turn, guest) : false
}

function hold(turn: Turn, on: boolean): void | false {
  const { call } = turn
  if (on && call.phase === 'together') {
    setAside(turn, 'hold')
    return enter(turn, 'talking', 'held')
  }
  return !on && call.phase === 'held' ? bringBack(turn) : false
}

/** Rings the counsellor's seat again after its connection broke; the page answers by itself. */
function seatReturned(turn: Turn, seat: string): void | false {
  const { call } = turn
  const talk = talkOf(turn)
  if (call.phase !== 'seat-lost' || talk.seat !== seat) return false
  if (talk.leg) act(turn, { do: 'hangUp', leg: talk.leg })
  talk.leg = nextId(turn, 'l')
  act(turn, { do: 'dialSeat', leg: talk.leg, seat, for: call.settings.seatBackWithin, rejoin: true })
}

/**
 * G24-3.2.2b: nothing was ever heard of the seat that answered, so nobody has: the caller goes on to the next seat. Who was
 * helped by another seat before stays answered.
 */
function seatSilent(turn: Turn, leg: string): void | false {
  const { call } = turn
  const talk = talkOf(turn)
  if (talk.leg !== leg || talk.seat === null || call.phase !== 'together') return false
  call.passed = [...call.passed.filter((each) => each.seat !== talk.seat), { seat: talk.seat, at: turn.now }]
  if (call.answeredAt === talk.since) {
    call.answeredAt = null
    call.outcome = null
  }
  seatStaysAway(turn)
}

/** The seat did not come back in time, or cannot be heard. */
function seatStaysAway(turn: Turn): void {
  const { call } = turn
  const talk = talkOf(turn)
  if (talk.leg) act(turn, { do: 'hangUp', leg: talk.leg })
  if (talk.seat) act(turn, { do: 'duty', seat: talk.seat, event: { type: 'lost', contact: call.contact } })
  talk.leg = null
  talk.seat = null
  const supervisor = presentSupervisor(talk)
  if (supervisor) takeOver(turn, supervisor, supervisor.to.seat)
  else headOfQueue(turn)
}

const quiet = new Set(['held', 'consulting', 'handing', 'seat-lost'])

/** Nobody speaks with the caller just now; a supervisor in the room may, when the counsellor's seat is lost. */
const isAlone = (turn: Turn): boolean =>
  turn.call.phase !== 'seat-lost' || !supervisorsOf(talkOf(turn)).some((each) => each.supervision.inRoom)

/** What talking does with each event. */
export const talkEvents: Handlers = {
  playEnded: (turn, { play }) => {
    if (!isCurrent(turn, play)) return false
    turn.call.play = null
    callerTold(turn, play)
    if (quiet.has(turn.call.phase) && turn.call.play === null) music(turn, isAlone(turn))
  },
  legUp: (turn, { leg }) => legUp(turn, leg),
  legEnded: (turn, { leg, cause }) => legEnded(turn, leg, cause),
  legHeld: (turn, { leg, on }) => (talkOf(turn).leg === leg ? hold(turn, on) : false),
  callerHungUp: (turn) => (turn.call.phase === 'calling' ? notReached(turn) : finish(turn, 'caller')),
  hangUp: (turn) => counsellorGone(turn),
  hold: (turn, { on }) => hold(turn, on),
  mute: (turn, { on }) => {
    const talk = talkOf(turn)
    if (!talk.leg) return false
    talk.muted = on
    act(turn, { do: 'mute', leg: talk.leg, on })
  },
  transfer: (turn, { to, attended }) => transfer(turn, to, attended),
  completeTransfer: (turn) => completeTransfer(turn),
  cancelTransfer: (turn) => cancelTransfer(turn),
  invite: (turn, { seat }) => invite(turn, seat),
  supervise: (turn, event) => supervise(turn, event),
  dismiss: (turn, { seat }) => {
    const guest = supervisorsOf(talkOf(turn)).find((each) => each.to.seat === seat)
    return guest ? dropGuest(turn, guest, false) : false
  },
  seatReturned: (turn, { seat }) => seatReturned(turn, seat),
  seatSilent: (turn, { leg }) => seatSilent(turn, leg),
  recordingBroken: (turn, { segment }) => {
    if (turn.call.recording !== segment) return false
    turn.call.recording = 0
    record(turn)
  },
  consentGiven: (turn) => {
    const { consent, phase } = turn.call
    if (phase === 'calling' || consent === 'withdrawn' || consent === 'given') return false
    turn.call.consent = 'given'
    if (turn.call.phase === 'together') record(turn)
  },
  consentWithdrawn: (turn) => {
    if (turn.call.consent !== 'given') return false
    stopRecording(turn)
    turn.call.consent = consentWithdrawn(turn.call.consent)
  },
  deadline: (turn, { kind }) => {
    if (kind === 'transfer') return turn.call.phase === 'calling' ? notReached(turn) : transferOverdue(turn)
    return kind === 'seat-back' && turn.call.phase === 'seat-lost' ? seatStaysAway(turn) : false
  },
}

/** Sets again what should be heard after the server came back: everybody in the room who belongs there. */
export function restoreTalk(turn: Turn): void {
  const { call } = turn
  const talk = talkOf(turn)
  act(turn, { do: 'openRoom', room: talk.room })
  if (talk.leg && call.phase !== 'seat-lost') act(turn, { do: 'join', leg: talk.leg, room: talk.room })
  for (const guest of talk.guests) {
    if (guest.up && guest.role === 'transfer') act(turn, { do: 'join', leg: guest.leg, room: talk.room })
  }
  if (call.phase === 'together' || call.phase === 'outside') {
    act(turn, { do: 'join', leg: call.callerLeg, room: talk.room })
  } else if (call.phase !== 'calling') music(turn, isAlone(turn))
  restoreSupervisors(turn)
  if (call.phase === 'seat-lost') due(turn, 'seat-back', call.settings.seatBackWithin)
}
