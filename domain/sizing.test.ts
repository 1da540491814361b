import fc from 'fast-check'
import { expect, test } from 'vitest'
import { channelsNeeded, erlangB, staffing } from './erlang.ts'
import { sizing, usualSizing } from './sizing.ts'

test('the channels of a trunk are the fewest that keep to the share of busy calls', () => {
  // Rows 3 and 4 of the reference values: 16 channels block 2.23 % of ten erlang, 17 block 1.29 %.
  expect(channelsNeeded(10, 0.0223)).toBe(17)
  expect(channelsNeeded(10, 0.0224)).toBe(16)
  expect(channelsNeeded(0, 0.01)).toBe(1)
})

test('seats and channels are the fewest with which what is wanted holds', () => {
  const load = fc.integer({ min: 1, max: 400 })
  fc.assert(
    fc.property(load, (callsAnHour) => {
      const { serviceLevel, within, talk, wrapUp, blocked } = usualSizing
      const found = sizing({ ...usualSizing, callsAnHour })
      const level = (seats: number) => staffing(found.load, seats, talk + wrapUp, within).serviceLevel
      expect(level(found.seats)).toBeGreaterThanOrEqual(serviceLevel)
      expect(level(found.seats - 1)).toBeLessThan(serviceLevel)
      expect(found.planned).toBeGreaterThanOrEqual(found.seats)
      const line = (callsAnHour * (usualSizing.welcome + found.meanWait + talk)) / 3_600_000
      expect(erlangB(line, found.channels)).toBeLessThanOrEqual(blocked)
      expect(erlangB(line, found.channels - 1)).toBeGreaterThan(blocked)
    }),
  )
})
