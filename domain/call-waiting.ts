import type { Outcome, PlayPart, Spot } from './call-state.ts'
import {
  act,
  due,
  duty,
  enter,
  type Handlers,
  hush,
  isCurrent,
  music,
  nextId,
  notify,
  promptLimit,
  say,
  type Turn,
} from './call-turn.ts'
import { consentByKey, consentBySilence, mayRecord } from './consent.ts'

/** The caller enters the queue (or comes back to it, keeping the place), hearing `words` first if there are any. */
export function queueUp(turn: Turn, words: string | null): void {
  turn.call.queuedAt ??= turn.now
  turn.call.newsAt ??= turn.now
  if (words) say(turn, [{ prompt: words }])
  else {
    hush(turn)
    music(turn, true)
  }
  keepWaiting(turn)
}

/** Waits in the queue without changing what is heard; news come when they are due and nothing else is being said. */
export function keepWaiting(turn: Turn): void {
  const { call, now } = turn
  enter(turn, 'waiting', 'queue')
  due(turn, 'news', call.play ? promptLimit : Math.max(0, (call.newsAt ?? now) - now))
}

/** Key 0 before a counsellor answers: danger now; straight into the queue, first (G24-5.3.5). */
export function pressDanger(turn: Turn): void {
  const { call } = turn
  if (!call.danger) notify(turn, 'danger')
  call.danger = true
  call.consent = consentBySilence(call.consent)
  if (call.phase === 'message' && call.outcome === 'message') {
    act(turn, { do: 'stopRecording', kind: 'message' })
  }
  if (call.phase === 'nobody' || call.phase === 'message') sayNobody(turn)
  else if (call.state === 'offered') say(turn, [{ prompt: 'danger-heard' }])
  else queueUp(turn, 'danger-heard')
}

/** The caller leaves while nobody answers: closed at once, or left to be finished if somebody had answered before. */
export function leaveUnanswered(turn: Turn, outcome: Outcome): void {
  const { call } = turn
  enter(turn, call.answeredAt === null ? 'closed' : 'wrap-up', 'none')
  call.play = null
  call.endedAt = turn.now
  call.endedBy = 'caller'
  call.outcome ??= outcome
}

/** Last words, then we hang up. */
export function goodbye(turn: Turn, words: string): void {
  turn.call.phase = 'goodbye'
  say(turn, [{ prompt: words }])
  due(turn, 'goodbye', promptLimit)
}

/** The last words were said: hang up by us. */
export function endByUs(turn: Turn): void {
  const { call } = turn
  act(turn, { do: 'hangUp', leg: call.callerLeg })
  const outcome = call.outcome ?? 'abandoned'
  leaveUnanswered(turn, outcome)
  call.endedBy = 'system'
}

/** Key 9: a call-back is promised and the place in the queue is kept; without a number we say what is possible. */
function wantCallBack(turn: Turn): void {
  const { call } = turn
  if (!call.canCallBack) {
    notify(turn, 'no-call-back')
    say(turn, [{ prompt: 'callback-no' }])
    return
  }
  if (call.state === 'offered') withdrawOffer(turn)
  call.outcome = 'call-back'
  call.consent = consentBySilence(call.consent)
  act(turn, { do: 'makeCallBack', since: call.queuedAt ?? turn.now, danger: call.danger })
  enter(turn, 'waiting', 'goodbye')
  goodbye(turn, 'callback-yes')
}

/** Takes an offer back from the seat that is being rung. */
export function withdrawOffer(turn: Turn): void {
  const { call } = turn
  if (!call.offer) return
  act(turn, { do: 'hangUp', leg: call.offer.leg })
  duty(turn, call.offer.seat, { type: 'withdrawn', contact: call.contact })
  call.offer = null
}

/** The words for a caller who waits: place and expected wait as far as they are known, and what can be done. */
function newsWords(turn: Turn, spot: Spot): PlayPart[] {
  const { call } = turn
  const first = call.news === 0
  const parts: PlayPart[] = []
  if (first && spot.minutes !== null) {
    parts.push({ prompt: 'waiting-first', values: { n: spot.ahead, m: spot.minutes } })
  } else if (spot.ahead === 0) parts.push({ prompt: 'waiting-soon' })
  else parts.push({ prompt: 'waiting-next', values: { n: spot.ahead } })
  if (call.news % 4 === 3) parts.push({ prompt: 'waiting-calm' })
  if (call.news % 2 === 0 && call.canCallBack) parts.push({ prompt: 'callback-offer' })
  return parts
}

function tellNews(turn: Turn, spot: Spot | undefined): void {
  const { call } = turn
  if (spot) {
    say(turn, newsWords(turn, spot))
    call.news += 1
  }
  call.newsAt = turn.now + call.settings.newsEvery
  due(turn, 'news', call.settings.newsEvery)
}

/** Nobody is on duty: say so, with emergency numbers, and offer call-back or message. */
export function sayNobody(turn: Turn): void {
  turn.call.phase = 'nobody'
  say(turn, [{ prompt: 'nobody' }])
  due(turn, 'prompt', promptLimit)
}

/** After the words: who is in danger keeps waiting for the first person who comes; others may speak after the tone. */
function nobodyOver(turn: Turn): void {
  const { call } = turn
  call.play = null
  if (call.danger) {
    music(turn, true)
    due(turn, 'prompt', call.settings.newsEvery)
    return
  }
  call.phase = 'message'
  say(turn, [{ tone: 'message' }])
  due(turn, 'message', call.settings.messageFor)
}

/** The tone is over: whoever speaks now leaves a message on purpose, which is its own consent. */
function listen(turn: Turn): void {
  const { call } = turn
  call.play = null
  call.outcome = 'message'
  act(turn, { do: 'startRecording', kind: 'message', leg: call.callerLeg, segment: 1 })
}

function endMessage(turn: Turn): void {
  hush(turn)
  if (turn.call.outcome === 'message') act(turn, { do: 'stopRecording', kind: 'message' })
  goodbye(turn, 'thanks')
}

function wordsOver(turn: Turn): void {
  const { call } = turn
  if (call.phase === 'goodbye') return endByUs(turn)
  if (call.phase === 'nobody') return nobodyOver(turn)
  if (call.phase === 'message') return listen(turn)
  call.play = null
  music(turn, true)
  keepWaiting(turn)
}

/** `#` ends a message; `9` comes late, after the tone, and is still the wish to be called back. */
function pressInMessage(turn: Turn, digit: string): void | false {
  const { call } = turn
  if (digit === '#') return endMessage(turn)
  if (digit !== '9' || !call.canCallBack) return false
  if (call.outcome === 'message') act(turn, { do: 'stopRecording', kind: 'message' })
  wantCallBack(turn)
}

/** Keys while waiting or being offered: 0 danger, 9 call-back, 2 takes consent back, # ends a message. */
export function pressWaiting(turn: Turn, digit: string): void | false {
  const { call } = turn
  if (digit === '0') return pressDanger(turn)
  if (call.phase === 'goodbye') return false
  if (call.phase === 'message') return pressInMessage(turn, digit)
  if (digit === '9') return wantCallBack(turn)
  if (digit === '2' && mayRecord(call.consent)) {
    call.consent = consentByKey(call.consent, digit)
    return say(turn, [{ prompt: 'consent-no' }])
  }
  return false
}

/** What waiting does with each event. */
export const waitingEvents: Handlers = {
  digit: (turn, { digit }) => pressWaiting(turn, digit),
  playEnded: (turn, { play }) => (isCurrent(turn, play) ? wordsOver(turn) : false),
  deadline: (turn, { kind, spot }) => {
    const { phase } = turn.call
    if (kind === 'news' && phase === 'queue') return tellNews(turn, spot)
    if (kind === 'prompt' && phase === 'nobody') return turn.call.play ? nobodyOver(turn) : sayNobody(turn)
    if (kind === 'message' && phase === 'message') return endMessage(turn)
    if (kind === 'goodbye' && phase === 'goodbye') return endByUs(turn)
    return false
  },
  callerHungUp: (turn) => {
    const { call } = turn
    if (call.outcome === 'message') act(turn, { do: 'stopRecording', kind: 'message' })
    leaveUnanswered(turn, 'abandoned')
  },
  nobodyOnDuty: (turn) => (turn.call.phase === 'queue' ? sayNobody(turn) : false),
  somebodyOnDuty: (turn) => {
    if (turn.call.phase !== 'nobody') return false
    queueUp(turn, null)
  },
  offered: (turn, { seat }) => {
    const { call } = turn
    if (call.phase !== 'queue' && call.phase !== 'nobody') return false
    if (call.phase === 'nobody') {
      hush(turn)
      music(turn, true)
    }
    enter(turn, 'offered', 'ringing')
    const leg = nextId(turn, 'l')
    call.offer = { seat, leg, at: turn.now }
    duty(turn, seat, { type: 'offered', contact: call.contact })
    act(turn, { do: 'dialSeat', leg, seat, for: call.settings.ringFor, rejoin: false })
    due(turn, 'offer', call.settings.ringFor)
  },
}
