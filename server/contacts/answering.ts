/* Answers of a contact's form: read, checked against the version they are given to, and what they say of danger heard. */
import { checkAnswers, initialAnswers, typedIn, withScores } from '../../domain/answers.ts'
import {
  coreOf,
  endangersOthers,
  findingsOf,
  formTopics,
  missingForClosing,
  protocolsOf,
  type Core,
} from '../../domain/form.ts'
import type { Answers, Questionnaire, QuestionnaireResponse } from '../../domain/questionnaire.ts'
import { fromResponse, toResponse } from '../../domain/response.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import type { Stage } from '../../domain/stage.ts'
import { heard } from '../crisis/crisis.ts'
import { appendEvent } from '../db/contact-event.ts'
import type { Tx } from '../db/database.ts'
import type { AnswerSealing, StoredAnswers } from '../records/answers.ts'
import { saveAnswers } from './queries.ts'

/** The answers as stored, in the form they were given to; of a record that nobody has opened, what the form starts with. */
export function storedAnswers(form: Questionnaire, stored: StoredAnswers, sealing: AnswerSealing): Answers {
  const response = sealing.open(stored)
  return response ? fromResponse(form, response) : initialAnswers(form)
}

/** What was sent, checked and with its scores; `answers.invalid` names the questions. */
export function sentAnswers(form: Questionnaire, sent: QuestionnaireResponse): Answers {
  const answers = fromResponse(form, sent)
  checkAnswers(form, answers)
  return withScores(form, answers)
}

/** Whether two sets of answers say the same, in whatever order they came. */
export const sameAnswers = (form: Questionnaire, one: Answers, other: Answers): boolean =>
  JSON.stringify(toResponse(form, one)) === JSON.stringify(toResponse(form, other))

const dangerIn = (core: Core): string =>
  JSON.stringify([findingsOf(core), endangersOthers(core), protocolsOf(core)])

/** Answers to be written, and who gave them when. */
export interface Writing {
  hotlineId: string
  contactId: string
  personId: string
  now: Date
  form: Questionnaire
  /** What was stored before. */
  before: Answers
  answers: Answers
  stage: Stage
  stageMs: Partial<Record<Stage, number>>
  sealing: AnswerSealing
}

/**
 * What came of writing: the questions still missing; when danger was heard, the contact's level now; whether the class
 * changed, which lists show.
 */
export interface Written {
  missing: string[]
  heard: { level: RiskLevel | null } | null
  classed: boolean
}

/** Saves answers as the next revision; in the same transaction tells the crisis slice what they newly say of danger. */
export async function writeAnswers(tx: Tx, given: Writing): Promise<Written> {
  const { form, answers, contactId, personId, now, sealing } = given
  const core = coreOf(answers)
  const was = coreOf(given.before)
  await saveAnswers(
    tx,
    contactId,
    {
      ...sealing.seal(form, contactId, toResponse(form, answers)),
      stage: given.stage,
      stageMs: given.stageMs,
      class: core.class,
      words: sealing.indexWords(typedIn(form, answers)),
    },
    now,
  )
  const missing = missingForClosing(form, answers)
  const classed = core.class !== was.class
  if (dangerIn(core) === dangerIn(was)) return { missing, heard: null, classed }
  const { risk, danger, dangerToOthers } = core
  if (was.risk !== risk || was.danger !== danger || was.dangerToOthers !== dangerToOthers)
    await appendEvent(tx, contactId, now, 'assessed', personId, { risk, danger, dangerToOthers })
  const { level } = await heard(tx, {
    hotlineId: given.hotlineId,
    contactId,
    personId,
    now,
    findings: findingsOf(core),
    words: sealing.words,
    whole: formTopics,
    dangerToOthers: endangersOthers(core),
    open: protocolsOf(core).map((protocol) => ({ protocol, from: 'form' as const })),
  })
  return { missing, heard: { level }, classed }
}
