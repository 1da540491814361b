/* The master key in its file: it wraps the data keys and never leaves this machine. (In a KMS instead: kms.ts.) */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** Why the keys cannot be used: one sentence for the operator. */
export class KeysRefused extends Error {}

/**
 * What wraps data keys: the master key file, or a key management system that never gives its key away. `about` names the
 * data key and must be the same for unwrapping. Rejects when the wrapped bytes are not its own.
 */
export interface MasterDoor {
  wrap(secret: Buffer, about: string): Promise<Buffer>
  unwrap(wrapped: Buffer, about: string): Promise<Buffer>
}

/** What everything is sealed under: `root` is what keys are derived from, `door` wraps data keys. */
export interface Master {
  root: Buffer
  door: MasterDoor
}

/** Where the root lies wrapped by a key management system, in the folder of keys; backups take it along. */
export const sealedName = 'master.sealed'

/** Whether the master key lies in a file of this data folder. */
export const isInFile = (dataFolder: string): boolean => existsSync(fileOf(dataFolder))

const fileOf = (dataFolder: string): string => join(dataFolder, 'keys', 'master.key')
const nextOf = (dataFolder: string): string => join(dataFolder, 'keys', 'master.key.next')

/**
 * Reads the master key of a data folder. `remembered` is the check kept in the database; null when nothing was ever sealed,
 * the only case in which a missing key is made. Throws KeysRefused.
 */
export function openMaster(dataFolder: string, remembered: Buffer | null): Buffer {
  const file = fileOf(dataFolder)
  mkdirSync(join(dataFolder, 'keys'), { recursive: true, mode: 0o700 })
  finishChange(dataFolder, remembered)
  if (!existsSync(file)) {
    if (remembered)
      throw new KeysRefused(
        `The key file ${file} is missing, but the database holds data sealed with it: put the file back from your backup. 缺少主密钥文件,请从备份中恢复。`,
      )
    writeSecret(file, `${randomBytes(32).toString('base64')}\n`)
  }
  const master = read(file)
  if (!master)
    throw new KeysRefused(
      `The key file ${file} is damaged: put it back from your backup. 主密钥文件已损坏,请从备份中恢复。`,
    )
  if (remembered && !isSame(remembered, checkOf(master)))
    throw new KeysRefused(
      `The key file ${file} is not the one this database was sealed with: put the right one back. 主密钥与数据库不匹配,请恢复正确的密钥文件。`,
    )
  return master
}

/** What a database remembers of the master key, to notice another one. */
export const checkOf = (master: Buffer): Buffer =>
  createHmac('sha256', derived(master, 'check')).update('hearthline').digest()

/** A key of 32 bytes for one use, derived from the master key (RFC 5869). */
export const derived = (master: Buffer, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', master, 'hearthline', use, 32))

/** The door of a master key that lies in a file: AES-256-GCM. */
export function fileDoor(master: Buffer): MasterDoor {
  const key = derived(master, 'wrap')
  return {
    async wrap(secret, about) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about))
      const body = Buffer.concat([cipher.update(secret), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    async unwrap(wrapped, about) {
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(Buffer.from(about)).setAuthTag(wrapped.subarray(12, 28))
      return Buffer.concat([decipher.update(wrapped.subarray(28)), decipher.final()])
    },
  }
}

/** Makes the next master key, in a file beside the present one; it counts from the moment the database remembers it. */
export function makeNextMaster(dataFolder: string): Master {
  const next = randomBytes(32)
  writeSecret(nextOf(dataFolder), `${next.toString('base64')}\n`)
  return { root: next, door: fileDoor(next) }
}

/** Puts the next master key in the place of the present one when the database remembers the next one. */
export function finishChange(dataFolder: string, remembered: Buffer | null): void {
  const next = read(nextOf(dataFolder))
  if (!next || !remembered || !isSame(remembered, checkOf(next))) return
  renameSync(nextOf(dataFolder), fileOf(dataFolder))
  rmSync(join(dataFolder, 'keys', sealedName), { force: true })
}

function read(file: string): Buffer | null {
  if (!existsSync(file)) return null
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
  return key.length === 32 ? key : null
}

/** Compares in a time that tells nothing. */
export const isSame = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other)

/** Written beside its place, synced, and moved there: a killed start leaves no half of a key. */
export function writeSecret(file: string, text: string): void {
  const fresh = `${file}.new`
  const handle = openSync(fresh, 'w', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(fresh, file)
}
