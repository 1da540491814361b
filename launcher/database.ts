import { spawn, type ChildProcess } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { readCredentials, writeCredentials, type Credentials } from './credentials.ts'
import { engineMajor, findEngine, type Engine } from './engine.ts'
import { freePorts } from './ports.ts'
import { prepareRoles } from './roles.ts'
import { Trouble } from './trouble.ts'

export type DatabaseOptions = {
  /** The data folder ($HEARTHLINE_DATA); the database itself lies in its folder `pg`. */
  folder: string
  /** Server settings over our own, as in postgresql.conf; tests say `{ fsync: 'off' }`. */
  settings?: Record<string, string>
  /** Is given each line the database writes to its log. */
  log?: (line: string) => void
}

/** A running embedded PostgreSQL. The URLs carry passwords: hand them on by environment only. */
export type Database = {
  /** As the product's role `hearthline`, which owns nothing. */
  url: string
  /** As `hearthline_owner`, who owns the tables and runs the migrations. */
  ownerUrl: string
  /** As the superuser of the cluster, for tests that make databases of their own. */
  adminUrl: string
  port: number
  pid: number
  /** Settles when the database is gone, for whatever reason. */
  exited: Promise<void>
  /** Ends sessions and stops; after 10 s without a checkpoint, which costs recovery at the next start and no data. */
  stop: () => Promise<void>
}

const ownSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_connections: '100',
  work_mem: '8MB',
  max_wal_size: '512MB',
  random_page_cost: '1.1',
  jit: 'off',
  io_method: 'sync',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m ',
  password_encryption: 'scram-sha-256',
}
const patience = 10_000

/**
 * Starts the embedded PostgreSQL of a data folder, making it first if there is none. Acknowledged commits survive any
 * kill. Throws Trouble when it cannot run here.
 */
export async function startDatabase(options: DatabaseOptions): Promise<Database> {
  const home = join(options.folder, 'pg')
  mkdirSync(join(options.folder, 'keys'), { recursive: true, mode: 0o700 })
  const engine = findEngine(home, join(options.folder, 'cache', 'postgres'))
  const credentials = readCredentials(options.folder, existsSync(home))
  if (!existsSync(home)) await create(engine, home, credentials)
  checkHome(engine, home)
  await clearPredecessor(home)
  const process = await launch(engine, home, credentials, options)
  writeCredentials(options.folder, { ...credentials, port: process.port })
  const urlOf = (role: string, password: string, name = 'hearthline'): string =>
    `postgres://${role}:${password}@127.0.0.1:${process.port}/${name}`
  const adminUrl = urlOf('postgres', credentials.admin, 'postgres')
  await prepareRoles(adminUrl, credentials)
  return {
    ...process,
    url: urlOf('hearthline', credentials.product),
    ownerUrl: urlOf('hearthline_owner', credentials.owner),
    adminUrl,
  }
}

/** Made beside its place and moved there when complete: a start that was killed leaves no half of a database. */
async function create(engine: Engine, home: string, credentials: Credentials): Promise<void> {
  const fresh = `${home}.new`
  const passwordFile = `${home}.password`
  rmSync(fresh, { recursive: true, force: true })
  rmSync(passwordFile, { force: true })
  mkdirSync(fresh, { mode: 0o700 })
  writeFileSync(passwordFile, credentials.admin, { mode: 0o600, flag: 'wx' })
  if (engine.owner)
    for (const path of [fresh, passwordFile]) chownSync(path, engine.owner.uid, engine.owner.gid)
  const args = [
    '-D',
    fresh,
    '-U',
    'postgres',
    '--pwfile',
    passwordFile,
    '--encoding=UTF8',
    '--no-instructions',
  ]
  args.push(
    '--locale=C.UTF-8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--auth=scram-sha-256',
  )
  const child = run(engine, 'initdb', args)
  const lines = linesOf(child)
  const code = await new Promise((resolve) => child.once('close', resolve))
  rmSync(passwordFile, { force: true })
  if (code !== 0) throw new Error(`initdb failed (${String(code)}): ${lines.join(' / ')}`)
  renameSync(fresh, home)
}

function checkHome(engine: Engine, home: string): void {
  const made = readFileSync(join(home, 'PG_VERSION'), 'utf8').trim()
  if (made !== String(engineMajor))
    throw new Trouble(
      `The database in ${home} was made by PostgreSQL ${made}, this program brings ${engineMajor}: start the version that made it, take a backup, and restore it here.`,
      `数据库由 PostgreSQL ${made} 创建,而本程序自带 ${engineMajor}:请先用原版本备份,再在此恢复。`,
    )
  const uid = statSync(home).uid
  if (!engine.owner && uid !== process.getuid?.())
    throw new Trouble(
      `The database in ${home} belongs to user id ${uid}: start Hearthline as the user who started it first (root, if that was root).`,
      `数据库文件属于用户 ${uid}:请用首次启动时的用户(可能是 root)来启动。`,
    )
}

/**
 * A database that outlived its launcher for a moment is asked to end; a postmaster.pid whose process is something else
 * (numbers are used again after a restart of the machine) is removed, because PostgreSQL would not start.
 */
async function clearPredecessor(home: string): Promise<void> {
  const file = join(home, 'postmaster.pid')
  const pid = Number(readIfThere(file).split('\n')[0])
  if (!(pid > 0)) return
  const isOurs = (): boolean => {
    const [program, ...args] = readIfThere(`/proc/${pid}/cmdline`).split('\0')
    return (program ?? '').endsWith('postgres') && args.includes(home)
  }
  for (const [signal, wait] of [
    ['SIGINT', patience],
    ['SIGQUIT', patience],
    ['SIGKILL', patience],
  ] as const) {
    if (!isOurs()) break
    process.kill(pid, signal)
    for (const until = Date.now() + wait; isOurs() && Date.now() < until;) await sleep(20)
  }
  rmSync(file, { force: true })
}

type Postmaster = Pick<Database, 'port' | 'pid' | 'exited' | 'stop'>

async function launch(
  engine: Engine,
  home: string,
  credentials: Credentials,
  options: DatabaseOptions,
): Promise<Postmaster> {
  let port = credentials.port
  for (let attempt = 0; attempt < 20; attempt++) {
    if (port === 0) [port = 0] = await freePorts(1)
    const settings = Object.entries({ ...ownSettings, ...options.settings, port: String(port) })
    const child = run(engine, 'postgres', ['-D', home, ...settings.flatMap(([k, v]) => ['-c', `${k}=${v}`])])
    const lines = linesOf(child, options.log)
    const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
    if (await isServing(child, home)) {
      const pid = child.pid ?? 0
      return { port, pid, exited, stop: () => stop(child, exited) }
    }
    await exited
    const text = lines.join('\n')
    if (text.includes('could not bind')) port = 0
    // Sessions of a database that was killed take a moment to notice and let go of its memory.
    else if (text.includes('pre-existing shared memory')) await sleep(300)
    else throw new Error(`the database did not start: ${text}`)
  }
  throw new Error('the database found no free port, or an earlier one does not end')
}

/** PostgreSQL writes "ready" into the eighth line of postmaster.pid, as pg_ctl expects it. */
async function isServing(child: ChildProcess, home: string): Promise<boolean> {
  const file = join(home, 'postmaster.pid')
  while (child.exitCode === null && child.signalCode === null) {
    const lines = readIfThere(file).split('\n')
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true
    await sleep(10)
  }
  return false
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGQUIT'), patience)
  await exited
  clearTimeout(timer)
}

/** In a session of its own, so that Ctrl-C reaches the launcher alone. */
function run(engine: Engine, program: 'initdb' | 'postgres', args: string[]): ChildProcess {
  const [command, ...before] = [...engine.prefix, engine.program(program)]
  return spawn(command, [...before, ...args], {
    env: engine.env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** The last lines a child wrote, kept up to date while it runs. */
function linesOf(child: ChildProcess, log?: (line: string) => void): string[] {
  const last: string[] = []
  child.once('error', (error) => last.push(error.message))
  if (!child.stderr) return last
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line)
    if (last.length > 20) last.shift()
    log?.(line)
  })
  return last
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
