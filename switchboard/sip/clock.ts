import type { Clock } from './contract.ts'

/** Real time. Timers do not keep the process alive: the sockets do. */
export const realClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
