/* The same load in turn on our switchboard and on Asterisk 22: what a call costs, how fast, how even, how lossless. */
import { pid } from 'node:process'
import { percentile, report, type Figure } from '../figure.ts'
import { pin } from '../processes.ts'
import { cores, openEngine, type Engine } from './engines.ts'
import { measure, type Extent, type Figures } from './phases.ts'

const full: Extent = {
  warmUp: 600,
  setUps: 300,
  rates: [75, 100, 125, 150, 200, 300, 400],
  rateSeconds: 3,
  bridged: 100,
  seats: 40,
  listeners: 200,
  probes: 3,
  lossy: 60,
  losses: [0.05, 0.2],
  lossyTalkMs: 20_000,
  settleMs: 10_000,
  windowMs: 5000,
}
const brief: Extent = {
  warmUp: 25,
  setUps: 25,
  rates: [50, 200],
  rateSeconds: 1,
  bridged: 10,
  seats: 5,
  listeners: 50,
  probes: 2,
  lossy: 10,
  losses: [0.2],
  lossyTalkMs: 20_000,
  settleMs: 1000,
  windowMs: 1000,
}
const fullRounds = 5

const units: Readonly<Record<string, string>> = {
  cpu_percent_per_call: '%',
  recorded_cpu_percent_per_call: '%',
  webrtc_cpu_percent_per_call: '%',
  cpu_ms_per_setup: 'ms',
  cpu_ms_per_setup_at_100_per_s: 'ms',
  setup_per_s: '1/s',
  setup_p50_ms: 'ms',
  setup_p99_ms: 'ms',
  memory_kb_per_call: 'kB',
  playout_deviation_p99_ms: 'ms',
  passage_p50_ms: 'ms',
  passage_p99_ms: 'ms',
  probe_lost_percent: '%',
  failed_calls_5_percent_loss: 'calls',
  failed_calls_20_percent_loss: 'calls',
}

const bench = 'switchboard'
const say = (text: string): void => void process.stderr.write(`${text}\n`)

const median = (rounds: readonly Figures[], name: string): number =>
  percentile(
    rounds.flatMap((figures) => figures[name] ?? []),
    0.5,
  )

/** A peer's figure and the ratio to ours; nothing divided by nothing is no ratio. */
const against = (value: number, peer: string, peerValue: number): Partial<Figure> =>
  Number.isNaN(peerValue) ? {} : { peer, peerValue, ...(peerValue > 0 && { ratio: value / peerValue }) }

function tell(ours: Figures[], theirs: Figures[]): void {
  const rounds = ours.length
  for (const [figure, unit] of Object.entries(units)) {
    const value = median(ours, figure)
    if (Number.isNaN(value)) {
      say(`${figure} was not measured on ours${rounds === 1 ? ' (a quick run leaves some out)' : ''}`)
      continue
    }
    report({ bench, figure, value, unit, ...against(value, 'asterisk', median(theirs, figure)), rounds })
  }
  const value = median(ours, 'cpu_percent_per_call')
  const queue = median(theirs, 'queue_cpu_percent_per_call')
  if (!Number.isNaN(queue))
    report({
      bench,
      figure: 'cpu_percent_per_call',
      value,
      unit: '%',
      ...against(value, 'app_queue', queue),
      rounds,
    })
}

async function round(kind: Engine['kind'], extent: Extent): Promise<Figures> {
  const engine = await openEngine(kind)
  try {
    const figures = await measure(engine, extent, say)
    // The median comes after half an hour; whoever waits, or has to stop, has what is known.
    say(`${kind}: ${JSON.stringify(figures)}`)
    return figures
  } finally {
    await engine.stop()
  }
}

/**
 * Figures by name in `units`: medians over rounds, each on a fresh process. CPU is the process's own, in percent of a core
 * for each call of two legs; ours with recording includes the recorder, which encrypts. Set-up times are from the offered
 * call to both legs together, as the application sees it. A passage is once through the switchboard.
 */
export async function switchboard(quick: boolean): Promise<void> {
  if (!pin(pid, cores.load)) say('There is no second core: load and switchboards share one.')
  const extent = quick ? brief : full
  const ours: Figures[] = []
  const theirs: Figures[] = []
  for (let rounds = 0; rounds < (quick ? 1 : fullRounds); rounds += 1) {
    ours.push(await round('ours', extent))
    const other = await round('asterisk', extent).catch((error: unknown) =>
      say(`Without Asterisk: ${error instanceof Error ? error.message : 'it did not run'}`),
    )
    if (other) theirs.push(other)
  }
  tell(ours, theirs)
}
