/* `npx hearthline VERB`: what scripts and operators ask of a hotline; works while the product runs and while it does not. */
import { Problem } from '../domain/problem.ts'
import { BackupRefused } from './backup/refusal.ts'
import { writeAsteriskConfig } from './command/asterisk.ts'
import { backUpHotlines, restoreHotlines } from './command/backup.ts'
import { listContacts } from './command/contacts.ts'
import { writeKamailioConfig } from './command/kamailio.ts'
import { isAboutPackage, verifyPackage } from './command/package.ts'
import { workOnKeys } from './command/keys.ts'
import { showSizing } from './command/sizing.ts'
import { showStatus } from './command/status.ts'
import { CommandRefused, workOnUsers } from './command/users.ts'
import { printCheckpoints, verifyRecords } from './command/verify.ts'
import { ConfigRefused, readConfig, type Config } from './config.ts'
import { openDatabase, type Database } from './db/database.ts'
import { migrate, MigrationRefused } from './db/migrate.ts'
import { KeysRefused } from './records/keys.ts'

type Verb = (config: Config, args: string[]) => Promise<void>

const withDatabase =
  (work: (db: Database, config: Config, args: string[]) => Promise<void>): Verb =>
  async (config, args) => {
    await migrate(config.ownerDatabaseUrl, config.databaseUrl)
    const db = openDatabase({ url: config.databaseUrl, connections: 2 })
    try {
      await work(db, config, args)
    } finally {
      await db.close()
    }
  }

const verbs: Readonly<Record<string, Verb>> = {
  status: withDatabase(showStatus),
  contacts: withDatabase((db, _config, args) => listContacts(db, args)),
  keys: withDatabase(workOnKeys),
  user: withDatabase((db, _config, args) => workOnUsers(db, args)),
  'asterisk-config': async (_config, args) => writeAsteriskConfig(args),
  'kamailio-config': async (_config, args) => writeKamailioConfig(args),
  sizing: async (_config, args) => showSizing(args),
  backup: backUpHotlines,
  restore: restoreHotlines,
  verify: withDatabase(verifyRecords),
  checkpoint: withDatabase(printCheckpoints),
  migrate: async (config) => {
    const done = await migrate(config.ownerDatabaseUrl, config.databaseUrl)
    console.log(
      done === 0 ? 'The data is up to date. 数据结构已是最新。' : `${done} steps done. 已完成 ${done} 步。`,
    )
  },
}

function sentenceOf(error: unknown): string {
  const refusals = [BackupRefused, CommandRefused, ConfigRefused, KeysRefused, MigrationRefused]
  if (error instanceof Error && refusals.some((refusal) => error instanceof refusal)) return error.message
  if (error instanceof Problem) return `Refused: ${error.code} ${JSON.stringify(error.detail)}`
  return error instanceof Error ? `Failed: ${error.message}` : 'Failed'
}

const [name = '', ...args] = process.argv.slice(2)
const verb = verbs[name]
try {
  if (!verb) throw new CommandRefused(`"${name}" does not exist in this version. 此版本尚不支持 ${name}。`)
  if (name === 'verify' && isAboutPackage(args)) await verifyPackage(args)
  else await verb(readConfig(), args)
} catch (error) {
  console.error(sentenceOf(error))
  process.exitCode = 1
}
