import type {
  Call,
  CallEvent,
  CallEventType,
  CallPhase,
  CallState,
  Deadline,
  Effect,
  Notice,
  PlayPart,
  Supervisor,
  Talk,
} from './call-state.ts'
import { mayRecord } from './consent.ts'
import type { DutyEvent } from './duty.ts'

/** One step under way: the draft of the call, the effects so far, and the instant (ms since 1970). */
export interface Turn {
  call: Call
  effects: Effect[]
  readonly now: number
}

/** What a state does with an event; returning false refuses it, and nothing is changed. */
export type Handler<T extends CallEventType> = (
  turn: Turn,
  event: Extract<CallEvent, { type: T }>,
) => void | false

/** The handlers of one state, by event. */
export type Handlers = { [T in CallEventType]?: Handler<T> }

/** Begins a step on a copy, so that a refused event leaves the call as it was. */
export const openTurn = (call: Call, now: number): Turn => ({ call: structuredClone(call), effects: [], now })

/** The talk of a call that is being answered; a call in `talking` always has one. */
export function talkOf(turn: Turn): Talk {
  if (!turn.call.talk) throw new Error('a call in talking has no talk')
  return turn.call.talk
}

/** The supervisors at a talk, there or being rung. */
export const supervisorsOf = (talk: Talk): Supervisor[] =>
  talk.guests.filter((guest) => guest.role === 'supervisor')

/** Longest that words may last before the call goes on without waiting for their end. */
export const promptLimit = 90_000

/** Adds something to be done. */
export const act = (turn: Turn, effect: Effect): void => {
  turn.effects.push(effect)
}

/** Tells the screens at once. */
export const notify = (turn: Turn, what: Notice): void => act(turn, { do: 'notify', what })

/** Something happens to a seat's duty. */
export const duty = (turn: Turn, seat: string, event: DutyEvent): void =>
  act(turn, { do: 'duty', seat, event })

/** Moves the call; a deadline of the state left behind ends with it. */
export function enter(turn: Turn, state: CallState, phase: CallPhase): void {
  turn.call.state = state
  turn.call.phase = phase
  turn.call.deadline = null
}

/** Sets the one deadline of the call, so many milliseconds from now. */
export function due(turn: Turn, kind: Deadline['kind'], after: number): void {
  turn.call.deadline = { kind, at: turn.now + after }
}

/** The next id of this contact: the same event on the same call always gives the same id. */
export function nextId(turn: Turn, what: 'l' | 'p' | 'r'): string {
  turn.call.counter += 1
  return `${turn.call.contact}-${what}${turn.call.counter}`
}

/** Stops what the caller is being told, if anything. */
export function hush(turn: Turn): void {
  if (turn.call.play) act(turn, { do: 'stopPlay', play: turn.call.play })
  turn.call.play = null
}

/** Says words to the caller; what was being said stops. */
export function say(turn: Turn, parts: PlayPart[]): void {
  hush(turn)
  const play = nextId(turn, 'p')
  turn.call.play = play
  act(turn, { do: 'play', play, leg: turn.call.callerLeg, parts })
}

/** Calm audio for the caller, on or off. */
export const music = (turn: Turn, on: boolean): void =>
  act(turn, { do: 'music', leg: turn.call.callerLeg, on })

/** Whether the event speaks of the words being said now; a late word about others is no news. */
export const isCurrent = (turn: Turn, play: string): boolean => turn.call.play === play

/** G24-7.5a: the one place where the recording of a talk begins, and it asks for consent first. */
export function record(turn: Turn): void {
  const { call } = turn
  if (!mayRecord(call.consent) || call.recording > 0) return
  call.segments += 1
  call.recording = call.segments
  act(turn, { do: 'startRecording', kind: 'talk', leg: call.callerLeg, segment: call.segments })
}

/** Stops the recording of a talk, if one runs. */
export function stopRecording(turn: Turn): void {
  if (turn.call.recording > 0) act(turn, { do: 'stopRecording', kind: 'talk' })
  turn.call.recording = 0
}
