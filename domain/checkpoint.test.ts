import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkpointOf, lineOf, type Checkpoint } from './checkpoint.ts'

const base64url = (length: number): fc.Arbitrary<string> =>
  fc.string({
    minLength: length,
    maxLength: length,
    unit: fc.constantFrom(...'ABCXYZabcxyz0189-_'),
  })

const checkpoints: fc.Arbitrary<Checkpoint> = fc.record({
  hotlineId: fc.uuid({ version: 7 }),
  number: fc.integer({ min: 1, max: 1_000_000 }),
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
  seq: fc.integer({ min: 1, max: 2 ** 40 }),
  hash: fc.string({ minLength: 64, maxLength: 64, unit: fc.constantFrom(...'0123456789abcdef') }),
  publicKey: base64url(43),
  signature: base64url(86),
})

test('G24-7.3: a checkpoint comes back from its line as it was, also when spaces were copied with it', () => {
  fc.assert(
    fc.property(checkpoints, (checkpoint) => {
      expect(checkpointOf(` ${lineOf(checkpoint)}\n`)).toEqual(checkpoint)
      expect(lineOf(checkpoint)).not.toMatch(/\s/)
    }),
  )
})

test('a line with a part missing, or with anything put in, is not a checkpoint', () => {
  fc.assert(
    fc.property(checkpoints, fc.nat(), fc.constantFrom('/', ' ', '😀', '%'), (checkpoint, at, sign) => {
      const line = lineOf(checkpoint)
      const place = 1 + (at % (line.length - 1))
      expect(checkpointOf(line.slice(0, place) + sign + line.slice(place))).toBeNull()
      expect(checkpointOf(line.slice(0, place))).toBeNull()
    }),
  )
})
