import type { Board } from './board.ts'
import type { Ask } from './socket.ts'

/** What every command works with. */
export interface Desk {
  ask: Ask
  board: Board
  /** Our application's name. */
  app: string
  /** Name of the switchboard's WebSocket connection to the recorder. */
  recorder: string
  /** Dialplan context of devices, for a real Asterisk. */
  context: string
  now: () => number
}
