/** The switchboards that are measured against each other, each with our own telephony client as its application. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { connectSwitchboard, type Switchboard } from '../../telephony/switchboard.ts'
import { startAsterisk } from '../../test/asterisk/asterisk.ts'
import { writeTones } from '../../switchboard/testing/board.ts'
import { startSipStack } from '../../switchboard/sip/stack.ts'
import { Pairing } from '../pairing.ts'
import { freePort, pin } from '../processes.ts'
import { startFarEnd } from '../sipp.ts'
import { classicFiles } from './classic.ts'
import { numbersFrom, startRelay } from './relay.ts'

/** The hotline by whose key ours encrypts what it records. */
export const hotline = '00000000-0000-7000-8000-000000000001'

/** A seat that the seats' process registers. */
export const seat = { user: 'bench-seat', password: 'bench-seat-secret' }

/** The core that engines are kept on, and the one of everything else. */
export const cores = { engine: 0, load: 1 }

const trunksWithin = 35_000

/** A switchboard that runs, and all that a measurement needs round it. */
export interface Engine {
  kind: 'ours' | 'asterisk'
  /** What one call costs is the sum over these processes, and over `recorder` where it records. */
  pid: number
  recorder: number | null
  sipPort: number
  link: Switchboard
  pairing: Pairing
  /** What loses datagrams, each way, when told to: between callers and the switchboard, and at trunk `lossy`. */
  losing: { loss: number }[]
  /** Where callers ring to lose some. */
  lossyPort: number
  /** Ids of the channels of phones and trunks that are up. */
  channels: () => Promise<string[]>
  /** Puts such channels down, whoever knows of them; one that is gone already is no fault. */
  putDown: (channels: string[]) => Promise<void>
  /** Packets of sound received so far on all of such channels. */
  received: (channels: string[]) => Promise<number>
  stop: () => Promise<void>
}

/** A switchboard's process, before anything is linked to it. */
export interface Started {
  kind: Engine['kind']
  pid: number
  recorder: number | null
  sipPort: number
  ariUrl: string
  stop: () => Promise<void>
}

const root = join(import.meta.dirname, '..', '..')

/** How a process runs: with flags for its Node, with its warnings shown, on other ports for sound. */
export interface Running {
  execArgv?: string[]
  logs?: boolean
  rtpPorts?: string
}

async function startProcess(
  script: string,
  env: NodeJS.ProcessEnv,
  how: Running = {},
): Promise<ChildProcess> {
  const child = fork(join(root, script), {
    env: { ...process.env, HEARTHLINE_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', how.logs === true ? process.stderr : 'ignore', 'inherit', 'ipc'],
    execArgv: how.execArgv ?? [],
  })
  const [message] = (await once(child, 'message')) as [{ type: string }]
  if (message.type !== 'ready') throw new Error(`${script} did not start`)
  return child
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** Starts ours with its recorder; the switchboard runs as told. */
export async function startOurs(how: Running = {}): Promise<Started> {
  const data = mkdtempSync(join(tmpdir(), 'bench-switchboard-'))
  mkdirSync(join(data, 'keys'), { recursive: true })
  const recipient = await identityToRecipient(await generateIdentity())
  writeFileSync(join(data, 'keys', `${hotline}.recording.pub`), `${recipient}\n`)
  await writeTones(data)
  const [ari, sipPort, recorderPort] = [await freePort(), await freePort(), await freePort()]
  const recorder = await startProcess('recorder/main.ts', {
    HEARTHLINE_DATA: data,
    HEARTHLINE_RECORDER_PORT: String(recorderPort),
  })
  const settings = {
    HEARTHLINE_DATA: data,
    HEARTHLINE_HOST: '127.0.0.1',
    HEARTHLINE_SIP_PORT: String(sipPort),
    HEARTHLINE_RTP_PORTS: how.rtpPorts ?? '20000-29999',
    HEARTHLINE_ARI_PORT: String(ari),
    HEARTHLINE_ARI_USER: 'bench',
    HEARTHLINE_ARI_PASSWORD: 'bench',
    HEARTHLINE_RECORDER_URL: `ws://127.0.0.1:${recorderPort}/`,
    HEARTHLINE_MUSIC: join(data, 'music.wav'),
  }
  const switchboard = await startProcess('switchboard/main.ts', settings, how)
  return {
    kind: 'ours',
    pid: switchboard.pid ?? 0,
    recorder: recorder.pid ?? 0,
    sipPort,
    ariUrl: `http://bench:bench@127.0.0.1:${ari}`,
    stop: async () => {
      await Promise.all([stopProcess(switchboard), stopProcess(recorder)])
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Starts the process that registers the seat and says back what it hears; ready when it is registered. */
export async function startSeats(sipPort: number): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'seats.ts')
  const child = fork(script, [String(sipPort), seat.user, seat.password], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  })
  await once(child, 'message')
  return child
}

async function startTheirs(farPort: number): Promise<Started> {
  const rtpPorts = { first: 20_000, last: 29_999 }
  const theirs = await startAsterisk({ rtpPorts }, classicFiles(farPort))
  const { pid, sipPort, ariUrl } = theirs
  return { kind: 'asterisk', pid, recorder: null, sipPort, ariUrl, stop: () => theirs.stop() }
}

/**
 * Asterisk's HTTP server lets ten connections wait to be accepted. What is beyond is tried again by TCP after seconds, so two
 * hundred questions at once took a minute, and the sound that was counted by them was another minute's.
 */
const atOnce = 8

async function fewAtATime<T>(channels: string[], work: (channel: string) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let at = 0; at < channels.length; at += atOnce)
    results.push(...(await Promise.all(channels.slice(at, at + atOnce).map(work))))
  return results
}

/** What ARI answers; both switchboards speak it. */
export async function ask<T>(ariUrl: string, path: string, method = 'GET', body?: object): Promise<T> {
  const { host, username, password } = new URL(ariUrl)
  const authorization = `Basic ${btoa(`${username}:${password}`)}`
  const answer = await fetch(`http://${host}/ari/${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`ARI answered ${answer.status} to ${path.split('/')[0]}`)
  const text = await answer.text()
  return (text === '' ? null : JSON.parse(text)) as T
}

const silent = (port: number): string =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0`,
    '',
  ].join('\r\n')

/** Asterisk asks a new trunk how it is at any moment of the next 30 s; here it counts as there at once. */
async function trustTrunks(ariUrl: string, ports: Record<string, number>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const all = { contact: `sip:127.0.0.1:${port}`, qualify_frequency: '0' }
    const fields = Object.entries(all).map(([attribute, value]) => ({ attribute, value }))
    await ask(ariUrl, `asterisk/config/dynamic/res_pjsip/aor/${name}`, 'PUT', { fields })
  }
}

/** A trunk to a port of this machine. */
export const trunk = (name: string, port: number) => ({
  trunk: name,
  host: '127.0.0.1',
  port,
  transport: 'udp' as const,
  from: [],
  register: false,
  trusted: true,
})

/**
 * Two numbers to dial, there before anybody looks for them. The second can lose datagrams; it is our own stack, because SIPp
 * falls silent when an INVITE is sent to it again.
 */
async function openFarEnds() {
  const [port, sound] = [await freePort(), await freePort()]
  const echo = startFarEnd(port, sound)
  const random = numbersFrom(2)
  const lossy = { loss: 0 }
  const stack = await startSipStack(
    {
      host: '127.0.0.1',
      publicAddress: null,
      port: 0,
      realm: 'far',
      acceptAnonymous: true,
      loseDatagram: () => random() < lossy.loss,
    },
    {
      invite: (call) => {
        call.ring()
        call.answer(silent(sound))
        return { ended: () => undefined }
      },
    },
  )
  await sleep(500)
  const stop = async (): Promise<void> => {
    await Promise.all([echo.stop(), stack.stop(0)])
  }
  return { port, lossyPort: stack.ports.sip, lossy, stop }
}

/** Starts one on its core, with two far ends and the link to it. */
export async function openEngine(kind: Engine['kind']): Promise<Engine> {
  const farEnds = await openFarEnds()
  const started = await (kind === 'ours' ? startOurs() : startTheirs(farEnds.port)).catch(
    async (error: unknown) => {
      await farEnds.stop()
      throw error
    },
  )
  for (const pid of [started.pid, started.recorder]) if (pid !== null) pin(pid, cores.engine)
  const callers = await startRelay(started.sipPort)
  let pairing: Pairing | null = null
  const link = connectSwitchboard({
    url: started.ariUrl,
    app: 'hotline',
    on: (event) => pairing?.happened(event),
    trunks: [trunk('out', farEnds.port), trunk('lossy', farEnds.lossyPort)],
    seats: [{ seat: seat.user, kind: 'browser', secret: { password: seat.password } }],
  })
  pairing = new Pairing(link)
  const stop = async (): Promise<void> => {
    await link.close()
    await Promise.all([farEnds.stop(), started.stop()])
    callers.close()
  }
  if (kind === 'asterisk') {
    for (const end = Date.now() + trunksWithin; !link.up() && Date.now() < end;) await sleep(20)
    await trustTrunks(started.ariUrl, { out: farEnds.port, lossy: farEnds.lossyPort })
  }
  const ready = (): boolean => link.up() && link.snapshot().trunks.filter(({ online }) => online).length === 2
  for (const end = Date.now() + trunksWithin; !ready(); await sleep(20)) {
    if (Date.now() < end) continue
    await stop()
    throw new Error(`${kind}: the trunks do not come`)
  }
  return {
    ...started,
    link,
    pairing,
    losing: [callers, farEnds.lossy],
    lossyPort: callers.port,
    channels: async () => {
      const all = await ask<{ id: string; name: string; state: string }[]>(started.ariUrl, 'channels')
      return all.filter(({ name, state }) => state === 'Up' && name.startsWith('PJSIP/')).map(({ id }) => id)
    },
    putDown: async (channels) => {
      await fewAtATime(channels, (channel) =>
        ask<void>(started.ariUrl, `channels/${channel}`, 'DELETE').catch(() => undefined),
      )
    },
    received: async (channels) => {
      const counts = await fewAtATime(channels, (channel) =>
        ask<{ rxcount: number }>(started.ariUrl, `channels/${channel}/rtp_statistics`),
      )
      return counts.reduce((sum, { rxcount }) => sum + rxcount, 0)
    },
    stop,
  }
}
