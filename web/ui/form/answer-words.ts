/** An answer in words, for reading. */
import { textIn, type Answer, type Item, type Value } from '../../../domain/questionnaire.ts'
import { dayAndTime, type Language } from '../time.ts'
import type { Say } from '../words.ts'

/** The words of a choice in a language; the code itself when the form no longer has it. */
export function optionWords(item: Item, code: string, language: Language): string {
  const option = item.answerOption?.find((one) => one.valueCoding.code === code)
  return option ? textIn(option.valueCoding.display, option.valueCoding._display, language) : code
}

const wordsOfValue = (item: Item, value: Value, language: Language, say: Say, zone: string): string => {
  if (typeof value === 'object') return value.other
  if (typeof value === 'boolean') return say(value ? 'form.yes' : 'form.no')
  if (typeof value === 'number') return String(value)
  if (item.type === 'choice' || item.type === 'open-choice') return optionWords(item, value, language)
  return item.type === 'dateTime' ? dayAndTime(Date.parse(value), zone) : value
}

/** The answer to a question in words, an empty text when there is none. */
export function answerWords(
  item: Item,
  answer: Answer | undefined,
  language: Language,
  say: Say,
  zone: string,
): string {
  if (!answer) return ''
  if ('absent' in answer) return say(`form.absent.${answer.absent}`)
  return answer.values
    .map((value) => wordsOfValue(item, value, language, say, zone))
    .join(language === 'en' ? ', ' : '、')
}
