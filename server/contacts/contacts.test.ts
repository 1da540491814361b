import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { listContacts } from '../../api/contacts.ts'
import type { QuestionnaireResponse } from '../../domain/questionnaire.ts'
import { stages } from '../../domain/stage.ts'
import { emptyResponse, fromResponse } from '../../domain/response.ts'
import { baseForm, wholeResponse } from '../../test/answers.ts'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { someKeys } from '../../test/keys.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { contactSealing, type ContactSealing } from '../records/answers.ts'
import { close, enter, list, read, readSaved, save, type Asker } from './contacts.ts'

const { db, owner, forced } = await freshDatabase()
const keys = someKeys()
const sealing = (): ContactSealing => contactSealing(keys, hotlineId)
const now = new Date('2026-11-21T12:00:00Z')
let hotlineId: string
let lineId: string
let counsellor: Asker
let other: Asker
let supervisor: Asker

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  counsellor = { personId: (await aPerson(db, hotlineId)).personId, roles: ['counsellor'] }
  other = { personId: (await aPerson(db, hotlineId)).personId, roles: ['counsellor'] }
  supervisor = {
    personId: (await aPerson(db, hotlineId, { roles: ['supervisor'] })).personId,
    roles: ['supervisor'],
  }
})

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

const byHand = (
  given: { response?: QuestionnaireResponse; callerNumber?: string; as?: Asker } = {},
): Promise<{ contactId: string; number: number }> =>
  inside((tx) =>
    enter(
      tx,
      hotlineId,
      given.as ?? counsellor,
      {
        lineId,
        startedAt: '2026-11-21T10:00:00Z',
        endedAt: '2026-11-21T10:30:00Z',
        response: given.response ?? wholeResponse(),
        ...(given.callerNumber ? { callerNumber: given.callerNumber } : {}),
      },
      sealing(),
      now,
    ),
  )

/** A call that has just ended and whose record is open. */
const anEndedCall = async (): Promise<string> => {
  const contactId = newId()
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', ${now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${counsellor.personId} where contact_id = ${contactId}`.execute(
      tx,
    )
  })
  return contactId
}

const listed = (asker: Asker, query: object = {}) =>
  inside((tx) => list(tx, hotlineId, asker, listContacts.query.parse(query), sealing()))

test('G24-6.2.1a: contacts are numbered without gaps, even when one entry fails half-way', async () => {
  const first = await byHand()
  await expect(
    inside(async (tx) => {
      await enter(
        tx,
        hotlineId,
        counsellor,
        {
          lineId,
          startedAt: '2026-11-21T10:00:00Z',
          endedAt: '2026-11-21T10:01:00Z',
          response: wholeResponse(),
        },
        sealing(),
        now,
      )
      throw new Error('power cut')
    }),
  ).rejects.toThrow('power cut')
  const many = await Promise.all(Array.from({ length: 12 }, () => byHand()))
  const found = many.map((contact) => contact.number).sort((a, b) => a - b)
  expect(found).toEqual(Array.from({ length: 12 }, (_, index) => first.number + 1 + index))
})

test('G24-3.2.2b: a contact by plain telephone goes through the same form and is marked as entered by hand', async () => {
  await expect(byHand({ response: emptyResponse(baseForm) })).rejects.toMatchObject({
    code: 'contact.incomplete',
  })
  const { contactId } = await byHand()
  const contact = await inside((tx) => read(tx, counsellor, contactId, sealing()))
  expect(contact).toMatchObject({ channel: 'by-hand', state: 'closed', outcome: 'answered' })
  const kinds = contact.timeline.map((event) => event.kind)
  expect([kinds.at(0), kinds.at(-1)]).toEqual(['started', 'closed'])
})

test('times out of order or in the future are refused', async () => {
  const given = {
    lineId,
    startedAt: '2026-11-21T10:00:00Z',
    endedAt: '2026-11-21T09:00:00Z',
    response: wholeResponse(),
  }
  const enters = (of: typeof given) => inside((tx) => enter(tx, hotlineId, counsellor, of, sealing(), now))
  await expect(enters(given)).rejects.toMatchObject({ code: 'request.malformed' })
  const future = { ...given, startedAt: '2026-11-22T10:00:00Z', endedAt: '2026-11-22T10:10:00Z' }
  await expect(enters(future)).rejects.toMatchObject({ code: 'request.malformed' })
})

test('G24-6.2.2a: a counsellor sees only their own contacts; a supervisor sees all', async () => {
  const { contactId } = await byHand()
  await expect(inside((tx) => read(tx, other, contactId, sealing()))).rejects.toMatchObject({
    code: 'contact.notFound',
  })
  expect((await listed(other)).rows).toEqual([])
  expect((await inside((tx) => read(tx, supervisor, contactId, sealing()))).contactId).toBe(contactId)
})

test('notes are found by two Chinese characters, across pages, newest first', async () => {
  for (let n = 0; n < 5; n += 1)
    await byHand({ response: wholeResponse({ notes: `第${n}次来电,近来失眠多梦` }) })
  const first = await listed(supervisor, { text: '失眠', limit: '2' })
  expect(first.rows).toHaveLength(2)
  const second = await listed(supervisor, { text: '失眠', limit: '2', after: first.next })
  const third = await listed(supervisor, { text: '失眠', limit: '2', after: second.next })
  expect([...first.rows, ...second.rows, ...third.rows]).toHaveLength(5)
  expect(third.next).toBeNull()
  const order = [...first.rows, ...second.rows].map((row) => row.number)
  expect(order).toEqual([...order].sort((a, b) => b - a))
  expect((await listed(supervisor, { text: "'; drop table contact" })).rows).toEqual([])
})

test('the end of a number finds its contacts for those who may see numbers, and for nobody else', async () => {
  const { contactId } = await byHand({ callerNumber: '13812347766' })
  const found = await listed(supervisor, { suffix: '7766' })
  expect(found.rows.map((row) => row.contactId)).toEqual([contactId])
  expect(found.rows[0]?.callerNumber).toBe('••••7766')
  await expect(listed(counsellor, { suffix: '7766' })).rejects.toMatchObject({ code: 'permission.denied' })
  expect((await listed(counsellor)).rows.every((row) => row.callerNumber === null)).toBe(true)
})

test('earlier contacts of the same number are counted', async () => {
  await byHand({ callerNumber: '13900000001' })
  const { contactId } = await byHand({ callerNumber: '13900000001' })
  expect((await inside((tx) => read(tx, counsellor, contactId, sealing()))).earlierContacts).toBe(1)
})

/** A save as the desk sends it. */
const saving = (
  contactId: string,
  given: Parameters<typeof wholeResponse>[0],
  revision: number,
  as = counsellor,
) =>
  inside((tx) =>
    save(
      tx,
      as,
      contactId,
      { response: wholeResponse(given), stage: 'rapport', stageMs: { rapport: 1000 }, revision },
      sealing(),
      now,
    ),
  ).then(({ saved }) => saved)

const notesOf = async (contactId: string): Promise<unknown> => {
  const { questionnaire, response } = await inside((tx) => readSaved(tx, counsellor, contactId, sealing()))
  return fromResponse(questionnaire as typeof baseForm, response as QuestionnaireResponse)['notes']
}

test('G24-4.4.1: what is typed is saved by revision, and two tabs do not overwrite each other', async () => {
  const contactId = await anEndedCall()
  expect((await saving(contactId, { notes: '第一行' }, 0)).revision).toBe(1)
  expect((await saving(contactId, { notes: '第一行' }, 0)).revision).toBe(1)
  await expect(saving(contactId, { notes: '另一个窗口' }, 0)).rejects.toMatchObject({
    code: 'contact.changedElsewhere',
    detail: { revision: 1 },
  })
  expect(await notesOf(contactId)).toEqual({ values: ['第一行'] })
  await expect(saving(contactId, {}, 1, supervisor)).rejects.toMatchObject({ code: 'call.notYours' })
})

test('who handed a contact over saves their part while their own wrap-up lasts; only who has it finishes it', async () => {
  const contactId = await anEndedCall()
  const { seatId } = await aSeat(db, hotlineId)
  await owner(
    `insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at, contact_id)
      values ($1, $2, $3, $4, 'wrap-up', $5, $5, $5, $6)`,
    [newId(), hotlineId, other.personId, seatId, now, contactId],
  )
  expect((await saving(contactId, { notes: '我谈的那一段' }, 0, other)).revision).toBe(1)
  await expect(inside((tx) => close(tx, other, contactId, sealing(), now))).rejects.toMatchObject({
    code: 'call.notYours',
  })
  await owner(`update duty set state = 'free', contact_id = null where seat_id = $1`, [seatId])
  await expect(saving(contactId, { notes: '晚了' }, 1, other)).rejects.toMatchObject({
    code: 'contact.notFound',
  })
})

test('G24-4.4.1: answers that do not fit the form are refused by the names of their questions alone', async () => {
  const contactId = await anEndedCall()
  const bad = wholeResponse({ danger: 'perhaps', distressBefore: 101, notes: '秘密' })
  bad.item?.push({ linkId: 'diagnosis', answer: [{ valueString: '秘密' }] })
  const body = { response: bad, stage: 'rapport' as const, stageMs: {}, revision: 0 }
  const refused = await inside((tx) => save(tx, counsellor, contactId, body, sealing(), now)).catch(
    (error) => error,
  )
  expect(refused).toMatchObject({
    code: 'answers.invalid',
    detail: { items: ['danger', 'distressBefore', 'diagnosis'] },
  })
  expect(JSON.stringify(refused)).not.toContain('秘密')
})

test('G24-4.4.1: closing asks for what is required and names it; a closed record stays as it is', async () => {
  const contactId = await anEndedCall()
  await expect(inside((tx) => close(tx, counsellor, contactId, sealing(), now))).rejects.toMatchObject({
    code: 'contact.incomplete',
    detail: {
      missing: [
        'danger',
        'dangerToOthers',
        'risk',
        'emotions',
        'distressBefore',
        'problems',
        'distressAfter',
        'outcome',
      ],
    },
  })
  expect((await saving(contactId, { risk: 'low' }, 0)).missing).toEqual(['riskReason'])
  await expect(inside((tx) => close(tx, counsellor, contactId, sealing(), now))).rejects.toMatchObject({
    detail: { missing: ['riskReason'] },
  })
  await saving(contactId, { risk: 'low', riskReason: '情绪低落' }, 1)
  await inside((tx) => close(tx, counsellor, contactId, sealing(), now))
  await expect(saving(contactId, {}, 2)).rejects.toMatchObject({ code: 'contact.alreadyClosed' })
})

test('G24-4.3.1b: a high answer raises the risk, opens its protocol, and keeps the finished record open', async () => {
  const contactId = await anEndedCall()
  await saving(contactId, { danger: 'within-72h', risk: 'low', riskReason: '说得平静' }, 0)
  expect((await inside((tx) => read(tx, counsellor, contactId, sealing()))).risk).toBe('high')
  await expect(inside((tx) => close(tx, counsellor, contactId, sealing(), now))).rejects.toMatchObject({
    code: 'contact.incomplete',
    detail: { missing: [], owed: ['consult', 'protocol:suicide', 'report'] },
  })
  const { contactId: entered } = await byHand({ response: wholeResponse({ danger: 'within-week' }) })
  expect(await inside((tx) => read(tx, counsellor, entered, sealing()))).toMatchObject({
    state: 'wrap-up',
    risk: 'high',
  })
})

test('G24-4.4.1: what is not counselling needs nothing but its class, and is found under it', async () => {
  const contactId = await anEndedCall()
  const response = wholeResponse({ class: 'silent' })
  response.item = response.item?.filter((group) => group.linkId === 'summary') ?? []
  const body = { response, stage: 'rapport' as const, stageMs: {}, revision: 0 }
  expect((await inside((tx) => save(tx, counsellor, contactId, body, sealing(), now))).saved.missing).toEqual(
    [],
  )
  await inside((tx) => close(tx, counsellor, contactId, sealing(), now))
  expect((await listed(supervisor, { class: 'silent' })).rows.map((row) => row.contactId)).toEqual([
    contactId,
  ])
})

test('G24-4.4.1: a contact keeps the version of the form it was opened with', async () => {
  const contactId = await anEndedCall()
  const opened = await inside((tx) => readSaved(tx, counsellor, contactId, sealing()))
  const newer = { ...baseForm, version: '2', item: baseForm.item.filter((group) => group.linkId !== 'goal') }
  await owner(
    `insert into form_version (form_version_id, hotline_id, form_id, version, questionnaire, sha256)
     select $1, hotline_id, form_id, 2, $2, '' from form where hotline_id = $3 and kind = 'base'`,
    [newId(), JSON.stringify(newer), hotlineId],
  )
  const again = await inside((tx) => readSaved(tx, counsellor, contactId, sealing()))
  expect(again.questionnaire).toEqual(opened.questionnaire)
  await saving(contactId, { agreedGoal: '今晚先睡着' }, 0)
  const nextContact = await anEndedCall()
  const later = await inside((tx) => readSaved(tx, counsellor, nextContact, sealing()))
  expect(later.questionnaire).toMatchObject({ version: '2' })
  await expect(saving(nextContact, { agreedGoal: '今晚先睡着' }, 0)).rejects.toMatchObject({
    detail: { items: ['agreedGoal'] },
  })
})

test('G24-4.3.1a: the stage and the time spent in each are kept with the record', async () => {
  const contactId = await anEndedCall()
  const stageMs = Object.fromEntries(stages.map((stage, place) => [stage, place * 60_000]))
  const body = { response: wholeResponse(), stage: 'explore' as const, stageMs, revision: 0 }
  await inside((tx) => save(tx, counsellor, contactId, body, sealing(), now))
  expect(await inside((tx) => readSaved(tx, counsellor, contactId, sealing()))).toMatchObject({
    stage: 'explore',
    stageMs,
  })
})

test('G24-7.3: the chain of events shows a changed byte', async () => {
  const contactId = await anEndedCall()
  await saving(contactId, { risk: 'low', riskReason: '-' }, 0)
  const recompute = `select bool_and(e.hash = sha256(coalesce(before.hash, '') || convert_to(concat_ws('|', e.contact_id, e.seq,
      extract(epoch from e.at), e.kind, coalesce(e.actor::text, ''), e.data::text), 'UTF8'))) as holds
    from contact_event e left join contact_event before on before.contact_id = e.contact_id and before.seq = e.seq - 1
    where e.contact_id = $1`
  expect(await owner<{ holds: boolean }>(recompute, [contactId])).toEqual([{ holds: true }])
  await forced(
    `update contact_event set data = '{"risk":"none"}' where contact_id = '${contactId}' and seq = 2`,
  )
  expect(await owner<{ holds: boolean }>(recompute, [contactId])).toEqual([{ holds: false }])
})

const migration = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../db/migrations', name), 'utf8')

/** The parts of the migrations that convert records, run again on a row as the fixed form left it. */
const conversion = [
  /create function pg_temp[\s\S]*where form <> '\{\}'[^;]*;/.exec(migration('0002-forms.sql'))?.[0],
  /insert into risk_entry[^;]*;/
    .exec(migration('0003-crisis.sql'))?.[0]
    .replace('where ', 'where form_revision = 7 and '),
].join('\n')

test('G24-4.4.1: a record made with the fixed form of before becomes answers to the base form', async () => {
  const contactId = await anEndedCall()
  const old = {
    stage: 'goal',
    stageMs: { rapport: 61_000 },
    caller: { gender: 'female', ageGroup: 'unknown', region: '武汉', firstTime: null, speaksFor: 'declined' },
    levels: [],
    groups: ['student'],
    problems: ['sleep', 'family'],
    emotions: ['sad'],
    distressBefore: 80,
    distressAfter: null,
    danger: 'plan',
    dangerToOthers: 'no',
    risk: 'moderate',
    riskReason: '有计划',
    notes: '睡不着',
    given: ['listened'],
    givenNote: '',
    outcome: 'counselled',
  }
  await owner(`update contact set form = $1, form_revision = 7, risk = 'moderate' where contact_id = $2`, [
    old,
    contactId,
  ])
  await owner(`begin; ${conversion} commit`)
  const saved = await inside((tx) => readSaved(tx, counsellor, contactId, sealing()))
  expect(saved).toMatchObject({
    stage: 'goal',
    stageMs: { rapport: 61_000 },
    revision: 7,
    missing: ['distressAfter'],
  })
  expect(fromResponse(baseForm, saved.response as QuestionnaireResponse)).toEqual({
    gender: { values: ['female'] },
    ageGroup: { absent: 'unknown' },
    region: { values: ['武汉'] },
    speaksFor: { absent: 'declined' },
    groups: { values: ['student'] },
    problems: { values: ['sleep', 'family'] },
    emotions: { values: ['sad'] },
    distressBefore: { values: [80] },
    danger: { values: ['plan'] },
    dangerToOthers: { values: ['no'] },
    risk: { values: ['moderate'] },
    riskReason: { values: ['有计划'] },
    notes: { values: ['睡不着'] },
    given: { values: ['listened'] },
    class: { values: ['counselling'] },
    outcome: { values: ['counselled'] },
  })
  // What was judged then is not lowered by a later word.
  await saving(contactId, { distressAfter: 40, risk: 'low', riskReason: '平静了' }, 7)
  expect((await inside((tx) => read(tx, counsellor, contactId, sealing()))).risk).toBe('moderate')
})
