import fc from 'fast-check'
import { expect, test } from 'vitest'
import { baseForm, wholeResponse } from '../test/answers.ts'
import { mergeAnswers, sealedAnswers, splitAnswers } from './answers-sealing.ts'
import { coreOfResponse } from './form.ts'
import { questionnaireResponse } from './questionnaire.ts'
import { fromResponse, toResponse } from './response.ts'
import { anyAnswered } from './testing/forms.ts'

const throughJson = <T>(value: T): unknown => JSON.parse(JSON.stringify(value))

test('G24-7.5b: what is taken out of answers comes back to its place, through storage too', () => {
  fc.assert(
    fc.property(anyAnswered, ({ form, answers }) => {
      const response = toResponse(form, answers)
      const { open, sealed } = splitAnswers(form, response)
      const stored = questionnaireResponse.parse(throughJson(open))
      const back = mergeAnswers(stored, sealedAnswers.parse(throughJson(sealed)))
      expect(back).toEqual(response)
      expect(fromResponse(form, back)).toEqual(fromResponse(form, response))
      expect(splitAnswers(form, back)).toEqual({ open, sealed })
    }),
  )
})

test('G24-7.5b: the open part holds no typed word, whatever the form asks', () => {
  fc.assert(
    fc.property(anyAnswered, ({ form, answers }) => {
      const { open } = splitAnswers(form, toResponse(form, answers))
      expect(JSON.stringify(open)).not.toContain('valueString')
    }),
  )
})

test('G24-7.5b: identifying questions are sealed, codes that statistics need stay readable', () => {
  const given = {
    notes: '小王说',
    region: '杭州',
    riskReason: '今晚',
    ownWords: '好些',
    problems: ['family'],
  }
  const { open, sealed } = splitAnswers(baseForm, wholeResponse(given))
  expect(Object.keys(sealed).sort()).toEqual(['notes', 'ownWords', 'region', 'riskReason'])
  expect(coreOfResponse(open)).toMatchObject({ problems: ['family'], notes: '', region: '' })
  expect(coreOfResponse(mergeAnswers(open, sealed))).toMatchObject({ notes: '小王说', region: '杭州' })
})

test('answers to questions that the form does not know are sealed', () => {
  const response = wholeResponse({ problems: ['family'] })
  const { sealed } = splitAnswers({ item: [] }, response)
  expect(sealed['problems']).toEqual([{ valueCoding: { code: 'family' } }])
})
