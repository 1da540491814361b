/**
 * What a large deployment is made of, as Debian's packages of this machine's release, unpacked into a cache folder as if it
 * were `/`. Nothing is installed; apt checks what it fetches.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const wanted = ['kamailio', 'haproxy', 'patroni', 'python3-etcd', 'etcd-server']

/** Where the system has its PostgreSQL programs, below `/` or below what was fetched; null: nowhere. */
function postgresBelow(root: string): string | null {
  const folder = join(root, 'usr/lib/postgresql')
  if (!existsSync(folder)) return null
  const newest = readdirSync(folder, 'utf8')
    .map(Number)
    .filter((major) => existsSync(join(folder, String(major), 'bin/pg_basebackup')))
    .toSorted((a, b) => b - a)[0]
  return newest === undefined ? null : join(folder, String(newest), 'bin')
}

/** The programs of PostgreSQL that Patroni runs: the machine's own, else those fetched. */
export function postgresPrograms(root: string): string {
  const found = postgresBelow('/') ?? postgresBelow(root)
  if (found === null) throw new Error('apt gave no PostgreSQL')
  return found
}

/** The packages this machine lacks, with what they need. */
function missing(cache: string): string[] {
  const names = postgresBelow('/') === null ? [...wanted, 'postgresql'] : wanted
  // What apt has kept from earlier it would not name.
  const empty = join(cache, 'none')
  mkdirSync(join(empty, 'partial'), { recursive: true })
  const options = ['-qq', '-o', `Dir::Cache::archives=${empty}`, '--no-install-recommends', '--print-uris']
  const said = execFileSync('apt-get', [...options, 'install', ...names], { encoding: 'utf8' })
  return [...said.matchAll(/^'[^']*' ([^_\s]+)_/gm)].flatMap(([, name]) => name ?? [])
}

/** The folder that holds everything the machine lacks as if it were `/`; fetched and unpacked the first time, by apt. */
export function packagesRoot(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'hearthline-deployment')
  const root = join(cache, 'root')
  if (existsSync(root)) return root
  mkdirSync(cache, { recursive: true })
  const debs = mkdtempSync(join(cache, 'fetching-'))
  const fresh = join(debs, 'root')
  mkdirSync(fresh)
  const names = missing(debs)
  if (names.length > 0) execFileSync('apt-get', ['-qq', 'download', ...names], { cwd: debs, stdio: 'ignore' })
  for (const name of readdirSync(debs).filter((each) => each.endsWith('.deb')))
    execFileSync('dpkg-deb', ['-x', join(debs, name), fresh])
  renameSync(fresh, root)
  rmSync(debs, { recursive: true })
  return root
}
