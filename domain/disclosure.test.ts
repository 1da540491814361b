import fc from 'fast-check'
import { expect, test } from 'vitest'
import { consents } from './consent.ts'
import {
  afterStep,
  basesOf,
  chosenAnswers,
  disclosureBases,
  disclosureFacts,
  disclosurePurposes,
  disclosureStates,
  factMayLeave,
  faultsOf,
  mayIdentify,
  needsDocument,
  questionMayLeave,
  soundMayLeave,
  soundOfLeaves,
  stepsFrom,
  type DisclosedContact,
  type DisclosureStep,
  type DisclosureWish,
} from './disclosure.ts'
import { Problem } from './problem.ts'
import { extensions, type Item } from './questionnaire.ts'

const steps: readonly DisclosureStep[] = ['approve', 'refuse', 'withdraw', 'package', 'hand-over', 'receive']

const items: Item[] = [
  { linkId: 'age', type: 'choice' },
  { linkId: 'words', type: 'text' },
  { linkId: 'name', type: 'string' },
  { linkId: 'village', type: 'choice', extension: [{ url: extensions.identifying, valueBoolean: true }] },
  { linkId: 'sleepless', type: 'boolean' },
]

const wishes: fc.Arbitrary<DisclosureWish> = fc.record({
  purpose: fc.constantFrom(...disclosurePurposes),
  basis: fc.constantFrom(...disclosureBases),
  document: fc.constantFrom('', ' ', '京公协查〔2026〕1号'),
  facts: fc.subarray([...disclosureFacts]),
  questions: fc.subarray(items.map(({ linkId }) => linkId)),
  sound: fc.boolean(),
})
const contacts: fc.Arbitrary<DisclosedContact> = fc.record({
  number: fc.integer({ min: 1 }),
  recording: fc.constantFrom(null, ...consents),
  disclosure: fc.constantFrom(null, 'given' as const, 'refused' as const, 'withdrawn' as const),
})

const judged = (wish: DisclosureWish, of: readonly DisclosedContact[]) =>
  faultsOf(
    wish,
    items.filter(({ linkId }) => wish.questions.includes(linkId)),
    of,
  )

test('G24-7.5c: nothing leaves without a basis that carries its purpose, nor by consent that does not stand', () => {
  fc.assert(
    fc.property(wishes, fc.array(contacts, { maxLength: 4 }), (wish, of) => {
      if (judged(wish, of).length > 0) return
      expect(basesOf(wish.purpose)).toContain(wish.basis)
      expect(of.length).toBeGreaterThan(0)
      if (wish.basis === 'consent') expect(of.every(({ disclosure }) => disclosure === 'given')).toBe(true)
      if (needsDocument(wish.basis)) expect(wish.document.trim()).not.toBe('')
    }),
    { numRuns: 3000 },
  )
})

test('G24-7.5c: an evaluator from outside is never given what can tell who somebody is', () => {
  fc.assert(
    fc.property(wishes, fc.array(contacts, { minLength: 1, maxLength: 3 }), (given, of) => {
      const wish = { ...given, purpose: 'evaluation' as const }
      if (judged(wish, of).length > 0) return
      expect(wish.facts).not.toContain('callerNumber')
      expect(wish.sound).toBe(false)
      for (const linkId of wish.questions)
        expect(items.some((item) => item.linkId === linkId && !mayIdentify(item))).toBe(true)
    }),
    { numRuns: 3000 },
  )
  expect(factMayLeave('evaluation', 'callerNumber')).toBe(false)
  expect(questionMayLeave('evaluation', { linkId: 'words', type: 'text' })).toBe(false)
  expect(disclosureBases.some((basis) => soundMayLeave('evaluation', basis))).toBe(false)
})

test('G24-7.5a: sound leaves only where the caller’s consent to recording stands', () => {
  fc.assert(
    fc.property(wishes, contacts, (wish, contact) => {
      if (soundOfLeaves(wish, contact)) expect([wish.sound, contact.recording]).toEqual([true, 'given'])
      if (wish.sound && judged(wish, [contact]).length === 0) expect(soundOfLeaves(wish, contact)).toBe(true)
    }),
  )
})

test('G24-6.2.2c: only the answers to questions that were chosen leave', () => {
  const answers = Object.fromEntries(items.map(({ linkId }) => [linkId, { values: ['x'] }]))
  fc.assert(
    fc.property(fc.subarray(Object.keys(answers)), (questions) => {
      expect(Object.keys(chosenAnswers(answers, questions)).toSorted()).toEqual(questions.toSorted())
    }),
  )
})

test('G24-7.5c: nobody decides their own request, in no state and by no way', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...steps), fc.constantFrom('asker', 'other')), { maxLength: 12 }),
      (done) => {
        let state: (typeof disclosureStates)[number] = 'asked'
        let approvedBy: string | null = null
        for (const [step, person] of done) {
          try {
            state = afterStep({ state, askedBy: 'asker' }, step, person)
            if (step === 'approve') approvedBy = person
          } catch (error) {
            expect(error).toBeInstanceOf(Problem)
          }
        }
        if (['approved', 'packaged', 'handed-over', 'received'].includes(state))
          expect(approvedBy).toBe('other')
      },
    ),
  )
})

test('a disclosure goes one way and ends: refused, withdrawn and received are for good', () => {
  for (const end of ['refused', 'withdrawn', 'received'] as const) expect(stepsFrom(end)).toEqual([])
  for (const state of disclosureStates)
    for (const step of steps) {
      const ask = () => afterStep({ state, askedBy: 'asker' }, step, 'other')
      if (!stepsFrom(state).includes(step)) expect(ask).toThrow('disclosure.wrongState')
      else expect(disclosureStates.indexOf(ask())).toBeGreaterThan(disclosureStates.indexOf(state))
    }
})
