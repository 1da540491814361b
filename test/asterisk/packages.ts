/**
 * Asterisk 22 for tests: Debian's packages as named in packages.lock, from the mirror this machine's apt is set up with,
 * unpacked into a cache folder. Nothing is installed, and no root is needed.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const lockFile = join(import.meta.dirname, 'packages.lock')
const wanted = ['asterisk', 'asterisk-modules']
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

interface Locked {
  sha256: string
  /** Below the mirror's root. */
  path: string
}

const cacheFolder = (): string =>
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'hearthline-asterisk')

/** The Debian mirror of this machine, with a `/` at its end. */
async function mirror(): Promise<string> {
  const options = [
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Created-By: Packages',
    'Origin: Debian',
    'Component: main',
  ]
  const { stdout } = await run('apt-get', options)
  const found = stdout.split('\n').find((line) => line !== '' && !line.includes('security'))
  if (found === undefined) throw new Error('apt knows no Debian mirror on this machine: run apt-get update')
  return found.endsWith('/') ? found : `${found}/`
}

function locked(): Locked[] {
  const lines = readFileSync(lockFile, 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [sha256, path] = line.split('  ')
    return sha256 && path ? [{ sha256, path }] : []
  })
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Fetches what the cache lacks; apt's own helper checks every hash. False: the mirror has not got all of it. */
async function fetchMissing(packages: Locked[], folder: string): Promise<boolean> {
  mkdirSync(folder, { recursive: true })
  const fileOf = ({ path }: Locked): string => join(folder, basename(path))
  const missing = packages.filter(
    (one) => !existsSync(fileOf(one)) || hashOf(readFileSync(fileOf(one))) !== one.sha256,
  )
  if (missing.length === 0) return true
  const from = await mirror()
  const triplets = missing.flatMap((one) => [from + one.path, fileOf(one), `SHA256:${one.sha256}`])
  return run('/usr/lib/apt/apt-helper', ['download-file', ...triplets], { maxBuffer: 2 ** 24 }).then(
    () => true,
    () => false,
  )
}

async function unpack(packages: Locked[], debs: string, root: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(root, name))
  }
  const script =
    'for deb in "$@"; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$0" --keep-directory-symlink --no-same-owner || exit 1; done'
  const files = packages.map(({ path }) => join(debs, basename(path)))
  await run('sh', ['-c', script, root, ...files], { maxBuffer: 2 ** 24 })
}

/** The folder that holds Asterisk as if it were `/`; fetched and unpacked the first time. */
export async function asteriskRoot(): Promise<string> {
  if (process.arch !== 'x64') throw new Error('test/asterisk/packages.lock names packages for x86-64 only')
  const named = locked()
  const cache = cacheFolder()
  const debs = join(cache, 'debs')
  const rootOf = (packages: Locked[]): string =>
    join(cache, `root-${hashOf(Buffer.from(textOf(packages))).slice(0, 12)}`)
  if (existsSync(rootOf(named))) return rootOf(named)
  let packages = named
  if (!(await fetchMissing(packages, debs))) {
    // Debian's unstable branch keeps no old versions.
    console.log(
      'The mirror no longer has every package of test/asterisk/packages.lock: the newest are taken.',
    )
    packages = await newestPackages()
    if (!(await fetchMissing(packages, debs)))
      throw new Error('The mirror has not got the packages it names.')
  }
  const root = rootOf(packages)
  if (existsSync(root)) return root
  const fresh = mkdtempSync(join(cache, 'unpacking-'))
  await unpack(packages, debs, fresh)
  // Somebody else may have been as quick.
  if (existsSync(root)) rmSync(fresh, { recursive: true })
  else renameSync(fresh, root)
  return root
}

const textOf = (packages: Locked[]): string =>
  packages.map(({ sha256, path }) => `${sha256}  ${path}\n`).join('')

/** Writes the newest packages into the lock file, and says how many they are. */
export async function renewLock(): Promise<number> {
  const packages = await newestPackages()
  writeFileSync(lockFile, textOf(packages))
  return packages.length
}

/** The newest Asterisk of Debian sid and the libraries it needs; signatures are checked by apt. */
async function newestPackages(): Promise<Locked[]> {
  const from = await mirror()
  const state = mkdtempSync(join(tmpdir(), 'hearthline-apt-'))
  try {
    for (const name of ['lists/partial', 'archives/partial', 'parts'])
      mkdirSync(join(state, name), { recursive: true })
    writeFileSync(join(state, 'status'), '')
    writeFileSync(join(state, 'sources.list'), `deb [signed-by=${keyring}] ${from} sid main\n`)
    const options = Object.entries({
      'Dir::State': state,
      'Dir::State::status': join(state, 'status'),
      'Dir::State::lists': join(state, 'lists'),
      'Dir::Cache': state,
      'Dir::Etc::sourcelist': join(state, 'sources.list'),
      'Dir::Etc::sourceparts': join(state, 'parts'),
      'Dir::Etc::preferencesparts': join(state, 'parts'),
      // A mirror may be frozen at some day.
      'Acquire::Check-Valid-Until': 'false',
      'Acquire::ForceHash': 'SHA256',
      'APT::Install-Recommends': 'false',
      'Debug::NoLocking': '1',
    }).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    await run('apt-get', [...options, '-qq', 'update'])
    const { stdout } = await run('apt-get', [...options, '-qq', '--print-uris', 'install', ...wanted])
    const found = stdout.matchAll(/^'([^']*)' (\S+) \d+ SHA256:(\S+)$/gm)
    return [...found].flatMap(([, uri = '', name = '', sha256 = '']) =>
      // Programs that Debian installs beside it are not run.
      /^(asterisk|lib)/.test(name) && uri.startsWith(from)
        ? [{ sha256, path: decodeURIComponent(uri.slice(from.length)) }]
        : [],
    )
  } finally {
    rmSync(state, { recursive: true })
  }
}
