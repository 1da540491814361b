/* An hour of calls that come and go: memory flat, nothing left over, and sound still in time. */
import { percentile, report } from '../figure.ts'
import { residentKb } from '../processes.ts'
import { numbersFrom } from '../switchboard/relay.ts'
import { Callers } from './callers.ts'
import { pause } from './clock.ts'
import type { Lengths } from './kinds.ts'
import type { Passage } from './numbered.ts'
import { openScene, type Counts, type Look, type Scene } from './scene.ts'
import { Strain } from './strain.ts'
import { StandingCalls, type Verdict } from './standing.ts'
import { Tally } from './tally.ts'
import { startVoices } from './voice.ts'

const calls = 60
const hourMs = 3_600_000
const minuteMs = 60_000
const driftMs = 40
const whole: Lengths = { shortest: 20_000, longest: 240_000, ringing: 8000 }
/** In a run of minutes many calls have to pass all the same. */
const brief: Lengths = { shortest: 6000, longest: 30_000, ringing: 4000 }
/** A vanished caller is noticed by the session timer (90 s), and transactions live for 32 s more. */
const emptyWithin = 180_000

interface Sample {
  atMs: number
  residentKb: number
  recorderKb: number
  passages: Map<string, Passage>
}

interface Course {
  samples: Sample[]
  /** After the warm-up, and at the end, both under load. */
  early: Look
  late: Look
  verdicts: Verdict[]
}

const bench = 'soak'
const say = (text: string): void => void process.stderr.write(`${text}\n`)
const never = new Promise<never>(() => undefined)

function minutesIn(flags: readonly string[]): number {
  const minutes = Number(flags[flags.indexOf('--minutes') + 1])
  if (!flags.includes('--minutes')) return 60
  if (!(minutes >= 1)) throw new Error('--minutes wants a number, 1 or more')
  return minutes
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The slope of a line through points, by least squares. */
function slopeOf(points: readonly { x: number; y: number }[]): number {
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))]
  const over = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0)
  return over / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0)
}

/** Watches while calls come and go. */
async function watch(scene: Scene, standing: StandingCalls, callers: Callers, tally: Tally, totalMs: number) {
  const everyMs = totalMs < 20 * minuteMs ? totalMs / 36 : minuteMs
  const warmUpMs = totalMs / 12
  const begun = performance.now()
  const samples: Sample[] = []
  let early: Look | null = null
  for (let due = everyMs; due <= totalMs; due += everyMs) {
    await pause(begun + due - performance.now(), never)
    const atMs = performance.now() - begun
    const { pid: board, recorder } = scene.started
    const recorderKb = recorder === null ? 0 : residentKb(recorder)
    const passages = standing.passages()
    samples.push({ atMs, residentKb: residentKb(board), recorderKb, passages })
    say(
      `${(atMs / minuteMs).toFixed(1)} min: ${callers.live + standing.live} calls on, ${tally.made} made, ${tally.count(tally.failures)} failed (${tally.count(tally.excused)} excused), ${residentKb(board)} kB; ` +
        [...passages]
          .map(([name, { tenthMs, medianMs }]) => `${name} ${tenthMs.toFixed(0)}/${medianMs.toFixed(0)} ms`)
          .join(', '),
    )
    if (early || atMs < warmUpMs) continue
    standing.count()
    early = await scene.look()
  }
  const late = await scene.look()
  return { samples, early: early ?? late, late }
}

/** Waits until nothing of a call is open any more; gives what is there at last. */
async function emptied({ counts, farEnds, house }: Scene): Promise<Counts> {
  const open = (now: Counts): number => {
    const { sip, media } = now
    const ours = now.channels + now.bridges + now.parked + farEnds.live() + house.live
    const sound = media.legs + media.bridges + media.ports + media.playbacks + media.externals
    return ours + sound + sip.transactions + sip.dialogs + sip.halfOpen
  }
  for (const end = performance.now() + emptyWithin; ; await pause(300, never)) {
    const now = await counts()
    if (open(now) === 0 || performance.now() > end) return now
  }
}

const tell = (figure: string, value: number, unit: string): void => report({ bench, figure, value, unit })

function tellMemory({ samples, early, late }: Course, warmUpMs: number): void {
  const warm = samples.filter(({ atMs }) => atMs >= warmUpMs)
  for (const [name, of] of [
    ['resident', (one: Sample) => one.residentKb],
    ['recorder_resident', (one: Sample) => one.recorderKb],
  ] as const) {
    tell(`${name}_start_kb`, of(warm[0] ?? warmless), 'kB')
    tell(`${name}_end_kb`, of(warm.at(-1) ?? warmless), 'kB')
    const points = warm.map((one) => ({ x: one.atMs / hourMs, y: of(one) }))
    tell(`${name}_slope_kb_per_hour`, slopeOf(points), 'kB/h')
  }
  tell('heap_start_kb', early.heapKb, 'kB')
  tell('heap_end_kb', late.heapKb, 'kB')
  tell('buffers_start_kb', early.buffersKb, 'kB')
  tell('buffers_end_kb', late.buffersKb, 'kB')
}

const warmless: Sample = { atMs: 0, residentKb: Number.NaN, recorderKb: Number.NaN, passages: new Map() }

/** Tells delays and losses; gives the names of streams that are not in time any more. */
function tellSound({ samples, verdicts }: Course, totalMs: number): string[] {
  const part = totalMs / 12
  const between = (name: string, from: number, to: number): Passage[] =>
    samples
      .filter(({ atMs }) => atMs > from && atMs <= to)
      .flatMap(({ passages }) => passages.get(name) ?? [])
  return verdicts.flatMap(({ name, sent, lost, late }) => {
    const [start, end] = [between(name, part, 2 * part), between(name, totalMs - part, Infinity)].map(
      (passages) =>
        percentile(
          passages.map(({ tenthMs }) => tenthMs),
          0.5,
        ),
    )
    const drift = (end ?? Number.NaN) - (start ?? Number.NaN)
    tell(`${name}_delay_start_ms`, start ?? Number.NaN, 'ms')
    tell(`${name}_delay_end_ms`, end ?? Number.NaN, 'ms')
    const tails = samples.slice(1).flatMap(({ passages }) => passages.get(name)?.p99Ms ?? [])
    // Nothing is heard in a sample in which the machine stood still.
    tell(`${name}_delay_worst_p99_ms`, Math.max(...tails.filter((tail) => !Number.isNaN(tail))), 'ms')
    const points = samples.flatMap(({ atMs, passages }) => {
      const y = passages.get(name)?.tenthMs ?? Number.NaN
      return atMs > part && !Number.isNaN(y) ? [{ x: atMs / hourMs, y }] : []
    })
    tell(`${name}_delay_slope_ms_per_hour`, slopeOf(points), 'ms/h')
    tell(`${name}_packets_sent`, sent, 'packets')
    tell(`${name}_packets_lost`, lost, 'packets')
    tell(`${name}_packets_late`, late, 'packets')
    return drift <= driftMs ? [] : [`${name} is out of time by ${drift.toFixed(1)} ms`]
  })
}

/** Tells what is left when all calls are over; gives what should not be there. */
function tellLeft(left: Counts, before: Look, after: Look): string[] {
  const { sip, media } = left
  const figures = {
    left_channels: left.channels + left.parked,
    left_bridges: left.bridges + media.bridges,
    left_legs: media.legs + media.externals,
    left_ports: media.ports,
    left_playbacks: media.playbacks,
    left_dialogs: sip.dialogs + sip.halfOpen,
    left_transactions: sip.transactions,
    left_udp_sockets: after.udpSockets - before.udpSockets,
    left_timers: after.timers - before.timers,
  }
  for (const [name, value] of Object.entries(figures)) tell(name, value, 'count')
  tell('descriptors_before', before.descriptors, 'count')
  tell('descriptors_after', after.descriptors, 'count')
  tell('udp_sockets_before', before.udpSockets, 'count')
  tell('udp_sockets_after', after.udpSockets, 'count')
  tell('timers_before', before.timers, 'count')
  tell('timers_after', after.timers, 'count')
  tell('heap_idle_start_kb', before.heapKb, 'kB')
  tell('heap_idle_end_kb', after.heapKb, 'kB')
  return Object.entries(figures).flatMap(([name, value]) => (value > 0 ? [`${name}: ${value}`] : []))
}

function tellCalls(tally: Tally, callers: Callers): string[] {
  tell('calls_made', tally.made, 'calls')
  tell('calls_vanished', tally.vanished, 'calls')
  tell('calls_failed', tally.count(tally.failures), 'calls')
  tell('calls_excused', tally.count(tally.excused), 'calls')
  say([...callers.made].map(([kind, count]) => `${count} ${kind}`).join(', '))
  for (const [cause, count] of tally.excused) say(`While the machine let nobody work: ${count} x ${cause}`)
  return [...tally.failures].map(([cause, count]) => `${count} x ${cause}`)
}

/** Runs all calls for the time, and ends them; what is told comes afterwards. */
async function run(scene: Scene, callers: Callers, tally: Tally, totalMs: number): Promise<Course> {
  const stopVoices = startVoices()
  const standing = new StandingCalls(tally)
  try {
    await standing.begin(callers.sip, scene.farEnds)
    void callers.begin(calls - standing.live)
    const watched = await watch(scene, standing, callers, tally, totalMs)
    const verdicts = await standing.end()
    await callers.end()
    return { ...watched, verdicts }
  } finally {
    stopVoices()
  }
}

/**
 * Holds 60 calls for `--minutes` (60; 2 when quick): figures by name, and exit code 1 when a call failed that was not meant to,
 * when anything is left, or when sound of a standing call is out of time.
 */
export async function soak(quick: boolean, flags: readonly string[]): Promise<void> {
  const totalMs = (quick ? 2 : minutesIn(flags)) * minuteMs
  const lengths = totalMs < 20 * minuteMs ? brief : whole
  const tally = new Tally()
  const scene = await openScene(numbersFrom(3), lengths, tally)
  const given = { sipPort: scene.started.sipPort, random: numbersFrom(1), lengths, tally }
  const callers = await Callers.open(given)
  const strain = new Strain(scene.started.pid)
  tally.strain = strain
  const stopStrain = strain.start()
  try {
    const before = await scene.look()
    const begun = performance.now()
    const course = await run(scene, callers, tally, totalMs)
    const strained = strain.share(begun)
    say('All have hung up; waiting for what vanished.')
    const left = await emptied(scene)
    const after = await scene.look()
    if (scene.house.digits !== callers.pressed)
      tally.failed(`${callers.pressed} keys were pressed, ${scene.house.digits} seen`)
    if (scene.pairing.failed > 0) tally.failed(`${scene.pairing.failed} commands of the pairing failed`)
    tell('stalled_percent', 100 * strained, '%')
    const unheard = tellSound(course, totalMs)
    if (strain.tooMuch(begun))
      for (const fault of unheard.splice(0)) say(`On a machine that is too busy: ${fault}`)
    const faults = [...tellCalls(tally, callers), ...unheard, ...tellLeft(left, before, after)]
    tellMemory(course, totalMs / 12)
    for (const fault of faults) say(`FAULT: ${fault}`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    stopStrain()
    await callers.close()
    await scene.stop()
  }
}
