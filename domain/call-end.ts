import { clearRoom } from './call-room.ts'
import type { EndedBy } from './call-state.ts'
import { act, due, enter, type Handlers, isCurrent, promptLimit, say, type Turn } from './call-turn.ts'
import { goodbye } from './call-waiting.ts'
import { isCrisis } from './risk.ts'

/** How long a caller may think about the question for satisfaction. */
const surveyFor = 12_000

/** The talk is over. If the caller is still there: one question, but never after a crisis call; then thanks. */
export function finish(turn: Turn, by: EndedBy): void {
  const { call } = turn
  clearRoom(turn)
  call.talkEndedAt = turn.now
  call.endedBy = by
  if (by === 'caller') return wrapUp(turn)
  act(turn, { do: 'leave', leg: call.callerLeg })
  enter(turn, 'survey', 'asking')
  if (by === 'system' || isCrisis(call.danger, call.risk)) return goodbye(turn, 'thanks')
  askSatisfaction(turn)
}

/** Asks for 1 to 5. */
export function askSatisfaction(turn: Turn): void {
  turn.call.phase = 'asking'
  say(turn, [{ prompt: 'survey' }])
  due(turn, 'survey', promptLimit)
}

/** The caller is gone; the record is left to be finished. */
export function wrapUp(turn: Turn): void {
  enter(turn, 'wrap-up', 'none')
  turn.call.play = null
  turn.call.endedAt = turn.now
}

/** After thanks: hang up by us; who ended the talk stays as it was. */
export function farewell(turn: Turn): void {
  act(turn, { do: 'hangUp', leg: turn.call.callerLeg })
  wrapUp(turn)
}

/** What the survey does with each event. */
export const surveyEvents: Handlers = {
  digit: (turn, { digit }) => {
    if (turn.call.phase !== 'asking' || !/^[1-5]$/.test(digit)) return false
    turn.call.satisfaction = Number(digit)
    goodbye(turn, 'thanks')
  },
  playEnded: (turn, { play }) => {
    if (!isCurrent(turn, play)) return false
    turn.call.play = null
    if (turn.call.phase === 'goodbye') farewell(turn)
    else due(turn, 'survey', surveyFor)
  },
  deadline: (turn, { kind }) => {
    if (kind === 'goodbye') farewell(turn)
    else if (kind === 'survey') goodbye(turn, 'thanks')
    else return false
  },
  callerHungUp: (turn) => wrapUp(turn),
}

/** What a record that waits to be finished does with each event. */
export const wrapUpEvents: Handlers = {
  close: (turn) => enter(turn, 'closed', 'none'),
}
