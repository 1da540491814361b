/* A file in the age format (https://age-encryption.org/v1), written and read from beginning to end at the speed of the disk. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { Decrypter, Encrypter } from 'age-encryption'
import { BackupRefused } from './refusal.ts'

/** For whom a backup is sealed: age recipients (`age1…`), or whoever knows the passphrase. */
export type Sealing = { to: string[] } | { passphrase: string }

/** What opens a backup: age identities (`AGE-SECRET-KEY-1…`), the passphrase, or its file key while it is still known. */
export type Opening = { identities: string[] } | { passphrase: string } | { fileKey: Uint8Array }

/** A sealed file in the making. */
export interface Sealer {
  /** The key of this one file, by which its writer can read it back; it is kept nowhere. */
  fileKey: Uint8Array
  write(plain: Buffer): Promise<void>
  /** Writes the last chunk, without which the file counts as cut off. */
  end(): Promise<void>
}

// A text header, 16 bytes of nonce, then chunks of 64 KiB, each with its tag; the nonce of a chunk is its number (11 bytes)
// and 1 for the last one.
const chunkBytes = 64 * 1024
const tagBytes = 16
const sealedBytes = chunkBytes + tagBytes
const nonceBytes = 16
const longestHeader = 64 * 1024
const chunksAtOnce = 16

/** Begins a sealed file. Throws BackupRefused when a recipient cannot be one. */
export async function startSealing(handle: FileHandle, sealing: Sealing): Promise<Sealer> {
  const { header, fileKey } = await makeHeader(sealing)
  const nonce = randomBytes(nonceBytes)
  await handle.writeFile(Buffer.concat([header, nonce]))
  const key = payloadKey(fileKey, nonce)
  const chunk = Buffer.allocUnsafe(chunkBytes)
  const sealed = Buffer.allocUnsafe(chunksAtOnce * sealedBytes)
  let filled = 0
  let index = 0
  let waiting = 0
  const seal = (final: boolean): void => {
    waiting += sealChunk(key, index, final, chunk.subarray(0, filled), sealed.subarray(waiting))
    filled = 0
    index += 1
  }
  const flush = async (): Promise<void> => {
    await handle.writeFile(sealed.subarray(0, waiting))
    waiting = 0
  }
  return {
    fileKey,
    async write(plain) {
      for (let at = 0; at < plain.length;) {
        // A full chunk waits for one more byte: only then it is known not to be the last.
        if (filled === chunkBytes) {
          seal(false)
          if (index % chunksAtOnce === 0) await flush()
        }
        const taken = plain.copy(chunk, filled, at, at + chunkBytes - filled)
        filled += taken
        at += taken
      }
    },
    async end() {
      seal(true)
      await flush()
    },
  }
}

/** Lets the age library make a header, with the file key that it drew. */
async function makeHeader(sealing: Sealing): Promise<{ header: Buffer; fileKey: Uint8Array }> {
  const encrypter = new Encrypter()
  if ('passphrase' in sealing) {
    encrypter.setPassphrase(sealing.passphrase)
    const header = await emptyHeader(encrypter)
    return { header, fileKey: await decrypterFor(sealing).decryptHeader(header) }
  }
  for (const recipient of sealing.to) addRecipient(encrypter, recipient)
  const drawn: Uint8Array[] = []
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      drawn.push(key.slice())
      return []
    },
  })
  const header = await emptyHeader(encrypter)
  const [fileKey] = drawn
  if (!fileKey) throw new Error('the age library drew no file key')
  return { header, fileKey }
}

async function emptyHeader(encrypter: Encrypter): Promise<Buffer> {
  const header = headerOf(Buffer.from(await encrypter.encrypt(new Uint8Array(0))))
  if (!header) throw new Error('the age library made no header')
  return header
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient)
  } catch {
    throw new BackupRefused(
      `"${recipient}" is no age recipient: it begins with age1. "${recipient}" 不是有效的 age 公钥。`,
    )
  }
}

function decrypterFor(opening: Opening): Decrypter {
  const decrypter = new Decrypter()
  if ('passphrase' in opening) decrypter.addPassphrase(opening.passphrase)
  else if ('fileKey' in opening) decrypter.addIdentity({ unwrapFileKey: () => opening.fileKey })
  else for (const identity of opening.identities) addIdentity(decrypter, identity)
  return decrypter
}

function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity)
  } catch {
    throw new BackupRefused(
      'The key file holds no age identity (AGE-SECRET-KEY-1…). 密钥文件中没有 age 私钥。',
    )
  }
}

/** The key of one file, for reading it more than once: a passphrase takes a second each time. Throws BackupRefused. */
export async function fileKeyOf(path: string, opening: Opening): Promise<Uint8Array> {
  const handle = await openForReading(path)
  try {
    const { header } = await startOf(handle, path)
    return await decrypterFor(opening).decryptHeader(header)
  } catch (error) {
    throw error instanceof BackupRefused ? error : notOpened(path)
  } finally {
    await handle.close()
  }
}

/** The plain bytes in pieces. Throws BackupRefused when the key does not fit, or when a byte is missing or not what it was. */
export async function* openSealed(path: string, opening: Opening): AsyncGenerator<Buffer> {
  const fileKey = await fileKeyOf(path, opening)
  const handle = await openForReading(path)
  try {
    const { header, size } = await startOf(handle, path)
    const key = payloadKey(fileKey, await bytesAt(handle, header.length, Buffer.alloc(nonceBytes)))
    yield* chunksOf(handle, key, header.length + nonceBytes, size, path)
  } finally {
    await handle.close()
  }
}

async function startOf(handle: FileHandle, path: string): Promise<{ header: Buffer; size: number }> {
  const { size } = await handle.stat()
  const header = headerOf(await bytesAt(handle, 0, Buffer.alloc(Math.min(size, longestHeader))))
  if (!header || size < header.length + nonceBytes + tagBytes) throw notOurs(path)
  return { header, size }
}

async function* chunksOf(
  handle: FileHandle,
  key: Buffer,
  from: number,
  size: number,
  path: string,
): AsyncGenerator<Buffer> {
  const last = Math.ceil((size - from) / sealedBytes) - 1
  const buffer = Buffer.allocUnsafe(sealedBytes * chunksAtOnce)
  for (let index = 0; index <= last; index += chunksAtOnce) {
    const at = from + index * sealedBytes
    const sealed = await bytesAt(handle, at, buffer.subarray(0, Math.min(buffer.length, size - at)))
    for (let part = 0; part * sealedBytes < sealed.length; part += 1) {
      const chunk = sealed.subarray(part * sealedBytes, (part + 1) * sealedBytes)
      const plain = openChunk(key, index + part, index + part === last, chunk)
      // Only an empty file ends with an empty chunk; this makes the bytes of a file the only ones for what is in it.
      if (!plain || (plain.length === 0 && index + part > 0)) throw damaged(path)
      yield plain
    }
  }
}

/** Says that bytes are missing or were changed. */
export function damaged(path: string): BackupRefused {
  return new BackupRefused(
    `The backup ${path} is damaged or cut off; nothing was restored from it. 备份文件已损坏或不完整,未作任何恢复。`,
  )
}

function notOurs(path: string): BackupRefused {
  return new BackupRefused(`${path} is no backup, or its beginning is damaged. 该文件不是备份,或开头已损坏。`)
}

function notOpened(path: string): BackupRefused {
  return new BackupRefused(
    `The backup ${path} cannot be opened with this key or passphrase, or its beginning is damaged. 无法用此密钥或口令打开备份,或文件开头已损坏。`,
  )
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch {
    throw new BackupRefused(`The backup ${path} is not there or cannot be read. 备份文件不存在或不可读。`)
  }
}

function payloadKey(fileKey: Uint8Array, nonce: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

function chunkNonce(index: number, final: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = final ? 1 : 0
  return nonce
}

/** Seals into `out` and returns how many bytes it took. */
function sealChunk(key: Buffer, index: number, final: boolean, plain: Buffer, out: Buffer): number {
  const nonce = chunkNonce(index, final)
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes })
  cipher.update(plain).copy(out)
  // A stream cipher keeps nothing back: this gives no more bytes, and makes the tag.
  cipher.final()
  cipher.getAuthTag().copy(out, plain.length)
  return plain.length + tagBytes
}

function openChunk(key: Buffer, index: number, final: boolean, sealed: Buffer): Buffer | null {
  if (sealed.length < tagBytes) return null
  const nonce = chunkNonce(index, final)
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes })
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    const plain = decipher.update(sealed.subarray(0, -tagBytes))
    decipher.final()
    return plain
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

async function bytesAt(handle: FileHandle, from: number, buffer: Buffer): Promise<Buffer> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
