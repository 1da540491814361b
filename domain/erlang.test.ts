import fc from 'fast-check'
import { expect, test } from 'vitest'
import { erlangB, erlangC, seatsNeeded, staffing } from './erlang.ts'

// The numbers in these names are the rows of facts/standards.md §5.2.
test('Erlang B gives the reference values (rows 1 to 4)', () => {
  expect(erlangB(1, 1)).toBe(0.5)
  expect(erlangB(1, 2)).toBeCloseTo(0.2, 12)
  expect(erlangB(2, 3)).toBeCloseTo(4 / 19, 12)
  expect(erlangB(10, 17)).toBeCloseTo(0.012949, 6)
  expect(erlangB(10, 16)).toBeCloseTo(0.022302, 6)
})

test('Erlang C gives the closed-form values (row 15)', () => {
  expect(erlangC(1, 2)).toBeCloseTo(0.333333, 6)
  expect(erlangC(2, 3)).toBeCloseTo(0.444444, 6)
  expect(erlangC(3, 5)).toBeCloseTo(0.236152, 6)
})

test('100 calls in half an hour of three minutes each (rows 11 to 13)', () => {
  const at = (seats: number) => staffing(10, seats, 180_000, 20_000)
  expect(at(14).mustWait).toBeCloseTo(0.174, 3)
  expect(at(14).serviceLevel).toBeCloseTo(0.888, 3)
  expect(at(14).occupancy).toBeCloseTo(0.714, 3)
  expect(at(14).meanWait / 1000).toBeCloseTo(7.84, 1)
  expect([11, 12, 13, 16].map((seats) => Number(at(seats).mustWait.toFixed(4)))).toEqual([
    0.6821, 0.4494, 0.2853, 0.0573,
  ])
  expect([11, 12, 13, 16].map((seats) => Number(at(seats).serviceLevel.toFixed(4)))).toEqual([
    0.3896, 0.6402, 0.7956, 0.9706,
  ])
  expect(at(11).meanWait / 1000).toBeCloseTo(122.78, 1)
})

test('360 calls of four minutes with 55 seats (row 14)', () => {
  const { mustWait, meanWait, serviceLevel, occupancy } = staffing(48, 55, 240_000, 15_000)
  expect(mustWait).toBeCloseTo(0.2387, 4)
  expect(meanWait / 1000).toBeCloseTo(8.18, 2)
  expect(serviceLevel).toBeCloseTo(0.8459, 4)
  expect(occupancy).toBeCloseTo(0.873, 3)
})

test('48 calls a minute and 50 seats (row 16)', () => {
  const { meanWait, meanQueue, occupancy } = staffing(48, 50, 60_000, 20_000)
  expect(meanWait / 1000).toBeCloseTo(20.83, 2)
  expect(meanQueue).toBeCloseTo(16.7, 1)
  expect(occupancy).toBeCloseTo(0.96, 2)
})

test('seats needed are never rounded down, absences included (rows 11 and 12)', () => {
  const given = { load: 10, handling: 180_000, threshold: 20_000, shrinkage: 0.3 }
  expect(seatsNeeded({ ...given, serviceLevel: 0.8 })).toEqual({ seats: 14, planned: 20 })
  expect(seatsNeeded({ ...given, serviceLevel: 0.9 })).toEqual({ seats: 15, planned: 22 })
})

test('more load than seats makes everybody wait, never a negative wait', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 60, noNaN: true }),
      fc.integer({ min: 1, max: 80 }),
      (load, seats) => {
        const result = staffing(load, seats, 60_000, 20_000)
        expect(result.mustWait).toBeGreaterThanOrEqual(0)
        expect(result.mustWait).toBeLessThanOrEqual(1)
        expect(result.meanWait).toBeGreaterThanOrEqual(0)
        if (load >= seats) expect(result).toMatchObject({ mustWait: 1, meanWait: Infinity })
      },
    ),
  )
})
