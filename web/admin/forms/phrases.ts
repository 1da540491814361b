/** Parts of a form in words: what an item is called, what a condition says, what a value was before and after. */
import { bothWords, isQuestion } from '../../../domain/form-editing.ts'
import {
  allItems,
  extensions,
  ordinalOf,
  wordsOf,
  type Condition,
  type Item,
  type Questionnaire,
} from '../../../domain/questionnaire.ts'
import type { Language } from '../../ui/time.ts'
import type { Say, WordKey } from '../../ui/words.ts'

/** What a form says of itself in the present language. */
export interface Speaker {
  say: Say
  language: Language
}

/** What an item is called in lists: its words, cut; its code while it has none. */
export function calledBy(item: Item, { say, language }: Speaker): string {
  const words = wordsOf(item, language).trim()
  if (words === '') return `${say('forms.noWords')} ${item.linkId}`
  return words.length > 60 ? `${words.slice(0, 59)}…` : words
}

/** What the item of a link id is called; the form itself where there is none. */
export function nameIn(form: Questionnaire, linkId: string | null, speaker: Speaker): string {
  if (linkId === null) return speaker.say('forms.top')
  const item = allItems(form.item).find((each) => each.linkId === linkId)
  return item ? calledBy(item, speaker) : linkId
}

/** The words of a choice. */
export function optionWords(item: Item | undefined, code: string, { language }: Speaker): string {
  const coding = item?.answerOption?.find((each) => each.valueCoding.code === code)?.valueCoding
  if (!coding) return code
  const { zh, en } = bothWords(coding.display, coding._display, 'zh-CN')
  return (language === 'en' ? en : zh) || zh || en || code
}

/** Questions that stand before an item: those a condition can ask about. */
export function earlierQuestions(form: Questionnaire, linkId: string): Item[] {
  const all = allItems(form.item)
  const at = all.findIndex((each) => each.linkId === linkId)
  return all.slice(0, at < 0 ? all.length : at).filter((each) => isQuestion(each.type))
}

/** What a condition compares with, as text. */
function answerText(condition: Condition, asked: Item | undefined, speaker: Speaker): string {
  if (condition.answerCoding) return optionWords(asked, condition.answerCoding.code, speaker)
  if (condition.answerBoolean !== undefined)
    return speaker.say(condition.answerBoolean ? 'forms.yes' : 'forms.no')
  return String(
    condition.answerInteger ??
      condition.answerDecimal ??
      condition.answerDate ??
      condition.answerString ??
      '',
  )
}

/** A condition as a sentence: "Danger is: a plan". */
function conditionText(condition: Condition, form: Questionnaire, speaker: Speaker): string {
  const asked = allItems(form.item).find((each) => each.linkId === condition.question)
  const name = nameIn(form, condition.question, speaker)
  const { operator } = condition
  if (operator === 'exists')
    return `${name} ${speaker.say(condition.answerBoolean === false ? 'forms.operator.missing' : 'forms.operator.exists')}`
  return `${name} ${speaker.say(`forms.operator.${operator}`)} ${answerText(condition, asked, speaker)}`
}

const fieldWords: Record<string, WordKey> = {
  text: 'forms.field.text',
  _text: 'forms.field._text',
  type: 'forms.type',
  required: 'forms.required',
  repeats: 'forms.repeats',
  readOnly: 'forms.field.readOnly',
  maxLength: 'forms.maxLength',
  enableWhen: 'forms.conditions',
  enableBehavior: 'forms.field.enableBehavior',
  answerOption: 'forms.field.answerOption',
  initial: 'forms.initial',
  [extensions.minValue]: 'forms.least',
  [extensions.maxValue]: 'forms.most',
  [extensions.purpose]: 'forms.purpose',
  [extensions.identifying]: 'forms.identifying',
  [extensions.mayBeAbsent]: 'forms.mayBeAbsent',
  [extensions.stage]: 'forms.stage',
  [extensions.score]: 'forms.score',
}

/** What a field of an item is called. */
export const fieldText = (field: string, { say }: Speaker): string => {
  const key = fieldWords[field]
  return key ? say(key) : say('forms.field.other', { field })
}

type Tell = (value: never, form: Questionnaire, speaker: Speaker) => string

/** Values that need more than to be written down. */
const told: Record<string, Tell> = {
  type: (value: Item['type'], _form, { say }) => say(`forms.type.${value}`),
  enableBehavior: (value: string, _form, { say }) => say(value === 'any' ? 'forms.any' : 'forms.all'),
  _text: (value: Item['_text']) => bothWords('', value, 'zh-CN').en,
  enableWhen: (value: Condition[], form, speaker) =>
    value.map((each) => conditionText(each, form, speaker)).join(speaker.language === 'en' ? '; ' : '；'),
  answerOption: (value: NonNullable<Item['answerOption']>, _form, { language }) =>
    value
      .map(({ valueCoding }) => {
        const { zh, en } = bothWords(valueCoding.display, valueCoding._display, 'zh-CN')
        const weight = ordinalOf(valueCoding)
        return `${zh} / ${en}${weight === null ? '' : ` (${weight})`}`
      })
      .join(language === 'en' ? ', ' : '、'),
  [extensions.score]: (value: string, form, speaker) =>
    value
      .split(' ')
      .map((linkId) => nameIn(form, linkId, speaker))
      .join(' + '),
}

/** A field's value in words. */
export function valueText(field: string, value: unknown, form: Questionnaire, speaker: Speaker): string {
  if (value === undefined || value === '') return speaker.say('forms.nothing')
  if (typeof value === 'boolean') return speaker.say(value ? 'forms.yes' : 'forms.no')
  const tell = told[field]
  if (tell) return tell(value as never, form, speaker)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value)
}
