/** What the buttons and keys of the editor do to a form; of a line's form only what the line adds. */
import {
  addItem,
  freeLinkId,
  itemOf,
  moveInto,
  moveItem,
  placeOf,
  removeItem,
  type Edited,
} from '../../../domain/form-editing.ts'
import { openedAt } from '../../../domain/overlay.ts'
import { allItems, type Item, type Questionnaire } from '../../../domain/questionnaire.ts'
import type { Draft } from './draft.ts'
import type { TreeDeed } from './ItemTree.tsx'

type Stands = Pick<Draft, 'form' | 'whole' | 'own'> & { given: Pick<Draft['given'], 'base' | 'core'> }

/** The group at the top that an item stands in. */
function topGroup(form: Questionnaire, linkId: string): string {
  const parent = placeOf(form.item, linkId)?.parent ?? null
  return parent === null ? linkId : topGroup(form, parent)
}

/** Where a new item goes: into the chosen group, or after the chosen item; beside the base's own items at the end of their group. */
function placeFor(draft: Stands, chosen: string | null): { into: string | null; after?: string } {
  const { whole, own } = draft
  const item = chosen === null ? null : itemOf(whole, chosen)
  if (!item) return { into: draft.given.base ? (whole.item[0]?.linkId ?? null) : null }
  if (!own.has(item.linkId)) return { into: topGroup(whole, item.linkId) }
  if (item.type === 'group') return { into: item.linkId }
  return { into: placeOf(whole.item, item.linkId)?.parent ?? null, after: item.linkId }
}

const ready = (draft: Stands, form: Questionnaire, group: string | null): Questionnaire =>
  draft.given.base && group !== null ? openedAt(draft.given.base, form, group) : form

/** Adds an item of this kind next to what is chosen. */
export function added(
  draft: Stands,
  chosen: string | null,
  type: Item['type'],
): (form: Questionnaire) => Edited {
  const linkId = freeLinkId(
    allItems(draft.whole.item).map((each) => each.linkId),
    draft.given.base ? 'x' : 'q',
  )
  const { into, after } = placeFor(draft, chosen)
  return (form) => addItem(ready(draft, form, into), { linkId, type }, into, after)
}

/** Groups that an item can be moved to; null is the top, where a line's own questions cannot stand. */
export function groupsOf({ whole, own, given }: Stands): (string | null)[] {
  const groups = allItems(whole.item).filter((each) => each.type === 'group')
  if (!given.base) return [null, ...groups.map((each) => each.linkId)]
  const tops = new Set(given.base.item.map((each) => each.linkId))
  return groups.map((each) => each.linkId).filter((linkId) => own.has(linkId) || tops.has(linkId))
}

/** Moves an item to the end of a group. */
export const movedTo =
  (draft: Stands, linkId: string, group: string | null) =>
  (form: Questionnaire): Edited =>
    moveInto(ready(draft, form, group), linkId, group)

/** What a key of the tree does to an item. */
export function done(draft: Stands, linkId: string, deed: TreeDeed): (form: Questionnaire) => Edited {
  if (!draft.own.has(linkId)) return () => ({ refused: 'not-a-group' })
  if (deed === 'remove') return (form) => removeItem(form, linkId)
  if (deed === 'up' || deed === 'down') return (form) => moveItem(form, linkId, deed)
  const place = placeOf(draft.whole.item, linkId)
  if (!place) return () => ({ refused: 'unknown' })
  if (deed === 'in') {
    const before = place.siblings[place.at - 1]
    return before?.type === 'group' && draft.own.has(before.linkId)
      ? movedTo(draft, linkId, before.linkId)
      : () => ({ refused: 'not-a-group' })
  }
  const outer = place.parent === null ? undefined : placeOf(draft.whole.item, place.parent)?.parent
  return outer === undefined || !groupsOf(draft).includes(outer)
    ? () => ({ refused: 'at-the-end' })
    : movedTo(draft, linkId, outer)
}

/** Puts a question that the record needs back where the shipped form has it. */
export function putBack(draft: Stands, linkId: string): (form: Questionnaire) => Edited {
  const item = itemOf(draft.given.core, linkId)
  const group = placeOf(draft.given.core.item, linkId)?.parent ?? null
  return (form) =>
    item ? addItem(form, item, group !== null && itemOf(form, group) ? group : null) : { refused: 'unknown' }
}
