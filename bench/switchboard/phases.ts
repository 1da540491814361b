/** One round on one switchboard: every figure once. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../figure.ts'
import type { Partner } from '../pairing.ts'
import { cpuMs, freePort, residentKb } from '../processes.ts'
import { startCallers, type Sipp } from '../sipp.ts'
import { classicNumbers } from './classic.ts'
import { hotline, seat, startSeats, type Engine } from './engines.ts'
import { probe } from './probe.ts'

/** How much is done in a round. */
export interface Extent {
  warmUp: number
  setUps: number
  rates: readonly number[]
  rateSeconds: number
  bridged: number
  seats: number
  listeners: number
  probes: number
  lossy: number
  losses: readonly number[]
  /** Longer than the 15.5 s until a far end is invited for the sixth time (RFC 3261 §17.1.1.2): who rings off before is no loss. */
  lossyTalkMs: number
  /** How long voices go on before their cost is taken: in its first seconds a new way is being compiled. */
  settleMs: number
  windowMs: number
}

/** Figures by their names. */
export type Figures = Record<string, number>

const trunkPartner: Partner = { number: '2000', trunk: 'out' }
const lossyPartner: Partner = { number: '2000', trunk: 'lossy' }
const patience = 32_000

async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  for (const end = Date.now() + withinMs; !(await holds()); await sleep(50))
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
}

const quiet = (engine: Engine): Promise<void> =>
  until(`${engine.kind}: all calls are over`, async () => (await engine.channels()).length === 0, 60_000)

async function clear(engine: Engine): Promise<void> {
  await engine.putDown(await engine.channels())
  await quiet(engine)
}

/** Offers calls at a rate; true when every one was answered, bridged within its second of talk, and ended in order. */
async function batch(engine: Engine, perSecond: number, count: number): Promise<boolean> {
  const { pairing } = engine
  const before = { bridged: pairing.bridged, failed: pairing.failed }
  const port = await freePort()
  const plan = { count, perSecond, talkMs: 1000, voice: false, port }
  const code = await startCallers(engine.sipPort, plan).over
  await quiet(engine)
  return code === 0 && pairing.bridged - before.bridged === count && pairing.failed === before.failed
}

/**
 * CPU of a complete two-leg set-up with its hang-up at 25 a second, and how long each took for the application; then the CPU
 * at 100 a second, where wake-ups are shared (left out when a call fails at that rate).
 */
async function setUp(engine: Engine, { warmUp, setUps }: Extent): Promise<Figures> {
  await batch(engine, 50, warmUp)
  engine.pairing.setUps = []
  const usual = await setUpCpu(engine, 25, setUps)
  if (usual === null) throw new Error(`${engine.kind}: a call failed at 25 a second`)
  const took = [...engine.pairing.setUps]
  const busy = await setUpCpu(engine, 100, setUps)
  return {
    cpu_ms_per_setup: usual,
    setup_p50_ms: percentile(took, 0.5),
    setup_p99_ms: percentile(took, 0.99),
    ...(busy !== null && { cpu_ms_per_setup_at_100_per_s: busy }),
  }
}

/** CPU milliseconds for each of so many set-ups; null when one failed. */
async function setUpCpu(engine: Engine, perSecond: number, count: number): Promise<number | null> {
  const before = cpuMs(engine.pid)
  const good = await batch(engine, perSecond, count)
  return good ? (cpuMs(engine.pid) - before) / count : null
}

/** The highest offered rate at which all of a batch succeed. */
async function setUpRate(engine: Engine, { rates, rateSeconds }: Extent): Promise<Figures> {
  let best = 0
  for (const rate of rates) {
    if (!(await batch(engine, rate, rate * rateSeconds))) break
    best = rate
  }
  await quiet(engine)
  return { setup_per_s: best }
}

interface Talk {
  callers: Sipp
  channels: string[]
}

/** Callers with a voice, each together with a partner who says back what is heard. */
async function talk(
  engine: Engine,
  given: { count: number; number?: string; partner?: Partner; talkMs: number },
): Promise<Talk> {
  const { count, number = '1001', partner = trunkPartner, talkMs } = given
  engine.pairing.partner = partner
  const port = await freePort()
  const callers = startCallers(engine.sipPort, { count, perSecond: 20, talkMs, voice: true, port, number })
  const wanted = partner === null ? count : 2 * count
  let channels: string[] = []
  await until(
    `${engine.kind}: ${count} calls at ${number} come together`,
    async () => (channels = await engine.channels()).length === wanted,
    20_000 + count * 100,
  )
  return { callers, channels }
}

async function over(engine: Engine, { callers }: Talk): Promise<void> {
  await callers.stop()
  // SIPp was killed, so nobody hangs up but us.
  await clear(engine)
}

/** Runs `work`, and tells what share of the voices came meanwhile: 50 packets a second on each channel are all. */
async function voicesDuring(engine: Engine, channels: string[], work: () => Promise<void>): Promise<number> {
  const [before, at] = [await engine.received(channels), performance.now()]
  await work()
  const came = (await engine.received(channels)) - before
  return came / (channels.length * ((performance.now() - at) / 20))
}

/** Percent of a core for each call in a window, once it is sure that the voices are there. */
async function share(
  engine: Engine,
  { channels }: Talk,
  { settleMs, windowMs }: Extent,
  recorded = false,
): Promise<number> {
  const pids = [engine.pid, ...(recorded && engine.recorder !== null ? [engine.recorder] : [])]
  const used = (): number => pids.reduce((sum, pid) => sum + cpuMs(pid), 0)
  const enough = 0.9
  await until(
    `${engine.kind}: all voices come`,
    async () => (await voicesDuring(engine, channels, () => sleep(500))) > enough,
  )
  await sleep(settleMs)
  let percent = 0
  const arrived = await voicesDuring(engine, channels, async () => {
    await sleep(100)
    const [cpu, at] = [used(), performance.now()]
    await sleep(windowMs)
    percent = ((used() - cpu) / (performance.now() - at) / (channels.length / 2)) * 100
  })
  if (arrived < enough)
    throw new Error(`${engine.kind}: only ${Math.round(arrived * 100)} % of the voices came`)
  return percent
}

/** Bridged calls whose digits the switchboard sees: CPU, memory and delay; then ours with both sides recorded. */
async function bridged(engine: Engine, extent: Extent): Promise<Figures> {
  const { bridged: count, windowMs, settleMs } = extent
  const memory = residentKb(engine.pid)
  const calls = await talk(engine, { count, talkMs: 4 * windowMs + 2 * settleMs + 60_000 })
  const figures: Figures = { cpu_percent_per_call: await share(engine, calls, extent) }
  figures['memory_kb_per_call'] = (residentKb(engine.pid) - memory) / count
  const { roundTrips, sent } = await probe(engine.sipPort, { number: '1001', ms: windowMs, speaks: true })
  // Out through the switchboard and back through it: one passage is half of it.
  figures['passage_p50_ms'] = percentile(roundTrips, 0.5) / 2
  figures['passage_p99_ms'] = percentile(roundTrips, 0.99) / 2
  figures['probe_lost_percent'] = Math.max(0, 100 * (1 - roundTrips.length / Math.max(1, sent - 5)))
  if (engine.kind === 'ours') {
    for (const caller of engine.pairing.callers)
      await engine.link.record(randomUUID(), caller, { hotline, segment: 1 })
    await until('all calls are recorded', () => engine.link.snapshot().recordings.length >= count)
    await sleep(1000)
    figures['recorded_cpu_percent_per_call'] = await share(engine, calls, extent, true)
  }
  await over(engine, calls)
  return figures
}

/** Asterisk's own ways: MixMonitor with a file for each side and one for both, and app_queue. */
async function classic(engine: Engine, extent: Extent): Promise<Figures> {
  if (engine.kind === 'ours') return {}
  const { bridged: count, windowMs, settleMs } = extent
  const talkMs = settleMs + windowMs + 30_000
  const recorded = await talk(engine, { count, talkMs, number: classicNumbers.recorded })
  const figures: Figures = { recorded_cpu_percent_per_call: await share(engine, recorded, extent) }
  await over(engine, recorded)
  const queued = await talk(engine, { count, talkMs, number: classicNumbers.queue })
  figures['queue_cpu_percent_per_call'] = await share(engine, queued, extent)
  await over(engine, queued)
  return figures
}

/** Calls to a seat that is a WebRTC peer: SRTP with keys by DTLS on one leg. */
async function seats(engine: Engine, extent: Extent): Promise<Figures> {
  const { seats: count, windowMs, settleMs } = extent
  const child = await startSeats(engine.sipPort)
  try {
    await until('the seat is online', () => engine.link.snapshot().seats.some(({ online }) => online))
    const calls = await talk(engine, {
      count,
      talkMs: settleMs + windowMs + 30_000,
      partner: { seat: seat.user },
    })
    const figures = { webrtc_cpu_percent_per_call: await share(engine, calls, extent) }
    await over(engine, calls)
    return figures
  } finally {
    child.kill('SIGKILL')
  }
}

/** Many who hear music; beside them some, one after the other, note when each packet comes. */
async function playout(engine: Engine, { listeners, probes, windowMs }: Extent): Promise<Figures> {
  engine.pairing.partner = null
  const port = await freePort()
  const talkMs = 3 * windowMs + 30_000
  const callers = startCallers(engine.sipPort, {
    count: listeners,
    perSecond: 40,
    talkMs,
    voice: false,
    port,
  })
  await until('all listen', async () => (await engine.channels()).length === listeners, 30_000)
  await sleep(1000)
  const deviations: number[] = []
  for (let turn = 0; turn < probes; turn += 1) {
    const heard = await probe(engine.sipPort, { number: '1001', ms: windowMs / 2, speaks: false })
    // The first packets come while the call is still being set up.
    deviations.push(...heard.deviations.slice(5))
  }
  await over(engine, { callers, channels: [] })
  return { playout_deviation_p99_ms: percentile(deviations, 0.99) }
}

/** Calls that were not answered and bridged, or did not end in order, while datagrams are lost each way on both legs. */
async function lossy(engine: Engine, { lossy: count, lossyTalkMs }: Extent, loss: number): Promise<Figures> {
  const { pairing, losing } = engine
  pairing.partner = lossyPartner
  const before = pairing.bridged
  for (const one of losing) one.loss = loss
  const port = await freePort()
  const plan = { count, perSecond: 20, talkMs: lossyTalkMs, voice: false, port, patienceMs: patience }
  const callers = startCallers(engine.lossyPort, plan)
  const good = Math.min(await callers.succeeded, pairing.bridged - before)
  for (const one of losing) one.loss = 0
  await clear(engine)
  return { [`failed_calls_${Math.round(loss * 100)}_percent_loss`]: count - good }
}

/** All of a round; `say` is told what is being done. */
export async function measure(engine: Engine, extent: Extent, say: (what: string) => void): Promise<Figures> {
  const begun = performance.now()
  const phases: Record<string, () => Promise<Figures>> = {
    'set-ups': () => setUp(engine, extent),
    'set-up rate': () => setUpRate(engine, extent),
    'bridged calls': () => bridged(engine, extent),
    "the classic's ways": () => classic(engine, extent),
    'WebRTC seats': () => seats(engine, extent),
    playout: () => playout(engine, extent),
  }
  for (const loss of extent.losses) phases[`${loss * 100} % loss`] = () => lossy(engine, extent, loss)
  const figures: Figures = {}
  for (const [what, phase] of Object.entries(phases)) {
    say(`${engine.kind}, ${Math.round((performance.now() - begun) / 1000)} s: ${what}`)
    engine.pairing.partner = trunkPartner
    try {
      Object.assign(figures, await phase())
    } catch (error) {
      // The other figures are worth having; one that is missing is told of.
      say(`${engine.kind}: ${what}: ${error instanceof Error ? error.message : 'failed'}`)
      await clear(engine)
    }
  }
  return figures
}
