/** A clock that is later than this does not catch up: who waited so long would be heard in a burst that no phone makes. */
const patienceMs = 100

/**
 * Calls `act` every `periodMs` on an absolute schedule, so that the rate is kept however late a single call comes; it is told
 * how many periods were left out because the machine stood still. Gives what ends it.
 */
export function every(periodMs: number, act: (leftOut: number) => void): () => void {
  let due = performance.now() + periodMs
  let timer: NodeJS.Timeout
  const wake = (): void => {
    const now = performance.now()
    const leftOut = now - due > patienceMs ? Math.floor((now - due) / periodMs) : 0
    due += leftOut * periodMs
    for (let before = leftOut; due <= now; due += periodMs, before = 0) act(before)
    timer = setTimeout(wake, Math.max(1, Math.ceil(due - performance.now())))
  }
  timer = setTimeout(wake, periodMs)
  return () => clearTimeout(timer)
}

/** Waits; ends early, and gives false, when `until` settles before. */
export async function pause(ms: number, until: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(true), Math.max(0, ms))
  const early = (): void => resolve(false)
  until.then(early, early)
  const whole = await promise
  clearTimeout(timer)
  return whole
}
