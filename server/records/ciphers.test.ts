import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ciphers, isHere, sealingWays } from './ciphers.ts'
import { checkWay } from './data-keys.ts'
import { KeysRefused } from './keys.ts'

const here = sealingWays.filter(isHere)
const [bound, other] = [Buffer.from('hotline/contact'), Buffer.from('hotline/another')]

test('AES is everywhere; a way that this machine does not have is refused in a sentence that names the others', () => {
  expect(here).toContain('aes-256-gcm')
  for (const way of here) expect(() => checkWay(way)).not.toThrow()
  for (const way of sealingWays.filter((each) => !isHere(each)))
    expect(() => checkWay(way)).toThrow(new RegExp(`cannot seal with ${way}.*aes-256-gcm`))
  for (const way of sealingWays.filter((each) => !isHere(each)))
    expect(() => checkWay(way)).toThrow(KeysRefused)
})

test.each(here)(
  'G24-6.2.2c: %s gives back what was sealed, and refuses any changed byte, key or place',
  (way) => {
    const { keyBytes, seal, open } = ciphers[way]
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (given, at, flip) => {
          const [key, text] = [randomBytes(keyBytes), Buffer.from(given)]
          const sealed = seal(key, bound, text)
          expect(open(key, bound, sealed)).toEqual(text)
          expect(() => open(randomBytes(keyBytes), bound, sealed)).toThrow()
          expect(() => open(key, other, sealed)).toThrow()
          expect(() => open(key, bound, sealed.subarray(0, -1))).toThrow()
          const changed = Buffer.from(sealed)
          changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ flip
          expect(() => open(key, bound, changed)).toThrow()
        },
      ),
    )
  },
)
