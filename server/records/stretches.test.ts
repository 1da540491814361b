import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readerOf } from './stretches.ts'

test('whatever is asked for, in whatever order, is what the file has there', async () => {
  const size = fc.integer({ min: 0, max: 900_000 })
  await fc.assert(
    fc.asyncProperty(
      size,
      fc.nat(100_000),
      fc.nat(100_000),
      fc.array(fc.tuple(fc.nat(900_000), fc.nat(70_000)), { maxLength: 12 }),
      async (bytes, first, last, asked) => {
        const file = Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + (at >> 8)) & 0xff))
        const known = [
          { from: 0, bytes: file.subarray(0, first) },
          { from: Math.max(0, bytes - last), bytes: file.subarray(Math.max(0, bytes - last)) },
        ]
        const read = readerOf(bytes, known, async (from, length) => {
          expect(from + length).toBeLessThanOrEqual(bytes)
          return Buffer.from(file.subarray(from, from + length))
        })
        for (const [from, length] of asked)
          expect((await read(from, length)).equals(file.subarray(from, from + length))).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})
