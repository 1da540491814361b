import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freshMs, idleMs, isFresh, isOpen, sessionMs, stageAfterPassphrase } from './session-limit.ts'

const start = Date.UTC(2026, 10, 22)

test('a session ends after twelve idle hours and after a day however busy', () => {
  fc.assert(
    fc.property(fc.nat(2 * sessionMs), fc.nat(2 * idleMs), (age, idle) => {
      const now = start + age
      const open = isOpen({ seenAt: now - idle, expiresAt: start + sessionMs }, now)
      expect(open).toBe(age < sessionMs && idle < idleMs)
    }),
  )
})

test('somebody is fresh for ten minutes, never before they showed who they are', () => {
  fc.assert(
    fc.property(fc.integer({ min: -freshMs, max: 3 * freshMs }), (later) => {
      expect(isFresh(start, start + later)).toBe(later >= 0 && later < freshMs)
    }),
  )
  expect(isFresh(null, start)).toBe(false)
})

test('G24-7.5c: a second factor is asked for wherever there is one, and must be set up except in a demonstration', () => {
  fc.assert(
    fc.property(fc.nat(5), fc.boolean(), (factors, demo) => {
      const stage = stageAfterPassphrase({ factors, demo })
      expect(stage === 'in').toBe(demo && factors === 0)
      expect(stage === 'prove').toBe(factors > 0)
    }),
  )
})
