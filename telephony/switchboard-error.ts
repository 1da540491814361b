/** Why a command did not happen: the only thing callers branch on. */
export type SwitchboardErrorCode =
  /** The leg, room or play the command speaks of does not exist (any more). */
  | 'gone'
  /** The seat has no device registered; nothing was rung. */
  | 'offline'
  /** The link to the switchboard is down; nothing was sent, or its answer was lost. Wait for `node.up`. */
  | 'node-down'
  /** The switchboard did not answer in time; the command may have happened, so repeat it. */
  | 'timeout'
  /** The switchboard understood and said no (wrong state, bad argument, not offered by it). */
  | 'refused'

/** A command that did not happen. `status` is the switchboard's HTTP-like status where it gave one. */
export class SwitchboardError extends Error {
  readonly code: SwitchboardErrorCode
  readonly status: number | null

  constructor(code: SwitchboardErrorCode, message: string, status: number | null = null) {
    super(`${code}: ${message}`)
    this.name = 'SwitchboardError'
    this.code = code
    this.status = status
  }
}
