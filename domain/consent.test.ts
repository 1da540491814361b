import { expect, test } from 'vitest'
import { consentByKey, consentBySilence, consents, consentWithdrawn, mayRecord } from './consent.ts'

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
