import { due, enter, type Handlers, isCurrent, promptLimit, say, type Turn } from './call-turn.ts'
import { leaveUnanswered, pressDanger, queueUp } from './call-waiting.ts'
import type { PlayPart } from './call-state.ts'
import { consentByKey, consentBySilence } from './consent.ts'

/** Answers at once and begins: who we are, then what to do in danger (G24-3.1.3), then the question for consent. */
export function greet(turn: Turn): void {
  turn.effects.push({ do: 'answer', leg: turn.call.callerLeg })
  welcome(turn)
}

/** Says greeting and danger words; used again when the server comes back in the middle of them. */
export function welcome(turn: Turn): void {
  enter(turn, 'greeting', 'welcome')
  const greeting: PlayPart = { prompt: turn.call.settings.eventLine ? 'greeting-event' : 'greeting' }
  say(turn, [greeting, { prompt: 'danger' }])
  due(turn, 'prompt', promptLimit)
}

/** Asks for consent to record (G24-7.5a). */
export function ask(turn: Turn): void {
  enter(turn, 'greeting', 'ask')
  turn.call.asked += 1
  say(turn, [{ prompt: 'consent' }])
  due(turn, 'prompt', promptLimit)
}

/** Goes on when words have ended, or should have. */
function wordsOver(turn: Turn): void {
  const { call } = turn
  call.play = null
  if (call.phase === 'welcome') ask(turn)
  else if (call.phase === 'ask') {
    call.phase = 'listen'
    due(turn, 'silence', call.settings.silenceFor)
  } else if (call.phase === 'thank') queueUp(turn, null)
}

/** Silence: the question is repeated once, then silence counts as not recorded. */
function silence(turn: Turn): void {
  if (turn.call.asked < 2) return ask(turn)
  turn.call.consent = consentBySilence(turn.call.consent)
  queueUp(turn, 'consent-no')
}

/** Key 1 or 2. Who agrees before having heard the question is first told what was agreed, in full. */
function decide(turn: Turn, digit: string): void {
  const { call } = turn
  const early = call.phase === 'welcome' && digit === '1'
  call.consent = consentByKey(call.consent, digit)
  if (!early) return queueUp(turn, digit === '1' ? 'consent-yes' : 'consent-no')
  enter(turn, 'greeting', 'thank')
  say(turn, [{ prompt: 'consent-yes' }])
  due(turn, 'prompt', promptLimit)
}

/** What the greeting does with each event. */
export const greetingEvents: Handlers = {
  playEnded: (turn, { play }) => (isCurrent(turn, play) ? wordsOver(turn) : false),
  digit: (turn, { digit }) => {
    if (digit === '0') return pressDanger(turn)
    if (digit !== '1' && digit !== '2') return false
    return decide(turn, digit)
  },
  deadline: (turn, { kind }) => {
    if (kind === 'prompt') wordsOver(turn)
    else if (kind === 'silence') silence(turn)
    else return false
  },
  callerHungUp: (turn) => leaveUnanswered(turn, 'left-in-menu'),
}
