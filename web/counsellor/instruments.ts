/** What the desk knows of instruments: the queries, and small readings of results. */
import { queryOptions } from '@tanstack/react-query'
import {
  listAssessments,
  listInstruments,
  type AssessmentRow,
  type InstrumentRow,
  type Sheet,
} from '../../api/assessment.ts'
import type { Language } from '../../domain/questionnaire.ts'
import { request } from '../ui/request.ts'

/** Instruments the hotline uses; live `changed` events make it be read again. */
export const instrumentsQuery = queryOptions({
  queryKey: ['instruments'],
  queryFn: () => request(listInstruments, {}),
})

/** A contact's results and links; a live `crisis` event of the contact makes them be read again. */
export const assessmentsQuery = (contactId: string) =>
  queryOptions({
    queryKey: ['contact', contactId, 'assessments'],
    queryFn: () => request(listAssessments, { params: { contactId } }),
  })

/** The language an instrument is asked in when nobody chose one: that of the screen, else the first there is. */
export const languageFor = (of: InstrumentRow, language: Language): Language | undefined =>
  of.languages.includes(language) ? language : of.languages[0]

/** The latest result of every instrument with the one before it, latest first. */
export function latestOf(
  results: readonly AssessmentRow[],
): { row: AssessmentRow; before?: AssessmentRow }[] {
  const newest = new Map<string, { row: AssessmentRow; before?: AssessmentRow }>()
  for (const row of results) {
    const known = newest.get(row.instrument)
    newest.set(row.instrument, known ? { row, before: known.row } : { row })
  }
  return [...newest.values()].sort((a, b) => b.row.at.localeCompare(a.row.at))
}

/** How the total changed since the last one scored the same way, written with its sign; null when it cannot be compared. */
export function changeOf(row: AssessmentRow, before: AssessmentRow | undefined): string | null {
  const { total, variant } = row.result
  const was = before?.result
  if (total === null || !was || was.total === null || was.variant?.id !== variant?.id) return null
  const change = total - was.total
  return change > 0 ? `+${change}` : String(change).replace('-', '−')
}

/** Questions that are asked, given the answers so far. */
export const askedOf = (sheet: Sheet, answers: Readonly<Record<string, number>>): Sheet['questions'] =>
  sheet.questions.filter((one) => one.when.every(({ item, value }) => answers[item] === value))

/** Whether every question is about danger itself (C-SSRS): then the asking goes on after a "yes". */
export const isAboutDanger = (sheet: Sheet): boolean =>
  sheet.questions.every(({ critical }) => critical !== null)

/** Critical answers among those given. */
export const criticalOf = (sheet: Sheet, answers: Readonly<Record<string, number>>): string[] =>
  sheet.questions
    .filter(
      ({ item, critical }) => critical !== null && (answers[item] ?? Number.NEGATIVE_INFINITY) >= critical,
    )
    .map(({ item }) => item)

/** A new id for a result; also where there is no secure connection, so without crypto.randomUUID. */
export function newAssessmentId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
