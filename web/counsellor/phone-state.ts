/** The softphone as two small tables: a line to a switchboard, and the talk. What is missing changes nothing. */

/** The line: `lost` is coming back by itself. */
export type LineState = 'off' | 'connecting' | 'ready' | 'lost'

/** What may happen to the line. */
export type LineEvent = 'start' | 'registered' | 'refused' | 'disconnected' | 'stop'

/** The talk on it; a talk goes on while the line is lost. */
export type TalkState = 'none' | 'ringing' | 'answering' | 'up'

/** What may happen to a talk; `rejoin` is an invitation that is answered by itself after a reload. */
export type TalkEvent = 'invite' | 'rejoin' | 'answer' | 'confirmed' | 'microphoneFailed' | 'ended'

const lineMoves: Record<LineState, Partial<Record<LineEvent, LineState>>> = {
  off: { start: 'connecting' },
  connecting: { registered: 'ready', refused: 'lost', disconnected: 'lost', stop: 'off' },
  ready: { refused: 'lost', disconnected: 'lost', stop: 'off' },
  lost: { registered: 'ready', start: 'connecting', stop: 'off' },
}

const talkMoves: Record<TalkState, Partial<Record<TalkEvent, TalkState>>> = {
  none: { invite: 'ringing', rejoin: 'answering' },
  ringing: { answer: 'answering', rejoin: 'answering', ended: 'none' },
  // A microphone that cannot be opened ends the session in the library: the seat is rung again by the switchboard.
  answering: { confirmed: 'up', rejoin: 'answering', microphoneFailed: 'none', ended: 'none' },
  // After a broken network the switchboard calls back while the page still believes in the old talk: the new one counts.
  up: { rejoin: 'answering', ended: 'none' },
}

/** The line after an event. */
export const lineAfter = (state: LineState, event: LineEvent): LineState => lineMoves[state][event] ?? state

/** All lines as one, each to another switchboard: calls come as soon as one is ready. */
export const linesTogether = (lines: readonly LineState[]): LineState =>
  (['ready', 'connecting', 'lost'] as const).find((state) => lines.includes(state)) ?? 'off'

/** How many lines are lost although calls come. */
export const linesAway = (lines: readonly LineState[]): number =>
  lines.includes('ready') ? lines.filter((state) => state === 'lost').length : 0

/** The talk after an event. */
export const talkAfter = (state: TalkState, event: TalkEvent): TalkState => talkMoves[state][event] ?? state

/** Whether an invitation can be taken now: one talk at a time. */
export const mayTake = (state: TalkState): boolean => talkMoves[state].invite !== undefined
