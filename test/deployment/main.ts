/*
 * `npm run test:cluster`: the whole of deploy/cluster in a network namespace: a carrier, Kamailio, two Asterisks, two servers,
 * and two PostgreSQL under Patroni behind HAProxy. What can die is killed in turn, and what is said of it must be true.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestAsterisk } from '../asterisk/asterisk.ts'
import { asteriskRoot } from '../asterisk/packages.ts'
import { shortenPrompts, welcome } from '../journeys/scene.ts'
import { startKamailio } from './kamailio.ts'
import { hosts, loginAt, otherAddresses, startAsteriskAt, startServer, type Server } from './machines.ts'
import { packagesRoot } from './packages.ts'
import { databaseAddresses, startPatroni } from './patroni.ts'
import { startCarrier, startDeskPhone } from './people.ts'
import { play } from './play.ts'
import { until } from './programs.ts'
import type { Trial } from './story.ts'

/** What is running, in the order of its start. */
const ends: (() => Promise<unknown>)[] = []

async function running<T extends { stop: () => Promise<unknown> }>(made: Promise<T>): Promise<T> {
  const one = await made
  ends.push(() => one.stop())
  return one
}

async function startKamailioFor(root: string, folder: string): Promise<void> {
  const at = (host: string): { host: string; port: number } => ({ host, port: 5060 })
  const given = {
    listen: at(hosts.proxy),
    publicAddress: null,
    asterisks: hosts.asterisks.map(at),
    carriers: [at(hosts.carrier)],
  }
  await running(startKamailio(root, folder, given))
}

/** As an administrator does it: the trunk, and short words so that the trial is short. */
async function furnish(server: Server): Promise<void> {
  const admin = await loginAt(server, 'admin')
  await admin.ask('POST', '/trunks', { name: 'kamailio', kind: 'address', host: hosts.proxy })
  await shortenPrompts(server, [...welcome, 'survey', 'thanks'])
}

async function openTrial(root: string, folder: string): Promise<Trial> {
  const database = await running(startPatroni(root, folder))
  const asterisks: [TestAsterisk, TestAsterisk] = [
    await startAsteriskAt(0, folder),
    await startAsteriskAt(1, folder),
  ]
  ends.push(() => Promise.all(asterisks.map((one) => one.stop())))
  await startKamailioFor(root, folder)
  const given = { folder, ariUrls: asterisks.map((one) => one.ariUrl), database: database.env }
  const servers: [Server, Server] = [
    await running(startServer(0, given)),
    await running(startServer(1, given)),
  ]
  await until('a server controls the switchboards', async () => (await servers[0].isReady()) || false)
  await furnish(servers[0])
  const phones = [await running(startDeskPhone('phone1')), await running(startDeskPhone('phone2'))]
  const carrier = await running(startCarrier())
  return {
    database,
    asterisks,
    servers,
    phones,
    carrier,
    again: async (place) => {
      await asterisks[place].stop()
      asterisks[place] = await startAsteriskAt(place, folder)
    },
  }
}

async function inside(stopped: Promise<never>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'deployment-'))
  // PostgreSQL does not run as root, and could not read what lies below root's home.
  chmodSync(folder, 0o755)
  const root = join(folder, 'root')
  mkdirSync(root)
  const begun = Date.now()
  let clean = false
  try {
    if (spawnSync('mount', ['--bind', packagesRoot(), root]).status !== 0)
      throw new Error('a folder cannot be mounted in the namespace')
    await Promise.race([openTrial(root, folder).then(play), stopped])
    clean = true
    console.log(`All of it took ${Math.round((Date.now() - begun) / 1000)} s.`)
  } finally {
    for (const end of ends.toReversed()) await end().catch(() => undefined)
    spawnSync('umount', [root])
    if (clean) rmSync(folder, { recursive: true, force: true })
    else console.error(`What happened is in ${folder}.`)
  }
}

const ip = (...args: string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0

/** Null, or why the trial cannot be made on this machine. */
async function hindrance(): Promise<string | null> {
  if (process.arch !== 'x64' || process.getuid?.() !== 0 || !ip('netns', 'list'))
    return 'it is tried in a network namespace, which needs root, iproute2 and x86-64'
  if (!existsSync('/usr/bin/python3') || !existsSync('/usr/bin/setpriv'))
    return 'Patroni needs the packages python3 and util-linux'
  try {
    packagesRoot()
    await asteriskRoot()
    return null
  } catch (error) {
    return `its packages cannot be fetched: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Runs this file again where its addresses are nobody else's. */
async function outside(): Promise<number> {
  const why = await hindrance()
  const name = `hearthline-${process.pid}`
  if (why !== null || !ip('netns', 'add', name)) {
    console.log(`SKIPPED the cluster: ${why ?? 'no network namespace can be made'}.`)
    return 0
  }
  // The terminal sends Ctrl-C to both, and the one inside ends what it started.
  process.on('SIGINT', () => undefined)
  try {
    const inIt = (...args: string[]): boolean => ip('-n', name, ...args)
    if (!inIt('link', 'set', 'lo', 'up')) throw new Error('the namespace has no loopback')
    for (const host of [...otherAddresses, ...databaseAddresses])
      inIt('address', 'add', `${host}/32`, 'dev', 'lo')
    const again = ['netns', 'exec', name, process.execPath, import.meta.filename, '--inside']
    const child = spawn('ip', again, { stdio: 'inherit' })
    process.on('SIGTERM', () => child.kill('SIGTERM'))
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? 1
  } finally {
    ip('netns', 'delete', name)
  }
}

if (process.argv.includes('--inside')) {
  const stopped = Promise.withResolvers<never>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stopped.reject(new Error(`ended by ${signal}`)))
  const code = await inside(stopped.promise).then(
    () => 0,
    (error: unknown) => {
      console.error(error)
      return 1
    },
  )
  process.exit(code)
}
process.exit(await outside())
