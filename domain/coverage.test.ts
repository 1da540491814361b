import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coverage, minutesBelow, type StaffedPeriod } from './coverage.ts'

const minute = 60_000
const period = (seat: string, from: number, to: number | null): StaffedPeriod => ({
  seat,
  from: from * minute,
  to: to === null ? null : to * minute,
})

test('G24-3.2.1b: two seats all the time leave no minute below two', () => {
  const minutes = coverage([period('a', 0, null), period('b', 0, null)], 0, 5 * minute)
  expect(minutes).toEqual([2, 2, 2, 2, 2])
  expect(minutesBelow(minutes, 2)).toBe(0)
})

test('G24-3.2.1b: a gap inside a minute counts for that minute', () => {
  const minutes = coverage(
    [period('a', 0, null), period('b', 0, 1.5), period('c', 1.75, null)],
    0,
    3 * minute,
  )
  expect(minutes).toEqual([2, 1, 2])
  expect(minutesBelow(minutes, 2)).toBe(1)
})

test('a hand-over without a gap, and overlapping stretches of one seat, count once', () => {
  expect(coverage([period('a', 0, 1.5), period('b', 1.5, 3)], 0, 3 * minute)).toEqual([1, 1, 1])
  expect(coverage([period('a', 0, 2), period('a', 1, 3)], 0, 3 * minute)).toEqual([1, 1, 1])
})

test('each minute has the lowest number of seats found by looking at every instant', () => {
  const some = fc.record({ seat: fc.constantFrom('a', 'b', 'c'), from: fc.nat(40), length: fc.nat(40) })
  fc.assert(
    fc.property(fc.array(some, { maxLength: 8 }), (given) => {
      const tick = minute / 4
      const periods = given.map((each) => ({
        seat: each.seat,
        from: each.from * tick,
        to: (each.from + each.length) * tick,
      }))
      const staffed = (at: number): number =>
        new Set(periods.filter((each) => each.from <= at && at < each.to).map((each) => each.seat)).size
      const expected = Array.from({ length: 20 }, (_, index) =>
        Math.min(...[0, 1, 2, 3].map((quarter) => staffed((index * 4 + quarter) * tick))),
      )
      expect(coverage(periods, 0, 20 * minute)).toEqual(expected)
    }),
  )
})
