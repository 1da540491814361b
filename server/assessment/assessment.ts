/* The front of assessment: an instrument asked on a contact, what came out, and what it says of danger (G24-4.3.4). */
import type { AssessmentRow, LinkRow } from '../../api/assessment.ts'
import { findingsOf, opensProtocol } from '../../domain/instrument-findings.ts'
import { score, type InstrumentResult } from '../../domain/instrument-score.ts'
import { questionsOf, type Instrument, type ItemAnswers } from '../../domain/instrument.ts'
import { Problem } from '../../domain/problem.ts'
import type { Language, QuestionnaireResponse } from '../../domain/questionnaire.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import { visible, type Asker } from '../contacts/contacts.ts'
import { heard } from '../crisis/crisis.ts'
import type { Tx } from '../db/database.ts'
import { promise } from '../tasks/tasks.ts'
import type { Catalogue } from './catalogue.ts'
import {
  appendEvent,
  findAssessment,
  findAssessments,
  findLinks,
  insertAssessment,
  lockContact,
  wasNoted,
  type LinkedContact,
  type StoredAssessment,
  type StoredLink,
} from './queries.ts'
import { oneUsed, wordingOf, type Used } from './settings.ts'

/** What a write changed, so that screens and the living call can be told. */
export interface Told {
  contactId: string
  /** The counsellor who has the contact. */
  personId: string | null
  level: RiskLevel | null
  raised: boolean
}

/** Answers given to an instrument on a contact. */
export interface Given {
  hotlineId: string
  contactId: string
  /** Who asked; null when the caller answered alone. */
  personId: string | null
  instrument: string
  language: Language
  answers: ItemAnswers
  now: Date
}

/** The answers as FHIR writes them; only what was answered, in the order of the questions. */
const responseOf = (
  of: Instrument,
  answers: ItemAnswers,
  status: boolean,
  now: Date,
): QuestionnaireResponse => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire: `${of.questionnaire.url}|${of.questionnaire.version}`,
  status: status ? 'completed' : 'in-progress',
  authored: now.toISOString(),
  item: questionsOf(of).flatMap(({ linkId }) => {
    const value = answers[linkId] ?? null
    return value === null ? [] : [{ linkId, answer: [{ valueCoding: { code: String(value) } }] }]
  }),
})

const scored = ({ of, choice }: Used, answers: ItemAnswers): InstrumentResult =>
  score(of, answers, { variant: choice.variant ?? undefined, cutOff: choice.cutOff ?? undefined })

/** How soon somebody looks at a critical answer that comes when the call is over. */
const lookWithinMs = 15 * 60_000

/** Tells crisis what the result says; a critical answer after the call's end also becomes a task that somebody owns. */
async function tellDanger(
  tx: Tx,
  given: Given,
  of: Instrument,
  result: InstrumentResult,
  contact: LinkedContact,
): Promise<Told> {
  const { hotlineId, contactId, personId, now } = given
  const findings = findingsOf(of, result)
  const told: Told = { contactId, personId: contact.person_id, level: null, raised: false }
  if (findings.length === 0) return told
  const open = opensProtocol(result) ? [{ protocol: 'suicide', from: 'instrument' as const }] : []
  const { level, raised } = await heard(tx, { hotlineId, contactId, personId, now, findings, open })
  if (personId === null && contact.ended_at !== null)
    await promise(tx, {
      hotlineId,
      contactId,
      lineId: contact.line_id,
      kind: 'follow-up',
      dueAt: new Date(now.getTime() + lookWithinMs),
      planStep: 'critical-answer',
      createdBy: null,
      now,
    })
  return { ...told, level, raised }
}

const lockedContact = async (tx: Tx, contactId: string): Promise<LinkedContact> => {
  const contact = await lockContact(tx, contactId)
  if (!contact) throw new Problem('contact.notFound')
  return contact
}

/**
 * Scores and stores an instrument, complete or not, with what it says of danger, in the transaction given. Storing the same
 * id again changes nothing. `answers.invalid`, `instrument.notFound`, `instrument.noText`.
 */
export async function store(
  tx: Tx,
  catalogue: Catalogue,
  given: Given & { assessmentId: string },
): Promise<Told> {
  const used = await oneUsed(tx, catalogue, given.instrument)
  const { text, origin } = wordingOf(used, given.language)
  if (!text || !used.choice.enabled) throw new Problem('instrument.noText', { instrument: given.instrument })
  const { of } = used
  const contact = await lockedContact(tx, given.contactId)
  const result = scored(used, given.answers)
  const { assessmentId, hotlineId, contactId, personId, language, now } = given
  const fresh = await insertAssessment(tx, {
    assessmentId,
    hotlineId,
    contactId,
    instrument: of.id,
    version: of.questionnaire.version,
    language,
    licence: origin === 'operator' ? 'operator' : of.licence.tag,
    response: responseOf(of, given.answers, result.complete, now),
    result,
    askedBy: personId,
    byLink: personId === null,
    at: now,
  })
  if (!fresh) return { contactId, personId: contact.person_id, level: null, raised: false }
  const data = { instrument: of.short, complete: result.complete, byLink: personId === null }
  await appendEvent(tx, { contactId, at: now, kind: 'instrument', actor: personId, data })
  return tellDanger(tx, given, of, result, contact)
}

/** Hears of a critical answer at once, whatever becomes of the rest; answers without one change nothing. */
export async function note(tx: Tx, catalogue: Catalogue, given: Omit<Given, 'language'>): Promise<Told> {
  const used = await oneUsed(tx, catalogue, given.instrument)
  const contact = await lockedContact(tx, given.contactId)
  const result = scored(used, given.answers)
  const { contactId, now, personId } = given
  const told = await tellDanger(tx, { ...given, language: 'zh-CN' }, used.of, result, contact)
  const data = { instrument: used.of.short, byLink: personId === null }
  const event = { contactId, at: now, kind: 'instrument-critical', actor: personId, data }
  if (told.level !== null && !(await wasNoted(tx, event))) await appendEvent(tx, event)
  return told
}

const rowOf = (catalogue: Catalogue, row: StoredAssessment): AssessmentRow => {
  const of = catalogue.get(row.instrument)
  return {
    assessmentId: row.assessment_id,
    instrument: row.instrument,
    // A file that was taken away leaves its results readable.
    short: of?.short ?? row.instrument,
    name: of?.name ?? { 'zh-CN': row.instrument, en: row.instrument },
    version: row.version,
    language: row.language,
    licence: row.licence,
    at: row.at.toISOString(),
    askedBy: row.asked_by,
    byLink: row.by_link,
    result: row.result,
  }
}

/** Where a link stands: used, taken back, over, or open. */
export const linkState = (
  link: Pick<StoredLink, 'assessment_id' | 'revoked_at' | 'expires_at'>,
  now: Date,
): LinkRow['state'] => {
  if (link.assessment_id !== null) return 'used'
  if (link.revoked_at !== null) return 'revoked'
  return link.expires_at <= now ? 'expired' : 'open'
}

const linkRowOf = (catalogue: Catalogue, link: StoredLink, now: Date): LinkRow => ({
  linkId: link.link_id,
  instrument: link.instrument,
  short: catalogue.get(link.instrument)?.short ?? link.instrument,
  language: link.language,
  madeBy: link.made_by,
  madeAt: link.made_at.toISOString(),
  expiresAt: link.expires_at.toISOString(),
  openedAt: link.opened_at?.toISOString() ?? null,
  state: linkState(link, now),
})

/** Results and links of a contact the asker may see; `contact.notFound` otherwise. */
export async function list(
  tx: Tx,
  catalogue: Catalogue,
  asker: Asker,
  contactId: string,
  now: Date,
): Promise<{ results: AssessmentRow[]; links: LinkRow[] }> {
  await visible(tx, asker, contactId)
  const results = await findAssessments(tx, contactId)
  const links = await findLinks(tx, contactId)
  return {
    results: results.map((row) => rowOf(catalogue, row)),
    links: links.map((link) => linkRowOf(catalogue, link, now)),
  }
}

/** One result of a contact as listed; an id that is another contact's is `contact.notFound`. */
export async function read(
  tx: Tx,
  catalogue: Catalogue,
  contactId: string,
  assessmentId: string,
): Promise<AssessmentRow> {
  const row = await findAssessment(tx, assessmentId)
  if (row?.contact_id !== contactId) throw new Problem('contact.notFound')
  return rowOf(catalogue, row)
}
