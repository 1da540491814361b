import type { Strain } from './strain.ts'

/** What went wrong, by cause, and what was done. */
export class Tally {
  made = 0
  /** Calls that went away without a word, as they were meant to. */
  vanished = 0
  /** What counts, and what happened while the machine let nobody work. */
  readonly failures = new Map<string, number>()
  readonly excused = new Map<string, number>()
  strain: Strain | null = null

  /** Something failed; `since`: when what failed began. */
  failed(cause: string, since = performance.now()): void {
    const list = this.strain?.tooMuch(since) ? this.excused : this.failures
    list.set(cause, (list.get(cause) ?? 0) + 1)
  }

  count(list: ReadonlyMap<string, number>): number {
    return [...list.values()].reduce((sum, count) => sum + count, 0)
  }
}
