/* The ways of sealing: each encrypts and authenticates, so that a changed byte is refused. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  getCiphers,
  getHashes,
  randomBytes,
  timingSafeEqual,
  type CipherGCMTypes,
} from 'node:crypto'

/**
 * Names of the ways, in the order of their numbers in sealed bytes: AES-256-GCM (NIST SP 800-38D), SM4-GCM (GB/T 32907,
 * RFC 8998), SM4 in counter mode with HMAC-SM3 over what it made (GB/T 32905, encrypt-then-MAC).
 */
export const sealingWays = ['aes-256-gcm', 'sm4-gcm', 'sm4-ctr-hmac-sm3'] as const
/** One way of sealing. */
export type SealingWay = (typeof sealingWays)[number]

interface Cipher {
  /** Bytes of the key. */
  keyBytes: number
  /** Whether this platform's OpenSSL has what it takes. */
  here: () => boolean
  seal: (key: Buffer, bound: Buffer, text: Buffer) => Buffer
  /** Throws when key, bound bytes or sealed bytes are not those of seal(). */
  open: (key: Buffer, bound: Buffer, sealed: Buffer) => Buffer
}

const nonceBytes = 12
const tagBytes = 16

/** `nonce | tag | body`. */
const gcm = (name: string, keyBytes: number): Cipher => ({
  keyBytes,
  here: () => getCiphers().includes(name),
  seal(key, bound, text) {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv(name as CipherGCMTypes, key, nonce).setAAD(bound)
    const body = Buffer.concat([cipher.update(text), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), body])
  },
  open(key, bound, sealed) {
    const start = nonceBytes + tagBytes
    if (sealed.length < start) throw new Error('too short to be sealed')
    const decipher = createDecipheriv(name as CipherGCMTypes, key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(bound).setAuthTag(sealed.subarray(nonceBytes, start))
    return Buffer.concat([decipher.update(sealed.subarray(start)), decipher.final()])
  },
})

const counterBytes = 16
const macBytes = 32

/** `counter | mac | body`; the first 16 bytes of the key encrypt, the others authenticate. */
const sm4WithMac: Cipher = {
  keyBytes: 48,
  here: () => getCiphers().includes('sm4-ctr') && getHashes().includes('sm3'),
  seal(key, bound, text) {
    const counter = randomBytes(counterBytes)
    const cipher = createCipheriv('sm4-ctr', key.subarray(0, 16), counter)
    const body = Buffer.concat([cipher.update(text), cipher.final()])
    return Buffer.concat([counter, macOf(key, bound, counter, body), body])
  },
  open(key, bound, sealed) {
    const start = counterBytes + macBytes
    if (sealed.length < start) throw new Error('too short to be sealed')
    const counter = sealed.subarray(0, counterBytes)
    const body = sealed.subarray(start)
    if (!timingSafeEqual(macOf(key, bound, counter, body), sealed.subarray(counterBytes, start)))
      throw new Error('not what was sealed')
    const decipher = createDecipheriv('sm4-ctr', key.subarray(0, 16), counter)
    return Buffer.concat([decipher.update(body), decipher.final()])
  },
}

/** The length of the bound bytes is told too, so that they cannot pass for the beginning of the body. */
function macOf(key: Buffer, bound: Buffer, counter: Buffer, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bound.length)
  return createHmac('sm3', key.subarray(16))
    .update(length)
    .update(bound)
    .update(counter)
    .update(body)
    .digest()
}

/** The ways themselves. */
export const ciphers: Readonly<Record<SealingWay, Cipher>> = {
  'aes-256-gcm': gcm('aes-256-gcm', 32),
  'sm4-gcm': gcm('sm4-gcm', 16),
  'sm4-ctr-hmac-sm3': sm4WithMac,
}

/** Whether this machine can seal in this way. */
export const isHere = (way: SealingWay): boolean => ciphers[way].here()
