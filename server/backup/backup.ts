/* Backup and restore: one sealed file with the rows of one moment and the files that belong to them (G24-6.2.2b, 6.2.2c). */
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { knownSteps, migrate } from '../db/migrate.ts'
import { ArchiveBroken, startArchive, type ArchiveWriter, type Ending } from './archive.ts'
import { aboutEntry, nobody, readContents, type About, type Contents } from './contents.ts'
import { fileEntries, firstFileIn, keyEntries, putFile, removeFiles } from './files.ts'
import { BackupRefused } from './refusal.ts'
import { damaged, fileKeyOf, startSealing, type Opening, type Sealing } from './sealing.ts'
import { emptyDatabase, isEmptyDatabase, startFilling, takeSnapshot, type Filling } from './tables.ts'

/** What is to be saved, where to, and for whom. */
export interface BackupOrder {
  ownerUrl: string
  /** The data folder. */
  data: string
  /** A file that does not exist yet, or a folder in which one is made. */
  target: string
  sealing: Sealing
  /** Also everything else in `keys`: then the backup alone opens all there is. */
  withKeys: boolean
  /** The version of this program. */
  product: string
  now: Date
}

/** A backup that was written and read back. `bytes` is the length of the file. */
export interface BackupMade {
  file: string
  bytes: number
  contents: Contents
}

/**
 * Writes a backup while calls go on, reads it back, and only then gives it its name. Throws BackupRefused; whatever
 * happens, nothing that looks like a backup is left unless it is one.
 */
export async function backUp(order: BackupOrder): Promise<BackupMade> {
  const file = await fileFor(order.target, order.now)
  const part = `${file}.part`
  try {
    const { fileKey, ending } = await write(part, order)
    const contents = await readContents(part, { fileKey }, nobody)
    if (!isDeepStrictEqual(contents.ending, ending)) throw damaged(part)
    const { size } = await stat(part)
    await rename(part, file)
    await syncFolder(dirname(file))
    return { file, bytes: size, contents }
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw refusalOf(error, file)
  }
}

async function fileFor(target: string, now: Date): Promise<string> {
  const found = await stat(target).catch(() => null)
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  if (found?.isDirectory() === true) return fileFor(join(target, `hearthline-${stamp}.age`), now)
  if (found)
    throw new BackupRefused(`${target} exists already: a backup replaces no file. 文件已存在,备份不会覆盖。`)
  return target
}

async function write(part: string, order: BackupOrder): Promise<{ fileKey: Uint8Array; ending: Ending }> {
  const handle = await open(part, 'w', 0o600)
  try {
    const sealer = await startSealing(handle, order.sealing)
    const ending = await writeEntries(
      startArchive((bytes) => sealer.write(bytes)),
      order,
    )
    await sealer.end()
    await handle.sync()
    return { fileKey: sealer.fileKey, ending }
  } finally {
    await handle.close()
  }
}

/** The rows first: every file that a row tells of was there before the row, and stays. */
async function writeEntries(archive: ArchiveWriter, order: BackupOrder): Promise<Ending> {
  const keys = await keyEntries(order.data, order.withKeys)
  const snapshot = await takeSnapshot(order.ownerUrl)
  let totals: Awaited<ReturnType<typeof snapshot.totals>>
  try {
    const { product, withKeys, now } = order
    const { steps, tables } = snapshot
    await archive.add(aboutEntry({ product, takenAt: now.toISOString(), withKeys, steps, tables }))
    for await (const entry of snapshot.entries()) await archive.add(entry)
    totals = await snapshot.totals()
  } finally {
    await snapshot.close()
  }
  for (const entry of keys) await archive.add(entry)
  for await (const entry of fileEntries(order.data)) await archive.add(entry)
  return archive.end(totals)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** SQLSTATE insufficient_privilege, also what a table says that would hide rows from us. */
const notTheOwner = '42501'
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: no backup was made. 磁盘已满,未生成备份。',
  EDQUOT: 'The disk is full: no backup was made. 磁盘已满,未生成备份。',
  ENOENT: 'The folder for the backup is not there. 备份目标文件夹不存在。',
  EACCES: 'The backup cannot be written there by this user. 当前用户无权写入该位置。',
  EROFS: 'The backup cannot be written there: the disk is read-only. 目标磁盘为只读。',
}

function refusalOf(error: unknown, file: string): unknown {
  if (error instanceof ArchiveBroken) return new BackupRefused(`${error.message}: no backup was made.`)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === notTheOwner)
    return new BackupRefused(
      'The backup needs the owner of the tables: set HEARTHLINE_OWNER_DATABASE_URL. 备份需要表的所有者:请设置 HEARTHLINE_OWNER_DATABASE_URL。',
    )
  const path = error instanceof Error && 'path' in error ? error.path : null
  const reason = path === `${file}.part` || code === 'ENOSPC' ? reasons[code] : undefined
  return reason === undefined ? error : new BackupRefused(reason)
}

/** Looks at every byte of a backup and tells what is in it. Throws BackupRefused. */
export async function checkBackup(file: string, opening: Opening): Promise<Contents> {
  return readContents(file, opening, nobody)
}

/** Where a backup is restored to. */
export interface RestoreSite {
  ownerUrl: string
  /** The product's own connection. */
  appUrl: string
  data: string
}

/**
 * Restores a backup of this or an older version into an empty database and an empty data folder, and brings it to this
 * version. The whole file is checked before anything is written, and the rows become visible all at once at the end: a
 * restore that was killed is an empty hotline, never half of one. Throws BackupRefused.
 */
export async function restoreBackup(site: RestoreSite, file: string, opening: Opening): Promise<Contents> {
  const opened = { fileKey: await fileKeyOf(file, opening) }
  const contents = await checkBackup(file, opened)
  const steps = stepsOf(contents.about)
  await refuseOccupied(site)
  try {
    await migrate(site.ownerUrl, site.appUrl, steps)
    await fill(site, file, opened)
  } catch (error) {
    // The reason matters more than what could not be cleared away.
    await removeFiles(site.data).catch(() => undefined)
    await emptyDatabase(site.ownerUrl).catch(() => undefined)
    throw error
  }
  await migrate(site.ownerUrl, site.appUrl)
  return contents
}

/** The steps that make the schema the backup was taken from. */
function stepsOf(about: About): ReturnType<typeof knownSteps> {
  const known = knownSteps()
  for (const step of about.steps) {
    const same = known.find((one) => one.version === step.version)
    if (!same)
      throw new BackupRefused(
        `The backup was made by a newer Hearthline (${about.product}, schema ${step.version}): restore it with that version or a later one. 备份由更新版本的暖线创建,请使用该版本或更高版本恢复。`,
      )
    if (same.sha256 !== step.sha256)
      throw new BackupRefused(
        `The backup was made with another form of the schema step ${step.name}: it belongs to a different build of Hearthline. 备份的数据结构与本版本不一致,它属于另一个构建版本。`,
      )
  }
  return known.filter((step) => about.steps.some((one) => one.version === step.version))
}

async function refuseOccupied(site: RestoreSite): Promise<void> {
  if (!(await isEmptyDatabase(site.ownerUrl)))
    throw new BackupRefused(
      'The database is not empty: restore with HEARTHLINE_DATA (or DATABASE_URL) naming a new one. 数据库不为空,请指定新的数据文件夹或数据库。',
    )
  const file = await firstFileIn(site.data)
  if (file !== null)
    throw new BackupRefused(
      `The data folder is not empty (${file}): restore into a new one. 数据文件夹不为空,请恢复到新的文件夹。`,
    )
}

async function fill(site: RestoreSite, file: string, opening: Opening): Promise<void> {
  const opened: { filling: Filling | null } = { filling: null }
  try {
    const { ending } = await readContents(file, opening, {
      begin: async (about) => {
        opened.filling = await startFilling(site.ownerUrl, about.tables)
      },
      rows: async (table, text) => opened.filling?.take(table, text),
      file: (entry) => putFile(site.data, entry),
    })
    await opened.filling?.commit(ending)
  } finally {
    await opened.filling?.close()
  }
}
