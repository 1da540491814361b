/** A line's own questions on top of the hotline's form: no copies, so a change of the base reaches every line (G24-4.4.1). */
import { Problem } from './problem.ts'
import { allItems, stageOf, type Item, type Questionnaire } from './questionnaire.ts'

/** Where a top-level group of an overlay goes: into the base group of the same link id, or under that of its stage. */
export const groupFor = (base: Questionnaire, added: Item): Item | undefined => {
  if (added.type !== 'group') return undefined
  const stage = stageOf(added)
  return (
    base.item.find((group) => group.type === 'group' && group.linkId === added.linkId) ??
    (stage === null ? undefined : base.item.find((group) => stageOf(group) === stage))
  )
}

/** Link ids that stand twice once the overlay's groups are in their places. */
const collisions = (base: Questionnaire, overlay: Questionnaire): string[] => {
  const taken = new Set(allItems(base.item).map((item) => item.linkId))
  const own = overlay.item.flatMap((group) =>
    base.item.some((known) => known.linkId === group.linkId) ? allItems(group.item ?? []) : allItems([group]),
  )
  const found: string[] = []
  for (const { linkId } of own) {
    if (taken.has(linkId)) found.push(linkId)
    taken.add(linkId)
  }
  return found
}

/** The base with an overlay's questions at the end of their groups, and what belongs nowhere after them: a draft is shown so. */
export function laidOver(base: Questionnaire, overlay: Questionnaire): Questionnaire {
  const item = base.item.map((group): Item => {
    const added = overlay.item
      .filter((one) => groupFor(base, one) === group)
      .flatMap((one) => (one.linkId === group.linkId ? (one.item ?? []) : [one]))
    return added.length === 0 ? group : { ...group, item: [...(group.item ?? []), ...added] }
  })
  const lost = overlay.item.filter((added) => !groupFor(base, added))
  return { ...base, version: `${base.version}+${overlay.version}`, item: [...item, ...lost] }
}

/**
 * The form a line uses: the base with the overlay's questions at the end of their groups. The base's own items stay as
 * they are. `form.invalid` names the groups that belong nowhere and the link ids that are already taken.
 */
export function withOverlay(base: Questionnaire, overlay: Questionnaire | null): Questionnaire {
  if (overlay === null) return base
  const lost = overlay.item.filter((added) => !groupFor(base, added)).map((added) => added.linkId)
  const items = [...lost, ...collisions(base, overlay)]
  if (items.length > 0) throw new Problem('form.invalid', { items })
  return laidOver(base, overlay)
}

/** An overlay with a place in the base's group of this link id, where questions can then be added. */
export function openedAt(base: Questionnaire, overlay: Questionnaire, linkId: string): Questionnaire {
  const group = base.item.find((each) => each.type === 'group' && each.linkId === linkId)
  if (!group || overlay.item.some((each) => each.linkId === linkId)) return overlay
  const { text, _text } = group
  const place: Item = { linkId, type: 'group', ...(text && { text }), ...(_text && { _text }), item: [] }
  return { ...overlay, item: [...overlay.item, place] }
}

/** An overlay without places in the base where it adds nothing. */
export const withoutEmpty = (base: Questionnaire, overlay: Questionnaire): Questionnaire => ({
  ...overlay,
  item: overlay.item.filter(
    (each) => each.item?.length !== 0 || !base.item.some((group) => group.linkId === each.linkId),
  ),
})
