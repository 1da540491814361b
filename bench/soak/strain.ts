/** How much the machine kept the switchboard, or us, from working: what happens then says nothing about the switchboard. */
import { waitedMs } from '../processes.ts'
import { every } from './clock.ts'

const lookMs = 500
const shortestMs = 5000
/** Less, in the time between two looks, is nothing that would be heard. */
const stallMs = 100
/** More than a tenth of a time is too much. */
const toleratedShare = 0.1

/** A watch on the machine. */
export class Strain {
  private readonly marks: { at: number; stalledMs: number }[] = []
  private readonly pid: number
  private waited: Map<string, number>
  private stalledMs = 0

  constructor(pid: number) {
    this.pid = pid
    this.waited = waitedMs(pid)
  }

  /** Gives what ends it. */
  start(): () => void {
    return every(lookMs, () => this.look())
  }

  /** The share of the time from then on in which a thread of the switchboard wanted to run and could not, or we stood still. */
  share(since: number): number {
    const from = Math.min(since, performance.now() - shortestMs)
    const last = this.marks.at(-1)
    const first = this.marks.findLast(({ at }) => at <= from) ?? this.marks[0]
    if (!first || !last || last === first) return 0
    return (last.stalledMs - first.stalledMs) / (last.at - first.at)
  }

  tooMuch(since: number): boolean {
    return this.share(since) > toleratedShare
  }

  private look(): void {
    const at = performance.now()
    const waited = waitedMs(this.pid)
    const threads = [...waited].map(([thread, ms]) => ms - (this.waited.get(thread) ?? ms))
    const ownMs = at - (this.marks.at(-1)?.at ?? at - lookMs) - lookMs
    this.waited = waited
    const longest = Math.max(ownMs, ...threads)
    if (longest > stallMs) this.stalledMs += longest
    this.marks.push({ at, stalledMs: this.stalledMs })
  }
}
