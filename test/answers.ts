/* A registration form filled in, for tests that need a record and not its questions. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  questionnaire,
  type Answers,
  type Questionnaire,
  type QuestionnaireResponse,
} from '../domain/questionnaire.ts'
import { initialAnswers } from '../domain/answers.ts'
import { toResponse } from '../domain/response.ts'

/** The base form as it is shipped. */
export const baseForm: Questionnaire = questionnaire.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../clinical/forms/base.json'), 'utf8')),
)

/** Answers of one code, text or number each; several as a list. */
type Given = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** Answers as given, on top of what the form starts with. */
export const answered = (given: Given = {}): Answers => ({
  ...initialAnswers(baseForm),
  ...Object.fromEntries(
    Object.entries(given).flatMap(([linkId, value]) =>
      value === undefined ? [] : [[linkId, { values: Array.isArray(value) ? [...value] : [value] }]],
    ),
  ),
})

/** Answers with which a record may be closed. */
export const wholeAnswers = (given: Given = {}): Answers =>
  answered({
    danger: 'none',
    dangerToOthers: 'no',
    risk: 'none',
    emotions: ['sad'],
    distressBefore: 70,
    problems: ['family'],
    distressAfter: 40,
    outcome: 'counselled',
    ...given,
  })

/** The same as the response that is stored and sent. */
export const wholeResponse = (given: Given = {}): QuestionnaireResponse =>
  toResponse(baseForm, wholeAnswers(given))
