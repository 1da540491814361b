/*
 * `npm run survival -- [rounds] [seed]`: under a small load one process of the product after the other is killed at a random
 * moment, and what is left must be true. One line a round; ends with 1 at the first round with a fault, and keeps its data.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startPhone, type Phone } from '../switchboard/testing/phone.ts'
import type { ContactRow } from '../api/contacts.ts'
import { logInAs, until, type Session } from './journeys/hotline.ts'
import { processesOf, processOf } from './journeys/innards.ts'
import { shortenPrompts, welcome } from './journeys/scene.ts'
import { startProduct, type Product } from './product.ts'
import { callOnce, startSeat, type CallerPlan, type Seat } from './survival/callers.ts'
import { allContacts, faultsOf, isOver } from './survival/records.ts'

const run = promisify(execFile)
const program = join(import.meta.dirname, '..', 'bin', 'hearthline.js')

/** What is killed, and by which word of its command line it is found; the launcher takes all others with it. */
const victims = {
  server: 'server/main.ts',
  switchboard: 'switchboard/main.ts',
  recorder: 'recorder/main.ts',
  database: 'postgres',
  launcher: null,
} as const
type Victim = keyof typeof victims

const usualRounds = 200
const callersARound = 6
const line = '1001'
/** A call that lived when something was killed is given this long to show that it lives on. */
const livesOn = 4000

/** Random numbers below `limit` by a seed (mulberry32). */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit)
  }
}

/** Every process comes once in five rounds, in an order of the seed. */
function* victimsBy(random: (limit: number) => number): Generator<Victim> {
  for (;;) {
    const bag = Object.keys(victims) as Victim[]
    while (bag.length > 0) yield* bag.splice(random(bag.length), 1)
  }
}

/** The product and what stands round it, over all its restarts. */
interface Ground {
  product: Product
  supervisor: Session
  counsellors: Session[]
  phone: Phone
  known: ContactRow[]
}

async function logIn(product: Product): Promise<Pick<Ground, 'supervisor' | 'counsellors'>> {
  const [supervisor, ...counsellors] = await Promise.all(
    ['supervisor', 'counsellor3', 'counsellor4'].map((name) => logInAs(product, name)),
  )
  if (!supervisor) throw new Error('nobody is logged in')
  return { supervisor, counsellors }
}

/** What a process runs. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return `process ${pid}`
  }
}

async function kill(ground: Ground, victim: Victim): Promise<void> {
  const { product } = ground
  const script = victims[victim]
  if (script !== null) return void process.kill(processOf(product, script), 'SIGKILL')
  const pids = processesOf(product)
  const named = new Map(pids.map((pid) => [pid, commandOf(pid)]))
  product.launcher.kill('SIGKILL')
  const left = (): number[] => pids.filter((pid) => existsSync(`/proc/${pid}`))
  await until('nothing of it is left', () => left().length === 0, 60_000).catch(() => {
    throw new Error(
      `still there a minute after the launcher: ${left()
        .map((pid) => named.get(pid))
        .join('; ')}`,
    )
  })
  const { data, sipPort } = product
  ground.product = await startProduct({ data, sipPort })
  Object.assign(ground, await logIn(ground.product))
}

const isReady = (product: Product): Promise<boolean> =>
  fetch(`${product.web}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  )

/** Everything of the product answers again, and every call of it is over. */
async function settled(ground: Ground): Promise<ContactRow[]> {
  await until('the product is ready again', () => isReady(ground.product), 90_000)
  let rows: ContactRow[] = []
  const quiet = async (): Promise<boolean> => {
    rows = await allContacts(ground.supervisor).catch(() => [])
    return rows.length > 0 && rows.every(isOver)
  }
  // What is not over then is told as a fault.
  await until('every call is over', quiet, 45_000).catch(() => undefined)
  return rows
}

/** Recomputes every chain, number and recording with the product's own command; gives what it printed when it found a fault. */
async function verify({ product }: Ground): Promise<string[]> {
  try {
    await run(process.execPath, [program, 'verify'], { env: product.env, maxBuffer: 1e8 })
    return []
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    return [`verify: ${said.trim() || 'it did not run'}`]
  }
}

/** Two seats, those of counsellors 3 and 4, that are free again whenever a talk is over. */
async function openSeats({
  product,
  counsellors,
}: Ground): Promise<{ seats: Seat[]; stop: () => Promise<void> }> {
  const seats = await Promise.all(['phone1', 'phone2'].map((user) => startSeat(product.sipPort, user)))
  const finishing = setInterval(() => {
    for (const one of counsellors) void one.finishWrapUp().catch(() => undefined)
  }, 700)
  const stop = async (): Promise<void> => {
    clearInterval(finishing)
    await Promise.all(seats.map((seat) => seat.stop()))
  }
  return { seats, stop }
}

function plansOf(round: number, random: (limit: number) => number): CallerPlan[] {
  return Array.from({ length: callersARound }, (_, at) => ({
    number: `1390000${String((round * callersARound + at) % 10_000).padStart(4, '0')}`,
    startsAfter: random(4000),
    key: (['1', '1', '2', null] as const)[random(4)] ?? null,
    stays: 1000 + random(9000),
  }))
}

interface Outcome {
  victim: Victim
  answered: number
  helped: number
  faults: string[]
}

async function playRound(
  ground: Ground,
  round: number,
  victim: Victim,
  random: (limit: number) => number,
): Promise<Outcome> {
  const { seats, stop } = await openSeats(ground)
  const killAfter = 1000 + random(7000)
  const endsAt = Date.now() + killAfter + livesOn
  const calling = Promise.all(
    plansOf(round, random).map((plan) => callOnce(ground.phone, line, plan, endsAt)),
  )
  // Awaited only after the kill; a fault before that is told then.
  calling.catch(() => undefined)
  const harm = { calls: victim === 'switchboard' || victim === 'launcher' }
  const faults: string[] = []
  await sleep(killAfter)
  const heard = seats.map((seat) => seat.hearing().filter(Boolean).length)
  const killing = kill(ground, victim)
  await sleep(2000)
  if (!harm.calls)
    seats.forEach((seat, at) => {
      if (seat.hearing().filter(Boolean).length < (heard[at] ?? 0)) faults.push('a live talk fell silent')
    })
  const stories = await calling
  await killing
  await stop()
  const rows = await settled(ground)
  faults.push(...faultsOf(ground.known, rows, stories, harm), ...(await verify(ground)))
  ground.known = rows
  const count = (holds: (story: (typeof stories)[number]) => boolean): number => stories.filter(holds).length
  return { victim, answered: count((one) => one.answered), helped: count((one) => one.helped), faults }
}

async function open(): Promise<Ground> {
  const product = await startProduct({ data: mkdtempSync(join(tmpdir(), 'survival-')) })
  try {
    await shortenPrompts(product, [...welcome, 'survey', 'thanks'])
    const phone = await startPhone(product.sipPort)
    return { product, phone, ...(await logIn(product)), known: [] }
  } catch (error) {
    await product.stop()
    throw error
  }
}

async function main(rounds: number, seed: number): Promise<void> {
  const random = numbersFrom(seed)
  const order = victimsBy(random)
  const ground = await open()
  const { data } = ground.product
  const sum = { answered: 0, helped: 0, faults: 0 }
  let done = 0
  let clean = false
  try {
    while (done < rounds && sum.faults === 0) {
      const { value: victim = 'server' } = order.next()
      const begun = performance.now()
      const { answered, helped, faults } = await playRound(ground, done, victim, random)
      done += 1
      sum.answered += answered
      sum.helped += helped
      sum.faults += faults.length
      const seconds = Math.round((performance.now() - begun) / 1000)
      const known = ground.known.length
      console.log(JSON.stringify({ round: done, killed: victim, answered, helped, known, seconds, faults }))
    }
    clean = sum.faults === 0
  } finally {
    await ground.phone.stop()
    await ground.product.stop()
    if (clean) rmSync(data, { recursive: true, force: true })
    else console.error(`What happened is in ${data}.`)
  }
  console.log(JSON.stringify({ rounds: done, seed, ...sum, known: ground.known.length }))
  process.exitCode = sum.faults === 0 && done === rounds ? 0 : 1
}

const [rounds = usualRounds, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)
await main(rounds, seed)
process.exit()
