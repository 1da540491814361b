import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answered, baseForm, wholeAnswers } from '../test/answers.ts'
import { initialAnswers, isQuestion } from './answers.ts'
import {
  ageGroups,
  contactClasses,
  coreOf,
  coreOfResponse,
  dangerAnswers,
  endangersOthers,
  findingsOf,
  formOutcomes,
  missingForClosing,
  protocolsOf,
} from './form.ts'
import { groups, levels } from './population.ts'
import { problemTypes } from './problem-type.ts'
import { allItems, isCore, isIdentifying, mayBeAbsent, purposeOf, stageOf } from './questionnaire.ts'
import { toResponse } from './response.ts'
import { riskLevels, riskRank } from './risk.ts'
import { stages } from './stage.ts'

const items = allItems(baseForm.item)
const codesOf = (linkId: string): string[] =>
  items.find((item) => item.linkId === linkId)?.answerOption?.map((option) => option.valueCoding.code) ?? []
const levelOf = (given: Parameters<typeof answered>[0]) =>
  findingsOf(coreOf(answered(given))).map(({ source, level, code }) => [source, level, code])

test('G24-4.3.1a: the base form follows the five stages in their order, with danger always at the side', () => {
  expect(baseForm.item.map(stageOf).filter((stage) => stage !== null)).toEqual([...stages])
  expect(baseForm.item.find((group) => group.item?.some((item) => item.linkId === 'danger'))).toMatchObject({
    linkId: 'risk-group',
  })
})

test('G24-4.3.4: every contact is asked for state, severity, danger and effect; distress, hope and intent at start and end', () => {
  const asked = new Set(items.filter(isQuestion).map((item) => item.linkId))
  const axes = [
    ['emotions', 'intoxicated', 'orientation', 'alone', 'locationKnown'],
    ['distressBefore', 'function', 'sleep'],
    ['danger', 'means', 'attempts', 'dangerToOthers', 'beingHarmed', 'risk', 'riskReason'],
    ['distressAfter', 'hopeAfter', 'intentAfter', 'planAgreed', 'ownWords', 'hopeBefore', 'intentBefore'],
  ]
  for (const linkId of axes.flat()) expect(asked, linkId).toContain(linkId)
  // One of each axis keeps the record open until it is answered.
  expect(missingForClosing(baseForm, initialAnswers(baseForm))).toEqual(
    expect.arrayContaining(['emotions', 'distressBefore', 'danger', 'distressAfter']),
  )
})

test('G24-4.4.1: the base form has the codes the record reads, both languages, a purpose for every question, and marks what identifies', () => {
  expect(codesOf('danger')).toEqual([...dangerAnswers])
  expect(codesOf('class')).toEqual([...contactClasses])
  expect(codesOf('outcome')).toEqual([...formOutcomes])
  expect(codesOf('risk')).toEqual([...riskLevels])
  expect(codesOf('ageGroup')).toEqual([...ageGroups])
  expect(codesOf('problems')).toEqual(problemTypes.map((type) => type.code))
  expect(codesOf('groups')).toEqual(groups.map((group) => group.code))
  expect(codesOf('levels')).toEqual(levels.map((level) => level.code))
  expect(new Set(items.map((item) => item.linkId)).size).toBe(items.length)
  for (const item of items) {
    expect(item._text?.extension[0]?.extension[1].valueString.trim(), item.linkId).toBeTruthy()
    if (isQuestion(item)) expect([purposeOf(item) !== '', isCore(item)], item.linkId).toEqual([true, true])
  }
  expect(items.filter(isIdentifying).map((item) => item.linkId)).toEqual(
    expect.arrayContaining(['region', 'notes', 'ownWords', 'riskReason', 'givenNote']),
  )
})

test('the danger question cannot be passed over as unknown; every other question about the caller can', () => {
  const strict = items.filter((item) => isQuestion(item) && !mayBeAbsent(item)).map((item) => item.linkId)
  expect(strict).toContain('danger')
  expect(new Set(strict)).toEqual(new Set(['danger', 'risk', 'riskReason', 'class', 'outcome', 'notes']))
})

test('G24-4.3.4: the operational criteria make a contact high or acute, thoughts and a plan alone do not', () => {
  expect(levelOf({ danger: 'in-progress' })).toEqual([['criteria', 'acute', 'danger.in-progress']])
  expect(levelOf({ danger: 'within-72h' })).toEqual([['criteria', 'high', 'danger.within-72h']])
  expect(levelOf({ danger: 'within-week' })).toEqual([['criteria', 'high', 'danger.within-week']])
  expect(levelOf({ attempts: 'recent' })).toEqual([['criteria', 'high', 'attempts.recent']])
  expect(levelOf({ attempts: 'past' })).toEqual([])
  expect(levelOf({ dangerToOthers: 'immediate' })).toEqual([
    ['criteria', 'acute', 'danger-to-others.immediate'],
  ])
  expect(levelOf({ danger: 'plan' })).toEqual([['triage', 'moderate', 'danger.plan']])
  expect(levelOf({ danger: 'ideation' })).toEqual([['triage', 'low', 'danger.ideation']])
  expect(levelOf({ danger: 'none' })).toEqual([])
})

const anyGiven = fc.record({
  danger: fc.constantFrom(...dangerAnswers),
  attempts: fc.constantFrom('none', 'past', 'recent'),
  dangerToOthers: fc.constantFrom('no', 'yes', 'immediate'),
  risk: fc.constantFrom(...riskLevels),
  beingHarmed: fc.constantFrom('no', 'past', 'by-family', 'by-other'),
  ageGroup: fc.constantFrom(...ageGroups),
  medical: fc.constantFrom('no', 'yes'),
  orientation: fc.constantFrom('clear', 'confused', 'voices'),
})
const worst = (given: Parameters<typeof answered>[0]): number =>
  Math.max(0, ...findingsOf(coreOf(answered(given))).map(({ level }) => riskRank(level)))

test('no answer lowers what another one says: the findings are at least the judgement, the criteria at least themselves', () => {
  fc.assert(
    fc.property(anyGiven, (given) => {
      const all = worst(given)
      for (const [linkId, code] of Object.entries(given))
        expect(all).toBeGreaterThanOrEqual(worst({ [linkId]: code }))
    }),
  )
})

test('G24-4.4.1: the class of a contact hides nothing of its danger', () => {
  fc.assert(
    fc.property(anyGiven, fc.constantFrom(...contactClasses), (given, contactClass) => {
      const plain = coreOf(answered(given))
      const classed = coreOf(answered({ ...given, class: contactClass }))
      expect(findingsOf(classed)).toEqual(findingsOf(plain))
      expect(protocolsOf(classed)).toEqual(protocolsOf(plain))
      expect(endangersOthers(classed)).toEqual(endangersOthers(plain))
    }),
  )
})

test('G24-4.3.5: an answer that is high or worse opens a protocol', () => {
  const high = riskRank('high')
  fc.assert(
    fc.property(anyGiven, (given) => {
      const core = coreOf(answered(given))
      const criteria = findingsOf(core).filter(({ source }) => source === 'criteria')
      if (criteria.some(({ level }) => riskRank(level) >= high)) expect(protocolsOf(core)).not.toEqual([])
    }),
  )
})

test('G24-4.3.5: each danger opens its own protocol', () => {
  const opened = (given: Parameters<typeof answered>[0]) => protocolsOf(coreOf(answered(given)))
  expect(opened({ danger: 'in-progress' })).toEqual(['suicide-in-progress'])
  expect(opened({ danger: 'within-72h' })).toEqual(['suicide-72h'])
  expect(opened({ danger: 'within-week' })).toEqual(['suicide-week'])
  expect(opened({ danger: 'plan' })).toEqual(['suicide-ideation'])
  expect(opened({ danger: 'none', attempts: 'recent' })).toEqual(['suicide-week'])
  expect(opened({ dangerToOthers: 'yes' })).toEqual(['danger-to-others'])
  expect(opened({ beingHarmed: 'by-other', ageGroup: '14-17' })).toEqual(['minor-abuse'])
  expect(opened({ beingHarmed: 'by-family', ageGroup: 'under-14' })).toEqual(['minor-abuse'])
  expect(opened({ beingHarmed: 'by-family' })).toEqual(['domestic-violence'])
  expect(opened({ beingHarmed: 'past', ageGroup: 'under-14' })).toEqual([])
  expect(opened({ medical: 'yes', danger: 'in-progress' })).toEqual([
    'medical-emergency',
    'suicide-in-progress',
  ])
  expect(opened({ orientation: 'voices' })).toEqual(['psychosis'])
})

test('G24-4.4.1: what is not counselling needs only its class, and saying so in the outcome asks for the class', () => {
  for (const contactClass of contactClasses.slice(1))
    expect(missingForClosing(baseForm, answered({ class: contactClass }))).toEqual([])
  expect(missingForClosing(baseForm, answered({ outcome: 'not-counselling' }))).toEqual(['class'])
  expect(missingForClosing(baseForm, wholeAnswers())).toEqual([])
  expect(missingForClosing(baseForm, wholeAnswers({ risk: 'low' }))).toEqual(['riskReason'])
})

test('the core answers are read from what is stored without its form', () => {
  const answers = wholeAnswers({ region: '武汉', problems: ['sleep', 'family'], notes: '睡不着' })
  expect(coreOfResponse(toResponse(baseForm, answers))).toEqual(coreOf(answers))
  expect(coreOf(answers)).toMatchObject({
    region: '武汉',
    problems: ['sleep', 'family'],
    class: 'counselling',
  })
  expect(coreOf({ danger: { values: ['perhaps'] }, ageGroup: { absent: 'declined' } })).toMatchObject({
    danger: null,
    ageGroup: null,
  })
})
