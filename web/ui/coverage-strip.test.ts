import { expect, test } from 'vitest'
import { minuteName, runsOf } from './CoverageStrip.tsx'

test('equal minutes of coverage are one run, and the future is none (G24-3.2.1b)', () => {
  expect(runsOf([1, 1, 2, 2, 2, null, null])).toEqual([
    { from: 0, to: 2, seats: 1 },
    { from: 2, to: 5, seats: 2 },
    { from: 5, to: 7, seats: null },
  ])
  expect(runsOf([])).toEqual([])
})

test('a minute of the day is shown as on a clock', () => {
  expect([0, 90, 1440].map(minuteName)).toEqual(['00:00', '01:30', '24:00'])
})
