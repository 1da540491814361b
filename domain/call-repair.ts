import { callerReached } from './call-back.ts'
import { askSatisfaction, farewell, surveyEvents, wrapUp } from './call-end.ts'
import { ask, greetingEvents, welcome } from './call-greeting.ts'
import { answer, offerEvents, passOn } from './call-offer.ts'
import { clearRoom } from './call-room.ts'
import type { CallEvent, CallState, Guest } from './call-state.ts'
import {
  due,
  enter,
  type Handler,
  type Handlers,
  notify,
  promptLimit,
  say,
  stopRecording,
  type Turn,
} from './call-turn.ts'
import { restoreTalk, talkEvents } from './call-talk.ts'
import { endByUs, queueUp, sayNobody, waitingEvents, withdrawOffer } from './call-waiting.ts'

type Legs = Extract<CallEvent, { type: 'reconciled' }>['legs']

const hungUp: { [S in CallState]?: Handlers['callerHungUp'] } = {
  greeting: greetingEvents.callerHungUp,
  waiting: waitingEvents.callerHungUp,
  offered: offerEvents.callerHungUp,
  talking: talkEvents.callerHungUp,
  survey: surveyEvents.callerHungUp,
}

function resumeGreeting(turn: Turn): void {
  const { call } = turn
  if (call.phase === 'welcome') return welcome(turn)
  if (call.phase === 'thank') {
    say(turn, [{ prompt: 'consent-yes' }])
    return due(turn, 'prompt', promptLimit)
  }
  call.asked -= 1
  ask(turn)
}

function resumeWaiting(turn: Turn): void {
  const { call } = turn
  if (call.phase === 'goodbye') return endByUs(turn)
  if (call.phase === 'nobody') return sayNobody(turn)
  if (call.phase === 'message') return
  call.newsAt = turn.now
  queueUp(turn, null)
}

function resumeOffer(turn: Turn, legs: Legs): void {
  const { offer } = turn.call
  const state = offer ? legs[offer.leg] : undefined
  if (state === 'up') answer(turn)
  else if (!state) passOn(turn, 'unreachable')
}

/** Third persons who are gone are dropped, those who answered meanwhile are let in. */
function resumeGuests(turn: Turn, guests: readonly Guest[], legs: Legs): void {
  for (const { leg, up } of guests) {
    if (turn.call.state !== 'talking') return
    if (!legs[leg]) talkEvents.legEnded?.(turn, { type: 'legEnded', leg, cause: 'hangup' })
    else if (legs[leg] === 'up' && !up) talkEvents.legUp?.(turn, { type: 'legUp', leg })
  }
}

/** A counsellor who is gone is waited for and the caller told: we cannot know whether that was a hang-up or a fault. */
function resumeTalk(turn: Turn, legs: Legs): void {
  const { talk, phase } = turn.call
  if (!talk) return
  restoreTalk(turn)
  if (phase === 'calling' && legs[turn.call.callerLeg] === 'up') callerReached(turn)
  resumeGuests(turn, talk.guests.slice(), legs)
  const { leg } = talk
  if (turn.call.talk !== talk || !leg) return
  if (!legs[leg]) talkEvents.legEnded?.(turn, { type: 'legEnded', leg, cause: 'lost' })
  else if (legs[leg] === 'up' && phase === 'seat-lost') talkEvents.legUp?.(turn, { type: 'legUp', leg })
}

/**
 * The server is back and knows which legs live: nothing was told meanwhile, so whoever is gone is ended truthfully and
 * whoever is there hears again what belongs to the state.
 */
export const reconciled: Handler<'reconciled'> = (turn, { legs }) => {
  const { call } = turn
  if (call.phase === 'calling-back') return resumeOffer(turn, legs)
  if (!legs[call.callerLeg]) return hungUp[call.state]?.(turn, { type: 'callerHungUp' })
  if (call.state === 'greeting') resumeGreeting(turn)
  else if (call.state === 'waiting') resumeWaiting(turn)
  else if (call.state === 'offered') resumeOffer(turn, legs)
  else if (call.state === 'talking') resumeTalk(turn, legs)
  else if (call.phase === 'goodbye') farewell(turn)
  else askSatisfaction(turn)
}

/** The switchboard died and the call with it: failed, with the time; a talk that was over is left to be finished. */
export const switchboardLost: Handler<'switchboardLost'> = (turn) => {
  const { call } = turn
  if (call.state === 'survey') return wrapUp(turn)
  withdrawOffer(turn)
  if (call.talk) {
    clearRoom(turn)
    call.talkEndedAt = turn.now
  }
  stopRecording(turn)
  notify(turn, 'failed')
  enter(turn, 'failed', 'none')
  call.play = null
  call.outcome = 'failed'
  call.endedAt = turn.now
  call.endedBy = 'system'
}
