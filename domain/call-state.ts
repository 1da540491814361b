import type { Consent } from './consent.ts'
import type { DutyEvent } from './duty.ts'
import type { RiskLevel } from './risk.ts'

/** Where a contact stands, in the words of the house's doors (`contacts --json`). */
export type CallState =
  'greeting' | 'waiting' | 'offered' | 'talking' | 'survey' | 'wrap-up' | 'closed' | 'failed'

/** What happens inside a state: which words are playing, or how the parties of a talk stand to each other. */
export type CallPhase =
  | 'welcome' // greeting and danger words are playing
  | 'ask' // the question for consent is playing
  | 'listen' // the question was asked, silence so far
  | 'thank' // consent came before the question: what was agreed is said first
  | 'queue' // waiting for a seat
  | 'nobody' // nobody is on duty: what is possible is being said
  | 'message' // the caller leaves a message
  | 'goodbye' // last words, then we hang up
  | 'ringing' // one seat is being rung
  | 'together' // caller and counsellor hear each other
  | 'held' // the caller hears calm audio, the counsellor is still there
  | 'consulting' // the caller is held while the counsellor speaks with a third person
  | 'handing' // the caller is held while another seat or number is rung in a blind transfer
  | 'seat-lost' // the counsellor's connection broke; the caller waits for the seat to come back
  | 'outside' // the caller was transferred to an outside number
  | 'calling-back' // the seat that calls a caller back is being rung
  | 'calling' // the seat is there, the caller is being rung
  | 'asking' // the question for satisfaction
  | 'none'

/** How a contact ended, or null while it is open; `contacts --json` shows exactly these words. */
export type Outcome = 'answered' | 'left-in-menu' | 'abandoned' | 'call-back' | 'message' | 'failed'

/** Who ended the call; `system` is the hotline itself after its last words, an outside number, or a failure. */
export type EndedBy = 'caller' | 'counsellor' | 'system'

/** The one instant (ms since 1970) at which something is due for this call if nothing happens before. */
export interface Deadline {
  kind: 'prompt' | 'silence' | 'news' | 'offer' | 'transfer' | 'seat-back' | 'message' | 'survey' | 'goodbye'
  at: number
}

/** What of its line a call needs to know, copied when it arrives; durations in milliseconds. */
export interface CallSettings {
  eventLine: boolean
  ringFor: number
  newsEvery: number
  silenceFor: number
  seatBackWithin: number
  wrapUpFor: number
  messageFor: number
  /** The line tells its callers also of a supervisor who only listens or whispers. */
  tellOfSupervision: boolean
}

/** Settings of a line nobody has changed. */
export const defaultSettings: CallSettings = {
  eventLine: false,
  ringFor: 20_000,
  newsEvery: 45_000,
  silenceFor: 4_000,
  seatBackWithin: 30_000,
  wrapUpFor: 300_000,
  messageFor: 180_000,
  tellOfSupervision: false,
}

/** One seat that did not take the offered call, kept so that another seat is tried first. */
export interface Passed {
  seat: string
  at: number
}

/** Where a transfer goes. A number is sealed by the server before it comes here: this core never reads it. */
export type TransferTo = { seat: string } | { line: string } | { number: string }

/** How a supervisor takes part in a talk (G24-5.3.5): unheard, heard by the counsellor alone, by all, or instead of them. */
export const superviseModes = ['listen', 'whisper', 'barge', 'take-over'] as const

/** One way. */
export type SuperviseMode = (typeof superviseModes)[number]

/** What is known of a supervisor at a call: what they want and why, and where their leg is now. */
export interface Supervision {
  mode: SuperviseMode
  /** A code or the words of whoever joined; `invited` by the counsellor. */
  reason: string
  /** The person, where the counsellor did not invite a seat. */
  by: string | null
  /** The words that tell the caller of the supervisor, while they are being said. */
  play: string | null
  /** The caller has heard them. */
  told: boolean
  /** The counsellor's leg this supervisor hears. */
  ear: string | null
  /** In the room with the others. */
  inRoom: boolean
}

/** A third person's leg: a supervisor, or whom a transfer is for. */
export type Guest = { leg: string; to: { seat: string } | { number: string }; up: boolean } & (
  { role: 'supervisor'; to: { seat: string }; supervision: Supervision } | { role: 'transfer' }
)

/** A supervisor at a call. */
export type Supervisor = Extract<Guest, { role: 'supervisor' }>

/** The room and its people while a caller is answered. `seat` and `leg` are null once the counsellor has gone. */
export interface Talk {
  room: string
  since: number
  seat: string | null
  leg: string | null
  muted: boolean
  guests: Guest[]
}

/** A call: plain JSON, kept whole in the contact's row, so that any server process can go on with it. */
export interface Call {
  contact: string
  line: string
  state: CallState
  phase: CallPhase
  settings: CallSettings
  callerLeg: string
  /** The caller's number is known, so the caller can be called back. */
  canCallBack: boolean
  /** This number's last call broke by our fault: goes before others of the same risk. */
  ringsAgain: boolean
  /** The caller pressed 0: danger now. No level, nobody has assessed yet. */
  danger: boolean
  risk: RiskLevel | null
  consent: Consent | null
  arrivedAt: number
  /** Entry into the queue; kept through transfers and call-backs, so nobody loses a place. */
  queuedAt: number | null
  answeredAt: number | null
  talkEndedAt: number | null
  endedAt: number | null
  endedBy: EndedBy | null
  outcome: Outcome | null
  satisfaction: number | null
  /** Last number used in an id of a leg, a play or a recording. */
  counter: number
  play: string | null
  /** Segment of the talk's recording that runs now, or 0 when nothing is being recorded. */
  recording: number
  segments: number
  asked: number
  news: number
  newsAt: number | null
  offer: { seat: string; leg: string; at: number } | null
  /** The record was not finished when the caller was called back: it is left so if they are not reached. */
  unfinished?: boolean
  passed: Passed[]
  talk: Talk | null
  deadline: Deadline | null
}

/** What a waiting caller may be told: how many are before, and the expected wait if an honest one is known. */
export interface Spot {
  ahead: number
  minutes: number | null
}

/** Why a leg ended. `hangup` and `declined` are somebody's decision, `lost` is a broken connection. */
export type LegEnd = 'hangup' | 'declined' | 'busy' | 'no-answer' | 'unreachable' | 'lost'

/** Facts from telephony, commands of the desk, and what the clock says. */
export type CallEvent =
  | { type: 'arrived' }
  | { type: 'digit'; digit: string }
  | { type: 'playEnded'; play: string }
  | { type: 'deadline'; kind: Deadline['kind']; spot?: Spot }
  | { type: 'callerHungUp' }
  | { type: 'offered'; seat: string }
  | { type: 'nobodyOnDuty' }
  | { type: 'somebodyOnDuty' }
  | { type: 'legUp'; leg: string }
  | { type: 'legEnded'; leg: string; cause: LegEnd }
  | { type: 'legHeld'; leg: string; on: boolean }
  | { type: 'seatReturned'; seat: string }
  /** No sound ever came from the leg of the seat that answered (G24-3.2.2b). */
  | { type: 'seatSilent'; leg: string }
  | { type: 'recordingBroken'; segment: number }
  | { type: 'decline' }
  | { type: 'hangUp' }
  | { type: 'hold'; on: boolean }
  | { type: 'mute'; on: boolean }
  | { type: 'transfer'; to: TransferTo; attended: boolean }
  | { type: 'completeTransfer' }
  | { type: 'cancelTransfer' }
  | { type: 'invite'; seat: string }
  | { type: 'supervise'; seat: string; mode: SuperviseMode; reason: string; by: string }
  | { type: 'dismiss'; seat: string }
  | { type: 'consentGiven' }
  | { type: 'consentWithdrawn' }
  | { type: 'assessed'; risk: RiskLevel }
  | { type: 'close' }
  | { type: 'callBack'; seat: string }
  | { type: 'reconciled'; legs: Record<string, 'ringing' | 'up'>; spot?: Spot }
  | { type: 'switchboardLost' }

/** The name of an event. */
export type CallEventType = CallEvent['type']

/** One part of what is played: words by their id with spoken values, or the tone before a message. */
export type PlayPart = { prompt: string; values?: { n?: number; m?: number } } | { tone: 'message' }

/** What the shell must do. Every id is derived from the contact, so doing an effect twice does no harm. */
export type Effect =
  | { do: 'answer'; leg: string }
  | { do: 'hangUp'; leg: string }
  | { do: 'play'; play: string; leg: string; parts: PlayPart[] }
  | { do: 'stopPlay'; play: string }
  | { do: 'music'; leg: string; on: boolean }
  | { do: 'openRoom'; room: string }
  | { do: 'closeRoom'; room: string }
  | { do: 'join'; leg: string; room: string }
  | { do: 'leave'; leg: string }
  | { do: 'mute'; leg: string; on: boolean }
  | { do: 'supervise'; leg: string; target: string; mode: 'listen' | 'whisper' | 'off' }
  | { do: 'dialSeat'; leg: string; seat: string; for: number; rejoin: boolean }
  | { do: 'dialCaller'; leg: string; for: number }
  | { do: 'dialNumber'; leg: string; number: string; for: number }
  | { do: 'startRecording'; kind: 'talk' | 'message'; leg: string; segment: number }
  | { do: 'stopRecording'; kind: 'talk' | 'message' }
  | { do: 'makeCallBack'; since: number; danger: boolean }
  | { do: 'duty'; seat: string; event: DutyEvent }
  | { do: 'notify'; what: Notice }

/** What a screen is told at once. */
export type Notice =
  'danger' | 'transfer-failed' | 'transfer-done' | 'invite-failed' | 'no-call-back' | 'seat-lost' | 'failed'

/** What `step` gives back: the call afterwards and what is to be done; `refused` means nothing was changed. */
export interface Step {
  call: Call
  effects: Effect[]
  refused: boolean
}
