import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startPace } from './guests.ts'

test('many callers behind one address wait for each other and are refused to nobody, whatever another address does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1500), { maxLength: 40 }), fc.nat(400), (gaps, flood) => {
      let at = 0
      const wait = startPace(() => at)
      for (let n = 0; n < flood; n += 1) wait('198.51.100.1')
      for (const gap of gaps) {
        at += gap
        const own = wait('192.0.2.1')
        expect(own).not.toBeNull()
        expect(own).toBeLessThanOrEqual(20_000)
      }
    }),
  )
})

test('twenty calls at once wait for nothing, the next ones a second each, and a flood ends with the flood', () => {
  let at = 0
  const wait = startPace(() => at)
  expect(Array.from({ length: 20 }, () => wait('a'))).toEqual(Array.from({ length: 20 }, () => 0))
  expect([wait('a'), wait('a'), wait('b')]).toEqual([1000, 2000, 0])
  for (let n = 0; n < 100; n += 1) wait('a')
  expect(wait('a')).toBeNull()
  at += 2000
  expect(wait('a')).not.toBeNull()
})
