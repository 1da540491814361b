import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isStepOf, missingSteps, registerKinds, stepsOf, timeFor, type RegisterStep } from './register.ts'

const kinds = fc.constantFrom(...registerKinds)

test('every register can be brought to its end by its own steps', () => {
  for (const kind of registerKinds) {
    expect(missingSteps(kind, stepsOf[kind])).toEqual([])
    expect(missingSteps(kind, [])).not.toEqual([])
    for (const step of missingSteps(kind, []).flat()) expect(isStepOf(kind, step)).toBe(true)
  }
})

test('a further step never makes more steps missing, and one of each missing group ends it', () => {
  fc.assert(
    fc.property(
      kinds.chain((kind) => fc.tuple(fc.constant(kind), fc.subarray<RegisterStep>([...stepsOf[kind]]))),
      fc.nat(),
      ([kind, taken], choice) => {
        const missing = missingSteps(kind, taken)
        for (const step of stepsOf[kind])
          expect(missingSteps(kind, [...taken, step]).length).toBeLessThanOrEqual(missing.length)
        const chosen = missing.flatMap((group) => group[choice % group.length] ?? [])
        expect(missingSteps(kind, [...taken, ...chosen])).toEqual([])
      },
    ),
  )
})

test('a breach is not over before authority and persons know, or harm was averted (PIPL 57)', () => {
  expect(missingSteps('breach', ['measure', 'told-authority'])).toEqual([['told-persons', 'harm-averted']])
  expect(missingSteps('breach', ['measure', 'told-authority', 'harm-averted'])).toEqual([])
  expect(missingSteps('breach', ['measure', 'told-persons'])).toEqual([['told-authority']])
})

test('a person’s request is answered within 30 days, after it is known who asks', () => {
  expect(timeFor.request).toBe(30 * 24 * 3_600_000)
  expect(missingSteps('request', ['refused'])).toEqual([['identity-checked']])
})
