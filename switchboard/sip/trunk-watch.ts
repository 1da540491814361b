import type { Clock } from './contract.ts'

/** A trunk that does not answer is asked again so soon, and is gone when it is silent then too. */
const askAgainAfter = 2_000
/** How long an answer may take. */
const patience = 4_000
const firstRetry = 5_000

/** What a watch needs. Durations in milliseconds. */
export interface WatchHost {
  readonly clock: Clock
  /** Between two questions while all is well, and at most while it is not. */
  readonly every: number
  /** Sends OPTIONS (RFC 3261 §11); any answer but 503 is one. Returns what gives the question up. */
  ask(answered: (isThere: boolean) => void): () => void
  /** Told when the far end is gone, and when it is back. */
  changed(isThere: boolean): void
}

/** Asks a trunk now and again whether it is there, so that its death is known before a caller meets it. */
export class TrunkWatch {
  private readonly host: WatchHost
  private misses = 0
  private gone = false
  private stopped = false
  private stopTimer = (): void => {}
  private stopAsking = (): void => {}

  constructor(host: WatchHost) {
    this.host = host
    this.ask()
  }

  stop(): void {
    this.stopped = true
    this.stopTimer()
    this.stopAsking()
  }

  private ask(): void {
    let open = true
    const over = (isThere: boolean): void => {
      if (!open || this.stopped) return
      open = false
      this.stopTimer()
      this.stopAsking()
      this.told(isThere)
    }
    this.stopTimer = this.host.clock.after(patience, () => over(false))
    const stopAsking = this.host.ask(over)
    this.stopAsking = open ? stopAsking : () => {}
    if (!open) stopAsking()
  }

  private told(isThere: boolean): void {
    const { host } = this
    this.misses = isThere ? 0 : this.misses + 1
    const wasGone = this.gone
    this.gone = this.misses > 1 || (wasGone && !isThere)
    if (this.gone !== wasGone) host.changed(isThere)
    this.stopTimer = host.clock.after(this.pause(host.every), () => this.ask())
  }

  /** Once gone it is asked soon, then ever more seldom, so that nobody floods what is restarting. */
  private pause(every: number): number {
    if (this.misses === 0) return every
    const wait = this.misses === 1 ? askAgainAfter : firstRetry * 2 ** Math.min(10, this.misses - 2)
    return Math.min(every, wait)
  }
}
