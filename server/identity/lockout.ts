/** How long the next attempt must wait after so many failures in a row, in milliseconds. */
export function delayAfter(failures: number, free: number): number {
  if (failures < free) return 0
  return Math.min(5000 * 2 ** (failures - free), 15 * 60_000)
}

/** Failures in a row before an account waits. */
export const freeForAccount = 5
/** Failures in a row before an address waits; a whole office may sit behind one. */
export const freeForAddress = 20

const mostRemembered = 10_000
const forgottenAfter = 60 * 60_000

/** Failures by a key that is no account (an address, a name nobody has), remembered by this process alone. */
export class Failures {
  private readonly known = new Map<string, { count: number; at: number }>()
  private readonly free: number

  constructor(free: number) {
    this.free = free
  }

  /** How long the key still has to wait. */
  waitOf(key: string, nowMs: number): number {
    const found = this.known.get(key)
    return found ? Math.max(0, found.at + delayAfter(found.count, this.free) - nowMs) : 0
  }

  /** Counts one more failure. */
  add(key: string, nowMs: number): void {
    const found = this.known.get(key)
    const count = found && nowMs - found.at < forgottenAfter ? found.count + 1 : 1
    // Deleted first, so that the map stays in the order of the last failure and the oldest is dropped.
    this.known.delete(key)
    this.known.set(key, { count, at: nowMs })
    const oldest = this.known.keys().next()
    if (this.known.size > mostRemembered && !oldest.done) this.known.delete(oldest.value)
  }

  /** Forgets a key after a success. */
  clear(key: string): void {
    this.known.delete(key)
  }
}
