import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { listContacts } from '../../api/contacts.ts'
import { emptyForm, type FormAnswers } from '../../domain/form.ts'
import { aHotline, aLine, aPerson, freshDatabase } from '../../test/database.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { openKeys } from '../records/keys.ts'
import { close, enter, list, read, readSaved, save, type Asker, type Numbers } from './contacts.ts'

const { db, owner } = await freshDatabase()
const keys = openKeys(await mkdtemp(join(tmpdir(), 'keys-')), null)
const numbers: Numbers = {
  seal: (number) => keys.seal(hotlineId, number),
  open: (sealed) => keys.open(hotlineId, sealed),
  key: (number) => keys.numberKey(hotlineId, number),
  suffixKey: (number) => keys.suffixKey(hotlineId, number),
}
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

const whole = (given: Partial<FormAnswers> = {}): FormAnswers => ({
  ...emptyForm(),
  problems: ['family'],
  danger: 'none',
  dangerToOthers: 'no',
  risk: 'none',
  outcome: 'counselled',
  ...given,
})

const byHand = (
  given: { form?: FormAnswers; callerNumber?: string; as?: Asker } = {},
): Promise<{ contactId: string; number: number }> =>
  inside((tx) =>
    enter(
      tx,
      given.as ?? counsellor,
      {
        lineId,
        startedAt: '2026-11-21T10:00:00Z',
        endedAt: '2026-11-21T10:30:00Z',
        form: given.form ?? whole(),
        ...(given.callerNumber ? { callerNumber: given.callerNumber } : {}),
      },
      numbers,
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
  inside((tx) => list(tx, hotlineId, asker, listContacts.query.parse(query), numbers))

test('G24-6.2.1a: contacts are numbered without gaps, even when one entry fails half-way', async () => {
  const first = await byHand()
  await expect(
    inside(async (tx) => {
      await enter(
        tx,
        counsellor,
        { lineId, startedAt: '2026-11-21T10:00:00Z', endedAt: '2026-11-21T10:01:00Z', form: whole() },
        numbers,
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
  await expect(byHand({ form: emptyForm() })).rejects.toMatchObject({ code: 'contact.incomplete' })
  const { contactId } = await byHand()
  const contact = await inside((tx) => read(tx, counsellor, contactId, numbers))
  expect(contact).toMatchObject({ channel: 'by-hand', state: 'closed', outcome: 'answered' })
  expect(contact.timeline.map((event) => event.kind)).toEqual(['started', 'closed'])
})

test('times out of order or in the future are refused', async () => {
  const given = { lineId, startedAt: '2026-11-21T10:00:00Z', endedAt: '2026-11-21T09:00:00Z', form: whole() }
  await expect(inside((tx) => enter(tx, counsellor, given, numbers, now))).rejects.toMatchObject({
    code: 'request.malformed',
  })
  const future = { ...given, startedAt: '2026-11-22T10:00:00Z', endedAt: '2026-11-22T10:10:00Z' }
  await expect(inside((tx) => enter(tx, counsellor, future, numbers, now))).rejects.toMatchObject({
    code: 'request.malformed',
  })
})

test('G24-6.2.2a: a counsellor sees only their own contacts; a supervisor sees all', async () => {
  const { contactId } = await byHand()
  await expect(inside((tx) => read(tx, other, contactId, numbers))).rejects.toMatchObject({
    code: 'contact.notFound',
  })
  expect((await listed(other)).rows).toEqual([])
  expect((await inside((tx) => read(tx, supervisor, contactId, numbers))).contactId).toBe(contactId)
})

test('notes are found by two Chinese characters, across pages, newest first', async () => {
  for (let n = 0; n < 5; n += 1) await byHand({ form: whole({ notes: `第${n}次来电,近来失眠多梦` }) })
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
  expect((await inside((tx) => read(tx, counsellor, contactId, numbers))).earlierContacts).toBe(1)
})

test('G24-4.4.1: what is typed is saved by revision, and two tabs do not overwrite each other', async () => {
  const contactId = await anEndedCall()
  const typed = whole({ notes: '第一行' })
  const saved = await inside((tx) => save(tx, counsellor, contactId, typed, 0, now))
  expect(saved.revision).toBe(1)
  const again = await inside((tx) => save(tx, counsellor, contactId, typed, 0, now))
  expect(again.revision).toBe(1)
  await expect(
    inside((tx) => save(tx, counsellor, contactId, whole({ notes: '另一个窗口' }), 0, now)),
  ).rejects.toMatchObject({ code: 'contact.changedElsewhere', detail: { revision: 1 } })
  expect((await inside((tx) => readSaved(tx, counsellor, contactId))).form.notes).toBe('第一行')
  await expect(inside((tx) => save(tx, supervisor, contactId, typed, 1, now))).rejects.toMatchObject({
    code: 'call.notYours',
  })
})

test('G24-4.4.1: closing asks for what is required and names it; a closed record stays as it is', async () => {
  const contactId = await anEndedCall()
  await expect(inside((tx) => close(tx, counsellor, contactId, now))).rejects.toMatchObject({
    code: 'contact.incomplete',
    detail: { missing: ['problems', 'danger', 'dangerToOthers', 'risk', 'outcome'] },
  })
  await inside((tx) => save(tx, counsellor, contactId, whole({ risk: 'high' }), 0, now))
  await expect(inside((tx) => close(tx, counsellor, contactId, now))).rejects.toMatchObject({
    detail: { missing: ['riskReason'] },
  })
  await inside((tx) => save(tx, counsellor, contactId, whole({ risk: 'high', riskReason: '有计划' }), 1, now))
  await inside((tx) => close(tx, counsellor, contactId, now))
  await expect(inside((tx) => save(tx, counsellor, contactId, whole(), 2, now))).rejects.toMatchObject({
    code: 'contact.alreadyClosed',
  })
})

test('G24-7.3: the chain of events shows a changed byte', async () => {
  const contactId = await anEndedCall()
  await inside((tx) => save(tx, counsellor, contactId, whole({ risk: 'low', riskReason: '-' }), 0, now))
  const recompute = `select bool_and(e.hash = sha256(coalesce(before.hash, '') || convert_to(concat_ws('|', e.contact_id, e.seq,
      extract(epoch from e.at), e.kind, coalesce(e.actor::text, ''), e.data::text), 'UTF8'))) as holds
    from contact_event e left join contact_event before on before.contact_id = e.contact_id and before.seq = e.seq - 1
    where e.contact_id = $1`
  expect(await owner<{ holds: boolean }>(recompute, [contactId])).toEqual([{ holds: true }])
  await owner(`update contact_event set data = '{"risk":"none"}' where contact_id = $1 and seq = 2`, [
    contactId,
  ])
  expect(await owner<{ holds: boolean }>(recompute, [contactId])).toEqual([{ holds: false }])
})
