import { createDecipheriv, hkdfSync } from 'node:crypto'
import { Decrypter } from 'age-encryption'
import type { OpenFile } from './place.ts'

// The age format, https://age-encryption.org/v1: a text header, 16 bytes of nonce, then chunks of 64 KiB, each with its tag;
// the nonce of a chunk is its number (11 bytes) and 1 for the last one.
const chunkBytes = 64 * 1024
const tagBytes = 16
const sealedBytes = chunkBytes + tagBytes
const nonceBytes = 16
const longestHeader = 8 * 1024

/** A file in the age format, readable from any place. `size` is that of the plain bytes that can be had. */
export interface AgeFile {
  size: number
  /** The end is missing: its writer was killed, or somebody cut it. */
  truncated: boolean
  /** Plain bytes from `from` up to `to` (exclusive). Rejects when a chunk was changed. */
  read(from: number, to: number): Promise<Buffer>
  close(): Promise<void>
}

/**
 * Reads a file with an identity (`AGE-SECRET-KEY-1…`) and closes it in the end. Null when even the header is incomplete;
 * rejects when the key does not fit.
 */
export async function openAgeFile(file: OpenFile, identity: string): Promise<AgeFile | null> {
  try {
    const { size } = file
    const start = await file.read(0, Math.min(size, longestHeader))
    const header = headerOf(start)
    if (!header || size < header.length + nonceBytes) {
      await file.close()
      return null
    }
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const fileKey = await decrypter.decryptHeader(header)
    const nonce = await file.read(header.length, nonceBytes)
    const key = Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
    const payload = {
      file,
      key,
      from: header.length + nonceBytes,
      bytes: size - header.length - nonceBytes,
    }
    return await withEnd(payload)
  } catch (error) {
    await file.close()
    throw error
  }
}

interface Payload {
  file: OpenFile
  key: Buffer
  /** Where the first chunk begins in the file. */
  from: number
  bytes: number
}

/** Finds the last chunk that is whole: only a file that ended properly has one that says it is the last. */
async function withEnd(payload: Payload): Promise<AgeFile> {
  const last = Math.ceil(payload.bytes / sealedBytes) - 1
  const lastChunk = last < 0 ? null : await chunkAt(payload, last, true)
  const truncated = lastChunk === null
  // A chunk that is not whole fails its check; one that is whole counts.
  const extra = truncated && last >= 0 ? await chunkAt(payload, last, false) : lastChunk
  const size = last < 0 ? 0 : last * chunkBytes + (extra?.length ?? 0)
  return {
    size,
    truncated,
    read: reader(payload, last, truncated, size),
    close: () => payload.file.close(),
  }
}

function reader(payload: Payload, last: number, truncated: boolean, size: number): AgeFile['read'] {
  let cached: { index: number; plain: Buffer } | null = null
  return async (from, to) => {
    const parts: Buffer[] = []
    for (let at = Math.max(0, from); at < Math.min(to, size);) {
      const index = Math.floor(at / chunkBytes)
      if (cached?.index !== index) {
        const plain = await chunkAt(payload, index, index === last && !truncated)
        if (!plain) throw new Error('a chunk of the file was changed')
        cached = { index, plain }
      }
      const part = cached.plain.subarray(at - index * chunkBytes, Math.min(to, size) - index * chunkBytes)
      parts.push(part)
      at += part.length
    }
    return Buffer.concat(parts)
  }
}

/** A chunk's plain bytes; null when it is not whole, or not (or not only) what `final` says. */
async function chunkAt(payload: Payload, index: number, final: boolean): Promise<Buffer | null> {
  const from = index * sealedBytes
  const sealed = await payload.file.read(payload.from + from, Math.min(sealedBytes, payload.bytes - from))
  if (sealed.length < tagBytes) return null
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = final ? 1 : 0
  const decipher = createDecipheriv('chacha20-poly1305', payload.key, nonce, { authTagLength: tagBytes })
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    return null
  }
}

/** The header up to and with its last line, `--- ` and a checksum. */
function headerOf(start: Buffer): Buffer | null {
  const mark = start.indexOf('\n--- ')
  const end = mark < 0 ? -1 : start.indexOf('\n', mark + 1)
  return end < 0 ? null : start.subarray(0, end + 1)
}
