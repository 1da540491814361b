import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  askedItems,
  checkAnswers,
  countedAnswers,
  fittingAnswers,
  initialAnswers,
  isAnswerTo,
  missingRequired,
  scoreFor,
  valuesOf,
  visibleItems,
  withScores,
} from './answers.ts'
import { allItems, extensions, type Answers, type Condition, type Item } from './questionnaire.ts'
import { aForm, answerTo, anyAnswered } from './testing/forms.ts'

const choice = (linkId: string, more: Partial<Item> = {}): Item => ({
  linkId,
  type: 'choice',
  answerOption: ['no', 'some', 'yes'].map((code, place) => ({
    valueCoding: { code, display: code, extension: [{ url: extensions.ordinal, valueDecimal: place }] },
  })),
  ...more,
})
const chosen = (code: string) => ({ values: [code] })
const when = (question: string, code: string): Condition => ({
  question,
  operator: '=',
  answerCoding: { code },
})

test('G24-4.4.1: what was answered to hidden questions changes nothing: not what is shown, not what is missing, not what counts', () => {
  fc.assert(
    fc.property(anyAnswered, ({ form, answers }) => {
      const visible = visibleItems(form, answers)
      const shownOnly = Object.fromEntries(Object.entries(answers).filter(([linkId]) => visible.has(linkId)))
      expect(visibleItems(form, shownOnly)).toEqual(visible)
      expect(missingRequired(form, shownOnly)).toEqual(missingRequired(form, answers))
      expect(countedAnswers(form, answers)).toEqual(shownOnly)
    }),
  )
})

test('G24-4.4.1: nothing is shown inside a hidden group', () => {
  fc.assert(
    fc.property(anyAnswered, ({ form, answers }) => {
      const visible = visibleItems(form, answers)
      for (const group of allItems(form.item))
        if (!visible.has(group.linkId))
          expect(allItems(group.item ?? []).some((item) => visible.has(item.linkId))).toBe(false)
    }),
  )
})

test('G24-4.4.1: a question is shown when all of its conditions hold, or any of them, as the form says', () => {
  const two = (enableBehavior: 'all' | 'any') =>
    aForm([
      choice('one'),
      choice('two'),
      choice('third', { enableWhen: [when('one', 'yes'), when('two', 'yes')], enableBehavior }),
    ])
  const shown = (behaviour: 'all' | 'any', answers: Answers) =>
    visibleItems(two(behaviour), answers).has('third')
  const half = { one: chosen('yes'), two: chosen('no') }
  expect(shown('all', half)).toBe(false)
  expect(shown('any', half)).toBe(true)
  expect(shown('all', { one: chosen('yes'), two: chosen('yes') })).toBe(true)
  expect(shown('any', {})).toBe(false)
})

test('an unknown answer meets no condition but "not answered" and "is not", and a circle of conditions hides its questions', () => {
  const on = (operator: Condition['operator'], more: Partial<Condition>) =>
    aForm([choice('one'), choice('two', { enableWhen: [{ question: 'one', operator, ...more }] })])
  const unknown: Answers = { one: { absent: 'unknown' } }
  expect(visibleItems(on('exists', { answerBoolean: true }), unknown).has('two')).toBe(false)
  expect(visibleItems(on('exists', { answerBoolean: false }), unknown).has('two')).toBe(true)
  expect(visibleItems(on('!=', { answerCoding: { code: 'no' } }), unknown).has('two')).toBe(true)
  const circle = aForm([
    choice('one', { enableWhen: [when('two', 'yes')] }),
    choice('two', { enableWhen: [when('one', 'yes')] }),
  ])
  expect([...visibleItems(circle, { one: chosen('yes'), two: chosen('yes') })]).toEqual([])
})

test('numbers and days are compared by their size', () => {
  const on = (more: Partial<Condition>, type: Item['type']) =>
    aForm([
      { linkId: 'one', type },
      { linkId: 'two', type: 'string', enableWhen: [{ question: 'one', operator: '>=', ...more }] },
    ])
  const shown = (form: ReturnType<typeof on>, value: number | string) =>
    visibleItems(form, { one: { values: [value] } }).has('two')
  expect(shown(on({ answerInteger: 9 }, 'integer'), 10)).toBe(true)
  expect(shown(on({ answerInteger: 9 }, 'integer'), 8)).toBe(false)
  expect(shown(on({ answerDate: '2026-02-01' }, 'date'), '2026-10-01')).toBe(true)
  expect(shown(on({ answerDate: '2026-02-01' }, 'date'), '2026-01-31')).toBe(false)
})

test('G24-4.4.1: every answer that fits is taken; a wrong one is refused by its question alone', () => {
  fc.assert(
    fc.property(anyAnswered, ({ form, answers }) => {
      expect(() => checkAnswers(form, answers)).not.toThrow()
      expect(fittingAnswers(form, answers)).toEqual(answers)
      const wrong = {
        ...answers,
        q0: { values: ['秘密的话', '秘密的话'] },
        elsewhere: { values: ['秘密的话'] },
      }
      let refused: unknown = null
      try {
        checkAnswers(form, wrong)
      } catch (error) {
        refused = error
      }
      expect(refused).toMatchObject({ code: 'answers.invalid' })
      expect(new Set((refused as { detail: { items: string[] } }).detail.items)).toEqual(
        new Set(['q0', 'elsewhere']),
      )
      expect(JSON.stringify(refused)).not.toContain('秘密')
      expect(fittingAnswers(form, wrong)).toEqual(fittingAnswers(form, { ...answers, q0: wrong.q0 }))
    }),
  )
})

test('limits, lengths, options, whole numbers, days and absences are checked as the form says', () => {
  const limits = [
    { url: extensions.minValue, valueInteger: 0 },
    { url: extensions.maxValue, valueInteger: 100 },
  ]
  const rating: Item = { linkId: 'rating', type: 'integer', extension: limits }
  const taken = (item: Item, value: string | number | boolean | { other: string }) =>
    isAnswerTo(item, { values: [value] })
  expect([0, 100, -1, 101, 50.5, Number.NaN].map((n) => taken(rating, n))).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ])
  const text: Item = { linkId: 'text', type: 'string', maxLength: 4 }
  expect([taken(text, '四个字啊'), taken(text, '五个字长度')]).toEqual([true, false])
  expect([taken(choice('c'), 'yes'), taken(choice('c'), 'perhaps')]).toEqual([true, false])
  expect(taken(choice('c'), { other: '自己的话' })).toBe(false)
  expect(taken(choice('c', { type: 'open-choice' }), { other: '自己的话' })).toBe(true)
  const day: Item = { linkId: 'day', type: 'date' }
  expect([taken(day, '2026-02-28'), taken(day, '2026-02-30'), taken(day, 'soon')]).toEqual([
    true,
    false,
    false,
  ])
  expect(isAnswerTo(choice('c'), { values: ['yes', 'no'] })).toBe(false)
  expect(isAnswerTo(choice('c', { repeats: true }), { values: ['yes', 'no'] })).toBe(true)
  expect(isAnswerTo(choice('c', { repeats: true }), { values: ['yes', 'yes'] })).toBe(false)
})

test('G24-4.3.4: "unknown, not asked, declined" is an answer, but not to the danger question', () => {
  const danger = choice('danger', {
    required: true,
    extension: [{ url: extensions.mayBeAbsent, valueBoolean: false }],
  })
  const form = aForm([danger, choice('other', { required: true })])
  expect(isAnswerTo(danger, { absent: 'not-asked' })).toBe(false)
  expect(missingRequired(form, {})).toEqual(['danger', 'other'])
  expect(missingRequired(form, { other: { absent: 'declined' } })).toEqual(['danger'])
})

test('what is missing is required, shown and unanswered; answering it is enough', () => {
  fc.assert(
    fc.property(anyAnswered, fc.nat(), ({ form, answers }, seed) => {
      const missing = missingRequired(form, answers)
      for (const linkId of missing) expect(answers[linkId]).toBeUndefined()
      const first = askedItems(form, answers).find((item) => item.linkId === missing[0])
      if (!first) return
      const [answer] = fc.sample(answerTo(first), { numRuns: 1, seed })
      if (answer)
        expect(missingRequired(form, { ...answers, [first.linkId]: answer })).not.toContain(first.linkId)
    }),
  )
})

test('a blank text is no answer', () => {
  const form = aForm([{ linkId: 'why', type: 'text', required: true }])
  expect(missingRequired(form, { why: { values: ['  \n'] } })).toEqual(['why'])
})

const scored = aForm([
  choice('one'),
  choice('two'),
  { linkId: 'three', type: 'integer', enableWhen: [when('one', 'yes')] },
  { linkId: 'sum', type: 'integer', extension: [{ url: extensions.score, valueString: 'one two three' }] },
])

test('a calculated score is the sum of its parts, and none as long as one of them is missing, unknown or hidden', () => {
  const all: Answers = { one: chosen('yes'), two: chosen('some'), three: { values: [4] } }
  const sum = (answers: Answers) => valuesOf(withScores(scored, answers)['sum'])[0] ?? null
  expect(sum(all)).toBe(2 + 1 + 4)
  expect(sum({ ...all, two: { absent: 'unknown' } })).toBe(null)
  expect(sum({ one: chosen('yes'), two: chosen('some') })).toBe(null)
  // Hidden by the answer to the first: what was answered to it before does not count.
  expect(sum({ ...all, one: chosen('some') })).toBe(null)
})

test('a score that was sent is replaced by the one that is true', () => {
  fc.assert(
    fc.property(fc.integer(), (sent) => {
      const given: Answers = {
        one: chosen('yes'),
        two: chosen('no'),
        three: { values: [1] },
        sum: { values: [sent] },
      }
      expect(() => checkAnswers(scored, given)).not.toThrow()
      expect(withScores(scored, given)['sum']).toEqual({ values: [3] })
      expect(withScores(scored, { sum: { values: [sent] } })).toEqual({})
      expect(scoreFor(scored, given, choice('one'))).toBe(null)
    }),
  )
})

test('a form starts with its initial answers, and a fixed one stays as it is', () => {
  const form = aForm([choice('kind', { readOnly: true, initial: [{ valueCoding: { code: 'yes' } }] })])
  expect(initialAnswers(form)).toEqual({ kind: chosen('yes') })
  expect(() => checkAnswers(form, { kind: chosen('yes') })).not.toThrow()
  expect(() => checkAnswers(form, { kind: chosen('no') })).toThrow('answers.invalid')
})
