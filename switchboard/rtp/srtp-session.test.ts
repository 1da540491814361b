import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Authenticator, KeyStream } from './srtp-session.ts'

const [key, salt] = [randomBytes(16), randomBytes(14)]

/** RFC 3711 §4.1.1 with OpenSSL's own counter mode. */
function reference(ssrc: number, index: number, data: Buffer): Buffer {
  const iv = Buffer.alloc(16)
  salt.copy(iv)
  const [high, low] = [Math.floor(index / 65_536), index & 0xffff]
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4)
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ high) >>> 0, 8)
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ low, 12)
  return createCipheriv('aes-128-ctr', key, iv).update(data)
}

const step = fc.record({
  ssrc: fc.constantFrom(0, 7, 0xffff_ffff),
  // Mostly the next packet; else one of those just before or behind, or a far one.
  by: fc.oneof(
    { weight: 6, arbitrary: fc.constant(1) },
    fc.integer({ min: -12, max: 12 }),
    fc.constant(70_000),
  ),
  length: fc.oneof({ weight: 4, arbitrary: fc.constant(160) }, fc.integer({ min: 0, max: 1500 })),
})

test('a key stream made ahead is the one of every packet, in whatever order, size and stream they come', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(20, 65_530, 0xffff_fff0, 2 ** 40),
      fc.array(step, { maxLength: 60 }),
      (first, steps) => {
        const stream = new KeyStream(key, salt)
        let index = first
        for (const { ssrc, by, length } of steps) {
          index = Math.max(0, index + by)
          const data = randomBytes(length + 20)
          const crypted = Buffer.from(data)
          stream.crypt(ssrc, index, crypted, 12, 12 + length)
          expect(crypted.subarray(12, 12 + length)).toEqual(
            reference(ssrc, index, data.subarray(12, 12 + length)),
          )
          expect(crypted.subarray(0, 12)).toEqual(data.subarray(0, 12))
          expect(crypted.subarray(12 + length)).toEqual(data.subarray(12 + length))
        }
      },
    ),
  )
})

test('eight packets of two kilobytes in a row have their key stream too', () => {
  const stream = new KeyStream(key, salt)
  for (let index = 0; index < 20; index += 1) {
    const data = randomBytes(2100)
    const crypted = Buffer.from(data)
    stream.crypt(7, index, crypted, 0, data.length)
    expect(crypted).toEqual(reference(7, index, data))
  }
})

test('codes are those of HMAC-SHA1 for every length, with and without a number behind', () => {
  const secret = randomBytes(20)
  const authenticator = new Authenticator(secret, 10)
  for (const length of [0, 1, 12, 63, 64, 172, 1500, 5000, 2044, 2045]) {
    const data = randomBytes(length + 10)
    for (const number of [null, 0, 0xffff_ffff]) {
      const behind = Buffer.alloc(number === null ? 0 : 4)
      if (number !== null) behind.writeUInt32BE(number)
      authenticator.make(data, length, number)
      const expected = createHmac('sha1', secret).update(data.subarray(0, length)).update(behind).digest()
      expect(authenticator.code).toEqual(expected)
      expect(authenticator.confirms(data)).toBe(false)
      expected.copy(data, length, 0, 10)
      expect(authenticator.confirms(data)).toBe(true)
    }
  }
})
