/* Reads a backup from its beginning to its end, for checking and for restoring alike. */
import { z } from 'zod'
import { ArchiveBroken, readArchive, wholeOf, type Ending, type Entry } from './archive.ts'
import { isFileEntry } from './files.ts'
import { BackupRefused } from './refusal.ts'
import { damaged, openSealed, type Opening } from './sealing.ts'
import { rowsOf, stepShape, tableOf, tableShape } from './tables.ts'

/** The layout of backups; raised when an older program could not read what a newer one writes. */
const format = 1

const aboutShape = z.object({
  format: z.int(),
  product: z.string(),
  takenAt: z.iso.datetime(),
  withKeys: z.boolean(),
  steps: z.array(stepShape),
  tables: z.array(tableShape),
})

/** The first entry of a backup: from which version and moment it is, and what its tables are. */
export type About = z.infer<typeof aboutShape>

/** What a whole and unchanged backup holds. */
export interface Contents {
  about: About
  ending: Ending
}

/** Who takes what is in a backup, in its order. */
export interface Taker {
  begin(about: About): Promise<void>
  rows(table: string, text: Buffer): Promise<void>
  file(entry: Entry): Promise<void>
}

/** Takes nothing: for looking whether all is there. */
export const nobody: Taker = {
  begin: () => Promise.resolve(),
  rows: () => Promise.resolve(),
  file: () => Promise.resolve(),
}

/** The first entry as it is written. */
export function aboutEntry(about: Omit<About, 'format'>): Entry {
  const bytes = Buffer.from(JSON.stringify({ format, ...about }))
  return { name: 'about.json', size: bytes.length, mode: 0o600, body: [bytes] }
}

/** Reads everything and compares every byte and every count. Throws BackupRefused, and what the taker throws. */
export async function readContents(path: string, opening: Opening, taker: Taker): Promise<Contents> {
  const counts: Record<string, number> = {}
  const found: { about: About | null } = { about: null }
  const visit = async (entry: Entry): Promise<void> => {
    if (!found.about) {
      found.about = await readAbout(entry)
      return taker.begin(found.about)
    }
    const table = tableOf(entry)
    if (table !== null) {
      const { text, count } = await rowsOf(entry)
      counts[table] = (counts[table] ?? 0) + count
      return taker.rows(table, text)
    }
    if (!isFileEntry(entry)) throw new ArchiveBroken('an entry of an unknown kind')
    return taker.file(entry)
  }
  try {
    const ending = await readArchive(openSealed(path, opening), visit)
    if (!found.about) throw new ArchiveBroken('nothing is in it')
    for (const { name } of found.about.tables)
      if ((ending.rows[name] ?? 0) !== (counts[name] ?? 0)) throw new ArchiveBroken('rows are missing')
    return { about: found.about, ending }
  } catch (error) {
    throw error instanceof ArchiveBroken ? damaged(path) : error
  }
}

async function readAbout(entry: Entry): Promise<About> {
  if (entry.name !== 'about.json') throw new ArchiveBroken('it does not say what it is')
  const about = aboutShape.parse(JSON.parse((await wholeOf(entry)).toString('utf8')))
  if (about.format > format)
    throw new BackupRefused(
      `The backup was made by a newer Hearthline (${about.product}): restore it with that version. 备份由更新版本的暖线创建,请使用该版本恢复。`,
    )
  return about
}
