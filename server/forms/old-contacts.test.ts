import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { closeContact, enterContact, readBlankForm, readForm, saveForm } from '../../api/contacts.ts'
import {
  listVersions,
  publishForm,
  readDraft,
  saveDraft,
  startOverlay,
  type FormDraft,
} from '../../api/forms.ts'
import { addItem } from '../../domain/form-editing.ts'
import { openedAt } from '../../domain/overlay.ts'
import { allItems, bothTexts, type Item, type Questionnaire } from '../../domain/questionnaire.ts'
import { fromResponse, toResponse } from '../../domain/response.ts'
import { wholeResponse } from '../../test/answers.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { shippedBase } from './forms.ts'

const { db, ask, cookieOf, clock } = await openTestApp()
let hotlineId: string
let lineId: string
let cookie: string
let counsellor: { personId: string; cookie: string }

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  const { personId } = await aPerson(db, hotlineId, { roles: ['administrator'] })
  cookie = await cookieOf(hotlineId, personId)
  const other = await aPerson(db, hotlineId)
  counsellor = { personId: other.personId, cookie: await cookieOf(hotlineId, other.personId) }
})

const anEndedCall = async (): Promise<string> => {
  const contactId = newId()
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', ${clock.now}, null, null, null, null,
      false, null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${counsellor.personId} where contact_id = ${contactId}`.execute(
      tx,
    )
  })
  return contactId
}

const question: Item = {
  linkId: 'x1',
  type: 'choice',
  ...bothTexts('是否在校', 'At school'),
  required: true,
  answerOption: [{ valueCoding: { code: 'yes', display: '是' } }],
  extension: [{ url: 'urn:hearthline:fhir:purpose', valueString: '提供帮助' }],
}
const withWords = (item: Item): Item => ({
  ...item,
  answerOption: item.answerOption?.map(({ valueCoding }) => {
    const { text, _text } = bothTexts('是', 'Yes')
    return { valueCoding: { ...valueCoding, display: text, _display: _text } }
  }),
})

/** Publishes a required question of the line's own. */
const publishQuestion = async (): Promise<string> => {
  const started = await ask(startOverlay, { cookie, body: { lineId } })
  const formId = String(started.body['formId'])
  const draft = (await ask(readDraft, { cookie, params: { formId } })).body as unknown as FormDraft
  const added = addItem(openedAt(shippedBase, draft.questionnaire, 'clarify'), withWords(question), 'clarify')
  if ('refused' in added) throw new Error(added.refused)
  const body = { questionnaire: added.form, revision: draft.revision }
  const saved = await ask(saveDraft, { cookie, params: { formId }, body })
  expect(saved.body).toMatchObject({ faults: [] })
  const revision = Number(saved.body['revision'])
  const published = await ask(publishForm, { cookie, params: { formId }, body: { revision, note: '' } })
  expect(published.status, JSON.stringify(published.body)).toBe(200)
  return formId
}

type Read = { questionnaire: Questionnaire; missing: string[]; revision: number }
const formOf = async (contactId: string): Promise<Read> =>
  (await ask(readForm, { cookie: counsellor.cookie, params: { contactId } })).body as never
const idsOf = (form: Questionnaire): string[] => allItems(form.item).map((each) => each.linkId)
const save = (
  contactId: string,
  form: Questionnaire,
  more: Parameters<typeof toResponse>[1],
  revision: number,
) => {
  const answers = { ...fromResponse(form, wholeResponse()), ...more }
  const body = { response: toResponse(form, answers), revision, stage: 'summary' as const, stageMs: {} }
  return ask(saveForm, { cookie: counsellor.cookie, params: { contactId }, body })
}
const close = (contactId: string) => ask(closeContact, { cookie: counsellor.cookie, params: { contactId } })

test('G24-4.4.1: a contact opened under one version is read, saved and finished by it after the next is published', async () => {
  const old = await anEndedCall()
  const before = await formOf(old)
  expect(idsOf(before.questionnaire)).not.toContain('x1')

  const formId = await publishQuestion()
  const late = await anEndedCall()
  const after = await formOf(late)
  expect(idsOf(after.questionnaire)).toContain('x1')
  expect(after.missing).toContain('x1')

  const still = await formOf(old)
  expect(still.questionnaire).toEqual(before.questionnaire)
  expect((await save(old, still.questionnaire, {}, still.revision)).body).toMatchObject({ missing: [] })
  expect((await close(old)).body).toEqual({ done: true })
  expect(idsOf((await formOf(old)).questionnaire)).not.toContain('x1')

  expect((await save(late, after.questionnaire, {}, 0)).body).toMatchObject({ missing: ['x1'] })
  expect((await close(late)).body).toMatchObject({ code: 'contact.incomplete', detail: { missing: ['x1'] } })
  const versions = await ask(listVersions, { cookie, params: { formId } })
  expect(versions.body).toMatchObject({ rows: [{ version: 1, openContacts: 1, contacts: 1 }] })
  const wrong = await save(late, after.questionnaire, { x1: { values: ['maybe'] } }, 1)
  expect(wrong.body).toMatchObject({ code: 'answers.invalid' })
  const answered = await save(late, after.questionnaire, { x1: { values: ['yes'] } }, 1)
  expect(answered.body).toMatchObject({ missing: [] })
  expect((await close(late)).body).toEqual({ done: true })
})

test('G24-4.4.1: a contact by hand is asked what its line asks now, and is not finished without it', async () => {
  const blank = (await ask(readBlankForm, { cookie: counsellor.cookie, params: { lineId } }))
    .body as unknown as Read
  expect(idsOf(blank.questionnaire)).toContain('x1')
  const start = new Date(clock.now.getTime() - 3_600_000).toISOString()
  const given = {
    lineId,
    startedAt: start,
    endedAt: start,
    response: toResponse(blank.questionnaire, fromResponse(blank.questionnaire, wholeResponse())),
  }
  const refused = await ask(enterContact, { cookie: counsellor.cookie, body: given })
  expect(refused.body).toMatchObject({ code: 'contact.incomplete', detail: { missing: ['x1'] } })
})
