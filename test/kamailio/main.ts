/*
 * `npm run test:cluster`: Kamailio in front of two Asterisks, each with an application of its own, in a network namespace.
 * INVITEs are spread; an application is killed and no call ends; an Asterisk is killed and new calls go on.
 */
import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { startAsterisk, type TestAsterisk } from '../asterisk/asterisk.ts'
import { startCarrier, type CarriedCall, type Carrier } from './carrier.ts'
import { kamailioRoot, startKamailio } from './kamailio.ts'

const proxy = '10.77.0.1'
const carrierHost = '10.77.0.9'
const hosts = ['10.77.0.2', '10.77.0.3'] as const
const calls = 20

/** One Asterisk and its application. */
interface Node {
  asterisk: TestAsterisk
  application: ChildProcess
  /** How many legs the application knows of; null while it is not connected. */
  legs: number | null
}

async function until(what: string, holds: () => boolean, withinMs = 20_000): Promise<void> {
  for (const end = Date.now() + withinMs; !holds(); await pause(50))
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
}

function startApplication(node: Pick<Node, 'asterisk' | 'legs'>): ChildProcess {
  const child = fork(new URL('application.ts', import.meta.url), [node.asterisk.ariUrl, proxy], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.on('message', ({ legs, up }: { legs: number; up: boolean }) => (node.legs = up ? legs : null))
  child.on('exit', () => (node.legs = null))
  return child
}

const startThere = (host: string): Promise<TestAsterisk> =>
  startAsterisk({
    host,
    sipPort: 5060,
    tls: null,
    name: `at-${host.split('.').at(-1)}`,
    acceptAnonymous: false,
  })

async function openNode(host: string): Promise<Node> {
  const node = { asterisk: await startThere(host), legs: null as number | null }
  const whole = Object.assign(node, { application: startApplication(node) })
  await until(`the application of ${host} is connected`, () => whole.legs !== null)
  return whole
}

async function offered(carrier: Carrier, count: number): Promise<CarriedCall[]> {
  const made: CarriedCall[] = []
  for (let n = 0; n < count; n += 1) {
    made.push(carrier.call())
    await pause(100)
  }
  await until(`${count} calls are answered`, () => made.every((one) => one.answered))
  return made
}

const slowest = (made: CarriedCall[]): number =>
  Math.round(Math.max(...made.map(({ tookMs }) => tookMs ?? 0)))

function must(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`)
  console.log(`ok  ${what}`)
}

async function play(carrier: Carrier, one: Node, two: Node): Promise<void> {
  const first = await offered(carrier, calls)
  await until('both know their calls', () => (one.legs ?? 0) + (two.legs ?? 0) === calls)
  must(`${calls} calls are spread, ${one.legs} and ${two.legs}`, one.legs === two.legs)
  const half = calls / 2

  two.application.kill('SIGKILL')
  await pause(3000)
  must(
    'a server is killed: no call ends',
    first.every(({ ended }) => !ended),
  )
  const meanwhile = await offered(carrier, 4)
  must(
    'callers who come meanwhile are answered',
    meanwhile.every(({ ended }) => !ended),
  )
  two.application = startApplication(two)
  await until('it knows its calls again', () => two.legs === half + 2)
  must(`another server finds all ${two.legs} of its calls`, two.legs === half + 2)

  const died = once(one.application, 'message')
  process.kill(one.asterisk.pid, 'SIGKILL')
  await died
  const next = await offered(carrier, calls)
  await until('the other has them', () => two.legs === half + 2 + calls)
  must(`an Asterisk is killed: ${calls} new calls are answered by the other`, true)
  console.log(`    the slowest of them after ${slowest(next)} ms; ${half + 2} calls were lost with it`)
  must('calls of the other go on', [...meanwhile, ...next].filter(({ ended }) => ended).length === 0)

  one.application.kill()
  await one.asterisk.stop()
  one.asterisk = await startThere(hosts[0])
  one.application = startApplication(one)
  await until('the application is connected', () => one.legs !== null)
  await pause(4000)
  await offered(carrier, 4)
  await until('it gets calls', () => one.legs === 2, 5000)
  must('started again, it gets its share', one.legs === 2)
}

async function inside(): Promise<void> {
  const nodes: Node[] = []
  const ends: (() => Promise<unknown>)[] = []
  try {
    for (const host of hosts) nodes.push(await openNode(host))
    const asterisks = hosts.map((host) => ({ host, port: 5060 }))
    const settings = {
      listen: { host: proxy, port: 5060 },
      publicAddress: null,
      asterisks,
      carriers: [{ host: carrierHost, port: 5060 }],
    }
    ends.push(await startKamailio(kamailioRoot(), settings))
    const carrier = await startCarrier(carrierHost, proxy)
    ends.push(() => carrier.stop())
    const [one, two] = nodes
    if (one && two) await play(carrier, one, two)
  } finally {
    for (const end of ends.toReversed()) await end()
    for (const node of nodes) {
      node.application.kill()
      await node.asterisk.stop()
    }
  }
}

const ip = (...args: string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0

/** Runs this file again where its addresses are nobody else's. */
function outside(): number {
  const name = `hearthline-${process.pid}`
  if (process.arch !== 'x64' || !ip('netns', 'add', name)) {
    console.log(
      'SKIPPED: the cluster is tried in a network namespace, which needs root, iproute2 and x86-64.',
    )
    return 0
  }
  try {
    kamailioRoot()
    const inIt = (...args: string[]): boolean => ip('-n', name, ...args)
    if (!inIt('link', 'set', 'lo', 'up')) throw new Error('the namespace has no loopback')
    for (const host of [proxy, carrierHost, ...hosts]) inIt('address', 'add', `${host}/32`, 'dev', 'lo')
    const again = ['netns', 'exec', name, process.execPath, import.meta.filename, '--inside']
    return spawnSync('ip', again, { stdio: 'inherit' }).status ?? 1
  } finally {
    ip('netns', 'delete', name)
  }
}

if (process.argv.includes('--inside')) {
  await inside()
  process.exit(0)
}
process.exit(outside())
