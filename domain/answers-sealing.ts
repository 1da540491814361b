/**
 * Answers in two parts: the open one, which lists and statistics are made of, and the sealed one, which is kept encrypted
 * (G24-7.5b). Sealed is what may tell who somebody is: answers to questions marked so, and every word that was typed.
 */
import { z } from 'zod'
import type { Form } from './answers.ts'
import {
  allItems,
  isIdentifying,
  responseAnswer,
  type QuestionnaireResponse,
  type ResponseItem,
} from './questionnaire.ts'

type Given = NonNullable<ResponseItem['answer']>

/** The answers taken out of a response, by link id. */
export const sealedAnswers = z.record(z.string(), responseAnswer)
/** The answers taken out of a response, by link id. */
export type SealedAnswers = z.infer<typeof sealedAnswers>

/**
 * Which answers to this form are sealed: to questions marked as identifying, to those it does not know, and words typed
 * anywhere else.
 */
const sealedIn = (form: Form): ((linkId: string, answer: Given) => boolean) => {
  const known = new Map(allItems(form.item).map((item) => [item.linkId, isIdentifying(item)]))
  return (linkId, answer) =>
    known.get(linkId) !== false || answer.some((given) => given.valueString !== undefined)
}

/** Takes the answers to be sealed out of a response; their places stay in the open part, so that they find back. */
export function splitAnswers(
  form: Form,
  response: QuestionnaireResponse,
): { open: QuestionnaireResponse; sealed: SealedAnswers } {
  const isSealed = sealedIn(form)
  const sealed = new Map<string, Given>()
  const opened = (items: readonly ResponseItem[]): ResponseItem[] =>
    items.map(({ answer, item, ...rest }) => {
      const taken = answer !== undefined && isSealed(rest.linkId, answer)
      if (taken) sealed.set(rest.linkId, answer)
      return {
        ...rest,
        ...(answer === undefined || taken ? {} : { answer }),
        ...(item === undefined ? {} : { item: opened(item) }),
      }
    })
  const open = response.item === undefined ? response : { ...response, item: opened(response.item) }
  return { open, sealed: Object.fromEntries(sealed) }
}

/** The response as it was before splitAnswers(). */
export function mergeAnswers(open: QuestionnaireResponse, sealed: SealedAnswers): QuestionnaireResponse {
  const known = new Map(Object.entries(sealed))
  const whole = (items: readonly ResponseItem[]): ResponseItem[] =>
    items.map(({ answer, item, ...rest }) => {
      const back = answer ?? known.get(rest.linkId)
      return {
        ...rest,
        ...(back === undefined ? {} : { answer: back }),
        ...(item === undefined ? {} : { item: whole(item) }),
      }
    })
  return open.item === undefined ? open : { ...open, item: whole(open.item) }
}
