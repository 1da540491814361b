/* What it costs to pass on one packet of sound: ours, which looks for keys in it, and rtpengine, in turn on the same core. */
import { randomUUID } from 'node:crypto'
import { pid } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectSwitchboard } from '../../telephony/switchboard.ts'
import { percentile, report } from '../figure.ts'
import { Pairing } from '../pairing.ts'
import { cpuMs, pin } from '../processes.ts'
import { dial, openCallers } from '../soak/callers.ts'
import { openFarEnds } from '../soak/far-ends.ts'
import { farEnds as numbers } from '../soak/kinds.ts'
import { portIn, sdpOf, startVoices, traffic, Voice } from '../soak/voice.ts'
import { cores, startOurs, trunk } from '../switchboard/engines.ts'
import { startRtpengine } from './rtpengine.ts'

interface Extent {
  calls: number
  windowMs: number
  rounds: number
}

const full: Extent = { calls: 100, windowMs: 10_000, rounds: 5 }
const brief: Extent = { calls: 20, windowMs: 3000, rounds: 1 }
const settleMs = 1500
const enough = 0.9
const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** Microseconds of a process for each packet that came out of it, while all voices speak. */
async function measure(relay: number, { calls, windowMs }: Extent): Promise<number> {
  await sleep(settleMs)
  const [cpu, packets, at] = [cpuMs(relay), traffic.received, performance.now()]
  await sleep(windowMs)
  const came = traffic.received - packets
  const wanted = (2 * calls * (performance.now() - at)) / 20
  if (came < enough * wanted)
    throw new Error(`only ${Math.round((100 * came) / wanted)} % of the packets came`)
  return ((cpuMs(relay) - cpu) * 1000) / came
}

/** Calls of two legs through our switchboard, both of which speak. */
async function ours(extent: Extent): Promise<number> {
  const started = await startOurs()
  pin(started.pid, cores.engine)
  const lengths = { shortest: 0, longest: 0, ringing: 0 }
  const farEnds = await openFarEnds(Math.random, lengths)
  let pairing: Pairing | null = null
  const link = connectSwitchboard({
    url: started.ariUrl,
    app: 'hotline',
    on: (event) => pairing?.happened(event),
    trunks: [trunk('out', farEnds.port)],
  })
  pairing = new Pairing(link)
  pairing.partner = { number: numbers.silent, trunk: 'out' }
  const callers = await openCallers(started.sipPort)
  const voices: Voice[] = []
  try {
    for (const end = Date.now() + 20_000; !link.up() || !link.snapshot().trunks.some(({ online }) => online);)
      if (Date.now() > end) throw new Error('the trunk does not come')
      else await sleep(50)
    for (let call = 0; call < extent.calls; call += 1) {
      const voice = await Voice.open()
      voices.push(voice)
      const { answered } = dial(callers, '1001', voice.port)
      voice.speakTo(portIn(await answered))
    }
    return await measure(started.pid, extent)
  } finally {
    await callers.stop(500)
    for (const voice of voices) voice.close()
    await link.close()
    await Promise.all([farEnds.stop(), started.stop()])
  }
}

/** The same voices through rtpengine, which is told of them as a proxy would. */
async function theirs(extent: Extent): Promise<number> {
  const rtpengine = await startRtpengine()
  pin(rtpengine.pid, cores.engine)
  const voices: Voice[] = []
  try {
    for (let call = 0; call < extent.calls; call += 1) {
      const [caller, other] = [await Voice.open(), await Voice.open('silence')]
      voices.push(caller, other)
      const id = randomUUID()
      other.speakTo(portIn(await rtpengine.offer(id, sdpOf(caller.port))))
      caller.speakTo(portIn(await rtpengine.answer(id, sdpOf(other.port))))
    }
    return await measure(rtpengine.pid, extent)
  } finally {
    for (const voice of voices) voice.close()
    await rtpengine.stop()
  }
}

/** `cpu_us_per_packet`: the median of rounds, each on a fresh process; the process's own by the kernel's count, all threads. */
export async function relay(quick: boolean): Promise<void> {
  if (!pin(pid, cores.load)) say('There is no second core: load and relay share one.')
  const extent = quick ? brief : full
  const stopVoices = startVoices()
  const [own, other]: [number[], number[]] = [[], []]
  for (let round = 0; round < extent.rounds; round += 1) {
    own.push(await ours(extent))
    const found = await theirs(extent).catch((error: unknown) =>
      say(`Without rtpengine: ${error instanceof Error ? error.message : 'it did not run'}`),
    )
    if (found !== undefined) other.push(found)
  }
  stopVoices()
  const value = percentile(own, 0.5)
  const peerValue = percentile(other, 0.5)
  const peer = other.length > 0 ? { peer: 'rtpengine', peerValue, ratio: value / peerValue } : {}
  report({ bench: 'relay', figure: 'cpu_us_per_packet', value, unit: 'us', ...peer, rounds: own.length })
}
