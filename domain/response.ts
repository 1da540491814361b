/** Answers as FHIR R4 QuestionnaireResponse and back: so they are stored, sent and exported. */
import { countedAnswers, isAnswered, type Form } from './answers.ts'
import {
  absences,
  allItems,
  extensions,
  type Absence,
  type Answer,
  type Answers,
  type Item,
  type Questionnaire,
  type QuestionnaireResponse,
  type ResponseItem,
  type Value,
} from './questionnaire.ts'

type Given = NonNullable<ResponseItem['answer']>[number]

/** Codes of FHIR's data-absent-reason for why there is no answer. */
const reasons: Record<Absence, string> = {
  unknown: 'asked-unknown',
  'not-asked': 'not-asked',
  declined: 'asked-declined',
}

const written = (item: Item, value: Value): Given => {
  if (typeof value === 'object') return { valueString: value.other }
  if (typeof value === 'boolean') return { valueBoolean: value }
  if (typeof value === 'number')
    return item.type === 'integer' ? { valueInteger: value } : { valueDecimal: value }
  if (item.type === 'date') return { valueDate: value }
  if (item.type === 'dateTime') return { valueDateTime: value }
  if (item.type === 'choice' || item.type === 'open-choice') return { valueCoding: { code: value } }
  return { valueString: value }
}

const answerOf = (item: Item, answer: Answer): Given[] =>
  'absent' in answer
    ? [{ extension: [{ url: extensions.absent, valueCode: reasons[answer.absent] }] }]
    : answer.values.map((value) => written(item, value))

const itemsOf = (items: readonly Item[], answers: Answers): ResponseItem[] =>
  items.flatMap((item): ResponseItem[] => {
    const answer = answers[item.linkId]
    const inside = itemsOf(item.item ?? [], answers)
    if (!isAnswered(answer) && inside.length === 0) return []
    return [
      {
        linkId: item.linkId,
        ...(answer && isAnswered(answer) ? { answer: answerOf(item, answer) } : {}),
        ...(inside.length > 0 ? { item: inside } : {}),
      },
    ]
  })

/** `url|version` of a form, as answers name it. */
export const canonicalOf = (form: Questionnaire): string => `${form.url}|${form.version}`

/**
 * The answers in the order of the form; what the form does not ask, or is not answered, is left out. `hidden: 'kept'` is
 * for storing (an answer comes back when its question does), `'left-out'` for everything that leaves the house.
 */
export function toResponse(
  form: Questionnaire,
  answers: Answers,
  hidden: 'kept' | 'left-out' = 'kept',
): QuestionnaireResponse {
  const counted = hidden === 'kept' ? answers : countedAnswers(form, answers)
  return {
    resourceType: 'QuestionnaireResponse',
    questionnaire: canonicalOf(form),
    status: 'in-progress',
    item: itemsOf(form.item, counted),
  }
}

const read = (given: Given, item: Item | undefined): Value | undefined => {
  if (given.valueCoding) return given.valueCoding.code
  if (given.valueString !== undefined)
    return item?.type === 'open-choice' ? { other: given.valueString } : given.valueString
  return (
    given.valueBoolean ?? given.valueInteger ?? given.valueDecimal ?? given.valueDate ?? given.valueDateTime
  )
}

const absenceIn = (answer: readonly Given[]): Absence | undefined => {
  const code = answer
    .flatMap((given) => given.extension ?? [])
    .find((one) => one.url === extensions.absent)?.valueCode
  return absences.find((absence) => reasons[absence] === code || absence === code)
}

/**
 * The answers of a response by link id. The form tells an open choice's own words from other texts; `{ item: [] }` reads
 * the answers of a form one does not have. Nothing is checked here (domain/answers.ts `checkAnswers`).
 */
export function fromResponse(form: Form, response: QuestionnaireResponse): Answers {
  const known = new Map(allItems(form.item).map((item) => [item.linkId, item]))
  const found: [string, Answer][] = []
  const collect = (items: readonly ResponseItem[]): void => {
    for (const { linkId, answer = [], item = [] } of items) {
      const absent = absenceIn(answer)
      const values = answer.flatMap((given): Value[] => {
        const value = read(given, known.get(linkId))
        return value === undefined ? [] : [value]
      })
      if (values.length > 0) found.push([linkId, { values }])
      else if (absent) found.push([linkId, { absent }])
      collect(item)
    }
  }
  collect(response.item ?? [])
  return Object.fromEntries(found)
}

/** A response nobody has answered yet. */
export const emptyResponse = (form: Questionnaire): QuestionnaireResponse => toResponse(form, {})
