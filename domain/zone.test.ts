import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayOf, nextDay, startOfDay } from './zone.ts'

test('a night call at 00:10 in Shanghai belongs to the new day, though it is still yesterday in UTC', () => {
  expect(dayOf(Date.parse('2026-11-20T16:10:00Z'), 'Asia/Shanghai')).toBe('2026-11-21')
  expect(startOfDay('2026-11-21', 'Asia/Shanghai')).toBe(Date.parse('2026-11-20T16:00:00Z'))
})

test('days of clock changes have 23 and 25 hours', () => {
  const hours = (day: string): number =>
    (startOfDay(nextDay(day), 'Europe/Berlin') - startOfDay(day, 'Europe/Berlin')) / 3_600_000
  expect([hours('2026-03-29'), hours('2026-10-25'), hours('2026-11-21')]).toEqual([23, 25, 24])
})

test('every instant lies inside its own day', () => {
  const zone = fc.constantFrom('Asia/Shanghai', 'Asia/Urumqi', 'UTC', 'Europe/Berlin', 'America/New_York')
  fc.assert(
    fc.property(fc.integer({ min: 1_500_000_000, max: 2_000_000_000 }), zone, (seconds, name) => {
      const at = seconds * 1000
      const day = dayOf(at, name)
      expect(startOfDay(day, name)).toBeLessThanOrEqual(at)
      expect(startOfDay(nextDay(day), name)).toBeGreaterThan(at)
    }),
  )
})
