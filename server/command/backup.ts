import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { backUp, checkBackup, restoreBackup, type BackupMade } from '../backup/backup.ts'
import type { Config } from '../config.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline, openDatabase, type Database } from '../db/database.ts'
import { allHotlines } from '../db/hotlines.ts'
import { isCurrent } from '../db/migrate.ts'
import { CommandRefused } from './users.ts'
import { verifyRecords } from './verify.ts'

type Contents = BackupMade['contents']
type Sealing = Parameters<typeof backUp>[0]['sealing']
type Opening = Parameters<typeof checkBackup>[1]

const usage = `npx hearthline backup TARGET [--to age1…] [--passphrase-file FILE] [--with-keys]
npx hearthline backup --check FILE [--identity FILE] [--passphrase-file FILE]
npx hearthline restore FILE [--identity FILE] [--passphrase-file FILE]
Without --to and --passphrase-file the key pair data/keys/backup.pub and backup.key is used, and made the first time.`

const shortestPassphrase = 12

const options = {
  to: { type: 'string', multiple: true },
  'passphrase-file': { type: 'string' },
  identity: { type: 'string' },
  'with-keys': { type: 'boolean' },
  check: { type: 'boolean' },
} as const

interface Wanted {
  file: string
  to: string[]
  passphraseFile: string | undefined
  identity: string | undefined
  withKeys: boolean
  check: boolean
}

function wantedIn(args: string[]): Wanted {
  const { values, positionals } = parsed(args)
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new CommandRefused(usage)
  return {
    file,
    to: values.to ?? [],
    passphraseFile: values['passphrase-file'],
    identity: values.identity,
    withKeys: values['with-keys'] ?? false,
    check: values.check ?? false,
  }
}

function parsed(
  args: string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch {
    throw new CommandRefused(usage)
  }
}

/** `backup TARGET` and `backup --check FILE`: one sealed file of everything, while calls go on (G24-6.2.2b, 6.2.2c). */
export async function backUpHotlines(config: Config, args: string[]): Promise<void> {
  const wanted = wantedIn(args)
  if (wanted.check) {
    const contents = await checkBackup(wanted.file, openingFor(config.data, wanted))
    return tell('The backup is whole and unchanged. 备份完整且未被更改。', contents)
  }
  const sealing = await sealingFor(config.data, wanted)
  const made = await backUp({
    ownerUrl: config.ownerDatabaseUrl,
    data: config.data,
    target: wanted.file,
    sealing,
    withKeys: wanted.withKeys,
    product: productVersion(),
    now: new Date(),
  })
  tell(
    `Written and read back 已写入并核对: ${made.file} (${(made.bytes / 1e6).toFixed(1)} MB)`,
    made.contents,
  )
  if (!wanted.withKeys)
    console.log(
      'The master key is not in it: keep a copy of data/keys/master.key in another place, or callers\u2019 numbers and recordings stay closed. 备份不含主密钥:请另行保存 data/keys/master.key,否则号码与录音无法解密。',
    )
  if (config.store)
    console.log(
      'Recordings that were moved into the store are not in it: let the bucket be copied by its own means. 已移入对象存储的录音不在备份中:请由存储自身做副本。',
    )
  // The doctor reads it.
  await writeFile(join(config.data, 'last-backup'), `${made.contents.about.takenAt}\n`, { mode: 0o600 })
  if (!isCurrent(made.contents.about.steps.map((step) => step.version))) return
  const to = 'to' in sealing ? sealing.to : ['passphrase']
  await writeDown(config, 'backup.made', { to, withKeys: wanted.withKeys, bytes: made.bytes })
}

/** `restore FILE`: into an empty database and data folder; ends with code 1 when the records are not whole afterwards. */
export async function restoreHotlines(config: Config, args: string[]): Promise<void> {
  const wanted = wantedIn(args)
  if (wanted.check || wanted.withKeys || wanted.to.length > 0) throw new CommandRefused(usage)
  const site = { ownerUrl: config.ownerDatabaseUrl, appUrl: config.databaseUrl, data: config.data }
  const contents = await restoreBackup(site, wanted.file, openingFor(config.data, wanted))
  tell(`Restored into ${config.data}. 已恢复。`, contents)
  await writeDown(config, 'backup.restored', { takenAt: contents.about.takenAt })
  if (!['master.key', 'master.sealed'].some((name) => existsSync(join(config.data, 'keys', name))))
    console.log(
      `Now put master.key into ${join(config.data, 'keys')}: without it callers\u2019 numbers and recordings stay closed. 请将 master.key 放回 keys 文件夹,否则号码与录音无法解密。`,
    )
  await withDatabase(config, (db) => verifyRecords(db, config, []))
}

async function withDatabase(config: Config, work: (db: Database) => Promise<void>): Promise<void> {
  const db = openDatabase({ url: config.databaseUrl, connections: 2 })
  try {
    await work(db)
  } finally {
    await db.close()
  }
}

/** A copy of everything that was made or put back belongs into every hotline's own audit chain. */
async function writeDown(config: Config, action: string, data: object): Promise<void> {
  await withDatabase(config, async (db) => {
    for (const hotlineId of await allHotlines(db))
      await inHotline(db, hotlineId, (tx) =>
        appendAudit(tx, { at: new Date(), actor: null, action, data: { ...data, by: 'command line' } }),
      )
  })
}

function tell(first: string, { about, ending }: Contents): void {
  const rows = Object.values(ending.rows).reduce((sum, count) => sum + count, 0)
  console.log(first)
  console.log(
    `Taken ${about.takenAt}, version ${about.product}: ${rows} rows of ${about.tables.length} tables, ${ending.entries} entries. 备份时间 ${about.takenAt},${rows} 行。`,
  )
}

async function sealingFor(data: string, wanted: Wanted): Promise<Sealing> {
  if (wanted.passphraseFile !== undefined && wanted.to.length > 0) throw new CommandRefused(usage)
  if (wanted.passphraseFile !== undefined) return { passphrase: passphraseIn(wanted.passphraseFile) }
  return { to: wanted.to.length > 0 ? wanted.to : [await ownRecipient(data)] }
}

function openingFor(data: string, wanted: Wanted): Opening {
  if (wanted.passphraseFile !== undefined) return { passphrase: passphraseIn(wanted.passphraseFile) }
  const lines = linesOf(wanted.identity ?? privateFile(data))
  return { identities: lines.filter((line) => line !== '' && !line.startsWith('#')) }
}

/** Never an argument: those are seen by everybody on the machine and kept by shells. */
function passphraseIn(file: string): string {
  const [passphrase = ''] = linesOf(file)
  if (passphrase.length < shortestPassphrase)
    throw new CommandRefused(
      `The passphrase in ${file} must have at least ${shortestPassphrase} characters. 口令至少 ${shortestPassphrase} 个字符。`,
    )
  return passphrase
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
  } catch {
    throw new CommandRefused(
      `${file} cannot be read: name the key with --identity FILE or the passphrase with --passphrase-file FILE. 无法读取密钥或口令文件。`,
    )
  }
}

const privateFile = (data: string): string => join(data, 'keys', 'backup.key')

/** The public half of the house's own key pair for backups; the private half may be taken away, it only opens. */
async function ownRecipient(data: string): Promise<string> {
  const publicFile = join(data, 'keys', 'backup.pub')
  if (existsSync(publicFile)) return linesOf(publicFile)[0] ?? ''
  await mkdir(join(data, 'keys'), { recursive: true, mode: 0o700 })
  if (!existsSync(privateFile(data))) {
    const identity = await generateX25519Identity()
    await writeFile(privateFile(data), `${identity}\n`, { mode: 0o600, flag: 'wx', flush: true })
  }
  const recipient = await identityToRecipient(linesOf(privateFile(data))[0] ?? '')
  await writeFile(publicFile, `${recipient}\n`, { mode: 0o644, flush: true })
  console.log(
    `A key pair for backups was made. Copy ${privateFile(data)} to a safe place NOW: without it nobody can open the backups when this machine is gone. 已生成备份密钥,请立即将私钥复制到安全的地方。`,
  )
  return recipient
}

function productVersion(): string {
  const file = join(import.meta.dirname, '..', '..', 'package.json')
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}
