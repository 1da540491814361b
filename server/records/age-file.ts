import { createDecipheriv, hkdfSync } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { Decrypter } from 'age-encryption'

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

/** Opens with an identity (`AGE-SECRET-KEY-1…`). Null when even the header is incomplete; rejects when the key does not fit. */
export async function openAgeFile(path: string, identity: string): Promise<AgeFile | null> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const start = await bytesAt(handle, 0, Math.min(size, longestHeader))
    const header = headerOf(start)
    if (!header || size < header.length + nonceBytes) {
      await handle.close()
      return null
    }
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const fileKey = await decrypter.decryptHeader(header)
    const nonce = await bytesAt(handle, header.length, nonceBytes)
    const key = Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
    const payload = {
      handle,
      key,
      from: header.length + nonceBytes,
      bytes: size - header.length - nonceBytes,
    }
    return await withEnd(payload)
  } catch (error) {
    await handle.close()
    throw error
  }
}

interface Payload {
  handle: FileHandle
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
    close: () => payload.handle.close(),
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
  const sealed = await bytesAt(
    payload.handle,
    payload.from + from,
    Math.min(sealedBytes, payload.bytes - from),
  )
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
