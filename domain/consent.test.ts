import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  consentByKey,
  consentBySilence,
  consents,
  consentStates,
  consentWithdrawn,
  mayRecord,
  mayUse,
  purposes,
  recordingEntry,
  standingConsent,
  whenDeclined,
  type ConsentEntry,
} from './consent.ts'

test('G24-7.5a: only given consent allows recording', () => {
  expect(consents.filter(mayRecord)).toEqual(['given'])
  expect(mayRecord(null)).toBe(false)
})

test('refusing always counts; agreeing counts only while nothing was decided; silence overrides nothing', () => {
  expect(consentByKey('given', '2')).toBe('refused')
  expect(consentByKey('refused', '1')).toBe('refused')
  expect(consentByKey(null, '1')).toBe('given')
  expect(consentBySilence('given')).toBe('given')
  expect(consentBySilence(null)).toBe('silent')
})

test('only what was given can be withdrawn', () => {
  expect(consents.map(consentWithdrawn)).toEqual(['withdrawn', 'refused', 'silent', 'withdrawn'])
})

const entries: fc.Arbitrary<ConsentEntry[]> = fc.array(
  fc.record({ purpose: fc.constantFrom(...purposes), state: fc.constantFrom(...consentStates) }),
)

test('PIPL 13(4): whoever calls is helped, whatever was refused, and by whomever, a child without a guardian too', () => {
  fc.assert(
    fc.property(entries, (said) => {
      expect(mayUse('service', standingConsent(said, 'service'))).toBe(true)
    }),
  )
})

test('G24-7.5a: consent is given for one purpose at a time, and the latest word stands', () => {
  fc.assert(
    fc.property(entries, fc.constantFrom(...purposes), (said, purpose) => {
      const own = said.filter((entry) => entry.purpose === purpose)
      expect(standingConsent(said, purpose)).toBe(own.at(-1)?.state ?? null)
      if (purpose !== 'service')
        expect(mayUse(purpose, standingConsent(said, purpose))).toBe(own.at(-1)?.state === 'given')
    }),
  )
})

test('a no after a yes withdraws; without one it refuses', () => {
  expect([null, ...consentStates].map(whenDeclined)).toEqual(['refused', 'withdrawn', 'refused', 'withdrawn'])
})

test('G24-7.5a: silence is written down as silence, never as consent', () => {
  expect(recordingEntry('silent', 'nobody')).toEqual({ state: 'refused', how: 'silence' })
  expect(recordingEntry('given', 'caller')).toEqual({ state: 'given', how: 'key' })
  expect(recordingEntry('withdrawn', 'counsellor')).toEqual({ state: 'withdrawn', how: 'spoken' })
  expect(recordingEntry(null, 'nobody')).toBeNull()
})
