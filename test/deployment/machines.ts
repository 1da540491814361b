/** The machines of a large deployment but the database's: two Asterisks, Kamailio, and two servers over one database. */
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startAsterisk, type TestAsterisk } from '../asterisk/asterisk.ts'
import { logInAs, type Session } from '../journeys/hotline.ts'
import { startProgram, until, type Program } from './programs.ts'

const projectRoot = join(import.meta.dirname, '../..')
const program = join(projectRoot, 'bin/hearthline.js')

/** Kamailio's address, the carrier's, and those of the Asterisks, as in deploy/cluster/README.md. */
export const hosts = {
  proxy: '10.0.0.4',
  carrier: '203.0.113.9',
  asterisks: ['10.0.0.5', '10.0.0.6'],
} as const

/** Everything that must be an address of the namespace. */
export const otherAddresses = [hosts.proxy, hosts.carrier, ...hosts.asterisks]

/** Ports of the machines that the trial has on one. */
const recorderPorts = [8190, 8290] as const
const webPorts = [8180, 8280] as const

/** One server's machine: the launcher with server and recorder. */
export interface Server {
  web: string
  env: NodeJS.ProcessEnv
  /** Whether it controls the switchboards and has everything that a call needs. */
  isReady: () => Promise<boolean>
  kill: () => Promise<void>
  start: () => Promise<void>
  said: () => string
  stop: () => Promise<void>
}

/** Starts an Asterisk at its address; its recorder is the server's with the same place in the list. */
export async function startAsteriskAt(place: 0 | 1, folder: string): Promise<TestAsterisk> {
  const host = hosts.asterisks[place]
  const name = `at-${host.split('.').at(-1)}`
  const asterisk = await startAsterisk({
    host,
    sipPort: 5060,
    tls: null,
    name,
    acceptAnonymous: false,
    recorderUrl: `ws://127.0.0.1:${recorderPorts[place]}/`,
    ari: { host, port: 8088, user: 'hearthline', password: 'SECRET-6' },
  })
  // The servers read the call-detail records of both.
  const records = join(asterisk.folder, 'log/cdr-csv')
  const kept = join(folder, 'shared/cdr', name)
  rmSync(records, { recursive: true })
  mkdirSync(kept, { recursive: true })
  symlinkSync(kept, records)
  return asterisk
}

const shared = ['keys', 'prompts', 'recordings', 'cdr'] as const

/** A data folder of the machine's own, in which those parts that belong to the hotline are on shared storage. */
function dataFolder(folder: string, place: number): string {
  const own = join(folder, `server-${place}`)
  mkdirSync(own, { mode: 0o700 })
  for (const part of shared) {
    mkdirSync(join(folder, 'shared', part), { recursive: true, mode: 0o700 })
    symlinkSync(join(folder, 'shared', part), join(own, part))
  }
  return own
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(3000) }).then(
    (answer) => answer.ok,
    () => false,
  )

/** Makes one and starts it; resolves when it serves pages. */
export async function startServer(
  place: 0 | 1,
  given: { folder: string; ariUrls: string[]; database: Record<string, string> },
): Promise<Server> {
  const { DEBUG: _debug, ...around } = process.env
  const web = `http://127.0.0.1:${webPorts[place]}`
  const env = {
    ...around,
    ...given.database,
    HEARTHLINE_DATA: dataFolder(given.folder, place),
    HEARTHLINE_HOST: '127.0.0.1',
    HEARTHLINE_PORT: String(webPorts[place]),
    HEARTHLINE_RECORDER_PORT: String(recorderPorts[place]),
    HEARTHLINE_SIP_WS_PORT: hosts.asterisks.map((host) => `${host}:8088`).join(' '),
    ARI_URL: given.ariUrls.join(' '),
  }
  let running: Program | null = null
  const start = async (): Promise<void> => {
    running = await startProgram(process.execPath, [program, 'start', '--demo'], { env, cwd: projectRoot })
    await until(`the server at ${web} serves`, () => answers(`${web}/healthz`), 60_000)
  }
  await start()
  return {
    web,
    env,
    isReady: () => answers(`${web}/readyz`),
    kill: async () => running?.kill(),
    start,
    said: () => running?.said() ?? '',
    stop: async () => running?.stop(),
  }
}

/** Somebody of the demonstration at a server. */
export const loginAt = ({ web }: Server, name: string): Promise<Session> => logInAs({ web }, name)

/** Recomputes every chain and number by the product's own command; throws what it found. */
export async function verify({ env }: Server): Promise<void> {
  await promisify(execFile)(process.execPath, [program, 'verify'], { env, maxBuffer: 1e8 })
}

/** The numbers of those whose calls from outside an Asterisk has. */
export async function callersAt({ ariUrl }: TestAsterisk): Promise<string[]> {
  const url = new URL(`${ariUrl}/ari/channels`)
  const authorization = `Basic ${btoa(`${url.username}:${url.password}`)}`
  url.username = url.password = ''
  const answer = await fetch(url, { headers: { authorization } })
  const channels = (await answer.json()) as { name: string; caller: { number: string } }[]
  return channels.filter(({ name }) => name.startsWith('PJSIP/kamailio')).map(({ caller }) => caller.number)
}
