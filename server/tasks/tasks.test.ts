import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { listTasks } from '../../api/tasks.ts'
import { aHotline, aLine, aPerson, freshDatabase } from '../../test/database.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import { finish, list, planFollowUps, promise, take } from './tasks.ts'

const { db } = await freshDatabase()
const noon = new Date('2026-11-21T04:00:00Z')
const open = (sealed: Buffer): string => sealed.toString()
let hotlineId: string
let lineId: string
let one: string
let two: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  one = (await aPerson(db, hotlineId)).personId
  two = (await aPerson(db, hotlineId)).personId
})

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

const aCallBack = async (dueInMs: number): Promise<string> => {
  const [contactId, taskId] = [newId(), newId()]
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${noon}, null, ${Buffer.from('13800001111')}, null, null, true, null, null, null, '{}')`.execute(
      tx,
    )
    await sql`insert into task (task_id, hotline_id, contact_id, kind, line_id, keeps_place_since, due_at)
      values (${taskId}, ${hotlineId}, ${contactId}, 'call-back', ${lineId}, ${noon}, ${new Date(noon.getTime() + dueInMs)})`.execute(
      tx,
    )
  })
  return taskId
}

const listed = (personId: string, query: object = {}) =>
  inside((tx) => list(tx, hotlineId, personId, listTasks.query.parse(query), open))

test('call-backs stand in the order in which they are due, page by page', async () => {
  const [late, soon, later] = [await aCallBack(60_000), await aCallBack(-60_000), await aCallBack(600_000)]
  const first = await listed(one, { limit: '2' })
  expect(first.rows.map((row) => row.taskId)).toEqual([soon, late])
  const second = await listed(one, { limit: '2', after: first.next })
  expect(second.rows.map((row) => row.taskId)).toEqual([later])
  expect(second.next).toBeNull()
})

test('one person takes a call-back, and only they see the number, until it is done', async () => {
  const taskId = await aCallBack(0)
  expect((await listed(one)).rows.find((row) => row.taskId === taskId)?.callerNumber).toBeNull()
  expect((await inside((tx) => take(tx, one, taskId, open))).callerNumber).toBe('13800001111')
  expect((await listed(two)).rows.find((row) => row.taskId === taskId)).toMatchObject({
    callerNumber: null,
    ownerIsMe: false,
  })
  await expect(inside((tx) => take(tx, two, taskId, open))).rejects.toMatchObject({
    code: 'task.alreadyOwned',
  })
  await expect(inside((tx) => finish(tx, two, taskId, 'reached', noon))).rejects.toMatchObject({
    code: 'task.alreadyOwned',
  })
  await inside((tx) => finish(tx, one, taskId, 'reached', noon))
  await expect(inside((tx) => take(tx, one, taskId, open))).rejects.toMatchObject({ code: 'task.notFound' })
  expect((await listed(one, { open: 'no' })).rows[0]).toMatchObject({
    taskId,
    result: 'reached',
    callerNumber: null,
  })
})

const aContact = async (withNumber = true): Promise<string> => {
  const contactId = newId()
  const sealed = withNumber ? Buffer.from('13800001111') : null
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${noon}, null, ${sealed}, null, null, true, null, null, null, '{}')`.execute(
      tx,
    )
    await sql`update contact set person_id = ${one} where contact_id = ${contactId}`.execute(tx)
  })
  return contactId
}

const plan = (contactId: string, level: RiskLevel | null) =>
  inside((tx) => planFollowUps(tx, { hotlineId, contactId, level, endedAt: noon, createdBy: one, now: noon }))

test('G24-1.1: a high-risk contact plans five calls that belong to its counsellor; planning again adds none', async () => {
  const contactId = await aContact()
  expect(await plan(contactId, 'high')).toBe(5)
  expect(await plan(contactId, 'acute')).toBe(0)
  const rows = (await listed(one)).rows.filter((row) => row.contactId === contactId)
  expect(rows.map((row) => [row.kind, row.dueAt, row.ownerIsMe])).toEqual(
    ['2026-11-22', '2026-11-28', '2026-12-21', '2027-02-21', '2027-11-21'].map((day) => [
      'follow-up',
      `${day}T04:00:00.000Z`,
      true,
    ]),
  )
})

test('a step that was done is not planned again', async () => {
  const contactId = await aContact()
  await plan(contactId, 'high')
  const first = (await listed(one)).rows.find((row) => row.contactId === contactId)
  await inside((tx) => finish(tx, one, first?.taskId ?? '', 'reached', noon))
  expect(await plan(contactId, 'high')).toBe(0)
})

test('a moderate contact is called again only where the hotline says that a sample is', async () => {
  const contactId = await aContact()
  expect(await plan(contactId, 'moderate')).toBe(0)
  await inside((tx) => sql`update hotline set settings = '{"followUp":{"moderateShare":1}}'`.execute(tx))
  expect(await plan(contactId, 'moderate')).toBe(2)
})

test('a contact has one open task of a kind and plan step, however many promise it at once', async () => {
  const contactId = await aContact()
  const made = await Promise.all(
    [1, 2, 3, 4].map(() =>
      inside((tx) =>
        promise(tx, { hotlineId, contactId, lineId, kind: 'dropped-high-risk', dueAt: noon, now: noon }),
      ),
    ),
  )
  expect(new Set(made).size).toBe(1)
})
