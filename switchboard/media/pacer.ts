const FRAME_MS = 20
const CATCH_UP = 5
const STALL_MS = 40
/** A timer is only good to a millisecond: a tick may come so much early, for waiting it out would keep a core busy. */
const EARLY_MS = 1

/**
 * The one clock of the engine: calls `tick` every 20 ms on an absolute schedule, never more than 1 ms early, makes up for at most five missed frames, and stands still while nothing is open. What it misses beyond
 * is told by `skipped`, so that recordings keep wall-clock length.
 */
export class Pacer {
  private readonly tick: (now: number) => void
  private readonly skipped: (frames: number) => void
  private due = 0
  private timer: NodeJS.Timeout | null = null
  private immediate: NodeJS.Immediate | null = null
  private readonly lateness = new Float64Array(500)
  private ticks = 0

  constructor(tick: (now: number) => void, skipped: (frames: number) => void) {
    this.tick = tick
    this.skipped = skipped
  }

  /** Starts the clock; nothing when it runs. */
  start(): void {
    if (this.timer || this.immediate) return
    this.due = performance.now() + FRAME_MS
    this.wait()
  }

  /** Stops the clock. */
  stop(): void {
    if (this.timer) clearTimeout(this.timer)
    if (this.immediate) clearImmediate(this.immediate)
    this.timer = null
    this.immediate = null
  }

  /** The worst lateness of the last 500 ticks. */
  get worstLateMs(): number {
    return this.lateness.reduce((worst, late) => Math.max(worst, late), 0)
  }

  private wait(): void {
    this.timer = null
    this.immediate = null
    const left = this.due - performance.now()
    if (left >= EARLY_MS) this.timer = setTimeout(() => this.wait(), Math.floor(left))
    // After a stall the sockets are read first, or what came meanwhile would count as late.
    else if (left < -STALL_MS) this.immediate = setImmediate(() => this.run())
    else this.run()
  }

  private run(): void {
    this.immediate = null
    const now = performance.now()
    this.lateness[this.ticks++ % this.lateness.length] = Math.max(0, now - this.due)
    // Armed first, so that `stop` called from within the tick ends the clock.
    this.immediate = setImmediate(() => this.wait())
    const missed = Math.floor((now - this.due) / FRAME_MS) - CATCH_UP
    if (missed > 0) {
      this.due += missed * FRAME_MS
      this.skipped(missed)
    }
    while (this.due < now + EARLY_MS) {
      // Before the tick: one that throws must not be due again at once, and for ever.
      this.due += FRAME_MS
      this.tick(now)
    }
  }
}
