/* What a call costs the switchboard: setting up two legs, and carrying their voices, with and without recording. */
import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { connectSwitchboard, type Switchboard } from '../telephony/switchboard.ts'
import { report } from './figure.ts'
import { Pairing } from './pairing.ts'
import { cpuMs, freePort } from './processes.ts'
import { startCallers, startFarEnd, type Sipp } from './sipp.ts'

const root = join(import.meta.dirname, '..')
const hotline = '00000000-0000-7000-8000-000000000001'
const bridgedCalls = 50

const startProcess = async (script: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> => {
  const child = fork(join(root, script), {
    env: { ...process.env, HEARTHLINE_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [message] = (await once(child, 'message')) as [{ type: string }]
  if (message.type !== 'ready') throw new Error(`${script} did not start`)
  return child
}

const stopProcess = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** All that a measurement needs, running. */
interface Room {
  switchboard: ChildProcess
  recorder: ChildProcess
  link: Switchboard
  pairing: Pairing
  sipPort: number
  /** Packets of sound received so far by the switchboard on all legs. */
  received: () => Promise<number>
  stop: () => Promise<void>
}

const packetsOf = async (ari: number, leg: string): Promise<number> => {
  const url = `http://127.0.0.1:${ari}/ari/channels/${leg}/rtp_statistics`
  const answer = await fetch(url, { headers: { authorization: `Basic ${btoa('bench:bench')}` } })
  return ((await answer.json()) as { rxcount: number }).rxcount
}

const openRoom = async (): Promise<Room> => {
  const data = mkdtempSync(join(tmpdir(), 'bench-calls-'))
  mkdirSync(join(data, 'keys'), { recursive: true })
  const recipient = await identityToRecipient(await generateIdentity())
  writeFileSync(join(data, 'keys', `${hotline}.recording.pub`), `${recipient}\n`)
  const [ari, sipPort, recorderPort, farPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const recorder = await startProcess('recorder/main.ts', {
    HEARTHLINE_DATA: data,
    HEARTHLINE_RECORDER_PORT: String(recorderPort),
  })
  const switchboard = await startProcess('switchboard/main.ts', {
    HEARTHLINE_DATA: data,
    HEARTHLINE_HOST: '127.0.0.1',
    HEARTHLINE_SIP_PORT: String(sipPort),
    HEARTHLINE_RTP_PORTS: '20000-29999',
    HEARTHLINE_ARI_PORT: String(ari),
    HEARTHLINE_ARI_USER: 'bench',
    HEARTHLINE_ARI_PASSWORD: 'bench',
    HEARTHLINE_RECORDER_URL: `ws://127.0.0.1:${recorderPort}/`,
  })
  const farEnd = startFarEnd(farPort, 30_000)
  let pairing: Pairing | null = null
  const link = connectSwitchboard({
    url: `http://bench:bench@127.0.0.1:${ari}`,
    app: 'hotline',
    on: (event) => pairing?.happened(event),
    trunks: [
      {
        trunk: 'out',
        host: '127.0.0.1',
        port: farPort,
        transport: 'udp',
        from: [],
        register: false,
        trusted: true,
      },
    ],
  })
  pairing = new Pairing(link)
  while (!link.up() || !link.snapshot().trunks.some((trunk) => trunk.online)) await sleep(20)
  return {
    switchboard,
    recorder,
    link,
    pairing,
    sipPort,
    received: async () => {
      const counts = link.snapshot().legs.map(({ id }) => packetsOf(ari, id))
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
    },
    stop: async () => {
      await link.close()
      await Promise.all([farEnd.stop(), stopProcess(switchboard), stopProcess(recorder)])
      rmSync(data, { recursive: true, force: true })
    },
  }
}

const settled = async (room: Room): Promise<void> => {
  for (let turns = 0; turns < 50 && room.link.snapshot().legs.length > 0; turns += 1) await sleep(50)
}

/** Offers calls at a rate; true when every one was answered, bridged within its second of talk, and ended in order. */
const batch = async (room: Room, perSecond: number, count: number): Promise<boolean> => {
  const before = { bridged: room.pairing.bridged, failed: room.pairing.failed }
  const port = await freePort()
  const callers = startCallers(room.sipPort, { count, perSecond, talkMs: 1000, voice: false, port })
  const code = await callers.over
  await settled(room)
  return (
    code === 0 &&
    room.pairing.bridged - before.bridged === count &&
    room.pairing.failed === before.failed &&
    room.link.snapshot().legs.length === 0
  )
}

const rates = [50, 100, 150, 200, 250, 300, 400, 500]
const quickRates = [50, 100, 150, 200, 300, 400]

/** setup_per_s: the highest offered rate at which every one of a batch of complete two-leg set-ups succeeds. */
const measureRate = async (room: Room, offered: readonly number[], seconds: number): Promise<void> => {
  let best = 0
  for (const rate of offered) {
    if (!(await batch(room, rate, rate * seconds))) break
    best = rate
  }
  report({ bench: 'calls', figure: 'setup_per_s', value: best, unit: '1/s', rounds: best * seconds })
}

/**
 * cpu_ms_per_setup: CPU of the switchboard process for each complete two-leg set-up with its hang-up, 25 of them a second,
 * once the process has warmed up.
 */
const measureSetup = async (room: Room, count: number): Promise<void> => {
  await batch(room, 50, 150)
  const before = cpuMs(room.switchboard.pid ?? 0)
  if (!(await batch(room, 25, count))) throw new Error('a call failed at 25 a second')
  const value = (cpuMs(room.switchboard.pid ?? 0) - before) / count
  report({ bench: 'calls', figure: 'cpu_ms_per_setup', value, unit: 'ms', rounds: count })
}

/** Percent of a core that `processes` use in a window of `ms`, for each of the bridged calls. */
const percentPerCall = async (processes: readonly ChildProcess[], ms: number): Promise<number> => {
  const used = (): number => processes.reduce((sum, child) => sum + cpuMs(child.pid ?? 0), 0)
  const [cpu, at] = [used(), performance.now()]
  await sleep(ms)
  return ((used() - cpu) / (performance.now() - at) / bridgedCalls) * 100
}

const bridgeAll = async (room: Room, talkMs: number): Promise<Sipp> => {
  const before = room.pairing.bridged
  const port = await freePort()
  const callers = startCallers(room.sipPort, {
    count: bridgedCalls,
    perSecond: 25,
    talkMs,
    voice: true,
    port,
  })
  for (let turns = 0; room.pairing.bridged - before < bridgedCalls; turns += 1) {
    if (turns > 200) throw new Error('the calls did not come together')
    await sleep(50)
  }
  return callers
}

/** Percent of a core for each call, once it is sure that the voices are there: 50 packets a second on every leg. */
const steadyPercent = async (
  room: Room,
  processes: readonly ChildProcess[],
  windowMs: number,
): Promise<number> => {
  const before = await room.received()
  const at = performance.now()
  const percent = await percentPerCall(processes, windowMs)
  const share = ((await room.received()) - before) / (bridgedCalls * 2 * ((performance.now() - at) / 20))
  if (share < 0.9) throw new Error(`only ${Math.round(share * 100)} % of the voices arrived`)
  return percent
}

/**
 * cpu_percent_per_call: CPU of the switchboard process for one of 50 bridged calls (G.711, voice both ways), in percent of
 * a core. recorded_cpu_percent_per_call: the same while each is recorded, both sides apart; switchboard and recorder
 * together.
 */
const measureTalk = async (room: Room, windowMs: number): Promise<void> => {
  const callers = await bridgeAll(room, windowMs * 2 + 15_000)
  await sleep(2000)
  const plain = await steadyPercent(room, [room.switchboard], windowMs)
  report({ bench: 'calls', figure: 'cpu_percent_per_call', value: plain, unit: '%', rounds: bridgedCalls })
  for (const caller of room.pairing.callers)
    await room.link.record(randomUUID(), caller, { hotline, segment: 1 })
  for (let turns = 0; room.link.snapshot().recordings.length < bridgedCalls; turns += 1) {
    if (turns > 100) throw new Error('not all calls are recorded')
    await sleep(50)
  }
  await sleep(1000)
  const value = await steadyPercent(room, [room.switchboard, room.recorder], windowMs)
  report({ bench: 'calls', figure: 'recorded_cpu_percent_per_call', value, unit: '%', rounds: bridgedCalls })
  await callers.stop()
}

/** setup_per_s, cpu_ms_per_setup, cpu_percent_per_call and recorded_cpu_percent_per_call, on this machine as it is. */
export const calls = async (quick: boolean): Promise<void> => {
  const room = await openRoom()
  try {
    await measureSetup(room, quick ? 100 : 500)
    await (quick ? measureRate(room, quickRates, 2) : measureRate(room, rates, 5))
    await measureTalk(room, quick ? 5000 : 10_000)
  } finally {
    await room.stop()
  }
}
