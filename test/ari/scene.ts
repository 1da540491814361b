/** Where the scenarios play: one of the two switchboards with an application, a caller's phone and two seats. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { generate } from 'selfsigned'
import {
  connectApp,
  channelId,
  http,
  type Answer,
  type SeenEvent,
  type TestApp,
} from '../../switchboard/testing/app.ts'
import {
  boardCommands,
  startBoard,
  startStreams,
  writeTones,
  type hz,
  type Stream,
} from '../../switchboard/testing/board.ts'
import { startPhone, until, type Phone, type PhoneCall } from '../../switchboard/testing/phone.ts'
import { seatObjects } from '../../telephony/ari/devices.ts'
import type { SeatSpec } from '../../telephony/switchboard.ts'
import { asterisk } from '../../telephony/testing/house.ts'

/** Which of the two is judged in this run. */
export const judged: 'asterisk' | 'embedded' = asterisk ? 'asterisk' : 'embedded'

/** Levels in dB below full scale: what counts as heard, and what as silence. */
const loud = -30
const quiet = -45

/** The switchboard under trial, seen from outside. */
export interface Ground {
  sip: number
  /** Where SIP is spoken over TLS. */
  sips: number
  ari: number
  /** Where a browser's seat finds its WebSocket. */
  seatUrl: string
  /** Absolute path without extension of a WAV with the tone. */
  sound(name: keyof typeof hz): string
  streams: Stream[]
  /** Hangs up and ends whatever a scenario left. */
  clear(): Promise<void>
  stop(): Promise<void>
}

async function openEmbedded(): Promise<Ground> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }])
  const board = await startBoard({ tls: { port: 0, cert, key } })
  return {
    ...board,
    sips: board.switchboard.ports.tls ?? 0,
    seatUrl: `ws://127.0.0.1:${board.switchboard.ports.ws}/sip`,
  }
}

async function openAsterisk(there: NonNullable<typeof asterisk>): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'scene-'))
  await writeTones(folder)
  const recorder = await startStreams(there.recorderPort)
  const ari = Number(new URL(there.url).port)
  return {
    sip: there.sipPort,
    sips: there.sipsPort,
    ari,
    sound: (name) => join(folder, name),
    streams: recorder.streams,
    seatUrl: `wss://127.0.0.1:${there.wssPort}/ws`,
    clear: boardCommands(ari).clear,
    stop: async () => {
      recorder.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Everything a scenario needs, and the steps that many begin with. */
export class Scene {
  readonly ground: Ground
  readonly caller: Phone
  readonly seats: readonly [Phone, Phone]
  app: TestApp
  private made = 0

  private constructor(ground: Ground, caller: Phone, seats: readonly [Phone, Phone], app: TestApp) {
    this.ground = ground
    this.caller = caller
    this.seats = seats
    this.app = app
  }

  static async open(): Promise<Scene> {
    const ground = await (asterisk ? openAsterisk(asterisk) : openEmbedded())
    const app = await connectApp(ground.ari)
    const login = async (user: string): Promise<Phone> => {
      await putSeat(ground.ari, { seat: user, kind: 'phone', secret: { password: `${user}-secret` } })
      const phone = await startPhone(ground.sip, { user, password: `${user}-secret` })
      await phone.registered()
      return phone
    }
    const seats = [await login('seat1'), await login('seat2')] as const
    return new Scene(ground, await startPhone(ground.sip), seats, app)
  }

  /** Nothing of the scenario before is left. */
  async clear(): Promise<void> {
    await this.ground.clear()
    await until('all channels are gone', async () => {
      const { body } = await http(this.ground.ari, 'GET', 'channels')
      return Object.keys(body).length === 0
    })
    await pause(50)
    this.app.events.splice(0)
  }

  async close(): Promise<void> {
    for (const seat of this.seats) seat.stack.removeTrunk('board')
    await pause(200)
    await Promise.all([this.caller.stop(), ...this.seats.map((seat) => seat.stop())])
    await this.app.close()
    await this.ground.stop()
  }

  /** An id that nobody used before: an Asterisk outlives a run. */
  fresh(word: string): string {
    this.made += 1
    return `${word}-${process.pid}-${Date.now() % 1e6}-${this.made}`
  }

  ask(method: string, uri: string, body?: Record<string, unknown>): Promise<Answer> {
    return this.app.ask(method, uri, body)
  }

  /** Asks what must be answered with success. */
  async must(method: string, uri: string, body?: Record<string, unknown>): Promise<Answer['body']> {
    const answer = await this.app.ask(method, uri, body)
    if (answer.status >= 300)
      throw new Error(`${method} ${uri}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** A caller who rings and is in the application. */
  async ringing(number = '1001'): Promise<{ call: PhoneCall; id: string }> {
    const call = await this.caller.dial(number)
    const start = await this.app.event('StasisStart', (event) => (event['args'] as string[])[0] === number)
    return { call, id: channelId(start) }
  }

  /** A caller who was answered. */
  async answered(number = '1001'): Promise<{ call: PhoneCall; id: string }> {
    const one = await this.ringing(number)
    await this.must('POST', `channels/${one.id}/answer`)
    await one.call.answered
    return one
  }

  /** A seat that was rung as the server rings it; it has not answered. */
  async rung(which: 0 | 1 = 0, more = ''): Promise<{ call: PhoneCall; id: string }> {
    const id = this.fresh('seat')
    await this.must('POST', `channels/${id}?endpoint=PJSIP/seat${which + 1}&app=hotline&timeout=20${more}`, {
      variables: { 'PJSIP_TRANSFER_HANDLING()': 'ari-only' },
    })
    return { call: await this.seats[which].rings(), id }
  }

  /** A seat that answered. */
  async seated(which: 0 | 1 = 0): Promise<{ call: PhoneCall; id: string }> {
    const one = await this.rung(which)
    one.call.answer()
    await this.entered(one.id)
    return one
  }

  /** The channel has come into the application. */
  async entered(id: string): Promise<void> {
    await this.app.event('StasisStart', (event) => channelId(event) === id)
  }

  /** A bridge with these channels in it. */
  async bridge(ids: string[], type = 'mixing,dtmf_events'): Promise<string> {
    const bridge = this.fresh('bridge')
    await this.must('POST', `bridges/${bridge}?type=${type}`)
    for (const id of ids) {
      await this.must('POST', `bridges/${bridge}/addChannel?channel=${id}`)
      await this.app.event('ChannelEnteredBridge', (event) => channelId(event) === id)
    }
    return bridge
  }

  /** A caller and a seat who talk. */
  async talk(): Promise<{ one: Talker; two: Talker; bridge: string }> {
    const one = await this.answered()
    const two = await this.seated()
    const bridge = await this.bridge([one.id, two.id])
    one.call.sound.hz = tones.caller
    two.call.sound.hz = tones.seat
    await hears(one.call, tones.seat)
    await hears(two.call, tones.caller)
    return { one, two, bridge }
  }

  /** The end of a channel that was never in the application, as it was told. */
  destroyed(id: string): Promise<SeenEvent> {
    return this.app.event('ChannelDestroyed', (event) => channelId(event) === id)
  }

  /** A channel that was in the application has ended: told once, and gone. */
  async ended(id: string): Promise<void> {
    await this.app.event('StasisEnd', (event) => channelId(event) === id)
    await until('the channel is gone', async () => (await this.ask('GET', `channels/${id}`)).status === 404)
    const told = this.app.events.filter((event) => event.type === 'StasisStart' && channelId(event) === id)
    if (told.length !== 1) throw new Error(`told of ${told.length} times`)
  }
}

/** One party of a talk. */
export interface Talker {
  call: PhoneCall
  id: string
}

/** What each party says. */
export const tones = { caller: 1000, seat: 1400, third: 1800 } as const

/** Makes a seat known with just what the server sends for it. */
export async function putSeat(ari: number, spec: SeatSpec): Promise<void> {
  for (const { kind, fields } of seatObjects(spec, 'hearthline'))
    await boardCommands(ari).put(kind, spec.seat, fields)
}

/** The tone comes to be heard. */
export const hears = (call: PhoneCall, hertz: number): Promise<void> =>
  until(`${hertz} Hz is heard`, () => call.sound.level(hertz) > loud)

/** Nothing of the tone in what comes from now on; no sound at all is silence too. */
export async function hearsNot(call: PhoneCall, hertz: number): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1) {
    call.sound.forget()
    await pause(400)
    if (call.sound.level(hertz) < quiet) return
  }
  throw new Error(`${hertz} Hz is heard`)
}
