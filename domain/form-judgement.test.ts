import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareVersions } from './form-comparison.ts'
import { moveItem } from './form-editing.ts'
import { judgeForm, type FormFault } from './form-judgement.ts'
import { withOverlay } from './overlay.ts'
import { Problem } from './problem.ts'
import {
  allItems,
  bothTexts,
  extensions,
  questionnaire,
  type Item,
  type Questionnaire,
} from './questionnaire.ts'

const shipped = questionnaire.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../clinical/forms/base.json'), 'utf8')),
)
const purpose = { url: extensions.purpose, valueString: '提供帮助' }
const both = bothTexts('中文', 'English')
const formWith = (...item: Item[]): Questionnaire => ({
  resourceType: 'Questionnaire',
  url: 'urn:test:form',
  version: '1',
  title: 't',
  status: 'draft',
  item,
})
const question = (linkId: string, type: Item['type'], more: Partial<Item> = {}): Item => ({
  linkId,
  type,
  ...both,
  extension: [purpose],
  ...more,
})
const option = (code: string, ordinal?: number) => ({
  valueCoding: {
    code,
    display: '中文',
    ...(both._text && { _display: both._text }),
    ...(ordinal === undefined ? {} : { extension: [{ url: extensions.ordinal, valueDecimal: ordinal }] }),
  },
})
const choice = question('choice', 'choice', { answerOption: [option('a', 1), option('b', 2)] })
const faults = (...item: Item[]): FormFault[] => judgeForm(formWith(...item))

test('the shipped form has no fault', () => {
  expect(judgeForm(shipped, { core: shipped })).toEqual([])
})

test('duplicate link ids, missing words, and (G24-7.5b) a question without a purpose are faults', () => {
  expect(faults(question('a', 'boolean'), question('a', 'string'))).toContainEqual({
    linkId: 'a',
    code: 'duplicate',
  })
  expect(faults({ linkId: 'a', type: 'boolean', text: '只有中文', extension: [purpose] })).toEqual([
    { linkId: 'a', code: 'noWordsEn' },
  ])
  expect(faults({ linkId: 'a', type: 'boolean', ...bothTexts('', 'English'), extension: [purpose] })).toEqual(
    [{ linkId: 'a', code: 'noWordsZh' }],
  )
  expect(faults({ linkId: 'a', type: 'boolean', ...both })).toEqual([{ linkId: 'a', code: 'noPurpose' }])
  expect(faults({ linkId: 'a', type: 'display', ...both })).toEqual([])
  expect(faults({ linkId: 'a', type: 'group', ...both })).toEqual([{ linkId: 'a', code: 'groupEmpty' }])
  expect(faults({ linkId: 'a', type: 'display', ...both, required: true })).toEqual([
    { linkId: 'a', code: 'displayRequired' },
  ])
})

test('a condition asks an earlier question for an answer that it can have', () => {
  const asked = (enableWhen: NonNullable<Item['enableWhen']>[number], ...before: Item[]): string[] =>
    faults(
      ...before,
      question('own', 'boolean', { enableWhen: [enableWhen] }),
      question('later', 'boolean'),
    ).map((each) => each.code)
  const number = question('number', 'integer')
  expect(asked({ question: 'choice', operator: '=', answerCoding: { code: 'a' } }, choice)).toEqual([])
  expect(asked({ question: 'choice', operator: 'exists', answerBoolean: true }, choice)).toEqual([])
  expect(asked({ question: 'number', operator: '>', answerInteger: 3 }, number)).toEqual([])
  expect(asked({ question: 'choice', operator: '=', answerCoding: { code: 'z' } }, choice)).toEqual([
    'conditionAnswer',
  ])
  expect(asked({ question: 'choice', operator: '>', answerCoding: { code: 'a' } }, choice)).toEqual([
    'conditionAnswer',
  ])
  expect(asked({ question: 'choice', operator: '=', answerBoolean: true }, choice)).toEqual([
    'conditionAnswer',
  ])
  expect(asked({ question: 'number', operator: '=' }, number)).toEqual(['conditionAnswer'])
  expect(asked({ question: 'later', operator: '=', answerBoolean: true })).toEqual(['conditionLater'])
  expect(asked({ question: 'own', operator: '=', answerBoolean: true })).toEqual(['conditionLater'])
  expect(asked({ question: 'gone', operator: '=', answerBoolean: true })).toEqual(['conditionUnknown'])
})

test('choices have options, each once and with words', () => {
  expect(faults(question('a', 'choice'))).toEqual([{ linkId: 'a', code: 'noOptions' }])
  expect(faults(question('a', 'choice', { answerOption: [option('x'), option('x')] }))).toEqual([
    { linkId: 'a', code: 'optionTwice', about: 'x' },
  ])
  const mute = { valueCoding: { code: 'x', display: '中文' } }
  expect(faults(question('a', 'choice', { answerOption: [mute] }))).toEqual([
    { linkId: 'a', code: 'optionNoWords', about: 'x' },
  ])
})

test('a score adds up numbers and weighted choices, and nothing else', () => {
  const score = (of: string, type: Item['type'] = 'integer'): Item =>
    question('score', type, { extension: [purpose, { url: extensions.score, valueString: of }] })
  expect(faults(choice, question('n', 'decimal'), score('choice n'))).toEqual([])
  const unweighted = question('choice', 'choice', { answerOption: [option('a', 1), option('b')] })
  expect(faults(unweighted, score('choice'))).toEqual([
    { linkId: 'score', code: 'scoreNotNumber', about: 'choice' },
  ])
  expect(faults(question('s', 'string'), score('s'))).toMatchObject([{ code: 'scoreNotNumber', about: 's' }])
  expect(faults(score('score gone'))).toMatchObject([{ code: 'scoreUnknown' }, { code: 'scoreUnknown' }])
  expect(faults(choice, score('choice', 'string'))).toMatchObject([{ code: 'scoreNotNumber' }])
})

test('limits and what an item begins with fit its kind', () => {
  const limits = (least: number, most: number) => [
    purpose,
    { url: extensions.minValue, valueInteger: least },
    { url: extensions.maxValue, valueInteger: most },
  ]
  expect(
    faults(question('a', 'integer', { extension: limits(0, 10), initial: [{ valueInteger: 3 }] })),
  ).toEqual([])
  expect(faults(question('a', 'integer', { extension: limits(10, 0) }))).toMatchObject([
    { code: 'limitsCrossed' },
  ])
  expect(faults(question('a', 'string', { extension: limits(0, 10) }))).toMatchObject([
    { code: 'limitsMisplaced' },
  ])
  expect(faults(question('a', 'boolean', { maxLength: 10 }))).toMatchObject([{ code: 'limitsMisplaced' }])
  const wrong: Partial<Item>[] = [
    { initial: [{ valueInteger: 11 }], extension: limits(0, 10) },
    { initial: [{ valueString: '3' }] },
    { initial: [{ valueInteger: 1 }, { valueInteger: 2 }] },
    { initial: [{}] },
  ]
  for (const more of wrong)
    expect(faults(question('a', 'integer', more))).toEqual([{ linkId: 'a', code: 'initialWrong' }])
})

test('a form is at most five deep', () => {
  const nested = (depth: number): Item =>
    depth === 1
      ? question('leaf', 'boolean')
      : { linkId: `g${depth}`, type: 'group', ...both, item: [nested(depth - 1)] }
  expect(faults(nested(5))).toEqual([])
  expect(faults(nested(6))).toEqual([{ linkId: 'leaf', code: 'tooDeep' }])
})

test("a line's questions stand in groups of the base, and take no link id that is taken", () => {
  const overlay = (...item: Item[]): FormFault[] => judgeForm(formWith(...item), { base: shipped })
  const into = (linkId: string, ...item: Item[]): Item => ({ linkId, type: 'group', item })
  expect(overlay(into('goal', question('x1', 'boolean')))).toEqual([])
  expect(
    overlay(
      into(
        'goal',
        question('x1', 'boolean', {
          enableWhen: [{ question: 'danger', operator: '=', answerCoding: { code: 'plan' } }],
        }),
      ),
    ),
  ).toEqual([])
  expect(overlay(into('goal', question('danger', 'boolean')))).toEqual([
    { linkId: 'danger', code: 'overlayCollision' },
  ])
  expect(overlay(question('x1', 'boolean'))).toEqual([{ linkId: 'x1', code: 'nowhere' }])
})

test('G24-4.4.1: an overlay without faults can be laid on its base for a contact, whatever is in it', () => {
  const anId = fc.constantFrom('x1', 'x2', 'x3', 'danger', 'goal', 'rapport', 'notes-group')
  const aLeaf = fc.record({ linkId: anId, type: fc.constantFrom('boolean' as const, 'group' as const) })
  const anOverlay = fc.array(
    fc.record({ linkId: anId, type: fc.constant('group' as const), item: fc.array(aLeaf, { maxLength: 3 }) }),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(anOverlay, (item) => {
      const form = formWith(...item)
      const codes = judgeForm(form, { base: shipped }).map((each) => each.code)
      const clash = codes.some((code) => ['duplicate', 'overlayCollision', 'nowhere'].includes(code))
      const laid = (() => {
        try {
          return withOverlay(shipped, form)
        } catch (error) {
          return error
        }
      })()
      expect(laid instanceof Problem).toBe(clash)
      if (!clash)
        expect(allItems((laid as Questionnaire).item).length).toBeGreaterThanOrEqual(
          allItems(shipped.item).length,
        )
    }),
  )
})

test('two versions that ask the same have no difference; what was added one way was removed the other', () => {
  expect(compareVersions(shipped, structuredClone(shipped))).toEqual([])
  const ids = allItems(shipped.item).map((each) => each.linkId)
  const drop = (items: readonly Item[], gone: ReadonlySet<string>): Item[] =>
    items
      .filter((each) => !gone.has(each.linkId))
      .map((each) => (each.item ? { ...each, item: drop(each.item, gone) } : each))
  fc.assert(
    fc.property(fc.subarray(ids), fc.subarray(ids), (a, b) => {
      const [before, after] = [a, b].map((gone) => ({ ...shipped, item: drop(shipped.item, new Set(gone)) }))
      if (!before || !after) throw new Error('two forms')
      const there = compareVersions(before, after)
      const back = compareVersions(after, before)
      const of = (changes: typeof there, kind: string): string[] =>
        changes.filter((each) => each.kind === kind).map((each) => each.linkId)
      expect(of(there, 'added')).toEqual(of(back, 'removed'))
      expect(of(there, 'removed')).toEqual(of(back, 'added'))
      expect([...of(there, 'changed'), ...of(there, 'moved')]).toEqual([])
    }),
  )
})

test('one item carried past its neighbours is one move, not many', () => {
  let form = shipped
  for (let n = 0; n < 4; n += 1) {
    const moved = moveItem(form, 'region', 'up')
    if ('refused' in moved) throw new Error(moved.refused)
    form = moved.form
  }
  expect(compareVersions(shipped, form)).toMatchObject([
    { kind: 'moved', linkId: 'region', from: 'rapport', to: 'rapport' },
  ])
})
