/* What goes into a package: of each chosen contact what was chosen, as FHIR R4, as a table, and as sound. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { countedAnswers } from '../../domain/answers.ts'
import {
  chosenAnswers,
  soundOfLeaves,
  type DisclosureFact,
  type DisclosureWish,
} from '../../domain/disclosure.ts'
import {
  questionnaire,
  questionnaireResponse,
  type Language,
  type Questionnaire,
} from '../../domain/questionnaire.ts'
import { fromResponse, toResponse } from '../../domain/response.ts'
import { readSaved, type Asker } from '../contacts/contacts.ts'
import type { Tx } from '../db/database.ts'
import { csvOf, workbookOf } from '../http/table-file.ts'
import type { ContactSealing } from '../records/answers.ts'
import { fileOf, type ArchiveFile } from './archive.ts'
import type { DisclosedRow } from './queries.ts'
import { tableOf, type DisclosedPart } from './table.ts'

/** A contact with its form and those of its answers that count. */
export interface ReadContact {
  row: DisclosedRow
  form: Questionnaire
  answers: DisclosedPart['answers']
}

/** Reads the contacts' forms as the asker may, for the purpose of disclosure. */
export async function readContacts(
  tx: Tx,
  asker: Asker,
  rows: readonly DisclosedRow[],
  sealing: ContactSealing,
): Promise<ReadContact[]> {
  const read: ReadContact[] = []
  for (const row of rows) {
    const saved = await readSaved(tx, asker, row.contact_id, sealing)
    const form = questionnaire.parse(saved.questionnaire)
    const answers = fromResponse(form, questionnaireResponse.parse(saved.response))
    read.push({ row, form, answers: countedAnswers(form, answers) })
  }
  return read
}

const factOf: Readonly<
  Record<
    Exclude<DisclosureFact, 'times'>,
    (row: DisclosedRow, openNumber: (sealed: Buffer) => string) => string | null
  >
> = {
  line: (row) => row.line_name,
  channel: (row) => row.channel,
  outcome: (row) => row.outcome,
  class: (row) => row.class,
  risk: (row) => row.risk,
  counsellor: (row) => row.counsellor,
  callerNumber: (row, openNumber) => row.caller_number_sealed && openNumber(row.caller_number_sealed),
}

/** Only what was chosen of a contact: nothing else is handed on from here. */
function partOf(
  { row, form, answers }: ReadContact,
  wish: Pick<DisclosureWish, 'facts' | 'questions'>,
  openNumber: (sealed: Buffer) => string,
): DisclosedPart {
  const facts: DisclosedPart['facts'] = {}
  for (const fact of wish.facts) {
    if (fact === 'times')
      facts.times = { started: row.started_at, answered: row.answered_at, ended: row.ended_at }
    else facts[fact] = factOf[fact](row, openNumber)
  }
  return { number: row.number, facts, form, answers: chosenAnswers(answers, wish.questions) }
}

const json = (name: string, value: unknown): ArchiveFile =>
  fileOf(name, Buffer.from(`${JSON.stringify(value, null, 2)}\n`))

const numberOf = (number: number) => ({ system: 'urn:hearthline:contact-number', value: String(number) })

/** The contact as FHIR R4 Encounter (class VR, virtual); what FHIR has no element for is an extension. */
function encounterOf({ number, facts }: DisclosedPart): object {
  const { times, callerNumber, counsellor } = facts
  const codes = (['line', 'channel', 'outcome', 'class', 'risk'] as const).flatMap((name) => {
    const value = facts[name]
    return value ? [{ url: `urn:hearthline:fhir:${name}`, valueString: value }] : []
  })
  return {
    resourceType: 'Encounter',
    ...(callerNumber
      ? {
          contained: [
            { resourceType: 'Patient', id: 'caller', telecom: [{ system: 'phone', value: callerNumber }] },
          ],
        }
      : {}),
    ...(codes.length > 0 ? { extension: codes } : {}),
    identifier: [numberOf(number)],
    status: times && !times.ended ? 'in-progress' : 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'VR', display: 'virtual' },
    ...(callerNumber ? { subject: { reference: '#caller' } } : {}),
    ...(counsellor ? { participant: [{ individual: { display: counsellor } }] } : {}),
    ...(times
      ? {
          period: {
            start: times.started.toISOString(),
            ...(times.ended ? { end: times.ended.toISOString() } : {}),
          },
        }
      : {}),
  }
}

const explanation = `这个资料包只供接收方按约定的目的使用,用完请按约定销毁。核对:npx hearthline verify 资料包 --identity 密钥文件
contacts.csv 和 contacts.xlsx 是供阅读的表格;contacts/ 里是同样内容的 HL7 FHIR R4(JSON);录音为 WAV,左声道是求助者,右声道是咨询员。

This package is for its receiver and the agreed purpose only. To check it: npx hearthline verify PACKAGE --identity FILE
contacts.csv and contacts.xlsx are tables to read; contacts/ holds the same as HL7 FHIR R4 (JSON); recordings are WAV,
the caller on the left, the counsellor on the right.
`

/** What a package is filled from. */
export interface Filling {
  wish: DisclosureWish
  contacts: readonly ReadContact[]
  openNumber: (sealed: Buffer) => string
  language: Language
  zone: string
  /** A recording's whole WAV. */
  sound: (recordingId: string) => Promise<{ bytes: number; stream: Readable }>
}

/** The files of a package, made one after the other; sound is opened only when its turn comes. */
export async function* packageFiles(filling: Filling): AsyncGenerator<ArchiveFile> {
  const { wish, contacts, openNumber } = filling
  const parts = contacts.map((contact) => partOf(contact, wish, openNumber))
  const rows = tableOf(parts, wish.facts, wish.questions, filling)
  yield fileOf('readme.txt', Buffer.from(explanation))
  yield fileOf('contacts.csv', csvOf(rows))
  yield fileOf('contacts.xlsx', await workbookOf('contacts', rows))
  const forms = new Map<string, Questionnaire>()
  for (const part of parts) {
    const folder = `contacts/${part.number}`
    yield json(`${folder}/encounter.json`, encounterOf(part))
    if (wish.questions.length === 0) continue
    forms.set(hashOf(part.form), part.form)
    yield json(`${folder}/response.json`, {
      ...toResponse(part.form, part.answers),
      status: 'completed',
      encounter: { identifier: numberOf(part.number) },
    })
  }
  for (const [hash, form] of forms) yield json(`questionnaires/${hash}.json`, form)
  for (const { row } of contacts) yield* soundFiles(filling, row)
}

const hashOf = (form: Questionnaire): string =>
  createHash('sha256').update(JSON.stringify(form)).digest('hex').slice(0, 16)

async function* soundFiles({ wish, sound }: Filling, row: DisclosedRow): AsyncGenerator<ArchiveFile> {
  if (!soundOfLeaves(wish, row)) return
  for (const [place, { recording_id: recordingId }] of row.recordings.entries()) {
    const { bytes, stream } = await sound(recordingId)
    yield { name: `contacts/${row.number}/recording-${place + 1}.wav`, bytes, content: () => stream }
  }
}
