import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOpenNow, type Hours } from './hours.ts'

const shanghai = 'Asia/Shanghai'
const weekdays: Hours = {
  always: false,
  days: [1, 2, 3, 4, 5].map((day) => ({ day, from: '09:00', to: '17:30' })),
}
const nights: Hours = { always: false, days: [{ day: 7, from: '22:00', to: '06:00' }] }

test.each([
  ['Monday at nine in Shanghai', '2026-11-23T01:00:00Z', true],
  ['a minute earlier', '2026-11-23T00:59:59Z', false],
  ['Friday at the end of the day', '2026-11-27T09:30:00Z', false],
  ['Saturday', '2026-11-28T03:00:00Z', false],
])('a line of weekdays serves: %s', (_, at, open) => {
  expect(isOpenNow(weekdays, shanghai, new Date(at))).toBe(open)
})

test.each([
  ['Sunday 22:00', '2026-11-22T14:00:00Z', true],
  ['Monday 05:59', '2026-11-22T21:59:00Z', true],
  ['Monday 06:00', '2026-11-22T22:00:00Z', false],
  ['Monday 22:00', '2026-11-23T14:00:00Z', false],
])('a line of one night runs past midnight: %s', (_, at, open) => {
  expect(isOpenNow(nights, shanghai, new Date(at))).toBe(open)
})

test('a line that always serves serves at any instant, one without stretches never', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (at) => {
      expect(isOpenNow({ always: true }, shanghai, at)).toBe(true)
      expect(isOpenNow({ always: false, days: [] }, shanghai, at)).toBe(false)
    }),
  )
})

test('whole days of the whole week are the same as always', () => {
  const days = [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, from: '00:00', to: '24:00' }))
  const around = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true })
  fc.assert(fc.property(around, (at) => isOpenNow({ always: false, days }, 'Europe/Berlin', at)))
})
