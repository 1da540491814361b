/* What of the data folder belongs to a backup: sound, prompts, instruments, packages, call-detail records, sealed keys. */
import { mkdir, open, readdir, readFile, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Entry } from './archive.ts'
import { BackupRefused } from './refusal.ts'

// A package that waits for its receiver cannot be made again: the register holds its hash.
const parts = ['recordings', 'prompts', 'instruments', 'packages', 'cdr']
const pieceBytes = 1024 * 1024
const prefix = 'data/'

/** Keys that are of no use without the master key; a recording key made after the last copy of `keys` is saved by them. */
const isSealedKey = (name: string): boolean => /\.(sealed|pub)$/.test(name)
/** The database's passwords are made anew by a restore; who can open the backup is not told by the backup. */
const neverKept = /^(database\.json|backup\..*)$|\.new$/

/** The files as entries of an archive, each with the length it has when its turn comes, as calls go on and files grow. */
export async function* fileEntries(data: string): AsyncGenerator<Entry> {
  for (const part of parts) yield* entriesBelow(data, part)
}

/**
 * The keys as entries. They are read before the rows: a key that is sealed anew meanwhile would need a data key that the rows
 * do not have yet, while those of before can still be opened.
 */
export async function keyEntries(data: string, withKeys: boolean): Promise<Entry[]> {
  const entries: Entry[] = []
  const folder = join(data, 'keys')
  for (const each of await namesIn(folder)) {
    const { name } = each
    if (neverKept.test(name) || !each.isFile() || !(withKeys || isSealedKey(name))) continue
    const [bytes, { mode }] = await Promise.all([readFile(join(folder, name)), stat(join(folder, name))])
    entries.push({ name: `${prefix}keys/${name}`, size: bytes.length, mode: mode & 0o777, body: [bytes] })
  }
  return entries
}

async function* entriesBelow(data: string, folder: string): AsyncGenerator<Entry> {
  for (const each of await namesIn(join(data, folder))) {
    const path = `${folder}/${each.name}`
    if (each.isDirectory()) yield* entriesBelow(data, path)
    else if (each.isFile()) yield* entryOf(data, path)
  }
}

async function namesIn(
  folder: string,
): Promise<{ name: string; isFile(): boolean; isDirectory(): boolean }[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function* entryOf(data: string, path: string): AsyncGenerator<Entry> {
  const found = await openOrFinished(data, path)
  if (!found) return
  const { handle, name } = found
  try {
    const { size, mode } = await handle.stat()
    yield { name: `${prefix}${name}`, size, mode: mode & 0o777, body: piecesOf(handle, size) }
  } finally {
    await handle.close()
  }
}

/** A recording in the making that ends meanwhile loses its `.part`. */
async function openOrFinished(
  data: string,
  path: string,
): Promise<{ handle: FileHandle; name: string } | null> {
  for (const name of [path, path.replace(/\.part$/, '')]) {
    try {
      return { handle: await open(join(data, name), 'r'), name }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
  return null
}

/** Each piece is overwritten by the next one. */
async function* piecesOf(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, size))
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at)
    if (bytesRead === 0)
      throw new BackupRefused(
        'A file became shorter while it was read: run the backup again. 备份期间文件变短,请重试。',
      )
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** Whether an entry is a file of the data folder, of a part that a backup may have. */
export function isFileEntry(entry: Entry): boolean {
  const [first, part = '', ...rest] = entry.name.split('/')
  const safe = rest.length > 0 && rest.every((name) => name !== '' && name !== '.' && name !== '..')
  return first === 'data' && safe && [...parts, 'keys'].includes(part)
}

/** Writes a file of the backup to its place, and to the disk. A key that is already there must be the same one. */
export async function putFile(data: string, entry: Entry): Promise<void> {
  const path = join(data, entry.name.slice(prefix.length))
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(path, 'wx', entry.mode).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') return null
    throw error
  })
  if (!handle) return expectSame(path, entry)
  try {
    for await (const piece of entry.body) await handle.writeFile(piece)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function expectSame(path: string, entry: Entry): Promise<void> {
  const there = await readFile(path)
  const parts: Buffer[] = []
  for await (const piece of entry.body) parts.push(piece)
  if (!there.equals(Buffer.concat(parts)))
    throw new BackupRefused(
      `${path} is not the file of the backup: move it away first. ${path} 与备份中的文件不同,请先移走。`,
    )
}

/** The first file found where a restore would write; null when there is none. Keys that were put back already may stay. */
export async function firstFileIn(data: string): Promise<string | null> {
  for (const part of parts) {
    for await (const entry of entriesBelow(data, part)) return join(data, entry.name.slice(prefix.length))
  }
  return null
}

/** Takes out what a failed restore wrote where there was nothing before. */
export async function removeFiles(data: string): Promise<void> {
  for (const part of parts)
    for (const each of await namesIn(join(data, part)))
      await rm(join(data, part, each.name), { recursive: true, force: true })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
