import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readForm } from './form-import.ts'
import { openedAt, laidOver, withoutEmpty } from './overlay.ts'
import { questionnaire, type Questionnaire } from './questionnaire.ts'

const file: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../clinical/forms/base.json'), 'utf8'),
)
const shipped = questionnaire.parse(file)

test('a form that was exported is read back as it was', () => {
  expect(readForm(JSON.parse(JSON.stringify(shipped)))).toEqual({ form: shipped, dropped: [] })
})

test('what is outside of the subset is named and left out', () => {
  const foreign = {
    ...shipped,
    id: 'x',
    meta: { versionId: '1' },
    item: [{ linkId: 'a', type: 'boolean', text: 'A', prefix: '1.', code: [{ code: 'x' }] }],
  }
  expect(readForm(foreign)).toMatchObject({
    form: { item: [{ linkId: 'a', type: 'boolean', text: 'A' }] },
    dropped: expect.arrayContaining(['id', 'meta', 'item.0.prefix', 'item.0.code']) as string[],
  })
})

test('what cannot be read is refused with the place', () => {
  const wrong = { ...shipped, item: [{ linkId: 'a b', type: 'quantity' }] }
  expect(readForm(wrong)).toEqual({ unreadable: ['item.0.linkId', 'item.0.type'] })
  expect(readForm({ resourceType: 'Patient' })).toMatchObject({ unreadable: expect.any(Array) as string[] })
})

test('any file is read or refused, never a crash', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      expect(readForm(json)).toHaveProperty('unreadable')
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
