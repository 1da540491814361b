/** Two PostgreSQL under Patroni with one etcd, and HAProxy before them, with the files of deploy/cluster/example. */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { postgresPrograms } from './packages.ts'
import { endSurely, familyOf, startProgram, until, type Program } from './programs.ts'

const example = join(import.meta.dirname, '../../deploy/cluster/example')
/** Where the example has them. */
const databaseHosts = ['10.0.0.11', '10.0.0.12'] as const
const etcdHost = '10.0.0.13'
/** Everything of the database that must be an address of the namespace. */
export const databaseAddresses = [...databaseHosts, etcdHost]
const door = '127.0.0.1:6432'

/** The database of the trial. */
export interface PatroniTrial {
  /** What a server is given. */
  env: { DATABASE_URL: string; HEARTHLINE_OWNER_DATABASE_URL: string }
  /** The host that is primary now; null while none is. */
  primary: () => Promise<string | null>
  /** Waits until the other one has all that is acknowledged. */
  twice: () => Promise<void>
  /** Kills the machine of the primary: PostgreSQL and its Patroni. */
  killPrimary: () => Promise<void>
  /** Starts what was killed, and waits until it follows. */
  rejoin: () => Promise<void>
  said: () => string
  stop: () => Promise<void>
}

const nobody = 65_534
const membersShape = z.object({
  members: z.array(z.object({ host: z.string(), role: z.string(), state: z.string() })),
})

/** The example's file for this machine, with the folders of the trial. */
function configurationOf(host: string, folder: string, bin: string): string {
  const text = readFileSync(join(example, 'patroni.yml'), 'utf8')
    .replaceAll('10.0.0.11:8008', `${host}:8008`)
    .replaceAll('10.0.0.11:5432', `${host}:5432`)
    .replace('name: db-11', `name: db-${host.split('.').at(-1)}`)
    .replace(/hosts: .*/, `hosts: ${etcdHost}:2379`)
    .replace(/data_dir: .*/, `data_dir: ${folder}/data`)
    .replace(/bin_dir: .*/, `bin_dir: ${bin}`)
    .replace(/pgpass: .*/, `pgpass: ${folder}/pgpass`)
  const made = z.looseObject({ postgresql: z.looseObject({}) }).parse(parse(text))
  made.postgresql['parameters'] = { unix_socket_directories: folder }
  return stringify(made)
}

/** Patroni and its PostgreSQL as on a machine of their own; `root` must be readable by everybody. */
async function startMember(root: string, folder: string, host: string): Promise<Program> {
  const own = join(folder, host)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  chownSync(own, nobody, nobody)
  const file = join(own, 'patroni.yml')
  writeFileSync(file, configurationOf(host, own, postgresPrograms(root)))
  const program = await startProgram('/usr/bin/python3', [join(root, 'usr/bin/patroni'), file], {
    cwd: own,
    user: nobody,
    env: {
      PATH: process.env['PATH'],
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
      LD_LIBRARY_PATH: librariesIn(root),
    },
  })
  // PostgreSQL is nobody's child: Patroni may be started again without it.
  const killPostgres = (): void => postmasterIn(own).flatMap(familyOf).forEach(endSurely)
  return {
    ...program,
    kill: async () => {
      killPostgres()
      await program.kill()
      killPostgres()
    },
    stop: async () => {
      await program.stop()
      killPostgres()
    },
  }
}

/** The process of the PostgreSQL below a folder, as it writes it itself; none when it runs no more. */
function postmasterIn(folder: string): number[] {
  try {
    return [Number(readFileSync(join(folder, 'data/postmaster.pid'), 'utf8').split('\n')[0])]
  } catch {
    return []
  }
}

const librariesIn = (root: string): string => join(root, 'usr/lib/x86_64-linux-gnu')

async function members(): Promise<z.infer<typeof membersShape>['members']> {
  for (const host of databaseHosts) {
    const answer = await fetch(`http://${host}:8008/cluster`, { signal: AbortSignal.timeout(2000) }).catch(
      () => null,
    )
    if (answer?.ok) return membersShape.parse(await answer.json()).members
  }
  return []
}

/** Both run, one leads, and the other is the synchronous one. */
async function isTwice(): Promise<boolean> {
  const known = await members()
  const has = (role: string): boolean =>
    known.some((one) => one.role === role && ['running', 'streaming'].includes(one.state))
  return has('leader') && has('sync_standby')
}

async function primary(): Promise<string | null> {
  for (const host of databaseHosts) {
    const answer = await fetch(`http://${host}:8008/primary`, { signal: AbortSignal.timeout(1000) }).catch(
      () => null,
    )
    if (answer?.ok) return host
  }
  return null
}

/** The roles and the database, as deploy/cluster/README.md has them. */
async function furnish(): Promise<void> {
  const client = new pg.Client({ connectionString: `postgres://postgres:SECRET-1@${door}/postgres` })
  await client.connect()
  try {
    await client.query(`create role hearthline login password 'SECRET-4'`)
    await client.query(`create role hearthline_owner login password 'SECRET-5'`)
    await client.query('grant hearthline to hearthline_owner with admin option')
    await client.query('create database hearthline owner hearthline_owner')
  } finally {
    await client.end()
  }
}

/** Starts all of it with an empty database; `root` as packages.ts gives it, readable by everybody. */
export async function startPatroni(root: string, folder: string): Promise<PatroniTrial> {
  const running = new Map<string, Program>()
  const begin = async (name: string, made: Promise<Program>): Promise<void> =>
    void running.set(name, await made)
  const stop = async (): Promise<void> => {
    for (const program of [...running.values()].toReversed()) await program.stop()
  }
  const said = (): string => [...running].map(([name, { said: words }]) => `${name}: ${words()}`).join('\n')
  try {
    const etcd = ['--data-dir', join(folder, 'etcd'), '--log-level', 'error']
    for (const kind of ['listen', 'advertise']) etcd.push(`--${kind}-client-urls`, `http://${etcdHost}:2379`)
    etcd.push('--listen-peer-urls', `http://${etcdHost}:2380`)
    await begin('etcd', startProgram(join(root, 'usr/bin/etcd'), etcd))
    for (const host of databaseHosts) await begin(host, startMember(root, folder, host))
    const haproxy = ['-db', '-f', join(example, 'haproxy.cfg')]
    const env = { ...process.env, LD_LIBRARY_PATH: librariesIn(root) }
    await begin('haproxy', startProgram(join(root, 'usr/sbin/haproxy'), haproxy, { env }))
    await until('a standby follows the primary', isTwice, 60_000)
    await until('HAProxy has found the primary', async () => (await canConnect()) || false)
    await furnish()
  } catch (error) {
    console.error(said())
    await stop()
    throw error
  }
  let killed = ''
  return {
    env: {
      DATABASE_URL: `postgres://hearthline:SECRET-4@${door}/hearthline`,
      HEARTHLINE_OWNER_DATABASE_URL: `postgres://hearthline_owner:SECRET-5@${door}/hearthline`,
    },
    primary,
    twice: () => until('the standby is synchronous', isTwice, 60_000).then(() => undefined),
    killPrimary: async () => {
      killed = (await primary()) ?? ''
      await running.get(killed)?.kill()
    },
    rejoin: async () => {
      await begin(killed, startMember(root, folder, killed))
      await until('the old primary follows the new one', isTwice, 60_000)
    },
    said,
    stop,
  }
}

async function canConnect(): Promise<boolean> {
  const client = new pg.Client({
    connectionString: `postgres://postgres:SECRET-1@${door}/postgres`,
    connectionTimeoutMillis: 2000,
  })
  client.on('error', () => undefined)
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  )
}
