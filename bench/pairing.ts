import { randomUUID } from 'node:crypto'
import type { Switchboard, SwitchboardEvent } from '../telephony/switchboard.ts'

/** Whom each caller is brought together with; null: nobody, the caller hears music. */
export type Partner = { number: string; trunk: string } | { seat: string } | null

/** What it does with a switchboard. */
export type Hands = Pick<
  Switchboard,
  'answer' | 'dial' | 'music' | 'openRoom' | 'join' | 'hangup' | 'closeRoom'
>

/** The smallest application: answers, dials the far end, brings both together, and ends one leg with the other. */
export class Pairing {
  bridged = 0
  failed = 0
  /** How long each took from the offered call until both were together, in milliseconds. */
  setUps: number[] = []
  partner: Partner = { number: '2000', trunk: 'out' }
  /** Told when both hear each other. */
  together: (caller: string, other: string) => void = () => undefined
  readonly callers = new Set<string>()
  private readonly link: Hands
  private readonly others = new Map<string, string>()
  private readonly begun = new Map<string, number>()

  constructor(link: Hands) {
    this.link = link
  }

  happened(event: SwitchboardEvent): void {
    const work = this.workFor(event)
    work?.catch(() => (this.failed += 1))
  }

  private workFor(event: SwitchboardEvent): Promise<void> | null {
    if (event.type === 'call.offered') return this.take(event.leg.id)
    if (event.type === 'leg.up') return this.join(event.leg)
    return event.type === 'leg.ended' ? this.end(event.leg) : null
  }

  private async take(caller: string): Promise<void> {
    this.callers.add(caller)
    this.begun.set(caller, performance.now())
    const { partner } = this
    const id = randomUUID()
    if (partner) this.others.set(caller, id).set(id, caller)
    await this.link.answer(caller)
    if (partner) await this.link.dial({ leg: id, to: partner, timeoutMs: 30_000 })
    else await this.link.music({ leg: caller }, 'default')
  }

  private async join(leg: string): Promise<void> {
    const caller = this.others.get(leg)
    if (caller === undefined || this.callers.has(leg)) return
    await this.link.openRoom(`room-${leg}`, 'talk')
    await Promise.all([this.link.join(caller, `room-${leg}`), this.link.join(leg, `room-${leg}`)])
    this.bridged += 1
    this.together(caller, leg)
    this.setUps.push(performance.now() - (this.begun.get(caller) ?? Number.NaN))
  }

  private async end(leg: string): Promise<void> {
    const wasCaller = this.callers.delete(leg)
    this.begun.delete(leg)
    const other = this.others.get(leg)
    if (other === undefined) return
    this.others.delete(leg)
    if (wasCaller) await Promise.all([this.link.hangup(other), this.link.closeRoom(`room-${other}`)])
  }
}
