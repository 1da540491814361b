/** A real switchboard and recorder in tests, each a process of its own on free ports, and a link to them. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { Decrypter } from 'age-encryption'
import { SwitchboardError } from '../switchboard-error.ts'
import {
  connectSwitchboard,
  type Switchboard,
  type SwitchboardEvent,
  type SwitchboardOptions,
} from '../switchboard.ts'

/**
 * An Asterisk 22 to be judged in place of our switchboard, as `npm run test:asterisk` sets it up; null by default. Its
 * connection `recorder` goes to `recorderPort`, its own files are in `folder`.
 */
export const asterisk = env['HEARTHLINE_TEST_ARI_URL']
  ? {
      url: env['HEARTHLINE_TEST_ARI_URL'],
      sipPort: Number(env['HEARTHLINE_TEST_SIP_PORT']),
      sipsPort: Number(env['HEARTHLINE_TEST_SIPS_PORT']),
      wssPort: Number(env['HEARTHLINE_TEST_WSS_PORT']),
      recorderPort: Number(env['HEARTHLINE_TEST_RECORDER_PORT']),
      folder: env['HEARTHLINE_TEST_FOLDER'] ?? '',
    }
  : null

const root = join(import.meta.dirname, '..', '..')
const user = 'test'
const password = 'secret'

/** Events of one kind. */
export type Event<T extends SwitchboardEvent['type']> = OfKind<SwitchboardEvent, T>
type OfKind<E, T> = E extends { type: infer K } ? (T extends K ? E : never) : never

/** A link that remembers what it was told. */
export interface WatchedLink extends Switchboard {
  events: SwitchboardEvent[]
  /** The next event of this kind that fits and was not taken yet. */
  next<T extends SwitchboardEvent['type']>(type: T, fits?: (event: Event<T>) => boolean): Promise<Event<T>>
}

/** A free TCP port on 127.0.0.1. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 8_000) {
  for (const end = Date.now() + withinMs; !(await holds()); await pause(10)) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
  }
}

/** Waits until a command is refused as gone: Asterisk tells of an end a moment before its own table knows. */
export const refusedAsGone = (what: string, command: () => Promise<void>): Promise<void> =>
  until(`${what} is gone`, () =>
    command().then(
      () => false,
      (error: unknown) => error instanceof SwitchboardError && error.code === 'gone',
    ),
  )

/** A process of the house that can be killed and started again on the same ports. */
class Process {
  private child: ChildProcess | null = null
  private readonly main: string
  private readonly env: NodeJS.ProcessEnv

  constructor(main: string, env: NodeJS.ProcessEnv) {
    this.main = main
    this.env = env
  }

  async start(): Promise<void> {
    const child = fork(join(root, this.main), {
      env: { ...env, ...this.env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.child = child
    const [message] = (await once(child, 'message')) as [{ type: string }]
    if (message.type !== 'ready') throw new Error(`${this.main} did not start`)
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child
    this.child = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

/** The processes, their ports and their folder. */
export class House {
  readonly data = mkdtempSync(join(tmpdir(), 'telephony-'))
  readonly links: WatchedLink[] = []
  switchboard!: Process
  recorder!: Process
  sipPort = 0
  ariUrl = ''

  static async open(): Promise<House> {
    const house = new House()
    const [ari, sip, recorder] = await Promise.all([freePort(), freePort(), freePort()])
    house.sipPort = asterisk?.sipPort ?? sip
    house.ariUrl = asterisk?.url ?? `http://${user}:${password}@127.0.0.1:${ari}`
    const recorderPort = String(asterisk?.recorderPort ?? recorder)
    const firstRtp = 20_000 + Math.floor(Math.random() * 50) * 200
    const common = { HEARTHLINE_DATA: house.data, HEARTHLINE_LOG_LEVEL: 'warn' }
    house.recorder = new Process('recorder/main.ts', { ...common, HEARTHLINE_RECORDER_PORT: recorderPort })
    house.switchboard = new Process('switchboard/main.ts', {
      ...common,
      HEARTHLINE_HOST: '127.0.0.1',
      HEARTHLINE_SIP_PORT: String(sip),
      HEARTHLINE_RTP_PORTS: `${firstRtp}-${firstRtp + 199}`,
      HEARTHLINE_ARI_PORT: String(ari),
      HEARTHLINE_ARI_USER: user,
      HEARTHLINE_ARI_PASSWORD: password,
      HEARTHLINE_RECORDER_URL: `ws://127.0.0.1:${recorderPort}/`,
    })
    await Promise.all([house.recorder.start(), asterisk ? undefined : house.switchboard.start()])
    return house
  }

  /** A server's link; resolves with it at once, `next('node.up')` says when it works. */
  connect(more: Partial<SwitchboardOptions> = {}): WatchedLink {
    const events: SwitchboardEvent[] = []
    const taken = new Set<SwitchboardEvent>()
    const link = connectSwitchboard({
      url: this.ariUrl,
      app: 'hotline',
      on: (event) => events.push(event),
      ...more,
    })
    const next: WatchedLink['next'] = async (type, fits = () => true) => {
      const isIt = (event: SwitchboardEvent): event is Event<typeof type> =>
        event.type === type && !taken.has(event) && fits(event as Event<typeof type>)
      await until(`event ${type}`, () => events.some(isIt))
      const found = events.find(isIt)
      if (!found) throw new Error('no event')
      taken.add(found)
      return found
    }
    const watched = { ...link, events, next }
    this.links.push(watched)
    return watched
  }

  /** Puts a hotline's public key where the recorder looks. */
  publishKey(hotline: string, recipient: string): void {
    mkdirSync(join(this.data, 'keys'), { recursive: true })
    writeFileSync(join(this.data, 'keys', `${hotline}.recording.pub`), recipient)
  }

  /** All files of the data folder. */
  files(): string[] {
    return readdirSync(this.data, { recursive: true, encoding: 'utf8' })
  }

  /** The plain sound of a recorded file. */
  async soundIn(name: string, identity: string): Promise<Buffer> {
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const plain = Buffer.from(await decrypter.decrypt(readFileSync(join(this.data, name))))
    return plain.subarray(plain.indexOf('\n') + 1)
  }

  /** A WAV of a tone, 8 kHz mono 16 bit. */
  toneFile(name: string, hertz: number, seconds: number): string {
    const samples = seconds * 8_000
    const wav = Buffer.alloc(44 + samples * 2)
    wav.write('RIFF', 0)
    wav.writeUInt32LE(36 + samples * 2, 4)
    wav.write('WAVEfmt ', 8)
    wav.writeUInt32LE(16, 16)
    wav.writeUInt16LE(1, 20)
    wav.writeUInt16LE(1, 22)
    wav.writeUInt32LE(8_000, 24)
    wav.writeUInt32LE(16_000, 28)
    wav.writeUInt16LE(2, 32)
    wav.writeUInt16LE(16, 34)
    wav.write('data', 36)
    wav.writeUInt32LE(samples * 2, 40)
    for (let at = 0; at < samples; at += 1) {
      wav.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * hertz * at) / 8_000)), 44 + at * 2)
    }
    const path = join(this.data, name)
    writeFileSync(path, wav)
    return path
  }

  async close(): Promise<void> {
    // An Asterisk is shared by all tests, and keeps rooms.
    const live = this.links.find((link) => link.up())
    for (const room of live?.snapshot().rooms ?? []) await live?.closeRoom(room.id)
    await Promise.all(this.links.map((link) => link.close()))
    await Promise.all([this.switchboard.stop(), this.recorder.stop()])
    rmSync(this.data, { recursive: true })
  }
}
