import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import {
  compareForms,
  discardDraft,
  listForms,
  listVersions,
  publishForm,
  readDraft,
  readVersion,
  saveDraft,
  startOverlay,
  type FormDraft,
  type FormRow,
  type VersionRow,
} from '../../api/forms.ts'
import { canonical } from '../../domain/form-comparison.ts'
import { addItem, changeItem, freeLinkId, removeItem, type Edited } from '../../domain/form-editing.ts'
import {
  allItems,
  bothTexts,
  isCore,
  purposeOf,
  type Item,
  type Questionnaire,
} from '../../domain/questionnaire.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { effectiveForm, shippedBase } from './forms.ts'

const { db, owner, ask, cookieOf, published, clock } = await openTestApp()
let hotlineId: string
let lineId: string
let cookie: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId, { name: '青少年专线' })).lineId
  cookie = await cookieFor('administrator')
})

const cookieFor = async (role: 'administrator' | 'supervisor' | 'counsellor'): Promise<string> =>
  cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: [role] })).personId)

const listed = async (): Promise<{ base: FormRow; rows: FormRow[] }> =>
  (await ask(listForms, { cookie })).body as never
const baseId = async (): Promise<string> => String((await listed()).base.formId)
const overlayId = async (line = lineId): Promise<string> =>
  String((await ask(startOverlay, { cookie, body: { lineId: line } })).body['formId'])
const draftOf = async (formId: string): Promise<FormDraft> =>
  (await ask(readDraft, { cookie, params: { formId } })).body as never

const formOf = (edited: Edited): Questionnaire => {
  if ('refused' in edited) throw new Error(edited.refused)
  return edited.form
}

const aQuestion = (linkId: string, more: Partial<Item> = {}): Item => ({
  linkId,
  type: 'boolean',
  ...bothTexts('是否在校住宿', 'Lives at school'),
  extension: [{ url: 'urn:hearthline:fhir:purpose', valueString: '提供帮助' }],
  ...more,
})

/** The form with one more question in a group of the base. */
const withQuestion = (form: Questionnaire, group: string, item: Item): Questionnaire => {
  const standing = form.item.some((each) => each.linkId === group)
  const base = shippedBase.item.find((each) => each.linkId === group)
  const ready = standing
    ? form
    : formOf(addItem(form, { ...base, linkId: group, type: 'group', item: [] }, null))
  return formOf(addItem(ready, item, group))
}

const save = (formId: string, questionnaire: Questionnaire, revision: number, as = cookie) =>
  ask(saveDraft, { cookie: as, params: { formId }, body: { questionnaire, revision } })
const publish = (formId: string, revision: number, note = '') =>
  ask(publishForm, { cookie, params: { formId }, body: { revision, note } })

/** Saves and publishes; gives the version. */
const published1 = async (formId: string, form: Questionnaire): Promise<number> => {
  const { revision } = await draftOf(formId)
  const saved = await save(formId, form, revision)
  expect(saved.status, JSON.stringify(saved.body)).toBe(200)
  const answer = await publish(formId, Number(saved.body['revision']))
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return Number(answer.body['version'])
}

test('G24-7.5b: every question of the shipped form has a purpose, and what can tell who somebody is says so', () => {
  const questions = allItems(shippedBase.item).filter(
    (each) => each.type !== 'group' && each.type !== 'display',
  )
  expect(questions.length).toBeGreaterThan(20)
  expect(questions.filter((each) => purposeOf(each) === '')).toEqual([])
})

test('a hotline begins with the shipped form as version 1, and every line with nothing of its own', async () => {
  const { base, rows } = await listed()
  expect(base).toMatchObject({ kind: 'base', version: 1, line: null, draftAt: null })
  expect(base.questions).toBe(
    allItems(shippedBase.item).filter((each) => each.type !== 'group' && each.type !== 'display').length,
  )
  expect(rows).toMatchObject([{ kind: 'overlay', formId: null, version: 0, line: { name: '青少年专线' } }])
  const draft = await draftOf(await baseId())
  expect(draft.faults).toEqual([])
  expect(draft.questionnaire).toEqual(draft.published)
})

test('only who may change forms sees how they are made', async () => {
  const formId = await baseId()
  for (const role of ['supervisor', 'counsellor'] as const) {
    const other = await cookieFor(role)
    expect((await ask(listForms, { cookie: other })).status).toBe(403)
    expect((await ask(readDraft, { cookie: other, params: { formId } })).status).toBe(403)
    expect((await save(formId, shippedBase, 0, other)).body).toMatchObject({ code: 'permission.denied' })
  }
})

test('G24-4.4.1: a line asks its own question on top of the base; the other lines do not', async () => {
  const other = (await aLine(db, hotlineId, { name: '另一条线' })).lineId
  const formId = await overlayId()
  expect(await overlayId()).toBe(formId)
  const { questionnaire } = await draftOf(formId)
  const form = withQuestion(
    questionnaire,
    'rapport',
    aQuestion('x-boards', {
      required: true,
      enableWhen: [{ question: 'danger', operator: '=', answerCoding: { code: 'ideation' } }],
    }),
  )
  expect(await published1(formId, form)).toBe(1)
  const here = await inHotline(db, hotlineId, (tx) => effectiveForm(tx, hotlineId, lineId))
  const there = await inHotline(db, hotlineId, (tx) => effectiveForm(tx, hotlineId, other))
  const idsOf = (of: Questionnaire): string[] => allItems(of.item).map((each) => each.linkId)
  expect(idsOf(here.form)).toContain('x-boards')
  expect(idsOf(there.form)).not.toContain('x-boards')
  expect(there.overlayVersionId).toBeNull()
  expect(published.at(-1)).toMatchObject({
    to: { right: 'session.own' },
    event: { type: 'changed', what: 'forms' },
  })
})

test('a draft is saved by revision: the second of two administrators is told, and loses nothing', async () => {
  const formId = await overlayId((await aLine(db, hotlineId)).lineId)
  const second = await cookieFor('administrator')
  const { questionnaire, revision } = await draftOf(formId)
  const mine = withQuestion(questionnaire, 'goal', aQuestion('x-mine'))
  const theirs = withQuestion(questionnaire, 'goal', aQuestion('x-theirs'))
  expect((await save(formId, mine, revision)).body).toMatchObject({ revision: revision + 1, faults: [] })
  expect((await save(formId, mine, revision)).body).toMatchObject({ revision: revision + 1 })
  expect((await save(formId, theirs, revision, second)).body).toMatchObject({
    code: 'form.changedElsewhere',
    detail: { revision: revision + 1 },
  })
  expect((await publish(formId, revision)).body).toMatchObject({ code: 'form.changedElsewhere' })
  const stale = { cookie, params: { formId }, query: { revision } }
  expect((await ask(discardDraft, stale)).body).toMatchObject({ code: 'form.changedElsewhere' })
  await ask(discardDraft, { ...stale, query: { revision: revision + 1 } })
  expect((await draftOf(formId)).questionnaire.item).toEqual([])
  expect((await ask(discardDraft, { ...stale, query: { revision: revision + 1 } })).status).toBe(200)
})

test('a form with a fault is kept as a draft and not published; the fault is named at its item', async () => {
  const formId = await overlayId((await aLine(db, hotlineId)).lineId)
  const { questionnaire, revision } = await draftOf(formId)
  const late = aQuestion('x-late', {
    enableWhen: [{ question: 'notes', operator: 'exists', answerBoolean: true }],
  })
  const saved = await save(formId, withQuestion(questionnaire, 'rapport', late), revision)
  const fault = { linkId: 'x-late', code: 'conditionLater', about: 'notes' }
  expect(saved.body).toMatchObject({ faults: [fault] })
  expect((await draftOf(formId)).faults).toEqual([fault])
  expect((await publish(formId, revision + 1)).body).toMatchObject({
    code: 'form.invalid',
    detail: { faults: ['x-late conditionLater notes'] },
  })
})

test('what the record itself needs is never published away', async () => {
  const formId = await baseId()
  const { questionnaire, revision } = await draftOf(formId)
  expect(removeItem(questionnaire, 'danger')).toEqual({ refused: 'core' })
  const without = (items: Item[]): Item[] =>
    items.flatMap((each) =>
      each.linkId === 'danger' ? [] : [each.item ? { ...each, item: without(each.item) } : each],
    )
  const saved = await save(formId, { ...questionnaire, item: without(questionnaire.item) }, revision)
  const now = Number(saved.body['revision'])
  expect((await publish(formId, now)).body).toMatchObject({
    code: 'form.coreMissing',
    detail: { items: ['danger'] },
  })
  await ask(discardDraft, { cookie, params: { formId }, query: { revision: now } })
  expect((await publish(formId, now + 1)).body).toMatchObject({ code: 'form.nothingToPublish' })
})

test('a base form is not published from under the questions of a line', async () => {
  const line = (await aLine(db, hotlineId, { name: '校园专线' })).lineId
  const base = await baseId()
  const added = withQuestion((await draftOf(base)).questionnaire, 'explore', aQuestion('school'))
  await published1(base, added)
  const overlay = await overlayId(line)
  const asks = aQuestion('x-class', {
    enableWhen: [{ question: 'school', operator: '=', answerBoolean: true }],
  })
  await published1(overlay, withQuestion((await draftOf(overlay)).questionnaire, 'summary', asks))
  const { questionnaire, revision } = await draftOf(base)
  const saved = await save(base, formOf(removeItem(questionnaire, 'school')), revision)
  const now = Number(saved.body['revision'])
  expect((await publish(base, now)).body).toMatchObject({
    code: 'form.invalid',
    detail: { faults: ['校园专线: x-class conditionUnknown school'] },
  })
  await ask(discardDraft, { cookie, params: { formId: base }, query: { revision: now } })
})

test('versions are counted up, hashed, never changed, and compared', async () => {
  const formId = await overlayId((await aLine(db, hotlineId)).lineId)
  const first = withQuestion((await draftOf(formId)).questionnaire, 'goal', aQuestion('x-a'))
  await published1(formId, first)
  const worded = formOf(changeItem(first, 'x-a', { words: { zh: '是否住校', en: 'Boards' }, required: true }))
  const second = withQuestion(worded, 'goal', aQuestion(freeLinkId(['x-a'], 'x-b')))
  clock.now = new Date(clock.now.getTime() + 60_000)
  expect(await published1(formId, second)).toBe(2)
  const { rows } = (await ask(listVersions, { cookie, params: { formId } })).body as { rows: VersionRow[] }
  expect(rows.map((row) => row.version)).toEqual([2, 1])
  const two = (await ask(readVersion, { cookie, params: { formId, version: 2 } }))
    .body as unknown as VersionRow & {
    questionnaire: Questionnaire
  }
  const { questionnaire } = two
  expect(questionnaire).toMatchObject({ version: '2', status: 'active', date: clock.now.toISOString() })
  expect(createHash('sha256').update(canonical(questionnaire)).digest('hex')).toBe(two.sha256)
  const compared = await ask(compareForms, { cookie, params: { formId }, query: { from: 1, to: 2 } })
  expect(compared.body['changes']).toMatchObject([
    {
      kind: 'changed',
      linkId: 'x-a',
      fields: [{ field: 'text' }, { field: '_text' }, { field: 'required', after: true }],
    },
    { kind: 'added', linkId: 'x-b1' },
  ])
  const paged = await ask(listVersions, { cookie, params: { formId }, query: { limit: 1, after: '2' } })
  expect(paged.body).toMatchObject({ rows: [{ version: 1 }], next: null })
  await expect(
    inHotline(db, hotlineId, (tx) => sql`update form_version set note = 'x'`.execute(tx)),
  ).rejects.toThrow(/permission denied/)
  await expect(inHotline(db, hotlineId, (tx) => sql`delete from form_version`.execute(tx))).rejects.toThrow(
    /permission denied/,
  )
})

test('every change of a form is in the audit chain with who did it', async () => {
  const formId = await overlayId((await aLine(db, hotlineId)).lineId)
  await published1(formId, withQuestion((await draftOf(formId)).questionnaire, 'goal', aQuestion('x-audit')))
  const entries = await owner<{ action: string; actor: string | null }>(
    'select action, actor from audit_event where subject = $1 order by at, seq',
    [formId],
  )
  expect(entries.map((each) => each.action)).toEqual(['form.started', 'form.drafted', 'form.published'])
  expect(entries.every((each) => each.actor !== null)).toBe(true)
})

test('core questions are many, and the danger question is one of them', () => {
  const core = allItems(shippedBase.item).filter(isCore)
  expect(core.map((each) => each.linkId)).toEqual(
    expect.arrayContaining(['danger', 'risk', 'dangerToOthers']),
  )
})
