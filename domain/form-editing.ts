/**
 * Making and changing a form without code (G24-4.4.1): what an editor does to a Questionnaire, as small pure functions.
 * An edit that would break the file or the record's own questions is refused here; what is merely unfinished is for
 * form-judgement.ts to name.
 */
import {
  allItems,
  bothTexts,
  extensions,
  isCore,
  ordinalOf,
  questionnaire,
  textIn,
  type Condition,
  type Item,
  type Questionnaire,
} from './questionnaire.ts'
import type { Stage } from './stage.ts'

/** A text in both languages; empty where it is missing. */
export interface BothWords {
  zh: string
  en: string
}

/** One choice as an editor shows it; `ordinal` is its weight in a score. */
export interface EditedOption extends BothWords {
  code: string
  ordinal: number | null
}

/** What can be changed of an item; null takes a limit, an initial value or a calculation away. */
export interface ItemChange {
  words?: BothWords
  type?: Item['type']
  required?: boolean
  repeats?: boolean
  maxLength?: number | null
  least?: number | null
  most?: number | null
  purpose?: string
  identifying?: boolean
  mayBeAbsent?: boolean
  options?: readonly EditedOption[]
  conditions?: { of: readonly Condition[]; any: boolean }
  initial?: NonNullable<Item['initial']> | null
  score?: readonly string[] | null
  stage?: Stage | null
}

/** Why an edit is refused: no such item, the record needs it, deeper than five, not a group, already at the end, more than a form may hold. */
export type EditRefusal = 'unknown' | 'core' | 'too-deep' | 'not-a-group' | 'at-the-end' | 'too-much'

/** The form after an edit with the item to show next, or why there was none. */
export type Edited = { form: Questionnaire; linkId: string | null } | { refused: EditRefusal }

/** How deep items may stand in each other. */
export const greatestDepth = 5

/** Where an item stands: the group that holds it (null at the top) and its place there. */
export interface Place {
  parent: string | null
  siblings: readonly Item[]
  at: number
}

/** Where an item stands in a form; null when it is not there. */
export function placeOf(items: readonly Item[], linkId: string, parent: string | null = null): Place | null {
  const at = items.findIndex((each) => each.linkId === linkId)
  if (at >= 0) return { parent, siblings: items, at }
  for (const each of items) {
    const found = placeOf(each.item ?? [], linkId, each.linkId)
    if (found) return found
  }
  return null
}

/** The item of a link id, or null. */
export const itemOf = (form: Questionnaire, linkId: string): Item | null =>
  allItems(form.item).find((each) => each.linkId === linkId) ?? null

/** How many levels these items have. */
export const depthOf = (items: readonly Item[]): number =>
  items.length === 0 ? 0 : 1 + Math.max(...items.map((each) => depthOf(each.item ?? [])))

/** A text element in both languages, whichever of them is written first. */
export const bothWords = (
  text: string | undefined,
  translations: Item['_text'],
  language: Questionnaire['language'],
): BothWords => {
  const own = language ?? 'zh-CN'
  const of = (wanted: 'zh-CN' | 'en'): string => textIn(own === wanted ? text : '', translations, wanted)
  return { zh: of('zh-CN'), en: of('en') }
}

const texts = ({ zh, en }: BothWords): Pick<Item, 'text' | '_text'> =>
  en === '' ? { text: zh } : bothTexts(zh, en)

/** Puts a form that is written in English first the other way round, so that editing has one way to write. */
export function chineseFirst(form: Questionnaire): Questionnaire {
  if (form.language !== 'en') return form
  const turn = (text: string | undefined, translations: Item['_text']): BothWords =>
    bothWords(text, translations, 'en')
  const turned = (item: Item): Item => {
    const { text, _text, ...rest } = item
    return {
      ...rest,
      ...(text === undefined ? {} : texts(turn(text, _text))),
      ...(item.answerOption && {
        answerOption: item.answerOption.map(({ valueCoding: { display, _display, ...coding } }) => ({
          valueCoding: { ...coding, ...displays(turn(display, _display)) },
        })),
      }),
      ...(item.item && { item: item.item.map(turned) }),
    }
  }
  const { title, _title, ...rest } = form
  return { ...rest, ...titles(turn(title, _title)), language: 'zh-CN', item: form.item.map(turned) }
}

type Coding = NonNullable<Item['answerOption']>[number]['valueCoding']
const displays = (words: BothWords): Pick<Coding, 'display' | '_display'> => {
  const { text, _text } = texts(words)
  return { display: text ?? '', ...(_text && { _display: _text }) }
}
const titles = (words: BothWords): Pick<Questionnaire, 'title' | '_title'> => {
  const { text, _text } = texts(words)
  return { title: text ?? '', ...(_text && { _title: _text }) }
}

/** Puts other items into a group (or the top). */
const withSiblings = (
  items: readonly Item[],
  parent: string | null,
  change: (siblings: readonly Item[]) => Item[],
): Item[] =>
  parent === null
    ? change(items)
    : items.map((each) => {
        if (each.linkId === parent) return { ...each, item: change(each.item ?? []) }
        return each.item ? { ...each, item: withSiblings(each.item, parent, change) } : each
      })

/** What came of it, unless the file itself does not allow it. */
function result(form: Questionnaire, item: Item[], linkId: string | null): Edited {
  if (depthOf(item) > greatestDepth) return { refused: 'too-deep' }
  const parsed = questionnaire.safeParse({ ...form, item })
  return parsed.success ? { form: parsed.data, linkId } : { refused: 'too-much' }
}

/** The least unused link id `<prefix><number>`. */
export function freeLinkId(taken: Iterable<string>, prefix: string): string {
  const used = new Set(taken)
  for (let n = 1; ; n += 1) if (!used.has(`${prefix}${n}`)) return `${prefix}${n}`
}

/** Adds an item at the end of a group (null: the top), or right after one of the group's items. */
export function addItem(form: Questionnaire, item: Item, into: string | null, after?: string): Edited {
  if (itemOf(form, item.linkId)) return { refused: 'too-much' }
  if (into !== null && itemOf(form, into)?.type !== 'group') return { refused: 'not-a-group' }
  const items = withSiblings(form.item, into, (siblings) => {
    const at = siblings.findIndex((each) => each.linkId === after)
    const before = at < 0 ? siblings.length : at + 1
    return [...siblings.slice(0, before), item, ...siblings.slice(before)]
  })
  return result(form, items, item.linkId)
}

const holdsCore = (item: Item): boolean => allItems([item]).some(isCore)

/** Takes an item away with everything in it; what the record itself needs stays. */
export function removeItem(form: Questionnaire, linkId: string): Edited {
  const place = placeOf(form.item, linkId)
  const item = place?.siblings[place.at]
  if (!place || !item) return { refused: 'unknown' }
  if (holdsCore(item)) return { refused: 'core' }
  const left = place.siblings.filter((each) => each !== item)
  const next = left[Math.min(place.at, left.length - 1)]?.linkId ?? place.parent
  return result(
    form,
    withSiblings(form.item, place.parent, () => left),
    next,
  )
}

/** Moves an item before its neighbour above or behind the one below. */
export function moveItem(form: Questionnaire, linkId: string, where: 'up' | 'down'): Edited {
  const place = placeOf(form.item, linkId)
  if (!place) return { refused: 'unknown' }
  const to = place.at + (where === 'up' ? -1 : 1)
  const [moved, neighbour] = [place.siblings[place.at], place.siblings[to]]
  if (!moved || !neighbour) return { refused: 'at-the-end' }
  const items = withSiblings(form.item, place.parent, (siblings) =>
    siblings.map((each, at) => (at === to ? moved : at === place.at ? neighbour : each)),
  )
  return result(form, items, linkId)
}

/** Moves an item to the end of another group (null: the top); never into itself. */
export function moveInto(form: Questionnaire, linkId: string, into: string | null): Edited {
  const place = placeOf(form.item, linkId)
  const item = place?.siblings[place.at]
  if (!place || !item) return { refused: 'unknown' }
  const within = allItems([item]).some((each) => each.linkId === into)
  if (within || (into !== null && itemOf(form, into)?.type !== 'group')) return { refused: 'not-a-group' }
  const taken = withSiblings(form.item, place.parent, (siblings) => siblings.filter((each) => each !== item))
  return result(
    form,
    withSiblings(taken, into, (siblings) => [...siblings, item]),
    linkId,
  )
}

type Extension = NonNullable<Item['extension']>[number]

/** The extensions with one of them replaced, or taken away (null). */
const withExtension = (item: Item, url: string, value: Omit<Extension, 'url'> | null): Item => {
  const others = (item.extension ?? []).filter((each) => each.url !== url)
  const { extension: _, ...rest } = item
  const kept = value === null ? others : [...others, { url, ...value }]
  return kept.length === 0 ? rest : { ...rest, extension: kept }
}

/** The item without the fields whose value is "nothing". */
const withField = <K extends keyof Item>(item: Item, key: K, value: Item[K] | null | false): Item => {
  const { [key]: _, ...rest } = item
  return (value === null || value === false ? rest : { ...rest, [key]: value }) as Item
}

const limit = (item: Item, url: string, value: number | null): Item =>
  withExtension(
    item,
    url,
    value === null ? null : item.type === 'integer' ? { valueInteger: value } : { valueDecimal: value },
  )

/** Which kinds of items have choices, limits, a length. */
export const isChoice = (type: Item['type']): boolean => type === 'choice' || type === 'open-choice'
/** Whether answers of this kind are numbers. */
export const isNumber = (type: Item['type']): boolean => type === 'integer' || type === 'decimal'
/** Whether answers of this kind are words. */
export const isWords = (type: Item['type']): boolean => type === 'string' || type === 'text'
/** Whether it asks something. */
export const isQuestion = (type: Item['type']): boolean => type !== 'group' && type !== 'display'

/** Another kind of item keeps only what that kind can have. */
function withType(item: Item, type: Item['type']): Item {
  if (type === item.type) return item
  let kept: Item = withField({ ...item, type }, 'initial', null)
  if (!isChoice(type)) kept = withField(kept, 'answerOption', null)
  if (!isWords(type) && type !== 'open-choice') kept = withField(kept, 'maxLength', null)
  kept = limit(limit(kept, extensions.minValue, null), extensions.maxValue, null)
  kept = withField(withExtension(kept, extensions.score, null), 'readOnly', null)
  if (type !== 'group') kept = withExtension(kept, extensions.stage, null)
  if (isQuestion(type)) return kept
  kept = withField(withField(kept, 'required', null), 'repeats', null)
  for (const url of [extensions.purpose, extensions.identifying, extensions.mayBeAbsent])
    kept = withExtension(kept, url, null)
  return kept
}

const withOptions = (item: Item, options: readonly EditedOption[]): Item => {
  const before = new Map(item.answerOption?.map((each) => [each.valueCoding.code, each.valueCoding]))
  return withField(
    item,
    'answerOption',
    options.map((option) => {
      const { display: _, _display, extension, ...kept } = before.get(option.code) ?? { display: '' }
      const others = extension?.filter((each) => each.url !== extensions.ordinal) ?? []
      const weight =
        option.ordinal === null
          ? others
          : [...others, { url: extensions.ordinal, valueDecimal: option.ordinal }]
      return {
        valueCoding: {
          ...kept,
          code: option.code,
          ...displays(option),
          ...(weight.length > 0 && { extension: weight }),
        },
      }
    }),
  )
}

type Setters = { [K in keyof ItemChange]-?: (item: Item, value: NonNullable<ItemChange[K]> | null) => Item }

/** How each property is written into the file, in the order in which they are written. */
const setters: Setters = {
  type: (item, type) => (type === null ? item : withType(item, type)),
  words: (item, words) => {
    const { text: _, _text, ...rest } = item
    return words === null ? item : { ...rest, ...texts(words) }
  },
  required: (item, on) => withField(item, 'required', on),
  repeats: (item, on) => withField(item, 'repeats', on),
  maxLength: (item, most) => withField(item, 'maxLength', most),
  least: (item, least) => limit(item, extensions.minValue, least),
  most: (item, most) => limit(item, extensions.maxValue, most),
  purpose: (item, words) => withExtension(item, extensions.purpose, words ? { valueString: words } : null),
  identifying: (item, on) => withExtension(item, extensions.identifying, on ? { valueBoolean: true } : null),
  mayBeAbsent: (item, on) =>
    withExtension(item, extensions.mayBeAbsent, on === false ? { valueBoolean: false } : null),
  options: (item, options) => withOptions(item, options ?? []),
  conditions: (item, conditions) => {
    const { of, any } = conditions ?? { of: [], any: false }
    const listed = withField(item, 'enableWhen', of.length === 0 ? null : [...of])
    return withField(listed, 'enableBehavior', of.length < 2 ? null : any ? 'any' : 'all')
  },
  initial: (item, values) => withField(item, 'initial', values?.length ? values : null),
  score: (item, of) => {
    const written = withExtension(item, extensions.score, of?.length ? { valueString: of.join(' ') } : null)
    return withField(written, 'readOnly', of?.length ? true : null)
  },
  stage: (item, stage) => withExtension(item, extensions.stage, stage ? { valueCode: stage } : null),
}

/** The choices by what counts: their codes and weights. */
const codesOf = (item: Item): string[] =>
  (item.answerOption ?? []).map(({ valueCoding }) => `${valueCoding.code} ${ordinalOf(valueCoding)}`)
const sameCodes = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((code) => b.includes(code))

/** Of what the record itself needs, words, order of choices and purpose are free, and it may become required. */
function coreAllows(item: Item, change: ItemChange): boolean {
  if (!isCore(item))
    return !holdsCore(item) || ((change.type ?? 'group') === 'group' && !change.conditions?.of.length)
  return Object.entries(change).every(([key, value]) => {
    if (key === 'words' || key === 'purpose' || key === 'stage') return true
    if (key === 'required') return value === true || item.required !== true
    if (key !== 'options' || !change.options) return false
    return sameCodes(
      change.options.map((each) => `${each.code} ${each.ordinal}`),
      codesOf(item),
    )
  })
}

/** Changes properties of one item. */
export function changeItem(form: Questionnaire, linkId: string, change: ItemChange): Edited {
  const item = itemOf(form, linkId)
  if (!item) return { refused: 'unknown' }
  if (!coreAllows(item, change)) return { refused: 'core' }
  if (change.type !== undefined && change.type !== 'group' && item.item?.length)
    return { refused: 'not-a-group' }
  const set = (key: keyof ItemChange, to: Item): Item =>
    change[key] === undefined ? to : (setters[key] as (of: Item, value: unknown) => Item)(to, change[key])
  const changed = (Object.keys(setters) as (keyof ItemChange)[]).reduce((to, key) => set(key, to), item)
  const { item: held, ...alone } = changed
  const whole = changed.type === 'group' && held ? { ...alone, item: held } : alone
  const replaced = (items: readonly Item[]): Item[] =>
    items.map((each) =>
      each.linkId === linkId ? whole : each.item ? { ...each, item: replaced(each.item) } : each,
    )
  return result(form, replaced(form.item), linkId)
}
