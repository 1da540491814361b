/** A Kamailio in tests, with what the product writes for it. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kamailioConfig, type KamailioSettings } from '../../telephony/kamailio-config.ts'
import { startProgram, type Program } from './programs.ts'

const library = 'usr/lib/x86_64-linux-gnu/kamailio'

/** Starts one; `root` as packages.ts gives it, `folder` for what is its own. */
export async function startKamailio(
  root: string,
  folder: string,
  given: Omit<KamailioSettings, 'folder' | 'modules'>,
): Promise<Program> {
  const own = mkdtempSync(join(folder, 'kamailio-'))
  const below = existsSync('/usr/sbin/kamailio') ? '/' : root
  const files = kamailioConfig({ ...given, folder: own, modules: join(below, library, 'modules') })
  for (const [name, text] of files) writeFileSync(join(own, name), text)
  const args = ['-f', join(own, 'kamailio.cfg'), '-DD', '-E', '-m', '64', '-M', '8', '-w', own, '-Y', own]
  return startProgram(join(below, 'usr/sbin/kamailio'), args, {
    cwd: own,
    env: { ...process.env, LD_LIBRARY_PATH: join(below, library) },
  })
}
