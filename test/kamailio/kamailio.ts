/** A Kamailio in tests: Debian's package, unpacked into a cache folder where it is not installed. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { kamailioConfig, type KamailioSettings } from '../../telephony/kamailio-config.ts'

const library = 'usr/lib/x86_64-linux-gnu/kamailio'

/** The folder that holds Kamailio as if it were `/`: `/` itself where it is installed. Fetches it the first time, by apt. */
export function kamailioRoot(): string {
  if (existsSync('/usr/sbin/kamailio')) return '/'
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'hearthline-kamailio')
  const root = join(cache, 'root')
  if (existsSync(join(root, 'usr/sbin/kamailio'))) return root
  mkdirSync(cache, { recursive: true })
  execFileSync('apt-get', ['-qq', 'download', 'kamailio'], { cwd: cache, stdio: 'ignore' })
  const file = readdirSync(cache).find((name) => name.endsWith('.deb'))
  if (!file) throw new Error('apt gave no package of Kamailio')
  execFileSync('dpkg-deb', ['-x', join(cache, file), root])
  return root
}

/** Starts one with what the product writes for it; gives what ends it. */
export async function startKamailio(
  root: string,
  given: Omit<KamailioSettings, 'folder' | 'modules'>,
): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'kamailio-'))
  const files = kamailioConfig({ ...given, folder, modules: join(root, library, 'modules') })
  for (const [name, text] of files) writeFileSync(join(folder, name), text)
  const args = ['-f', join(folder, 'kamailio.cfg'), '-DD', '-E', '-m', '64', '-M', '8', '-w', folder]
  let said = ''
  const child = spawn(join(root, 'usr/sbin/kamailio'), [...args, '-Y', folder], {
    cwd: folder,
    env: { ...process.env, LD_LIBRARY_PATH: join(root, library) },
  })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4000)))
  await Promise.race([once(child, 'exit'), pause(1500)])
  if (child.exitCode !== null) throw new Error(`Kamailio did not start:\n${said}`)
  return async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true })
  }
}
