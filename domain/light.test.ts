import fc from 'fast-check'
import { expect, test } from 'vitest'
import { colourOf, colours, defaultLights, lightKinds, lightsOf } from './light.ts'

const kinds = fc.constantFrom(...lightKinds)
const worth = fc.oneof(fc.integer({ min: 0, max: 100_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }))

test('G24-5.3.6: a worse figure never has a better colour', () => {
  fc.assert(
    fc.property(kinds, worth, worth, (kind, one, two) => {
      const rule = defaultLights[kind]
      const [better, worse] = [Math.min(one, two), Math.max(one, two)]
      const [a, b] = rule.worse === 'higher' ? [better, worse] : [worse, better]
      expect(colours.indexOf(colourOf(rule, b))).toBeGreaterThanOrEqual(colours.indexOf(colourOf(rule, a)))
    }),
  )
})

test('G24-5.3.6: the lights turn where their rules say', () => {
  const at = (kind: (typeof lightKinds)[number], ...values: (number | null)[]) =>
    values.map((value) => colourOf(defaultLights[kind], value))
  expect(at('longest-wait', null, 19_999, 20_000, 59_999, 60_000)).toEqual([
    'green',
    'green',
    'amber',
    'amber',
    'red',
  ])
  expect(at('service-now', null, 1, 0.8, 0.79, 0.6, 0.59)).toEqual([
    'green',
    'green',
    'green',
    'amber',
    'amber',
    'red',
  ])
  expect(at('reports', null, 0, 59_999, 60_000)).toEqual(['green', 'amber', 'amber', 'red'])
  expect(at('seats', 2, 1, 0.5, 0)).toEqual(['green', 'green', 'amber', 'red'])
})

test('a hotline sets its own thresholds; what cannot be read leaves the rules as they are', () => {
  expect(lightsOf({ lights: { 'longest-wait': { amber: 5_000 } } })['longest-wait']).toMatchObject({
    amber: 5_000,
    red: 60_000,
  })
  fc.assert(
    fc.property(fc.jsonValue(), (nonsense) => {
      expect(Object.keys(lightsOf(nonsense))).toEqual(Object.keys(defaultLights))
    }),
  )
  for (const nonsense of [null, {}, { lights: 'none' }, { lights: { seats: 'two' } }])
    expect(lightsOf(nonsense)).toEqual(defaultLights)
})
