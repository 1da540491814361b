/* The data keys in memory: what is sealed now, what is still opened, what look-ups are hashed with. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { derived } from './master.ts'
import { ciphers, type SealingWay } from './ciphers.ts'

/** Classes of what is sealed, each with data keys of its own: who somebody is, what was said, what devices log in with. */
export const sealingClasses = ['identifying', 'notes', 'devices'] as const
/** One class of what is sealed. */
export type SealingClass = (typeof sealingClasses)[number]
/** Keys by which sealed things are found again: they never change, or nothing would be found any more. */
export const lookUpUses = ['number', 'suffix', 'words'] as const
/** What a look-up key is for. */
export type LookUpUse = (typeof lookUpUses)[number]

/** Everything that is hashed with a key: what is only remembered for hours (log-in failures) may change with the master key. */
export type HashedUse = LookUpUse | 'address' | 'name'

/** A data key as it is used. */
export interface DataKey {
  keyId: string
  hotlineId: string
  keyClass: SealingClass | LookUpUse | 'first'
  way: SealingWay | 'hmac-sha-256'
  state: 'waiting' | 'sealing' | 'retired'
  secret: Buffer
}

const firstFormat = 1
const format = 2
const headerBytes = 18

/** What stands before everything sealed with a key, 18 bytes: format, key id, and a byte for what may come. */
export const headerOf = (keyId: string): Buffer =>
  Buffer.concat([Buffer.of(format), Buffer.from(keyId.replaceAll('-', ''), 'hex'), Buffer.of(0)])

/** The keys that are known, and the first keys, derived from the master key, for what was sealed before there were others. */
export interface Ring {
  /** Takes a hotline's keys over, in place of what was known of it. */
  take(hotlineId: string, keys: readonly DataKey[]): void
  seal(hotlineId: string, text: string, of: SealingClass, bound: string): Buffer
  open(hotlineId: string, sealed: Buffer, bound: string): string
  lookUpKey(hotlineId: string, use: HashedUse): Buffer
  firstKey(hotlineId: string, use: LookUpUse | 'seal'): Buffer
}

/** Makes a ring; `missed` is told of a key that is not known here, so that the keys are read again. */
export function makeRing(master: Buffer, missed: () => void): Ring {
  const known = new Map<string, DataKey>()
  const sealing = new Map<string, DataKey>()
  const derivedKeys = new Map<string, Buffer>()
  const firstKey = (hotlineId: string, use: string): Buffer => {
    const name = `${hotlineId}/${use}`
    const key = derivedKeys.get(name) ?? derived(master, name)
    derivedKeys.set(name, key)
    return key
  }
  const oldKey = (hotlineId: string): Buffer =>
    sealing.get(`${hotlineId}/first`)?.secret ?? firstKey(hotlineId, 'seal')
  return {
    firstKey,
    take(hotlineId, keys) {
      for (const [id, key] of known) if (key.hotlineId === hotlineId) known.delete(id)
      for (const key of keys) {
        known.set(headerOf(key.keyId).toString('latin1'), key)
        if (key.state === 'sealing') sealing.set(`${hotlineId}/${key.keyClass}`, key)
      }
    },
    seal(hotlineId, text, of, bound) {
      const key = sealing.get(`${hotlineId}/${of}`)
      if (!key || key.way === 'hmac-sha-256') return sealFirst(oldKey(hotlineId), text)
      const header = headerOf(key.keyId)
      const about = Buffer.concat([header, Buffer.from(`${hotlineId}/${bound}`)])
      return Buffer.concat([header, ciphers[key.way].seal(key.secret, about, Buffer.from(text))])
    },
    open(hotlineId, sealed, bound) {
      if (sealed[0] === firstFormat) return openFirst(oldKey(hotlineId), sealed)
      const header = sealed.subarray(0, headerBytes)
      const key = known.get(header.toString('latin1'))
      if (!key) missed()
      if (!key || key.hotlineId !== hotlineId || key.way === 'hmac-sha-256')
        throw new Error('not sealed with a key that is known here')
      const about = Buffer.concat([header, Buffer.from(`${hotlineId}/${bound}`)])
      return ciphers[key.way].open(key.secret, about, sealed.subarray(headerBytes)).toString('utf8')
    },
    lookUpKey: (hotlineId, use) => sealing.get(`${hotlineId}/${use}`)?.secret ?? firstKey(hotlineId, use),
  }
}

/** As everything was sealed before there were data keys: `1 | nonce | tag | body`, AES-256-GCM. */
function sealFirst(key: Buffer, text: string): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(firstFormat), nonce, cipher.getAuthTag(), body])
}

function openFirst(key: Buffer, sealed: Buffer): string {
  if (sealed.length < 29) throw new Error('not sealed by us')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13), { authTagLength: 16 })
  decipher.setAuthTag(sealed.subarray(13, 29))
  return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8')
}
