import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareVersions } from './form-comparison.ts'
import {
  addItem,
  bothWords,
  changeItem,
  chineseFirst,
  depthOf,
  freeLinkId,
  greatestDepth,
  itemOf,
  moveInto,
  moveItem,
  placeOf,
  removeItem,
  type Edited,
  type ItemChange,
} from './form-editing.ts'
import { judgeForm } from './form-judgement.ts'
import {
  allItems,
  bothTexts,
  isCore,
  itemTypes,
  questionnaire,
  scoreOf,
  type Item,
  type Questionnaire,
} from './questionnaire.ts'

const shipped = questionnaire.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../clinical/forms/base.json'), 'utf8')),
)
const shippedIds = allItems(shipped.item).map((each) => each.linkId)
const coreIds = allItems(shipped.item)
  .filter(isCore)
  .map((each) => each.linkId)

const formOf = (edited: Edited): Questionnaire => {
  if ('refused' in edited) throw new Error(edited.refused)
  return edited.form
}
const purpose = { url: 'urn:hearthline:fhir:purpose', valueString: '提供帮助' }
const aQuestion = (linkId: string, more: Partial<Item> = {}): Item => ({
  linkId,
  type: 'boolean',
  ...bothTexts('是否住校', 'Boards'),
  extension: [purpose],
  ...more,
})

/** Ids an editor could name: those of the form, some it has added, one that is nowhere. */
const anId = fc.constantFrom(...shippedIds, 'q1', 'q2', 'q3', 'q4', 'nowhere')
const words = fc.record({ zh: fc.string({ maxLength: 30 }), en: fc.string({ maxLength: 30 }) })
const aChange: fc.Arbitrary<ItemChange> = fc.record(
  {
    words,
    type: fc.constantFrom(...itemTypes),
    required: fc.boolean(),
    repeats: fc.boolean(),
    maxLength: fc.option(fc.integer({ min: -5, max: 30_000 })),
    least: fc.option(fc.integer({ min: -200, max: 200 })),
    most: fc.option(fc.integer({ min: -200, max: 200 })),
    purpose: fc.string({ maxLength: 20 }),
    identifying: fc.boolean(),
    mayBeAbsent: fc.boolean(),
    options: fc.array(
      fc.record({
        code: fc.constantFrom('a', 'b', 'c', 'not a code'),
        zh: fc.string({ maxLength: 9 }),
        en: fc.string({ maxLength: 9 }),
        ordinal: fc.option(fc.integer({ min: 0, max: 4 })),
      }),
      { maxLength: 4 },
    ),
    conditions: fc.record({
      of: fc.array(
        fc.record({
          question: anId,
          operator: fc.constantFrom('exists' as const, '=' as const),
          answerBoolean: fc.boolean(),
        }),
        { maxLength: 12 },
      ),
      any: fc.boolean(),
    }),
    initial: fc.option(fc.constant([{ valueBoolean: true }])),
    score: fc.option(fc.array(anId, { maxLength: 3 })),
    stage: fc.option(fc.constantFrom('goal' as const, 'summary' as const)),
  },
  { requiredKeys: [] },
)
type Step = (form: Questionnaire) => Edited
const aStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom(...itemTypes), fc.option(anId)).map(([type, into]): Step => (form) => {
    const linkId = freeLinkId(
      allItems(form.item).map((each) => each.linkId),
      'q',
    )
    return addItem(form, { linkId, type }, into)
  }),
  anId.map(
    (linkId): Step =>
      (form) =>
        removeItem(form, linkId),
  ),
  fc.tuple(anId, fc.constantFrom('up' as const, 'down' as const)).map(
    ([linkId, where]): Step =>
      (form) =>
        moveItem(form, linkId, where),
  ),
  fc.tuple(anId, fc.option(anId)).map(
    ([linkId, into]): Step =>
      (form) =>
        moveInto(form, linkId, into),
  ),
  fc.tuple(anId, aChange).map(
    ([linkId, change]): Step =>
      (form) =>
        changeItem(form, linkId, change),
  ),
)

test('G24-4.4.1: whatever an editor does in whatever order, the form can be read, keeps every core question, and is not too deep', () => {
  fc.assert(
    fc.property(fc.array(aStep, { maxLength: 40 }), (steps) => {
      let form = shipped
      for (const step of steps) {
        const edited = step(form)
        if ('refused' in edited) continue
        expect(questionnaire.parse(edited.form)).toEqual(edited.form)
        form = edited.form
      }
      const ids = allItems(form.item).map((each) => each.linkId)
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids).toEqual(expect.arrayContaining(coreIds))
      expect(depthOf(form.item)).toBeLessThanOrEqual(greatestDepth)
      const faults = judgeForm(form, { core: shipped })
      expect(faults.filter((each) => each.code === 'coreMissing' || each.code === 'coreChanged')).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('an item that was added and taken away again leaves the form as it was', () => {
  const groups = [
    null,
    ...allItems(shipped.item)
      .filter((each) => each.type === 'group')
      .map((each) => each.linkId),
  ]
  fc.assert(
    fc.property(fc.constantFrom(...groups), (group) => {
      const added = formOf(addItem(shipped, aQuestion('q1'), group))
      expect(placeOf(added.item, 'q1')?.parent).toBe(group)
      expect(formOf(removeItem(added, 'q1'))).toEqual(shipped)
      expect(compareVersions(shipped, added)).toMatchObject([{ kind: 'added', linkId: 'q1' }])
      expect(compareVersions(added, shipped)).toMatchObject([{ kind: 'removed', linkId: 'q1' }])
    }),
  )
})

test('up and then down is where it was; at the end there is no further', () => {
  fc.assert(
    fc.property(fc.constantFrom(...shippedIds), (linkId) => {
      const up = moveItem(shipped, linkId, 'up')
      if ('refused' in up) expect(placeOf(shipped.item, linkId)?.at).toBe(0)
      else {
        expect(compareVersions(shipped, up.form)).toHaveLength(1)
        expect(moveItem(up.form, linkId, 'down')).toEqual({ form: shipped, linkId })
      }
    }),
  )
  expect(moveItem(shipped, 'nowhere', 'up')).toEqual({ refused: 'unknown' })
})

test('words in both languages are what was written, and a missing one is missing', () => {
  fc.assert(
    fc.property(words, (given) => {
      const form = formOf(changeItem(shipped, 'danger', { words: given }))
      const item = itemOf(form, 'danger')
      expect(bothWords(item?.text, item?._text, form.language)).toEqual(given)
    }),
  )
})

test('a form written in English first says the same after it is turned round', () => {
  const english: Questionnaire = {
    ...shipped,
    language: 'en',
    title: 'A form',
    _title: {
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/translation',
          extension: [
            { url: 'lang', valueCode: 'zh-CN' },
            { url: 'content', valueString: '一张表' },
          ],
        },
      ],
    },
    item: [{ linkId: 'a', type: 'boolean', text: 'Only English' }],
  }
  const turned = chineseFirst(english)
  expect(bothWords(turned.title, turned._title, turned.language)).toEqual({ zh: '一张表', en: 'A form' })
  expect(bothWords(turned.item[0]?.text, turned.item[0]?._text, turned.language)).toEqual({
    zh: '',
    en: 'Only English',
  })
  expect(chineseFirst(shipped)).toBe(shipped)
})

test('what the record itself needs may be reworded and reordered, and become required; nothing else', () => {
  const options = (itemOf(shipped, 'danger')?.answerOption ?? []).map(({ valueCoding }) => ({
    code: valueCoding.code,
    ...bothWords(valueCoding.display, valueCoding._display, 'zh-CN'),
    ordinal: null,
  }))
  const allowed: ItemChange[] = [
    { words: { zh: '有自杀的想法吗', en: 'Any thoughts of suicide' } },
    { purpose: '保护生命' },
    { options: options.toReversed() },
    { required: true },
  ]
  for (const change of allowed)
    expect(judgeForm(formOf(changeItem(shipped, 'danger', change)), { core: shipped })).toEqual([])
  const refused: ItemChange[] = [
    { type: 'string' },
    { required: false },
    { repeats: true },
    { mayBeAbsent: true },
    { options: options.slice(1) },
    { options: [...options, { code: 'more', zh: '更多', en: 'More', ordinal: null }] },
    { conditions: { of: [{ question: 'risk', operator: 'exists', answerBoolean: true }], any: false } },
    { initial: [{ valueCoding: { code: 'none' } }] },
  ]
  for (const change of refused) expect(changeItem(shipped, 'danger', change)).toEqual({ refused: 'core' })
  expect(removeItem(shipped, 'risk-group')).toEqual({ refused: 'core' })
})

test('a core question is not hidden by moving it into a group with a condition', () => {
  const group: Item = {
    linkId: 'q1',
    type: 'group',
    ...bothTexts('少见的情形', 'Rarely'),
    enableWhen: [{ question: 'firstTime', operator: 'exists', answerBoolean: true }],
    item: [aQuestion('q2')],
  }
  const hidden = formOf(moveInto(formOf(addItem(shipped, group, 'summary')), 'outcome', 'q1'))
  expect(judgeForm(hidden, { core: shipped })).toContainEqual({ linkId: 'outcome', code: 'coreHidden' })
})

test('another kind of item keeps only what that kind can have', () => {
  const choice = formOf(
    changeItem(formOf(addItem(shipped, aQuestion('q1'), 'goal')), 'q1', {
      type: 'choice',
      options: [{ code: 'a', zh: '甲', en: 'A', ordinal: 2 }],
      initial: [{ valueCoding: { code: 'a' } }],
    }),
  )
  expect(judgeForm(choice, { core: shipped })).toEqual([])
  const number = formOf(changeItem(choice, 'q1', { type: 'integer', least: 0, most: 10 }))
  expect(itemOf(number, 'q1')).not.toHaveProperty('answerOption')
  expect(itemOf(number, 'q1')).not.toHaveProperty('initial')
  const display = itemOf(formOf(changeItem(number, 'q1', { type: 'display' })), 'q1')
  expect(display).toEqual({ linkId: 'q1', type: 'display', ...bothTexts('是否住校', 'Boards') })
})

test('a calculated score is read-only and can be taken away again', () => {
  const form = formOf(addItem(shipped, aQuestion('q1', { type: 'integer' }), 'summary'))
  const scored = formOf(changeItem(form, 'q1', { score: ['distressAfter', 'hopeAfter'] }))
  const item = itemOf(scored, 'q1')
  expect(item?.readOnly).toBe(true)
  expect(item && scoreOf(item)).toEqual(['distressAfter', 'hopeAfter'])
  expect(formOf(changeItem(scored, 'q1', { score: null }))).toEqual(form)
})
