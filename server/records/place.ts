/* Where files of recordings lie. Whoever reads them does not know which place it is. */
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { firstBytes, readerOf } from './stretches.ts'

/** A file that is read at offsets, never as a whole. */
export interface OpenFile {
  size: number
  /** Bytes from `from` on, `length` of them or fewer at the end of the file. */
  read(from: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** A place for files. Names are `HOTLINE/YYYY/MM/RECORDING.…`, as the recorder gives them; all reject when it cannot be reached. */
export interface Place {
  /** Names that begin with this; none is no error. */
  list(beginning: string): Promise<string[]>
  open(name: string): Promise<OpenFile>
  /** For good. What is not there (any more) is no error. */
  remove(name: string): Promise<void>
}

/** What a file is known by: its length and the SHA-256 of its sealed bytes. */
export interface FileMark {
  size: number
  sha256: Buffer
}

/** A place outside that settled recordings are moved to. */
export interface Store extends Place {
  /** Whether it holds just this file. */
  holds(name: string, mark: FileMark): Promise<boolean>
  /** Takes over a copy of a file of this machine; the store itself compares the bytes that arrive with the mark. */
  put(name: string, path: string, mark: FileMark, signal: AbortSignal): Promise<void>
}

/** The places of this house: the recorder's folder, and a store besides where the operator has one. */
export interface Places {
  folder: Place
  /** The path of a file in the recorder's folder. */
  pathOf: (name: string) => string
  store: Store | null
}

/** The places with `recordings/` of a data folder as the recorder's. */
export function placesOf(data: string, store: Store | null = null): Places {
  const root = join(data, 'recordings')
  return { folder: folderPlace(root), pathOf: (name) => join(root, name), store }
}

/** The head of an age file holds the wrapped key of its sound: without it the rest is noise, wherever blocks of it linger. */
const headBytes = 4096

function folderPlace(root: string): Place {
  return {
    async list(beginning) {
      const folder = dirname(beginning)
      const names = await readdir(join(root, folder)).catch((error: unknown) => {
        if (isMissing(error)) return []
        throw error
      })
      return names.map((name) => `${folder}/${name}`).filter((name) => name.startsWith(beginning))
    },
    async open(name) {
      const handle = await open(join(root, name), 'r')
      const { size } = await handle.stat()
      const fetch = (from: number, length: number): Promise<Buffer> => bytesAt(handle, from, length)
      const first = { from: 0, bytes: await fetch(0, Math.min(size, firstBytes)) }
      return { size, read: readerOf(size, [first], fetch), close: () => handle.close() }
    },
    async remove(name) {
      const path = join(root, name)
      const file = await open(path, 'r+').catch((error: unknown) => {
        if (isMissing(error)) return null
        throw error
      })
      if (!file) return
      try {
        const { size } = await file.stat()
        await file.write(Buffer.alloc(Math.min(size, headBytes)), 0, undefined, 0)
        await file.sync()
      } finally {
        await file.close()
      }
      await unlink(path)
    },
  }
}

async function bytesAt(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
