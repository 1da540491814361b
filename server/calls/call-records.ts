/* The switchboard's call-detail records (`cdr/Master.csv`, Asterisk's cdr_csv): who came and went while nobody listened. */
import { open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Only the end of the file is read: calls that ended within the last outage are there. */
const readBytes = 4 * 1024 * 1024

/** One ended leg; instants in milliseconds since 1970. Holds the caller's number: personal data. */
export interface CallRecord {
  leg: string
  from: string
  dialled: string
  startedAt: number
  endedAt: number
  /** What could not become a call, an INVITE without sound for one, was never answered. */
  answered: boolean
}

/**
 * The latest ended legs by their id, of today's file and the one set aside before, in `cdr` and in each folder inside it (one
 * for each of several switchboards); empty when there are none to be read.
 */
export async function readCallRecords(dataFolder: string): Promise<Map<string, CallRecord>> {
  const found = new Map<string, CallRecord>()
  for (const folder of await foldersOf(dataFolder)) {
    const aside = await setAside(folder)
    for (const name of [...aside.slice(-1), 'Master.csv']) {
      for (const line of (await tail(join(folder, name))).split('\n')) {
        const record = recordOf(csvFields(line))
        if (record) found.set(record.leg, record)
      }
    }
  }
  return found
}

async function foldersOf(dataFolder: string): Promise<string[]> {
  const folder = join(dataFolder, 'cdr')
  const inside = await readdir(folder, { withFileTypes: true }).catch(() => [])
  // An operator links them from where an Asterisk writes.
  const others = inside.filter((one) => one.isDirectory() || one.isSymbolicLink())
  return [folder, ...others.map((one) => join(folder, one.name))]
}

const keptMs = 31 * 86_400_000

/**
 * Removes files set aside more than 31 days ago, the latest excepted: numbers lie in them in plain text, and what is to be
 * kept of a call is on its contact, sealed. Gives how many.
 */
export async function sweepCallRecords(dataFolder: string, now: Date): Promise<number> {
  const old: string[] = []
  for (const folder of await foldersOf(dataFolder)) {
    const aside = (await setAside(folder)).slice(0, -1)
    const dayOf = (name: string): number => Date.parse(name.slice('Master-'.length, -'.csv'.length))
    old.push(
      ...aside.filter((name) => now.getTime() - dayOf(name) > keptMs).map((name) => join(folder, name)),
    )
  }
  for (const path of old) await unlink(path)
  return old.length
}

/** Names of the files of earlier days, oldest first. */
async function setAside(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => /^Master-\d{4}-\d\d-\d\d\.csv$/.test(name)).sort()
}

/** Columns of Asterisk's cdr_csv: src, dst, start, answer, end and uniqueid are what we need. */
function recordOf(fields: readonly string[]): CallRecord | null {
  const [, from = '', dialled = '', , , , , , , start = '', answer = '', end = '', , , , , leg = ''] = fields
  const startedAt = utc(start)
  const endedAt = utc(end)
  if (leg === '' || !Number.isFinite(startedAt) || !Number.isFinite(endedAt)) return null
  return { leg, from, dialled, startedAt, endedAt, answered: answer !== '' }
}

const utc = (stamp: string): number => Date.parse(`${stamp.replace(' ', 'T')}Z`)

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
