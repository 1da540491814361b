import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  abandonment,
  answeredRate,
  averageHandling,
  mean,
  occupancy,
  percentile,
  serviceLevels,
  waits,
  type Waited,
} from './measure.ts'

const many = (count: number, wait: number, answered: boolean): Waited[] =>
  Array.from({ length: count }, () => ({ wait, answered }))

/** facts/standards.md §4.2: 100 offered; 70 answered in time, 15 later; 9 left in time (4 of them at once), 6 later. */
const hundred = [
  ...many(70, 12_000, true),
  ...many(15, 40_000, true),
  ...many(4, 5_000, false),
  ...many(5, 15_000, false),
  ...many(6, 60_000, false),
]

test('the five service levels of one set of data differ as the formulas say', () => {
  const levels = serviceLevels(hundred, 20_000)
  expect(levels['SL-A']).toBeCloseTo(0.8235, 4)
  expect(levels['SL-B']).toBeCloseTo(0.7, 4)
  expect(levels['SL-C']).toBeCloseTo(0.7692, 4)
  expect(levels['SL-D']).toBeCloseTo(0.79, 4)
  expect(levels['SL-E']).toBeCloseTo(0.7292, 4)
})

test('abandoned and answered shares of the same data', () => {
  expect(abandonment(hundred).all).toBeCloseTo(0.15, 4)
  expect(abandonment(hundred).withoutShort).toBeCloseTo(0.1146, 4)
  expect(answeredRate(hundred)).toBeCloseTo(0.85, 4)
})

test('with nothing to count a measure is undefined, never 0', () => {
  expect(Object.values(serviceLevels([], 20_000))).toEqual([null, null, null, null, null])
  expect([answeredRate([]), mean([]), percentile([], 90), occupancy(0, 0)]).toEqual([null, null, null, null])
})

test('percentiles are nearest rank', () => {
  const values = [15, 20, 35, 40, 50]
  expect([5, 30, 40, 50, 100].map((p) => percentile(values, p))).toEqual([15, 20, 20, 35, 50])
})

test('ASA is the mean of the answered; the mean of all stands beside it', () => {
  const all: Waited[] = [...many(1, 10, true), ...many(1, 30, true), ...many(1, 80, false)]
  expect(waits(all)).toEqual({ asa: 20, meanOfAll: 40, p90OfAll: 80, p90OfAnswered: 30, longest: 80 })
})

test('handling is talk, hold and wrap-up together', () => {
  expect(
    averageHandling([
      { talk: 60, hold: 10, wrapUp: 30 },
      { talk: 100, hold: 0, wrapUp: 0 },
    ]),
  ).toBe(100)
})

test('every share lies between nothing and all, and the answered rate is never below SL-B', () => {
  const waited = fc.record({ wait: fc.nat(100_000), answered: fc.boolean() })
  fc.assert(
    fc.property(fc.array(waited), fc.integer({ min: 1, max: 60_000 }), (all, threshold) => {
      const levels = serviceLevels(all, threshold)
      for (const level of Object.values(levels)) {
        if (level !== null) expect(level).toBeGreaterThanOrEqual(0)
      }
      expect(answeredRate(all) ?? 0).toBeGreaterThanOrEqual(levels['SL-B'] ?? 0)
    }),
  )
})
