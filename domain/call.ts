/**
 * The helpline's call: a table of states and moves, and `step`, which turns one event into the next call and what is
 * to be done. Pure: the server runs it inside a transaction, the simulator in virtual time, and docs/call-flow.md is
 * printed from the table.
 */
import { callBack } from './call-back.ts'
import { surveyEvents, wrapUpEvents } from './call-end.ts'
import { greet, greetingEvents } from './call-greeting.ts'
import { offerEvents } from './call-offer.ts'
import { reconciled, switchboardLost } from './call-repair.ts'
import {
  type Call,
  type CallEvent,
  type CallEventType,
  type CallSettings,
  type CallState,
  defaultSettings,
  type Step,
} from './call-state.ts'
import { talkEvents } from './call-talk.ts'
import { type Handlers, openTurn, type Turn } from './call-turn.ts'
import { waitingEvents } from './call-waiting.ts'

/**
 * The table: for each state, the events it takes and the states they may lead to. An event that is missing is refused
 * and changes nothing; a move that is missing cannot be made.
 */
export const moves: Record<CallState, { [T in CallEventType]?: readonly CallState[] }> = {
  greeting: {
    arrived: ['greeting'],
    digit: ['greeting', 'waiting'],
    playEnded: ['greeting', 'waiting'],
    deadline: ['greeting', 'waiting'],
    callerHungUp: ['closed'],
    assessed: ['greeting'],
    reconciled: ['greeting', 'closed'],
    switchboardLost: ['failed'],
  },
  waiting: {
    digit: ['waiting'],
    playEnded: ['waiting', 'closed', 'wrap-up'],
    deadline: ['waiting', 'closed', 'wrap-up'],
    callerHungUp: ['closed', 'wrap-up'],
    nobodyOnDuty: ['waiting'],
    somebodyOnDuty: ['waiting'],
    offered: ['offered'],
    assessed: ['waiting'],
    reconciled: ['waiting', 'closed', 'wrap-up'],
    switchboardLost: ['failed'],
  },
  offered: {
    digit: ['offered', 'waiting'],
    playEnded: ['offered'],
    deadline: ['waiting', 'closed', 'wrap-up'],
    callerHungUp: ['closed', 'wrap-up'],
    legUp: ['talking'],
    legEnded: ['waiting', 'closed', 'wrap-up'],
    decline: ['waiting', 'closed', 'wrap-up'],
    assessed: ['offered'],
    reconciled: ['offered', 'talking', 'waiting', 'closed', 'wrap-up'],
    switchboardLost: ['failed'],
  },
  talking: {
    playEnded: ['talking'],
    legUp: ['talking'],
    legEnded: ['talking', 'survey', 'waiting', 'closed', 'wrap-up'],
    legHeld: ['talking'],
    seatReturned: ['talking'],
    seatSilent: ['talking', 'waiting'],
    recordingBroken: ['talking'],
    hold: ['talking'],
    mute: ['talking'],
    transfer: ['talking', 'waiting'],
    completeTransfer: ['talking'],
    cancelTransfer: ['talking', 'waiting'],
    invite: ['talking'],
    supervise: ['talking'],
    dismiss: ['talking'],
    consentGiven: ['talking'],
    consentWithdrawn: ['talking'],
    assessed: ['talking'],
    hangUp: ['survey', 'talking', 'closed', 'wrap-up'],
    deadline: ['talking', 'waiting', 'closed', 'wrap-up'],
    callerHungUp: ['wrap-up', 'closed'],
    reconciled: ['talking', 'waiting', 'survey', 'wrap-up', 'closed'],
    switchboardLost: ['failed'],
  },
  survey: {
    digit: ['survey'],
    playEnded: ['survey', 'wrap-up'],
    deadline: ['survey', 'wrap-up'],
    callerHungUp: ['wrap-up'],
    assessed: ['survey'],
    reconciled: ['survey', 'wrap-up'],
    switchboardLost: ['wrap-up'],
  },
  'wrap-up': { assessed: ['wrap-up'], close: ['closed'], callBack: ['offered'] },
  closed: { callBack: ['offered'] },
  failed: { callBack: ['offered'] },
}

const everywhere: Handlers = {
  assessed: (turn, { risk }) => {
    turn.call.risk = risk
  },
  reconciled,
  switchboardLost,
}

const handlers: Record<CallState, Handlers> = {
  greeting: {
    ...everywhere,
    ...greetingEvents,
    arrived: (turn) => (turn.call.counter > 0 ? false : greet(turn)),
  },
  waiting: { ...everywhere, ...waitingEvents },
  offered: { ...everywhere, ...offerEvents },
  talking: { ...everywhere, ...talkEvents },
  survey: { ...everywhere, ...surveyEvents },
  'wrap-up': { ...everywhere, ...wrapUpEvents, callBack },
  closed: { callBack },
  failed: { callBack },
}

/** States a contact does not leave any more, but for a call-back. */
export const isOver = (state: CallState): boolean => state === 'closed' || state === 'failed'

/** States in which a caller's leg is alive. */
export const isLive = (state: CallState): boolean => !isOver(state) && state !== 'wrap-up'

function run(turn: Turn, event: CallEvent): boolean {
  // The table is keyed by the event's own type, so handler and event always match; TypeScript cannot follow that.
  const handler = handlers[turn.call.state][event.type] as
    ((turn: Turn, event: CallEvent) => void | false) | undefined
  return handler !== undefined && handler(turn, event) !== false
}

/**
 * What one event makes of a call at an instant (ms since 1970): the call afterwards and what is to be done. A refused
 * event gives the call back unchanged. An event about a leg nobody knows is refused too; the shell puts such a leg down.
 */
export function step(call: Call, event: CallEvent, now: number): Step {
  const allowed = moves[call.state][event.type]
  if (!allowed) return { call, effects: [], refused: true }
  const turn = openTurn(call, now)
  if (!run(turn, event)) return { call, effects: [], refused: true }
  if (!allowed.includes(turn.call.state)) {
    throw new Error(`no move from ${call.state} by ${event.type} to ${turn.call.state}`)
  }
  return { call: turn.call, effects: turn.effects, refused: false }
}

/** A call that has just come in; step it with `arrived` to answer it. */
export const newCall = (given: {
  contact: string
  line: string
  callerLeg: string
  canCallBack: boolean
  ringsAgain: boolean
  arrivedAt: number
  settings?: CallSettings
}): Call => ({
  contact: given.contact,
  line: given.line,
  state: 'greeting',
  phase: 'welcome',
  settings: given.settings ?? defaultSettings,
  callerLeg: given.callerLeg,
  canCallBack: given.canCallBack,
  ringsAgain: given.ringsAgain,
  danger: false,
  risk: null,
  consent: null,
  arrivedAt: given.arrivedAt,
  queuedAt: null,
  answeredAt: null,
  talkEndedAt: null,
  endedAt: null,
  endedBy: null,
  outcome: null,
  satisfaction: null,
  counter: 0,
  play: null,
  recording: 0,
  segments: 0,
  asked: 0,
  news: 0,
  newsAt: null,
  offer: null,
  passed: [],
  talk: null,
  deadline: null,
})
