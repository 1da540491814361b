/** Answers to a form: which questions are asked, whether an answer is one, what is still missing (G24-4.4.1). */
import { Problem } from './problem.ts'
import {
  absences,
  allItems,
  limitsOf,
  mayBeAbsent,
  ordinalOf,
  scoreOf,
  type Answer,
  type Answers,
  type Condition,
  type Item,
  type Questionnaire,
  type Value,
} from './questionnaire.ts'

/** Anything that holds items: a form, or a part of one. */
export type Form = Pick<Questionnaire, 'item'>

/** Whether an item is a question at all: groups and displays are not. */
export const isQuestion = (item: Item): boolean => item.type !== 'group' && item.type !== 'display'

/** The given values, none when it is not answered or answered by "unknown, not asked, declined". */
export const valuesOf = (answer: Answer | undefined): readonly Value[] =>
  answer && 'values' in answer ? answer.values : []

const isBlank = (value: Value): boolean => {
  const text = typeof value === 'object' ? value.other : value
  return typeof text === 'string' && text.trim() === ''
}

/** Whether there is an answer; a blank text is none, "unknown" is one. */
export const isAnswered = (answer: Answer | undefined): boolean =>
  answer !== undefined && ('absent' in answer || answer.values.some((value) => !isBlank(value)))

/** What a condition compares with; undefined when it gives nothing of the kind. */
const comparedWith = (condition: Condition): Value | undefined =>
  condition.answerCoding?.code ??
  condition.answerString ??
  condition.answerDate ??
  condition.answerBoolean ??
  condition.answerInteger ??
  condition.answerDecimal

const order = (value: Value, with_: Value): number | null => {
  if (typeof value === 'number' && typeof with_ === 'number') return value - with_
  if (typeof value === 'string' && typeof with_ === 'string')
    return value < with_ ? -1 : value > with_ ? 1 : 0
  return null
}

const comparisons: Record<'=' | '>' | '<' | '>=' | '<=', (order: number) => boolean> = {
  '=': (n) => n === 0,
  '>': (n) => n > 0,
  '<': (n) => n < 0,
  '>=': (n) => n >= 0,
  '<=': (n) => n <= 0,
}

/** Whether one condition holds of a question's values, as FHIR R4 says: `!=` holds when no value is equal, so also of none. */
function holds(condition: Condition, values: readonly Value[]): boolean {
  if (condition.operator === 'exists') return values.length > 0 === (condition.answerBoolean ?? true)
  const wanted = comparedWith(condition)
  if (wanted === undefined) return false
  const equal = (value: Value): boolean => value === wanted || order(value, wanted) === 0
  if (condition.operator === '!=') return !values.some(equal)
  if (condition.operator === '=') return values.some(equal)
  const compare = comparisons[condition.operator]
  return values.some((value) => {
    const found = order(value, wanted)
    return found !== null && compare(found)
  })
}

/**
 * The link ids that are shown: an item is, when its group is and its own `enableWhen` holds (all of them, or any). What
 * was answered to a hidden question does not count, neither here nor anywhere. A circle of conditions hides its items.
 */
export function visibleItems(form: Form, answers: Answers): ReadonlySet<string> {
  const places = new Map<string, { item: Item; group: Item | null }>()
  const place = (items: readonly Item[], group: Item | null): void => {
    for (const item of items) {
      places.set(item.linkId, { item, group })
      place(item.item ?? [], item)
    }
  }
  place(form.item, null)
  const known = new Map<string, boolean>()
  const visible = (linkId: string): boolean => {
    const found = places.get(linkId)
    if (!found) return false
    const before = known.get(linkId)
    if (before !== undefined) return before
    // While it is being decided it counts as hidden, so that a circle ends.
    known.set(linkId, false)
    const result = (found.group === null || visible(found.group.linkId)) && enabled(found.item)
    known.set(linkId, result)
    return result
  }
  const enabled = ({ enableWhen = [], enableBehavior = 'all' }: Item): boolean => {
    if (enableWhen.length === 0) return true
    const met = (one: Condition): boolean =>
      holds(one, visible(one.question) ? valuesOf(answers[one.question]).filter((v) => !isBlank(v)) : [])
    return enableBehavior === 'all' ? enableWhen.every(met) : enableWhen.some(met)
  }
  return new Set([...places.keys()].filter(visible))
}

/** The questions that are asked now, in the order of the form. */
export function askedItems(form: Form, answers: Answers): Item[] {
  const visible = visibleItems(form, answers)
  return allItems(form.item).filter((item) => isQuestion(item) && visible.has(item.linkId))
}

/** Everything typed into questions that are asked: texts, and an open choice's own words. */
export function typedIn(form: Form, answers: Answers): string[] {
  return askedItems(form, answers).flatMap((item) => {
    const typed = item.type === 'string' || item.type === 'text'
    return valuesOf(answers[item.linkId]).flatMap((value) => {
      if (typeof value === 'object') return [value.other]
      return typed && typeof value === 'string' ? [value] : []
    })
  })
}

/** Only the answers that count: of questions that are shown. This is what leaves the house. */
export function countedAnswers(form: Form, answers: Answers): Answers {
  const asked = askedItems(form, answers).flatMap(({ linkId }) => {
    const answer = answers[linkId]
    return answer && isAnswered(answer) ? [[linkId, answer] as const] : []
  })
  return Object.fromEntries(asked)
}

/** Link ids of required questions that are shown and have no answer yet, in the order of the form. */
export const missingRequired = (form: Form, answers: Answers): string[] =>
  askedItems(form, answers)
    .filter((item) => item.required && scoreOf(item) === null && !isAnswered(answers[item.linkId]))
    .map((item) => item.linkId)

const calendarDate = /^\d{4}-\d{2}-\d{2}$/
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

const isDate = (value: string): boolean =>
  calendarDate.test(value) && new Date(`${value}T00:00:00Z`).toJSON()?.slice(0, 10) === value

const isOption = (item: Item, value: Value): boolean =>
  (item.answerOption ?? []).some((option) => option.valueCoding.code === value)

/** Texts without a limit of their own end here. */
const longest = 20_000

const isText = (item: Item, value: Value): boolean =>
  typeof value === 'string' && value.length <= (item.maxLength ?? longest)

const isNumber = (item: Item, value: Value): boolean => {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  const { least, most } = limitsOf(item)
  return (least === null || value >= least) && (most === null || value <= most)
}

const fits: Record<Item['type'], (item: Item, value: Value) => boolean> = {
  group: () => false,
  display: () => false,
  string: isText,
  text: isText,
  integer: (item, value) => isNumber(item, value) && Number.isInteger(value),
  decimal: isNumber,
  boolean: (_, value) => typeof value === 'boolean',
  date: (_, value) => typeof value === 'string' && isDate(value),
  dateTime: (_, value) =>
    typeof value === 'string' &&
    instant.test(value) &&
    isDate(value.slice(0, 10)) &&
    !Number.isNaN(Date.parse(value)),
  choice: isOption,
  'open-choice': (item, value) =>
    typeof value === 'object'
      ? !isBlank(value) && value.other.length <= (item.maxLength ?? longest)
      : isOption(item, value),
}

/** Whether an answer is one to this question: kind, limits, length, options, number of values, whether it may be absent. */
export function isAnswerTo(item: Item, answer: Answer): boolean {
  if (!isQuestion(item)) return false
  if ('absent' in answer) return mayBeAbsent(item) && absences.includes(answer.absent)
  const { values } = answer
  if (values.length === 0 || (values.length > 1 && !item.repeats)) return false
  const names = values.map((value) => (typeof value === 'object' ? `other ${value.other}` : String(value)))
  return new Set(names).size === names.length && values.every((value) => fits[item.type](item, value))
}

/**
 * Checks all answers against the form, hidden ones too, since they are kept. `answers.invalid` names the questions, never
 * what was answered: unknown ones, such as cannot be answered so, and fixed ones that were changed.
 */
export function checkAnswers(form: Form, answers: Answers): void {
  const items = new Map(allItems(form.item).map((item) => [item.linkId, item]))
  const wrong = Object.entries(answers)
    .filter(([linkId, answer]) => {
      const item = items.get(linkId)
      if (!item) return true
      // Whatever is sent for a calculated score is replaced anyway.
      if (scoreOf(item) !== null) return false
      return !isAnswerTo(item, answer) || (item.readOnly === true && !isInitial(item, answer))
    })
    .map(([linkId]) => linkId)
  if (wrong.length > 0) throw new Problem('answers.invalid', { items: wrong })
}

/** The answers that fit their questions: the screen keeps the others, says so beside them, and does not send them. */
export function fittingAnswers(form: Form, answers: Answers): Answers {
  const items = new Map(allItems(form.item).map((item) => [item.linkId, item]))
  const fitting = Object.entries(answers).filter(([linkId, answer]) => {
    const item = items.get(linkId)
    return item !== undefined && isAnswerTo(item, answer)
  })
  return Object.fromEntries(fitting)
}

/** What a form starts with: the first answer of the questions that have one. */
export function initialAnswers(form: Form): Answers {
  const started = allItems(form.item).flatMap((item) => {
    const answer = initialOf(item)
    return answer ? [[item.linkId, answer] as const] : []
  })
  return Object.fromEntries(started)
}

/** The initial answer of one question, or null. */
function initialOf(item: Item): Answer | null {
  const values = (item.initial ?? []).flatMap((one): Value[] => {
    const value =
      one.valueCoding?.code ??
      one.valueString ??
      one.valueDate ??
      one.valueDateTime ??
      one.valueBoolean ??
      one.valueInteger ??
      one.valueDecimal
    return value === undefined ? [] : [value]
  })
  return isQuestion(item) && values.length > 0 ? { values } : null
}

const isInitial = (item: Item, answer: Answer): boolean =>
  JSON.stringify(initialOf(item)) === JSON.stringify(answer)

/** What one answered question adds to a score: numbers, and the weights of choices; null when one has none. */
function weightOf(item: Item, answer: Answer | undefined): number | null {
  const values = valuesOf(answer)
  if (values.length === 0) return null
  const weights = values.map((value) => {
    if (typeof value === 'number') return value
    const option = item.answerOption?.find((one) => one.valueCoding.code === value)
    return option ? ordinalOf(option.valueCoding) : null
  })
  return weights.reduce<number | null>(
    (sum, weight) => (sum === null || weight === null ? null : sum + weight),
    0,
  )
}

/**
 * A calculated score, or null as long as one of its questions is hidden, unanswered, unknown or without a weight: a
 * missing answer is never counted as 0.
 */
export function scoreFor(form: Form, answers: Answers, calculated: Item): number | null {
  const parts = scoreOf(calculated)
  if (parts === null || parts.length === 0) return null
  const asked = new Map(askedItems(form, answers).map((item) => [item.linkId, item]))
  return parts.reduce<number | null>((sum, linkId) => {
    const item = asked.get(linkId)
    const weight = item ? weightOf(item, answers[linkId]) : null
    return sum === null || weight === null ? null : sum + weight
  }, 0)
}

/** The answers with every calculated score as it is now, whatever was sent for it. */
export function withScores(form: Form, answers: Answers): Answers {
  const calculated = allItems(form.item).filter((item) => scoreOf(item) !== null)
  if (calculated.length === 0) return answers
  const isCalculated = (linkId: string): boolean => calculated.some((item) => item.linkId === linkId)
  const given = Object.entries(answers).filter(([linkId]) => !isCalculated(linkId))
  const scored = calculated.flatMap((item): [string, Answer][] => {
    const score = scoreFor(form, answers, item)
    return score === null ? [] : [[item.linkId, { values: [score] }]]
  })
  return Object.fromEntries([...given, ...scored])
}
