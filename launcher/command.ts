import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readCredentials } from './credentials.ts'
import { lockDataFolder, openDataFolder } from './data-folder.ts'
import { startDatabase } from './database.ts'
import { isTaken } from './exclusive.ts'
import { projectRoot, readSettings, type Settings } from './settings.ts'
import { Trouble } from './trouble.ts'

const program = join(projectRoot, 'server', 'command.ts')

/**
 * Runs `server/command.ts VERB …` with the database at hand: the operator's own, the one of a running Hearthline, or the
 * embedded one started for as long as the command takes.
 */
export async function runCommand(verb: string, args: string[]): Promise<number> {
  if (!existsSync(program))
    throw new Trouble(`"${verb}" does not exist in this version.`, `此版本尚不支持 ${verb}。`)
  const settings = readSettings(process.env, new Set())
  if (isAboutFile(verb, args)) return run([verb, ...args], settings, nowhere(settings))
  if (settings.databaseUrl !== null) return run([verb, ...args], settings, {})
  if (await isTaken(settings.data)) return run([verb, ...args], settings, urlsOfRunning(settings.data))
  openDataFolder(settings.data)
  const lock = await lockDataFolder(settings.data)
  const database = await startDatabase({ folder: settings.data })
  try {
    const urls = { DATABASE_URL: database.url, HEARTHLINE_OWNER_DATABASE_URL: database.ownerUrl }
    return await run([verb, ...args], settings, urls)
  } finally {
    await database.stop()
    lock.release()
  }
}

/** A package is checked by its receiver, who has no hotline, a backup on any machine: no database is started for them. */
function isAboutFile(verb: string, args: string[]): boolean {
  if (['asterisk-config', 'kamailio-config', 'sizing'].includes(verb)) return true
  const [first = '--'] = args
  if (verb === 'verify') return first === '--make-identity' || !first.startsWith('--')
  return verb === 'backup' && args.includes('--check')
}

/** Settings are read as a whole, so they name a database even where nothing connects to it. */
const nowhere = ({ databaseUrl }: Settings): NodeJS.ProcessEnv => ({
  DATABASE_URL: databaseUrl ?? 'postgres://nowhere.invalid',
})

function urlsOfRunning(data: string): NodeJS.ProcessEnv {
  const { port, owner, product } = readCredentials(data, true)
  const urlOf = (role: string, password: string): string =>
    `postgres://${role}:${password}@127.0.0.1:${port}/hearthline`
  return {
    DATABASE_URL: urlOf('hearthline', product),
    HEARTHLINE_OWNER_DATABASE_URL: urlOf('hearthline_owner', owner),
  }
}

function run(args: string[], settings: Settings, urls: NodeJS.ProcessEnv): Promise<number> {
  const env = { ...process.env, ...urls, HEARTHLINE_DATA: settings.data, HEARTHLINE_HOST: settings.host }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { env, stdio: 'inherit' })
    // The terminal sends Ctrl-C to both; the command decides, and the database is stopped after it.
    process.on('SIGINT', () => undefined)
    process.on('SIGTERM', () => child.kill('SIGTERM'))
    child.once('error', () => resolve(1))
    child.once('close', (code) => resolve(code ?? 1))
  })
}
