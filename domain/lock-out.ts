/* How guessing at the door is slowed: a few free failures, then a wait that doubles, by account and by address. */

/** Failures in a row before an account waits. */
export const freeForAccount = 5
/** Failures in a row before an address waits; a whole office may sit behind one. */
export const freeForAddress = 20
/** How long failures of an address or of a name nobody has are remembered after the last of them. */
export const forgottenAfterMs = 60 * 60_000

const firstWaitMs = 5000
const longestWaitMs = 15 * 60_000

/** How long the next attempt must wait after so many failures in a row, in milliseconds. */
export function delayAfter(failures: number, free: number): number {
  if (failures < free) return 0
  return Math.min(firstWaitMs * 2 ** (failures - free), longestWaitMs)
}

/** The count after one more failure, given the count and the instant (ms) of the last one; null when there was none. */
export function failuresAfter(before: { failures: number; at: number } | null, nowMs: number): number {
  if (!before || nowMs - before.at >= forgottenAfterMs) return 1
  return before.failures + 1
}
