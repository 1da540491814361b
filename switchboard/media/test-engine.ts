import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MediaEngine } from './engine.ts'
import { startMediaEngine } from './engine.ts'
import type { Codec } from './g711.ts'
import type { MediaEvent } from './messages.ts'
import { TestPhone } from './test-phone.ts'
import { tone, wavOf } from './tone.ts'

let nextRange = 20_000 + (process.pid % 40) * 250

/** For tests: an engine with its events, phones and tone files, all gone after `close`. */
export class TestEngine {
  readonly events: MediaEvent[]
  readonly folder: string
  readonly engine: MediaEngine
  private readonly phones: TestPhone[] = []

  private constructor(folder: string, engine: MediaEngine, events: MediaEvent[]) {
    this.folder = folder
    this.engine = engine
    this.events = events
  }

  static async start(ports = 120, silentAfterMs = 2000, bind = '127.0.0.1'): Promise<TestEngine> {
    const folder = await mkdtemp(join(tmpdir(), 'media-'))
    const events: MediaEvent[] = []
    const from = nextRange
    nextRange += ports
    const engine = await startMediaEngine(
      {
        bind,
        publicAddress: '127.0.0.1',
        ports: { from, to: from + ports - 1 },
        silentAfterMs,
      },
      (event) => events.push(event),
    )
    return new TestEngine(folder, engine, events)
  }

  /** A WAV file with one frequency. */
  async toneFile(hz: number, ms: number): Promise<string> {
    const path = join(this.folder, `${hz}-${ms}.wav`)
    await writeFile(path, wavOf(tone(hz, ms)))
    return path
  }

  /** A phone with its own SDP that has offered, been answered and speaks `hz` when that is not 0. */
  async offers(leg: string, phone: TestPhone, hz: number, extra: string[] = []): Promise<string> {
    this.phones.push(phone)
    const answer = await this.engine.answerOffer(leg, phone.sdp('sendrecv', extra))
    phone.follow(answer)
    if (hz > 0) phone.speak(hz)
    return answer
  }

  /** A phone that has offered and been answered, and speaks `hz` when that is not 0. */
  async call(leg: string, hz: number, codec: Codec = 'PCMA'): Promise<TestPhone> {
    const phone = await TestPhone.open(codec)
    this.phones.push(phone)
    phone.follow(await this.engine.answerOffer(leg, phone.sdp()))
    if (hz > 0) phone.speak(hz)
    return phone
  }

  /** The first event that fits, waiting for it. */
  async event<T extends MediaEvent['type']>(
    type: T,
    fits: (event: Extract<MediaEvent, { type: T }>) => boolean = () => true,
    withinMs = 3000,
  ): Promise<Extract<MediaEvent, { type: T }>> {
    const isWanted = (event: MediaEvent): event is Extract<MediaEvent, { type: T }> =>
      event.type === type && fits(event as Extract<MediaEvent, { type: T }>)
    for (const end = performance.now() + withinMs; performance.now() < end; await sleep(5)) {
      const found = this.events.find(isWanted)
      if (found) return found
    }
    throw new Error(`no ${type} within ${withinMs} ms`)
  }

  async close(): Promise<void> {
    await Promise.all(this.phones.map((phone) => phone.close()))
    await this.engine.close()
    await rm(this.folder, { recursive: true })
  }
}

/** Waits until something holds, for at most `withinMs`. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 3000): Promise<void> {
  for (const end = performance.now() + withinMs; performance.now() < end; await sleep(10)) {
    if (await holds()) return
  }
  throw new Error(`does not hold within ${withinMs} ms: ${holds.toString()}`)
}
