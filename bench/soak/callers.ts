/** Callers who come and go: each talks for a while, does what its kind does, and another takes its place at once. */
import type { CallEnd, OutboundCall, SipStack } from '../../switchboard/sip/contract.ts'
import { startSipStack } from '../../switchboard/sip/stack.ts'
import { pause } from './clock.ts'
import { kindAt, kinds, type Kind, type Lengths } from './kinds.ts'
import type { Tally } from './tally.ts'
import { portIn, sdpOf, Voice } from './voice.ts'

const answeredWithin = 10_000
/** RFC 4028 allows no less: so a call that vanished is noticed soon, and long ones are refreshed. */
const sessionSeconds = 90
const digits = '1234567890'
const apartMs = 250

interface Ringing {
  kind: Kind
  call: OutboundCall
  voice: Voice
  answered: Promise<string>
  over: Promise<CallEnd>
}

/** What share of the packets of its time somebody must have heard, and what share of them with a voice. */
const expected: Readonly<Partial<Record<Kind, { packets: number; voices: number }>>> = {
  plain: { packets: 0.8, voices: 0.8 },
  pressed: { packets: 0.8, voices: 0.6 },
  recorded: { packets: 0.8, voices: 0.8 },
  moved: { packets: 0.8, voices: 0.7 },
  held: { packets: 0.5, voices: 0.4 },
}

/** A stack that can call the switchboard at a port; a refresh is due soon, so that who vanishes is noticed. */
export async function openCallers(
  sipPort: number,
  loseDatagram: () => boolean = () => false,
): Promise<SipStack> {
  const address = { host: '127.0.0.1', publicAddress: null, port: 0, realm: 'callers' }
  const stack = await startSipStack(
    { ...address, acceptAnonymous: true, sessionSeconds, loseDatagram },
    { invite: () => ({ ended: () => undefined }) },
  )
  stack.putTrunk({ id: 'board', kind: 'address', host: '127.0.0.1', port: sipPort, transport: 'udp' })
  return stack
}

/** Begins a call of this voice. */
export function dial(
  stack: SipStack,
  number: string,
  port: number,
): { call: OutboundCall; answered: Promise<string>; over: Promise<CallEnd> } {
  const answered = Promise.withResolvers<string>()
  const over = Promise.withResolvers<CallEnd>()
  const call = stack.call(
    { kind: 'trunk', trunk: 'board', number },
    { from: { name: null, number: '13800138000' }, offer: sdpOf(port) },
    { answered: answered.resolve, offered: () => sdpOf(port), ended: over.resolve },
  )
  return { call, answered: answered.promise, over: over.promise }
}

/** Holds a number of calls, for ever anew, until it is stopped. */
export class Callers {
  pressed = 0
  /** How many calls are on that still mean to talk. */
  live = 0
  readonly made = new Map<Kind, number>()
  private readonly sipPort: number
  private readonly random: () => number
  private readonly lengths: Lengths
  private readonly tally: Tally
  private readonly stack: SipStack
  private readonly ending = Promise.withResolvers<void>()
  private readonly rows: Promise<void>[] = []
  private stopped = false

  private constructor(given: CallersGiven, stack: SipStack) {
    this.sipPort = given.sipPort
    this.random = given.random
    this.lengths = given.lengths
    this.tally = given.tally
    this.stack = stack
  }

  static async open(given: CallersGiven): Promise<Callers> {
    return new Callers(given, await openCallers(given.sipPort))
  }

  /** The stack, for calls of other kinds. */
  get sip(): SipStack {
    return this.stack
  }

  /** Begins `count` rows of calls, one after the other. */
  async begin(count: number): Promise<void> {
    for (let row = 0; row < count && !this.stopped; row += 1) {
      this.rows.push(this.row())
      await pause(apartMs, this.ending.promise)
    }
  }

  /** Everybody hangs up; resolves when all have. */
  async end(): Promise<void> {
    this.stopped = true
    this.ending.resolve()
    await Promise.all(this.rows)
  }

  async close(): Promise<void> {
    await this.stack.stop(500)
  }

  private async row(): Promise<void> {
    while (!this.stopped) {
      const kind = kindAt(this.random())
      this.made.set(kind, (this.made.get(kind) ?? 0) + 1)
      this.tally.made += 1
      this.live += 1
      const begun = performance.now()
      const cause = await (kind === 'vanished' ? this.vanishing() : this.one(kind, this.stack)).catch(
        (error: unknown) => (error instanceof Error ? error.message : 'a fault of the caller'),
      )
      if (cause !== null) this.tally.failed(`${kind}: ${cause}`, begun)
      this.live -= 1
    }
  }

  /** A caller on a stack of its own, which falls silent in the middle of the talk. */
  private async vanishing(): Promise<string | null> {
    let gone = false
    const stack = await openCallers(this.sipPort, () => gone)
    try {
      return await this.one('vanished', stack, () => (gone = true))
    } finally {
      gone = true
      await stack.stop(0)
    }
  }

  private async one(kind: Kind, stack: SipStack, vanish = (): unknown => undefined): Promise<string | null> {
    const voice = await Voice.open()
    try {
      const ringing = { kind, voice, ...dial(stack, kinds[kind].number, voice.port) }
      return await (kind === 'cancelled' ? this.cancel(ringing) : this.talk(ringing, vanish))
    } finally {
      voice.close()
    }
  }

  private async cancel({ call, over }: Ringing): Promise<string | null> {
    if (!(await pause(this.lengths.ringing * (0.3 + 0.7 * this.random()), over))) return 'ended while it rang'
    call.hangup()
    const { status } = await over
    return status === 487 ? null : `ended with ${status ?? 'an answer'}`
  }

  private lengthOf(kind: Kind): number {
    const { shortest, longest, ringing } = this.lengths
    return kind === 'given up' ? ringing : shortest + (longest - shortest) * this.random()
  }

  private async talk(ringing: Ringing, vanish: () => unknown): Promise<string | null> {
    const { kind, call, voice, answered, over } = ringing
    const lateBy = pause(answeredWithin, Promise.race([answered, over]))
    if (await lateBy) {
      call.hangup()
      return 'not answered in time'
    }
    const sdp = await Promise.race([answered, over.then(() => null)])
    if (sdp === null) {
      const { by, status, cause } = await over
      return `refused with ${status ?? 'no status'} (${by}, ${cause})`
    }
    voice.speakTo(portIn(sdp))
    const begun = performance.now()
    const lasting = this.lengthOf(kind)
    const deeds = this.deeds(ringing, lasting).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : 'a phone could not'),
    )
    const whole = await pause(lasting, Promise.race([over, this.ending.promise]))
    const fault = await deeds
    if (call.state === 'ended' && kind !== 'put down') return 'put down by the switchboard'
    if (kind === 'vanished') {
      vanish()
      this.tally.vanished += 1
      return fault
    }
    call.hangup()
    await over
    return fault ?? (whole ? this.judge(kind, voice, performance.now() - begun) : null)
  }

  /** What a phone does by itself in the middle of a talk. */
  private async deeds({ kind, call, voice, over }: Ringing, lasting: number): Promise<void> {
    const wait = (share: number): Promise<boolean> =>
      pause(lasting * share, Promise.race([over, this.ending.promise]))
    if (kind === 'pressed' && (await wait(0.2))) {
      voice.press(digits)
      this.pressed += digits.length
      await pause(digits.length * 250, over)
    } else if (kind === 'held' && (await wait(0.3))) {
      await call.reinvite(sdpOf(voice.port, this.random() < 0.5 ? 'sendonly' : 'inactive', 2))
      await wait(0.2)
      await call.reinvite(sdpOf(voice.port, 'sendrecv', 3))
    }
  }

  private judge(kind: Kind, voice: Voice, ms: number): string | null {
    const wanted = expected[kind]
    if (!wanted) return null
    const all = ms / 20
    if (voice.received < wanted.packets * all) return 'sound was missing'
    return voice.voiced < wanted.voices * all ? 'the voice was missing' : null
  }
}

/** What callers need to know. */
export interface CallersGiven {
  sipPort: number
  random: () => number
  lengths: Lengths
  tally: Tally
}
