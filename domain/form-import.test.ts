import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readForm } from './form-import.ts'
import { openedAt, laidOver, withoutEmpty } from './overlay.ts'
import { allItems, isCore, questionnaire, type Questionnaire } from './questionnaire.ts'

const file: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../clinical/forms/base.json'), 'utf8'),
)
const shipped = questionnaire.parse(file)

test('a form that was exported is read back as it was', () => {
  expect(readForm(JSON.parse(JSON.stringify(shipped)), shipped)).toEqual({ form: shipped, dropped: [] })
})

test('what is outside of the subset is named and left out', () => {
  const foreign = {
    ...shipped,
    id: 'x',
    meta: { versionId: '1' },
    item: [{ linkId: 'a', type: 'boolean', text: 'A', prefix: '1.', code: [{ code: 'x' }] }],
  }
  expect(readForm(foreign, shipped)).toMatchObject({
    form: { item: [{ linkId: 'a', type: 'boolean', text: 'A' }] },
    dropped: expect.arrayContaining(['id', 'meta', 'item.0.prefix', 'item.0.code']) as string[],
  })
})

test('what cannot be read is refused with the place', () => {
  const wrong = { ...shipped, item: [{ linkId: 'a b', type: 'quantity' }] }
  expect(readForm(wrong, shipped)).toEqual({ unreadable: ['item.0.linkId', 'item.0.type'] })
  expect(readForm({ resourceType: 'Patient' }, shipped)).toMatchObject({
    unreadable: expect.any(Array) as string[],
  })
})

test('a file does not say which questions the record needs: the shipped form does', () => {
  const core = 'urn:hearthline:fhir:core'
  const text = JSON.stringify(shipped)
  const without = readForm(JSON.parse(text.replaceAll(core, 'urn:test:other')), shipped)
  if (!('form' in without)) throw new Error('it can be read')
  expect(allItems(without.form.item).filter(isCore)).toHaveLength(
    allItems(shipped.item).filter(isCore).length,
  )
  const own = { linkId: 'q1', type: 'boolean', extension: [{ url: core, valueBoolean: true }] }
  const more = readForm({ ...shipped, item: [...shipped.item, own] }, shipped)
  expect(more).toMatchObject({ form: { item: [...shipped.item, { linkId: 'q1', extension: [] }] } })
})

test('any file is read or refused, never a crash', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(readForm(json, shipped)).toHaveProperty('unreadable')
    }),
  )
})

test('a place for a question of a line is made in a group of the base, and taken away when nothing is in it', () => {
  const overlay: Questionnaire = { ...shipped, url: 'urn:test:overlay', item: [] }
  const opened = openedAt(shipped, overlay, 'goal')
  expect(opened.item).toMatchObject([{ linkId: 'goal', type: 'group' }])
  expect(openedAt(shipped, opened, 'goal')).toBe(opened)
  expect(openedAt(shipped, overlay, 'nowhere')).toBe(overlay)
  expect(laidOver(shipped, opened).item).toEqual(shipped.item)
  expect(withoutEmpty(shipped, opened)).toEqual(overlay)
})
