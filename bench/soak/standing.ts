/** Calls that stay for the whole run, by whose numbered packets one sees whether sound is still in time. */
import type { OutboundCall, SipStack } from '../../switchboard/sip/contract.ts'
import { seat } from '../switchboard/engines.ts'
import { dial } from './callers.ts'
import { pause } from './clock.ts'
import type { FarEnds } from './far-ends.ts'
import type { Standing } from './house.ts'
import { NumberedPhone, type Passage } from './numbered.ts'
import type { Tally } from './tally.ts'
import { portIn } from './voice.ts'

interface Sort {
  number: string
  /** How much faster than real time the caller's clock is, in parts of a million, and the far end's. */
  ppm: number
  farPpm: number
  /** The number that answers; null: the seat, which says back what it hears. */
  far: string | null
  mixed: boolean
  /** Names of what the far end hears from the caller, and the other way round. */
  names: readonly (string | null)[]
}

const skew = 100
const sorts: readonly Sort[] = [
  { number: '1101', ppm: skew, farPpm: 0, far: '2101', mixed: false, names: ['relayed_fast', null] },
  { number: '1102', ppm: -skew, farPpm: 0, far: '2102', mixed: false, names: ['relayed_slow', null] },
  {
    number: '1103',
    ppm: skew,
    farPpm: -skew,
    far: '2103',
    mixed: true,
    names: ['mixed_fast', 'mixed_slow'],
  },
  { number: '1104', ppm: skew, farPpm: 0, far: null, mixed: false, names: [null, 'seat_fast'] },
]

/** With whom the house brings the callers of each of these numbers together. */
export const standing: ReadonlyMap<string, Standing> = new Map(
  sorts.map(({ number, far, mixed }) => [
    number,
    { mixed, partner: far === null ? { seat: seat.user } : { number: far, trunk: 'out' } },
  ]),
)

/** One direction of a standing call: whose packets, and who hears them. */
interface Stream {
  name: string
  speaker: NumberedPhone
  listener: NumberedPhone
  sentBefore: number
  heardBefore: number
}

/** What became of one direction. */
export interface Verdict {
  name: string
  sent: number
  lost: number
  late: number
}

/** All standing calls. */
export class StandingCalls {
  private readonly streams: Stream[] = []
  private readonly phones: NumberedPhone[] = []
  private readonly calls: OutboundCall[] = []
  private readonly tally: Tally
  private stopping = false

  constructor(tally: Tally) {
    this.tally = tally
  }

  get live(): number {
    return this.calls.length
  }

  /** Calls all of them; rejects when one is not answered. */
  async begin(stack: SipStack, farEnds: FarEnds): Promise<void> {
    for (const sort of sorts) {
      const { number, ppm, farPpm, far, names } = sort
      const caller = await this.open()
      const other = far === null ? caller : await this.open()
      caller.other = other
      other.other = caller
      if (far !== null) farEnds.numbered.set(far, { phone: other, ppm: farPpm })
      const [towards, back] = names
      if (towards) this.watch(towards, caller, other)
      if (back) this.watch(back, other, caller)
      const { call, answered, over } = dial(stack, number, caller.port)
      this.calls.push(call)
      void over.then(() => this.stopping || this.tally.failed('a standing call ended'))
      if (await pause(10_000, Promise.race([answered, over]))) throw new Error(`${number} does not answer`)
      caller.speakTo(portIn(await answered), ppm)
    }
  }

  /** From here on packets are counted. */
  count(): void {
    for (const stream of this.streams) {
      stream.sentBefore = stream.speaker.sent
      stream.heardBefore = stream.listener.heard
      stream.listener.late = 0
    }
  }

  /** How long packets took since this was asked before, by names. */
  passages(): Map<string, Passage> {
    return new Map(this.streams.map(({ name, listener }) => [name, listener.passage()]))
  }

  /** Stops counting and hangs up. */
  async end(): Promise<Verdict[]> {
    for (const phone of this.phones) phone.hush()
    await pause(500, new Promise(() => undefined))
    this.stopping = true
    for (const call of this.calls) call.hangup()
    for (const phone of this.phones) phone.close()
    return this.streams.map(({ name, speaker, listener, sentBefore, heardBefore }) => {
      const sent = speaker.sent - sentBefore
      // What was under way when counting began was heard, but not sent, since.
      return { name, sent, lost: Math.max(0, sent - (listener.heard - heardBefore)), late: listener.late }
    })
  }

  private async open(): Promise<NumberedPhone> {
    const phone = await NumberedPhone.open()
    this.phones.push(phone)
    return phone
  }

  private watch(name: string, speaker: NumberedPhone, listener: NumberedPhone): void {
    this.streams.push({ name, speaker, listener, sentBefore: 0, heardBefore: 0 })
  }
}
