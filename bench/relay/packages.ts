/** rtpengine for measurements: Debian's package and what this machine lacks for it, unpacked into a cache; nothing is installed. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Fetches by apt, which checks every hash. */
async function fetchPackages(folder: string): Promise<string[]> {
  mkdirSync(join(folder, 'partial'))
  // What this machine's apt has fetched before would not be named, so its place is ours.
  const place = `Dir::Cache::archives=${folder}`
  const settings = ['Debug::NoLocking=1', 'APT::Install-Recommends=false', 'Acquire::ForceHash=SHA256', place]
  const options = ['-qq', ...settings.flatMap((one) => ['-o', one])]
  const { stdout } = await run('apt-get', [...options, '--print-uris', 'install', 'rtpengine-daemon'])
  const found = [...stdout.matchAll(/^'([^']*)' (\S+) \d+ (SHA256:\S+)$/gm)]
  if (found.length === 0) throw new Error('apt knows no rtpengine-daemon')
  const triplets = found.flatMap(([, uri = '', name = '', hash = '']) => [uri, join(folder, name), hash])
  await run('/usr/lib/apt/apt-helper', ['download-file', ...triplets], { maxBuffer: 2 ** 24 })
  return readdirSync(folder).filter((name) => name.endsWith('.deb'))
}

/** The folder that holds rtpengine as if it were `/`: `/` itself where it is installed. Fetches it the first time. */
export async function rtpengineRoot(): Promise<string> {
  if (existsSync('/usr/bin/rtpengine')) return '/'
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'hearthline-rtpengine')
  const root = join(cache, 'root')
  if (existsSync(root)) return root
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, 'unpacking-'))
  for (const name of await fetchPackages(fresh)) await run('dpkg-deb', ['-x', join(fresh, name), fresh])
  renameSync(fresh, root)
  return root
}
