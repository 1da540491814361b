/**
 * Whether a form may be published (G24-4.4.1): every fault with the item it is at. A form without faults can be answered,
 * closed and counted; a form with one is kept as a draft.
 */
import {
  bothWords,
  depthOf,
  greatestDepth,
  isChoice,
  isNumber,
  isQuestion,
  isWords,
  placeOf,
} from './form-editing.ts'
import { groupFor, laidOver } from './overlay.ts'
import {
  allItems,
  isCore,
  limitsOf,
  mayBeAbsent,
  ordinalOf,
  purposeOf,
  scoreOf,
  type Condition,
  type Item,
  type Questionnaire,
} from './questionnaire.ts'

/** What can be wrong with a form. Words for each: `forms.fault.<code>`. */
export const faultCodes = [
  'duplicate',
  'overlayCollision',
  'nowhere',
  'tooDeep',
  'noWordsZh',
  'noWordsEn',
  'noPurpose',
  'conditionUnknown',
  'conditionLater',
  'conditionAnswer',
  'noOptions',
  'optionTwice',
  'optionNoWords',
  'scoreUnknown',
  'scoreNotNumber',
  'limitsCrossed',
  'limitsMisplaced',
  'initialWrong',
  'displayRequired',
  'groupEmpty',
  'coreMissing',
  'coreChanged',
  'coreHidden',
] as const

/** What is wrong at one item; `about` is the other item or the choice that it is about. */
export interface FormFault {
  linkId: string
  code: (typeof faultCodes)[number]
  about?: string
}

/** What a form is judged against. */
export interface JudgedAgainst {
  /** The shipped base form: every core question of it must be there as it is. */
  core?: Questionnaire
  /** The base form under an overlay: its link ids are taken, its questions may be asked about in conditions. */
  base?: Questionnaire
}

/** Every fault of a form; an empty list means that it may be published. */
export function judgeForm(form: Questionnaire, against: JudgedAgainst = {}): FormFault[] {
  const { core, base } = against
  const whole = base ? laidOver(base, form).item : form.item
  const baseIds = new Set(base ? allItems(base.item).map((each) => each.linkId) : [])
  const own = ownItems(form, base)
  const faults: FormFault[] = base ? lostFaults(base, form) : []
  const order = new Map<string, { item: Item; at: number }>()
  allItems(whole).forEach((item, at) => order.has(item.linkId) || order.set(item.linkId, { item, at }))
  const seen = new Set<string>()
  for (const item of own) {
    if (baseIds.has(item.linkId)) faults.push({ linkId: item.linkId, code: 'overlayCollision' })
    else if (seen.has(item.linkId)) faults.push({ linkId: item.linkId, code: 'duplicate' })
    seen.add(item.linkId)
    faults.push(...itemFaults(item, form.language), ...referenceFaults(item, order))
  }
  if (depthOf(whole) > greatestDepth) faults.push(...deepest(whole))
  if (core) faults.push(...coreFaults(whole, core))
  return faults
}

/** The items a form brings itself: an overlay's groups that stand for the base's are not among them. */
export const ownItems = (form: Questionnaire, base?: Questionnaire): Item[] =>
  form.item.flatMap((each) =>
    base?.item.some((group) => group.type === 'group' && group.linkId === each.linkId) &&
    each.type === 'group'
      ? allItems(each.item ?? [])
      : allItems([each]),
  )

const lostFaults = (base: Questionnaire, overlay: Questionnaire): FormFault[] =>
  overlay.item
    .filter((each) => !groupFor(base, each))
    .map(({ linkId }) => ({ linkId, code: 'nowhere' as const }))

const deepest = (items: readonly Item[], depth = 1): FormFault[] =>
  items.flatMap((each) =>
    depth > greatestDepth
      ? [{ linkId: each.linkId, code: 'tooDeep' as const }]
      : deepest(each.item ?? [], depth + 1),
  )

/** What is wrong with an item by itself. */
function itemFaults(item: Item, language: Questionnaire['language']): FormFault[] {
  const { linkId, type } = item
  const words = bothWords(item.text, item._text, language)
  const wrong: [boolean, FormFault['code']][] = [
    [words.zh.trim() === '', 'noWordsZh'],
    [words.en.trim() === '', 'noWordsEn'],
    [isQuestion(type) && purposeOf(item).trim() === '', 'noPurpose'],
    [!isQuestion(type) && (item.required === true || item.repeats === true), 'displayRequired'],
    [type === 'group' && !item.item?.length, 'groupEmpty'],
    [type !== 'group' && Boolean(item.item?.length), 'tooDeep'],
    [!isChoice(type) && item.answerOption !== undefined, 'noOptions'],
    [!initialFits(item), 'initialWrong'],
  ]
  const found = wrong.filter(([is]) => is).map(([, code]): FormFault => ({ linkId, code }))
  return [...found, ...optionFaults(item, language), ...limitFaults(item)]
}

function optionFaults(item: Item, language: Questionnaire['language']): FormFault[] {
  if (!isChoice(item.type)) return []
  const { linkId } = item
  const options = (item.answerOption ?? []).map((each) => each.valueCoding)
  if (options.length === 0) return [{ linkId, code: 'noOptions' }]
  return options.flatMap((option, at): FormFault[] => {
    const { zh, en } = bothWords(option.display, option._display, language)
    const about = option.code
    const twice = options.findIndex((each) => each.code === option.code) < at
    return [
      ...(twice ? [{ linkId, code: 'optionTwice' as const, about }] : []),
      ...(zh.trim() && en.trim() ? [] : [{ linkId, code: 'optionNoWords' as const, about }]),
    ]
  })
}

function limitFaults(item: Item): FormFault[] {
  const { linkId, type } = item
  const { least, most } = limitsOf(item)
  const misplaced =
    ((least !== null || most !== null) && !isNumber(type)) ||
    (item.maxLength !== undefined && !isWords(type) && type !== 'open-choice')
  if (misplaced) return [{ linkId, code: 'limitsMisplaced' }]
  return least !== null && most !== null && least > most ? [{ linkId, code: 'limitsCrossed' }] : []
}

type Initial = NonNullable<Item['initial']>[number]

const initialKeys: Partial<Record<Item['type'], readonly (keyof Initial)[]>> = {
  boolean: ['valueBoolean'],
  integer: ['valueInteger'],
  decimal: ['valueDecimal', 'valueInteger'],
  string: ['valueString'],
  text: ['valueString'],
  date: ['valueDate'],
  dateTime: ['valueDateTime'],
  choice: ['valueCoding'],
  'open-choice': ['valueCoding', 'valueString'],
}

/** What an item begins with is of its kind, one unless it repeats, among its choices and within its limits. */
function initialFits(item: Item): boolean {
  const { initial = [], type } = item
  if (initial.length === 0) return true
  if (initial.length > 1 && item.repeats !== true) return false
  const { least, most } = limitsOf(item)
  return initial.every((value) => {
    const keys = Object.keys(value).filter((key) => value[key as keyof Initial] !== undefined)
    if (keys.length !== 1 || !initialKeys[type]?.includes(keys[0] as keyof Initial)) return false
    const number = value.valueInteger ?? value.valueDecimal
    if (number !== undefined) return number >= (least ?? -Infinity) && number <= (most ?? Infinity)
    if (value.valueString !== undefined) return value.valueString.length <= (item.maxLength ?? Infinity)
    return !value.valueCoding || hasCode(item, value.valueCoding.code)
  })
}

const hasCode = (item: Item, code: string): boolean =>
  item.answerOption?.some((each) => each.valueCoding.code === code) ?? false

/** What is wrong with what an item says of others: its conditions and its score. */
function referenceFaults(item: Item, order: ReadonlyMap<string, { item: Item; at: number }>): FormFault[] {
  const { linkId } = item
  const own = order.get(linkId)?.at ?? 0
  const conditions = (item.enableWhen ?? []).flatMap((condition): FormFault[] => {
    const about = condition.question
    const asked = order.get(about)
    if (!asked || !isQuestion(asked.item.type)) return [{ linkId, code: 'conditionUnknown', about }]
    if (asked.at >= own) return [{ linkId, code: 'conditionLater', about }]
    return conditionFits(condition, asked.item) ? [] : [{ linkId, code: 'conditionAnswer', about }]
  })
  const score = scoreOf(item)
  if (score === null) return conditions
  if (!isNumber(item.type)) return [...conditions, { linkId, code: 'scoreNotNumber', about: linkId }]
  const terms = score.flatMap((about): FormFault[] => {
    const term = order.get(about)?.item
    if (!term || about === linkId) return [{ linkId, code: 'scoreUnknown', about }]
    return counts(term) ? [] : [{ linkId, code: 'scoreNotNumber', about }]
  })
  return [...conditions, ...terms]
}

/** Whether an answer can be added up: a number that is asked, or choices that all have a weight. */
export const counts = (item: Item): boolean =>
  isNumber(item.type)
    ? scoreOf(item) === null
    : item.type === 'choice' &&
      Boolean(item.answerOption?.length) &&
      (item.answerOption ?? []).every((each) => ordinalOf(each.valueCoding) !== null)

type AnswerKey = Exclude<keyof Condition, 'question' | 'operator'>

const answerKeys: Partial<Record<Item['type'], readonly AnswerKey[]>> = {
  boolean: ['answerBoolean'],
  integer: ['answerInteger'],
  decimal: ['answerDecimal', 'answerInteger'],
  string: ['answerString'],
  text: ['answerString'],
  date: ['answerDate'],
  choice: ['answerCoding'],
  'open-choice': ['answerCoding'],
}

/** What may stand between a question of this kind and an answer. */
export const operatorsOf = (type: Item['type']): Condition['operator'][] => {
  if (type === 'dateTime') return ['exists']
  if (isNumber(type) || type === 'date') return ['exists', '=', '!=', '>', '<', '>=', '<=']
  return ['exists', '=', '!=']
}

/** Whether a condition compares with an answer that its question can have. */
function conditionFits(condition: Condition, asked: Item): boolean {
  const { question: _, operator, ...answer } = condition
  const keys = Object.keys(answer).filter((key) => answer[key as AnswerKey] !== undefined)
  const [key] = keys
  if (keys.length !== 1 || !operatorsOf(asked.type).includes(operator)) return false
  if (operator === 'exists') return key === 'answerBoolean'
  if (!answerKeys[asked.type]?.includes(key as AnswerKey)) return false
  return !answer.answerCoding || hasCode(asked, answer.answerCoding.code)
}

/** What decides whether an item is shown: its own conditions and those of the groups around it. */
function conditionsOn(items: readonly Item[], linkId: string): string {
  const path: unknown[] = []
  for (let at: string | null = linkId; at !== null;) {
    const place = placeOf(items, at)
    const item = place?.siblings[place.at]
    if (item?.enableWhen?.length) path.push([item.enableWhen, item.enableBehavior ?? 'all'])
    at = place?.parent ?? null
  }
  return JSON.stringify(path)
}

/** What of a core question must stay as shipped: kind, choices by code and weight, number of answers, whether it may be left open. */
const coreShape = (item: Item): string =>
  JSON.stringify([
    item.type,
    item.repeats ?? false,
    mayBeAbsent(item),
    isCore(item),
    limitsOf(item),
    scoreOf(item),
    item.maxLength ?? null,
    item.initial ?? null,
    (item.answerOption ?? [])
      .map((each) => [each.valueCoding.code, ordinalOf(each.valueCoding)])
      .sort(([a], [b]) => String(a).localeCompare(String(b))),
  ])

/** The record itself needs the core questions: they may be moved and reworded, never dropped, changed or hidden. */
function coreFaults(items: readonly Item[], shipped: Questionnaire): FormFault[] {
  const found = new Map(allItems(items).map((each) => [each.linkId, each]))
  return allItems(shipped.item)
    .filter(isCore)
    .flatMap((core): FormFault[] => {
      const { linkId } = core
      const item = found.get(linkId)
      if (!item) return [{ linkId, code: 'coreMissing' }]
      const loosened = core.required === true && item.required !== true
      if (loosened || coreShape(item) !== coreShape(core)) return [{ linkId, code: 'coreChanged' }]
      const hidden = conditionsOn(items, linkId) !== conditionsOn(shipped.item, linkId)
      return hidden ? [{ linkId, code: 'coreHidden' }] : []
    })
}
