import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withOverlay } from './overlay.ts'
import { allItems, extensions, type Item } from './questionnaire.ts'
import { stages, type Stage } from './stage.ts'
import { aForm, anyForm } from './testing/forms.ts'

const staged = (linkId: string, stage: Stage, item: Item[]): Item => ({
  linkId,
  type: 'group',
  extension: [{ url: extensions.stage, valueCode: stage }],
  item,
})
const base = aForm([
  ...stages.map((stage) => staged(stage, stage, [{ linkId: `${stage}-1`, type: 'string' }])),
  { linkId: 'side', type: 'group', item: [{ linkId: 'side-1', type: 'string' }] },
])
const asked = (linkId: string): Item => ({ linkId, type: 'boolean' })

test('G24-4.4.1: a line adds questions at the end of a stage or of a group, and the base stays as it is', () => {
  const form = withOverlay(
    base,
    aForm([
      staged('school', 'clarify', [asked('grade')]),
      { linkId: 'side', type: 'group', item: [asked('dorm')] },
    ]),
  )
  const ids = (linkId: string) =>
    form.item.find((group) => group.linkId === linkId)?.item?.map((item) => item.linkId)
  expect(ids('clarify')).toEqual(['clarify-1', 'school'])
  expect(ids('side')).toEqual(['side-1', 'dorm'])
  expect(form).toMatchObject({ url: base.url, version: '1+1' })
  expect(withOverlay(base, null)).toBe(base)
})

test('an overlay that belongs nowhere, or takes a link id of the base, is refused by its link ids', () => {
  const refused = (item: Item[]) => () => withOverlay(base, aForm(item))
  expect(refused([{ linkId: 'lost', type: 'group', item: [asked('x')] }])).toThrow('form.invalid')
  expect(refused([asked('alone')])).toThrow('form.invalid')
  expect(refused([staged('more', 'goal', [asked('side-1')])])).toThrow('form.invalid')
  expect(
    refused([staged('more', 'goal', [asked('twice')]), staged('again', 'goal', [asked('twice')])]),
  ).toThrow('form.invalid')
})

test('whatever the overlay adds, every question of the base is there once, in its order', () => {
  fc.assert(
    fc.property(anyForm, fc.constantFrom(...stages), (added, stage) => {
      const form = withOverlay(base, aForm([staged('added', stage, added.item)]))
      const all = allItems(form.item).map((item) => item.linkId)
      expect(new Set(all).size).toBe(all.length)
      const own = new Set(allItems(base.item).map((item) => item.linkId))
      expect(all.filter((linkId) => own.has(linkId))).toEqual(allItems(base.item).map((item) => item.linkId))
      expect(all).toEqual(expect.arrayContaining(allItems(added.item).map((item) => item.linkId)))
    }),
  )
})
