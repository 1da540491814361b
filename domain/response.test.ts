import fc from 'fast-check'
import { expect, test } from 'vitest'
import { baseForm, wholeAnswers } from '../test/answers.ts'
import { countedAnswers } from './answers.ts'
import { extensions, questionnaireResponse } from './questionnaire.ts'
import { canonicalOf, emptyResponse, fromResponse, toResponse } from './response.ts'
import { aForm, anyAnswered } from './testing/forms.ts'

test('G24-4.4.1: answers come back as they were from what is stored and sent', () => {
  fc.assert(
    fc.property(anyAnswered, ({ form, answers }) => {
      const sent = questionnaireResponse.parse(JSON.parse(JSON.stringify(toResponse(form, answers))))
      expect(fromResponse(form, sent)).toEqual(answers)
      expect(fromResponse(form, toResponse(form, answers, 'left-out'))).toEqual(countedAnswers(form, answers))
    }),
  )
})

test('answers name the version they were given to, stand in its order, and say in FHIR why there is none', () => {
  const form = aForm([
    { linkId: 'first', type: 'group', item: [{ linkId: 'one', type: 'string' }] },
    { linkId: 'two', type: 'boolean' },
  ])
  const response = toResponse(form, { two: { absent: 'declined' }, one: { values: ['词'] } })
  expect(response).toEqual({
    resourceType: 'QuestionnaireResponse',
    questionnaire: 'urn:test:form|1',
    status: 'in-progress',
    item: [
      { linkId: 'first', item: [{ linkId: 'one', answer: [{ valueString: '词' }] }] },
      { linkId: 'two', answer: [{ extension: [{ url: extensions.absent, valueCode: 'asked-declined' }] }] },
    ],
  })
  expect(canonicalOf(form)).toBe('urn:test:form|1')
  expect(emptyResponse(form).item).toEqual([])
})

test('an answer hidden by another is kept when it is stored and left out when it leaves the house', () => {
  const answers = wholeAnswers({ risk: 'none', riskReason: '先写的依据' })
  const kept = fromResponse(baseForm, toResponse(baseForm, answers))
  expect(kept['riskReason']).toEqual({ values: ['先写的依据'] })
  expect(fromResponse(baseForm, toResponse(baseForm, answers, 'left-out'))['riskReason']).toBeUndefined()
})
