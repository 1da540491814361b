/** A whole switchboard in tests: real SIP, real sound, on free ports, in a folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import type { SwitchboardConfig } from '../config.ts'
import { makeLog } from '../log.ts'
import { tone, wavOf } from '../media/tone.ts'
import { startSwitchboard } from '../start.ts'
import type { Switchboard } from '../start.ts'
import { http } from './app.ts'
import { levelOf } from './sound.ts'

/** Tones by which the sounds are known. */
export const hz = { greeting: 600, fallback: 700, music: 500, caller: 1000, seat: 1400, third: 1800 }

/** One connection to the stand-in for the recorder. */
export interface Stream {
  url: string
  start: string
  bytes: number[]
  level(hz: number): number
  open: boolean
}

/** A running switchboard and what stands round it. */
export interface Board {
  switchboard: Switchboard
  folder: string
  sip: number
  ari: number
  /** Absolute path without extension of a WAV with the tone. */
  sound(name: keyof typeof hz): string
  streams: Stream[]
  /** Pushes a seat. */
  putSeat(user: string, password: string, more?: Record<string, string>): Promise<void>
  put(type: string, id: string, fields: Record<string, string>): Promise<void>
  /** What is open in the process. */
  counts(): Promise<{ channels: number; bridges: number; parked: number; sip: Counts; media: Counts }>
  /** Hangs up and ends whatever a test left. */
  clear(): Promise<void>
  stop(): Promise<void>
}

type Counts = Record<string, number>

/** The stand-in for the recorder at a port, 0 for any. */
export async function startStreams(at = 0): Promise<{ url: string; streams: Stream[]; close: () => void }> {
  const streams: Stream[] = []
  const server = new WebSocketServer({ port: at, host: '127.0.0.1' })
  await new Promise((resolve) => server.on('listening', resolve))
  server.on('connection', (socket, request) => {
    const bytes: number[] = []
    const level = (at: number) => levelOf(Uint8Array.from(bytes.slice(-3200)), at)
    const stream: Stream = { url: request.url ?? '', start: '', bytes, level, open: true }
    streams.push(stream)
    socket.on('message', (data: Buffer, binary: boolean) => {
      if (binary) bytes.push(...data)
      else stream.start = data.toString()
    })
    socket.on('close', () => (stream.open = false))
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = () => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
  return { url: `ws://127.0.0.1:${port}/`, streams, close }
}

function configFor(folder: string, recorderUrl: string): SwitchboardConfig {
  const first = 18_000 + Math.floor(Math.random() * 1_000) * 10
  return {
    host: '127.0.0.1',
    publicAddress: null,
    sipPort: 0,
    tls: null,
    sipWsPort: 0,
    rtpPorts: { first, last: first + 199 },
    realm: 'hearthline',
    digests: ['MD5'],
    acceptAnonymous: true,
    ari: { port: 0, user: 'test', password: 'secret', app: 'hotline' },
    data: folder,
    recorderUrl,
    fallbackSound: join(folder, 'fallback.wav'),
    music: join(folder, 'music.wav'),
    logLevel: 'silent',
  }
}

/** What tests do with a switchboard by HTTP. */
export function boardCommands(ari: number): Pick<Board, 'put' | 'putSeat' | 'counts' | 'clear'> {
  const put: Board['put'] = async (type, id, fields) => {
    const list = Object.entries(fields).map(([attribute, value]) => ({ attribute, value }))
    const answer = await http(ari, 'PUT', `asterisk/config/dynamic/res_pjsip/${type}/${id}`, { fields: list })
    if (answer.status !== 200) throw new Error(`put ${type}: ${answer.status}`)
  }
  return {
    put,
    putSeat: async (user, password, endpoint = {}) => {
      await put('auth', user, { auth_type: 'userpass', username: user, password })
      await put('aor', user, { max_contacts: '1', remove_existing: 'yes' })
      await put('endpoint', user, { auth: user, aors: user, context: 'hearthline', ...endpoint })
    },
    counts: async () => {
      const answer = await http(ari, 'GET', 'asterisk/variable?variable=COUNTS')
      return JSON.parse(String(answer.body['value']))
    },
    clear: async () => {
      for (const kind of ['channels', 'bridges'])
        for (const { id } of Object.values((await http(ari, 'GET', kind)).body) as { id: string }[])
          await http(ari, 'DELETE', `${kind}/${id}`)
    },
  }
}

/** A WAV of each tone, named by what it stands for. */
export async function writeTones(folder: string): Promise<void> {
  for (const [name, at] of Object.entries(hz))
    await writeFile(join(folder, `${name}.wav`), wavOf(tone(at, name === 'music' ? 4000 : 1500)))
}

/** Starts one; `more` changes its settings. */
export async function startBoard(more: Partial<SwitchboardConfig> = {}): Promise<Board> {
  const folder = await mkdtemp(join(tmpdir(), 'board-'))
  await writeTones(folder)
  const recorder = await startStreams()
  const config = { ...configFor(folder, recorder.url), ...more }
  const switchboard = await startSwitchboard(config, makeLog('silent'))
  const { ari, sip } = switchboard.ports
  return {
    ...boardCommands(ari),
    switchboard,
    folder,
    sip,
    ari,
    sound: (name) => join(folder, name),
    streams: recorder.streams,
    stop: async () => {
      await switchboard.stop()
      recorder.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
