import type { CallPhase, Supervisor } from './call-state.ts'
import { act, say, supervisorsOf, talkOf, type Turn } from './call-turn.ts'

/** Phases in which the caller is in the room and hears whoever is in it. */
const callerInRoom = new Set<CallPhase>(['together', 'seat-lost'])

/** The caller is to be told before this supervisor may do what they want (G24-7.5a: nobody is heard by a third person unawares). */
function mustTell(turn: Turn, { supervision: { mode, told } }: Supervisor): boolean {
  if (told) return false
  return mode === 'barge' || mode === 'take-over' || turn.call.settings.tellOfSupervision
}

/** The supervisor no longer hears the counsellor's leg, and is no longer heard there. */
function stopHearing(turn: Turn, { leg, supervision }: Supervisor): void {
  if (supervision.ear === null) return
  act(turn, { do: 'supervise', leg, target: supervision.ear, mode: 'off' })
  supervision.ear = null
}

/** The supervisor hears all and is heard by all who are in the room. */
export function enterRoom(turn: Turn, supervisor: Supervisor): void {
  const { leg, supervision } = supervisor
  stopHearing(turn, supervisor)
  if (!supervision.inRoom) act(turn, { do: 'join', leg, room: talkOf(turn).room })
  supervision.inRoom = true
}

function leaveRoom(turn: Turn, { leg, supervision }: Supervisor): void {
  if (supervision.inRoom) act(turn, { do: 'leave', leg })
  supervision.inRoom = false
}

const spyMode = ({ supervision: { mode } }: Supervisor): 'listen' | 'whisper' =>
  mode === 'whisper' ? 'whisper' : 'listen'

/** Hears what the counsellor hears and says; the caller's leg, and so the recording, is never touched. */
function hearCounsellor(turn: Turn, supervisor: Supervisor): void {
  const { leg, supervision } = supervisor
  const target = talkOf(turn).leg
  leaveRoom(turn, supervisor)
  if (supervision.ear !== target) stopHearing(turn, supervisor)
  if (target === null) return
  supervision.ear = target
  act(turn, { do: 'supervise', leg, target, mode: spyMode(supervisor) })
}

/** Puts one supervisor where they may be now: until the caller was told, nobody new is heard. */
function place(turn: Turn, supervisor: Supervisor): void {
  const { mode } = supervisor.supervision
  const untold = mustTell(turn, supervisor)
  const speaks = mode === 'barge' || mode === 'take-over'
  if (!speaks) {
    if (!untold) hearCounsellor(turn, supervisor)
  } else if (mode === 'barge' && (!untold || !callerInRoom.has(turn.call.phase))) enterRoom(turn, supervisor)
  else if (!supervisor.supervision.inRoom || untold) hearCounsellor(turn, supervisor)
}

/** Tells the caller of supervisors who wait for it; a caller set aside is told of a barging one when brought back. */
function announce(turn: Turn): void {
  const { call } = turn
  const waiting = supervisorsOf(talkOf(turn)).filter(
    (each) =>
      each.up && mustTell(turn, each) && (callerInRoom.has(call.phase) || each.supervision.mode !== 'barge'),
  )
  if (waiting.every(({ supervision: { play } }) => play !== null && play === call.play)) return
  say(turn, [{ prompt: 'join' }])
  for (const { supervision } of waiting) supervision.play = call.play
}

/** Puts every supervisor who is there where they belong now: the counsellor's leg or the caller's place has changed. */
export function placeSupervisors(turn: Turn): void {
  for (const each of supervisorsOf(talkOf(turn))) if (each.up) place(turn, each)
  announce(turn)
}

/** After a restart: the same ears and places again; words that told of somebody may have ended unheard of. */
export function restoreSupervisors(turn: Turn): void {
  const { room } = talkOf(turn)
  for (const each of supervisorsOf(talkOf(turn))) {
    const { supervision, leg, up } = each
    supervision.play = null
    if (!up) continue
    if (supervision.inRoom) act(turn, { do: 'join', leg, room })
    if (supervision.ear !== null) {
      act(turn, { do: 'supervise', leg, target: supervision.ear, mode: spyMode(each) })
    }
  }
  announce(turn)
}
