/** The application of a soak: brings callers together with their far ends, and does with each call what its number says. */
import { randomUUID } from 'node:crypto'
import type { LegId, Switchboard, SwitchboardEvent } from '../../telephony/switchboard.ts'
import type { Pairing, Partner } from '../pairing.ts'
import { hotline } from '../switchboard/engines.ts'
import { farEnds, kindOf, kinds, type Kind, type Lengths } from './kinds.ts'
import { patiently } from './patience.ts'
import type { Tally } from './tally.ts'

/** Numbers of calls that stay for the whole run, and with whom. */
export interface Standing {
  partner: Partner
  /** A third joins, so that all is mixed. */
  mixed: boolean
}

interface Talk {
  caller: LegId
  partner: LegId
  third: LegId | null
  /** The second room, once it moved. */
  room: string | null
  recording: string | null
  timers: NodeJS.Timeout[]
}

const trunk = 'out'

/** Hears of everything first, and hands on to the pairing what is its. */
export class House {
  digits = 0
  private readonly link: Switchboard
  private readonly pairing: Pairing
  private readonly tally: Tally
  private readonly lengths: Lengths
  private readonly standing: ReadonlyMap<string, Standing>
  private readonly dialled = new Map<LegId, string>()
  private readonly talks = new Map<LegId, Talk>()

  constructor(given: {
    link: Switchboard
    pairing: Pairing
    tally: Tally
    lengths: Lengths
    standing: ReadonlyMap<string, Standing>
  }) {
    this.link = given.link
    this.pairing = given.pairing
    this.tally = given.tally
    this.lengths = given.lengths
    this.standing = given.standing
    this.pairing.together = (caller, partner) => this.begin(caller, partner)
  }

  /** How many calls the application still holds. */
  get live(): number {
    return this.dialled.size
  }

  happened(event: SwitchboardEvent): void {
    if (event.type === 'call.offered' && event.leg.party.kind === 'caller') {
      const { dialled } = event.leg.party
      this.dialled.set(event.leg.id, dialled)
      const kind = kindOf(dialled)
      if (kind === 'cancelled') return this.try(null, () => this.link.ring(event.leg.id))
      const partner: Partner = { number: kind ? kinds[kind].partner : farEnds.echo, trunk }
      this.pairing.partner = this.standing.get(dialled)?.partner ?? partner
    } else if (event.type === 'leg.digit') this.digits += 1
    else if (event.type === 'leg.up') this.thirdIsUp(event.leg)
    else if (event.type === 'leg.ended') this.ended(event.leg)
    else if (event.type === 'rec.ended' && event.outcome === 'broken') {
      if (this.dialled.has(event.leg)) this.tally.failed('a recording broke')
    } else if (event.type === 'node.down') this.tally.failed('the link to the switchboard was lost')
    this.pairing.happened(event)
  }

  /** Does something to a call; that the call is over already is no fault. */
  private try(talk: Talk | null, work: () => Promise<void>): void {
    patiently(work).catch((error: unknown) => {
      if (talk && !this.talks.has(talk.caller)) return
      this.tally.failed(`a command failed: ${error instanceof Error ? error.message : 'unknown'}`)
    })
  }

  private begin(caller: LegId, partner: LegId): void {
    const number = this.dialled.get(caller)
    if (number === undefined) return
    const talk: Talk = { caller, partner, third: null, room: null, recording: null, timers: [] }
    this.talks.set(caller, talk)
    this.talks.set(partner, talk)
    if (this.standing.get(number)?.mixed) this.at(talk, 0, () => this.move(talk))
    const kind = kindOf(number)
    if (kind) this.plan(talk, kind)
  }

  /** All that is done to a call is done within the shortest call's time. */
  private plan(talk: Talk, kind: Kind): void {
    if (kind === 'recorded') {
      this.at(talk, 0.1, () => this.record(talk, 1))
      this.at(talk, 0.4, () => this.pauseRecording(talk))
      this.at(talk, 0.6, () => this.record(talk, 2))
    } else if (kind === 'moved') {
      this.at(talk, 0.1, () => this.move(talk))
      this.at(talk, 0.7, () => this.letThirdGo(talk))
    }
  }

  private at(talk: Talk, share: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => this.try(talk, work), share * this.lengths.shortest)
    talk.timers.push(timer)
  }

  private async record(talk: Talk, segment: number): Promise<void> {
    talk.recording ??= randomUUID()
    await this.link.record(talk.recording, talk.caller, { hotline, segment })
  }

  private async pauseRecording({ recording }: Talk): Promise<void> {
    if (recording !== null) await this.link.stopRecord(recording)
  }

  private async move(talk: Talk): Promise<void> {
    const { caller, partner } = talk
    talk.room = `second-${caller}`
    talk.third = randomUUID()
    await this.link.openRoom(talk.room, 'talk')
    await this.link.join(caller, talk.room)
    await this.link.join(partner, talk.room)
    this.talks.set(talk.third, talk)
    await this.link.dial({ leg: talk.third, to: { number: farEnds.silent, trunk }, timeoutMs: 10_000 })
  }

  private thirdIsUp(leg: LegId): void {
    const talk = this.talks.get(leg)
    if (talk?.third === leg && talk.room !== null) {
      const { room } = talk
      this.try(talk, async () => {
        if (talk.third === leg) await this.link.join(leg, room)
      })
    }
  }

  private async letThirdGo(talk: Talk): Promise<void> {
    const { third } = talk
    talk.third = null
    if (third === null) return
    this.talks.delete(third)
    await this.link.hangup(third)
  }

  private ended(leg: LegId): void {
    this.dialled.delete(leg)
    const talk = this.talks.get(leg)
    if (!talk) return
    this.talks.delete(leg)
    if (leg === talk.third) return
    for (const timer of talk.timers) clearTimeout(timer)
    const { caller, third, room } = talk
    // The pairing puts the partner down when the caller goes; the other way round it is our part.
    if (leg !== caller) this.try(null, () => this.link.hangup(caller))
    if (leg !== caller) return
    this.try(null, () => this.letThirdGo({ ...talk, third }))
    if (room !== null) this.try(null, () => this.link.closeRoom(room))
  }
}
