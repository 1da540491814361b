/** What changed between two versions of a form (G24-4.4.1): added, removed, moved and changed items, in reading order. */
import { placeOf } from './form-editing.ts'
import { allItems, type Item, type Questionnaire } from './questionnaire.ts'

/** A field of an item, before and after, as the file writes it; undefined where it was not or is no longer there. */
export interface FieldChange {
  field: string
  before: unknown
  after: unknown
}

/** What happened to one item; an item can be moved and changed at once. `item` is the later one where both have it. */
export type FormChange =
  | { kind: 'added' | 'removed'; linkId: string; item: Item }
  | { kind: 'moved'; linkId: string; item: Item; from: string | null; to: string | null }
  | { kind: 'changed'; linkId: string; item: Item; fields: FieldChange[] }

/** The differences from an earlier version to a later one; an empty list means that they ask the same. */
export function compareVersions(before: Questionnaire, after: Questionnaire): FormChange[] {
  const old = new Map(allItems(before.item).map((each) => [each.linkId, each]))
  const present = new Map(allItems(after.item).map((each) => [each.linkId, each]))
  const moved = movedItems(before, after)
  const removed = [...old.values()].flatMap((item): FormChange[] =>
    present.has(item.linkId) ? [] : [{ kind: 'removed', linkId: item.linkId, item }],
  )
  const later = [...present.values()].flatMap((item): FormChange[] => {
    const { linkId } = item
    const earlier = old.get(linkId)
    if (!earlier) return [{ kind: 'added', linkId, item }]
    const fields = changedFields(earlier, item)
    return [
      ...(moved.has(linkId)
        ? [
            {
              kind: 'moved' as const,
              linkId,
              item,
              from: parentIn(before, linkId),
              to: parentIn(after, linkId),
            },
          ]
        : []),
      ...(fields.length > 0 ? [{ kind: 'changed' as const, linkId, item, fields }] : []),
    ]
  })
  return [...removed, ...later]
}

const parentIn = (form: Questionnaire, linkId: string): string | null =>
  placeOf(form.item, linkId)?.parent ?? null

/** Every field but the items within, extensions by their own address. */
function fieldsOf(item: Item): Map<string, unknown> {
  const { linkId: _, item: _held, extension, ...fields } = item
  const extended = (extension ?? []).map(({ url, ...value }): [string, unknown] => [
    url,
    Object.values(value).find((each) => each !== undefined),
  ])
  return new Map([...Object.entries(fields).filter(([, value]) => value !== undefined), ...extended])
}

function changedFields(before: Item, after: Item): FieldChange[] {
  const [old, present] = [fieldsOf(before), fieldsOf(after)]
  return [...new Set([...old.keys(), ...present.keys()])]
    .filter((field) => canonical(old.get(field)) !== canonical(present.get(field)))
    .map((field) => ({ field, before: old.get(field), after: present.get(field) }))
}

/** The same text for the same value, in whatever order its fields were written (PostgreSQL keeps its own). */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  ) ?? ''

/** Items in another group, and as few of the others as explain the new order: those outside the longest run that kept it. */
function movedItems(before: Questionnaire, after: Questionnaire): Set<string> {
  const groups = [
    null,
    ...allItems(after.item)
      .filter((each) => each.item)
      .map((each) => each.linkId),
  ]
  const common = new Set(allItems(after.item).map((each) => each.linkId))
  const moved = new Set<string>()
  for (const group of groups) {
    const old = childrenOf(before, group)
    const places = childrenOf(after, group)
      .filter((linkId) => parentIn(before, linkId) === group && old.includes(linkId))
      .map((linkId) => ({ linkId, at: old.indexOf(linkId) }))
    const kept = new Set(longestRise(places.map((each) => each.at)))
    for (const { linkId, at } of places) if (!kept.has(at)) moved.add(linkId)
  }
  for (const { linkId } of allItems(before.item))
    if (common.has(linkId) && parentIn(before, linkId) !== parentIn(after, linkId)) moved.add(linkId)
  return moved
}

const childrenOf = (form: Questionnaire, group: string | null): string[] =>
  (group === null ? form.item : (allItems(form.item).find((each) => each.linkId === group)?.item ?? [])).map(
    (each) => each.linkId,
  )

/** The longest rising run of numbers that need not stand side by side. */
function longestRise(numbers: readonly number[]): number[] {
  const best: number[][] = []
  numbers.forEach((number, at) => {
    const before = best
      .slice(0, at)
      .filter((run) => (run.at(-1) ?? -1) < number)
      .reduce<number[]>((longest, run) => (run.length > longest.length ? run : longest), [])
    best.push([...before, number])
  })
  return best.reduce<number[]>((longest, run) => (run.length > longest.length ? run : longest), [])
}
