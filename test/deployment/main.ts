/*
 * `npm run test:cluster`: the whole of deploy/cluster in a network namespace: a carrier, Kamailio, two Asterisks, two servers,
 * and two PostgreSQL under Patroni behind HAProxy. What can die is killed in turn, and what is said of it must be true.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestAsterisk } from '../asterisk/asterisk.ts'
import { shortenPrompts, welcome } from '../journeys/scene.ts'
import { startKamailio } from './kamailio.ts'
import { hosts, loginAt, otherAddresses, startAsteriskAt, startServer, type Server } from './machines.ts'
import { packagesRoot } from './packages.ts'
import { databaseAddresses, startPatroni } from './patroni.ts'
import { startCarrier, startDeskPhone } from './people.ts'
import { play, type Trial } from './play.ts'
import { until } from './programs.ts'

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
    again: async (place) => void (asterisks[place] = await startAsteriskAt(place, folder)),
  }
}

async function inside(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'deployment-'))
  // PostgreSQL does not run as root, and could not read what lies below root's home.
  chmodSync(folder, 0o755)
  const root = join(folder, 'root')
  mkdirSync(root)
  const begun = Date.now()
  try {
    if (spawnSync('mount', ['--bind', packagesRoot(), root]).status !== 0)
      throw new Error('a folder cannot be mounted in the namespace')
    await play(await openTrial(root, folder))
    console.log(`All of it took ${Math.round((Date.now() - begun) / 1000)} s.`)
  } finally {
    for (const end of ends.toReversed()) await end().catch(() => undefined)
    spawnSync('umount', [root])
    rmSync(folder, { recursive: true, force: true })
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
    if (!canFetch()) return 0
    const inIt = (...args: string[]): boolean => ip('-n', name, ...args)
    if (!inIt('link', 'set', 'lo', 'up')) throw new Error('the namespace has no loopback')
    for (const host of [...otherAddresses, ...databaseAddresses])
      inIt('address', 'add', `${host}/32`, 'dev', 'lo')
    const again = ['netns', 'exec', name, process.execPath, import.meta.filename, '--inside']
    return spawnSync('ip', again, { stdio: 'inherit' }).status ?? 1
  } finally {
    ip('netns', 'delete', name)
  }
}

function canFetch(): boolean {
  try {
    packagesRoot()
    return true
  } catch (error) {
    const why = error instanceof Error ? error.message : ''
    console.log(`SKIPPED: apt does not give the packages of Kamailio, Patroni, etcd and HAProxy here. ${why}`)
    return false
  }
}

if (process.argv.includes('--inside')) {
  await inside()
  process.exit(0)
}
process.exit(outside())
