import { placeSupervisors } from './call-ears.ts'
import { takeOver } from './call-room.ts'
import type { CallEvent, Guest, Supervision, Supervisor } from './call-state.ts'
import { ringGuest } from './call-transfer.ts'
import { hush, music, supervisorsOf, talkOf, type Turn } from './call-turn.ts'

type Supervise = Extract<CallEvent, { type: 'supervise' }>

const wanted = (mode: Supervision['mode'], reason: string, by: string | null): Supervision => ({
  mode,
  reason,
  by,
  play: null,
  told: false,
  ear: null,
  inRoom: false,
})

const hasSeat = (guest: Guest, seat: string): boolean => 'seat' in guest.to && guest.to.seat === seat

const speaks = ({ mode }: Supervision): boolean => mode === 'barge' || mode === 'take-over'

/** The counsellor asks a supervisor's seat in: three-way. One at a time speaks with the caller. */
export function invite(turn: Turn, seat: string): void | false {
  const { phase } = turn.call
  const talk = talkOf(turn)
  if (talk.seat === seat || phase === 'outside' || phase === 'calling') return false
  const taken = talk.guests.some(
    (guest) =>
      hasSeat(guest, seat) || (guest.role === 'supervisor' ? speaks(guest.supervision) : 'seat' in guest.to),
  )
  if (taken) return false
  ringGuest(turn, { seat }, wanted('barge', 'invited', null))
}

/**
 * G24-5.3.5: a supervisor listens, whispers, barges in or takes over, at the own seat; wanting another way on the same
 * leg is the same event again. Several may listen and whisper at once.
 */
export function supervise(turn: Turn, event: Supervise): void | false {
  const { phase } = turn.call
  const talk = talkOf(turn)
  if (talk.seat === event.seat || phase === 'outside' || phase === 'calling') return false
  const known = supervisorsOf(talk).find((each) => each.to.seat === event.seat)
  if (known) return change(turn, known, event)
  if (talk.guests.some((guest) => hasSeat(guest, event.seat))) return false
  ringGuest(turn, { seat: event.seat }, wanted(event.mode, event.reason, event.by))
}

function change(turn: Turn, supervisor: Supervisor, { mode, reason, by }: Supervise): void {
  const { supervision } = supervisor
  if (supervision.mode === mode) return
  const spoke = speaks(supervision)
  Object.assign(supervision, { mode, reason, by })
  if (spoke && !speaks(supervision)) forget(turn, supervision)
  if (!supervisor.up) return
  if (mode === 'take-over' && supervision.told) return takeOver(turn, supervisor, supervisor.to.seat)
  placeSupervisors(turn)
}

/** Who goes back to listening is told of anew when wanting to speak again; words under way are stopped. */
function forget(turn: Turn, supervision: Supervision): void {
  const { call } = turn
  if (supervision.play !== null && supervision.play === call.play) {
    hush(turn)
    if (call.phase !== 'together') music(turn, true)
  }
  supervision.play = null
  if (!call.settings.tellOfSupervision) supervision.told = false
}

/** Words to the caller have ended: those they told of may now be heard. */
export function callerTold(turn: Turn, play: string): void {
  const told = supervisorsOf(talkOf(turn)).filter(({ supervision }) => supervision.play === play)
  for (const { supervision } of told) Object.assign(supervision, { told: true, play: null })
  const next = told.find(({ up, supervision: { mode } }) => up && mode === 'take-over')
  if (next) takeOver(turn, next, next.to.seat)
  else placeSupervisors(turn)
}
