/* The switchboard's call-detail records (`cdr/Master.csv`, Asterisk's cdr_csv): who came and went while nobody listened. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** Only the end of the file is read: calls that ended within the last outage are there. */
const readBytes = 4 * 1024 * 1024

/** When each leg of the records ended (ms since 1970), by its id; empty when there are no records to be read. */
export async function readCallRecords(dataFolder: string): Promise<Map<string, number>> {
  const ended = new Map<string, number>()
  for (const line of (await tail(join(dataFolder, 'cdr', 'Master.csv'))).split('\n')) {
    const fields = csvFields(line)
    const at = Date.parse(`${(fields[11] ?? '').replace(' ', 'T')}Z`)
    const id = fields[16]
    if (id !== undefined && Number.isFinite(at)) ended.set(id, at)
  }
  return ended
}

async function tail(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const length = Math.min(size, readBytes)
    const bytes = Buffer.alloc(length)
    await file.read(bytes, 0, length, size - length)
    return bytes.toString('utf8')
  } catch {
    return ''
  }
}

/** Fields of one line of CSV: quoted ones may hold commas, and quotes doubled. */
export function csvFields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    (found) => found[1]?.replaceAll('""', '"') ?? found[2] ?? '',
  )
}
