import fc from 'fast-check'
import { expect, test } from 'vitest'
import { delayAfter, failuresAfter, forgottenAfterMs, freeForAccount } from './lock-out.ts'

test('G24-3.3: the first failures are free, then every further one makes the wait longer, up to a quarter of an hour', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: 1, max: 50 }), (failures, free) => {
      const wait = delayAfter(failures, free)
      const next = delayAfter(failures + 1, free)
      expect(wait === 0).toBe(failures < free)
      expect(next).toBeGreaterThanOrEqual(wait)
      if (wait > 0 && wait < 15 * 60_000) expect(next).toBeGreaterThan(wait)
      expect(next).toBeLessThanOrEqual(15 * 60_000)
    }),
  )
  expect(delayAfter(freeForAccount, freeForAccount)).toBe(5000)
})

test('failures add up while they come within the hour, and are forgotten after it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(2 * forgottenAfterMs), (failures, laterMs) => {
      const count = failuresAfter({ failures, at: 1000 }, 1000 + laterMs)
      expect(count).toBe(laterMs < forgottenAfterMs ? failures + 1 : 1)
    }),
  )
  expect(failuresAfter(null, 0)).toBe(1)
})
