import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { finishTask, listTasks, planFollowUp, recordAttempt } from '../../api/tasks.ts'
import type { Role } from '../../domain/permission.ts'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { someKeys } from '../../test/keys.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import { freeForsaken } from './dropped.ts'
import {
  finish,
  list,
  planAfter,
  planByHand,
  planFollowUps,
  promise,
  read,
  release,
  take,
  tried,
  type TaskSealing,
} from './tasks.ts'

const { db } = await freshDatabase()
const keys = someKeys()
const noon = new Date('2026-11-21T04:00:00Z')
let open: TaskSealing
let hotlineId: string
let lineId: string
let one: string
let two: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  const words = keys.wordsOf(hotlineId)
  open = { openNumber: (sealed) => sealed.toString(), words }
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

const as = (personId: string, roles: Role[] = ['counsellor']) => ({ personId, roles })
const listed = (personId: string, query: object = {}) =>
  inside((tx) => list(tx, hotlineId, as(personId), listTasks.query.parse(query), open, noon))
const ends = (personId: string, taskId: string, body: object) =>
  inside((tx) => finish(tx, personId, taskId, finishTask.body.parse(body), open.words, noon))

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
  expect((await inside((tx) => take(tx, as(one), taskId, open, noon))).callerNumber).toBe('13800001111')
  expect((await listed(two)).rows.find((row) => row.taskId === taskId)).toMatchObject({
    callerNumber: null,
    ownerIsMe: false,
  })
  await expect(inside((tx) => take(tx, as(two), taskId, open, noon))).rejects.toMatchObject({
    code: 'task.alreadyOwned',
  })
  await expect(ends(two, taskId, { result: 'reached' })).rejects.toMatchObject({
    code: 'task.alreadyOwned',
  })
  await ends(one, taskId, { result: 'reached' })
  await expect(inside((tx) => take(tx, as(one), taskId, open, noon))).rejects.toMatchObject({
    code: 'task.notFound',
  })
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
  await ends(one, first?.taskId ?? '', { result: 'reached' })
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

const byHand = (contactId: string, body: object, worker = as(one)) =>
  inside((tx) =>
    planByHand(tx, hotlineId, worker, contactId, planFollowUp.body.parse(body), open.words, noon),
  )

test('G24-5.3.5: every try is kept with its outcome and words, and a caller who asks for another time moves the task', async () => {
  const contactId = await aContact()
  await byHand(contactId, { plan: 'once', dueAt: noon.toISOString(), words: '问问睡眠' })
  const [row] = (await listed(one, { contactId })).rows
  expect(row).toMatchObject({ words: '问问睡眠', attempts: 0, ownerIsMe: true, planStep: null })
  const taskId = row?.taskId ?? ''
  const later = new Date(noon.getTime() + 3_600_000).toISOString()
  const attempt = (body: object) =>
    inside((tx) => tried(tx, as(one), taskId, recordAttempt.body.parse(body), open, noon))
  await attempt({ outcome: 'no-answer' })
  expect(await attempt({ outcome: 'call-later', words: '晚上再打', dueAt: later })).toMatchObject({
    attempts: 2,
    dueAt: later,
    lastAttemptAt: noon.toISOString(),
  })
  const history = await inside((tx) => read(tx, as(one), taskId, open))
  expect(history.attempts.map(({ seq, outcome, words }) => [seq, outcome, words])).toEqual([
    [1, 'no-answer', ''],
    [2, 'call-later', '晚上再打'],
  ])
  expect((await inside((tx) => read(tx, as(two), taskId, open))).attempts[1]?.words).toBe('')
  expect((await listed(two, { contactId })).rows[0]?.words).toBeNull()
  expect((await inside((tx) => read(tx, as(two, ['supervisor']), taskId, open))).task.words).toBe('问问睡眠')
  await expect(
    inside((tx) => tried(tx, as(two), taskId, recordAttempt.body.parse({ outcome: 'busy' }), open, noon)),
  ).rejects.toMatchObject({ code: 'task.alreadyOwned' })
})

test('a caller who declines a follow-up is not called for the later ones either', async () => {
  const contactId = await aContact()
  await plan(contactId, 'high')
  const [first] = (await listed(one, { contactId })).rows
  await ends(one, first?.taskId ?? '', { result: 'declined', words: '不想再接电话' })
  expect((await listed(one, { contactId })).rows).toEqual([])
  const over = (await listed(one, { contactId, open: 'no' })).rows
  expect(over.map((row) => row.result)).toEqual(Array.from({ length: 5 }, () => 'declined'))
})

test('a caller who says at once that they want no follow-up gets none when the contact is closed', async () => {
  const contactId = await aContact()
  await byHand(contactId, { plan: 'declined' })
  await byHand(contactId, { plan: 'declined' })
  expect(await plan(contactId, 'acute')).toBe(0)
  expect(
    (await listed(one, { contactId, open: 'no' })).rows.map((row) => [row.planStep, row.result]),
  ).toEqual([['declined', 'declined']])
})

test('nobody plans follow-ups of a contact they may not see', async () => {
  const contactId = await aContact()
  await expect(byHand(contactId, { plan: 'by-level' }, as(two))).rejects.toMatchObject({
    code: 'contact.notFound',
  })
  await byHand(contactId, { plan: 'by-level' }, as(two, ['supervisor']))
})

test('the list is cut by kind, owner, overdue and words, and turned round, page by page', async () => {
  const contactId = await aContact()
  await plan(contactId, 'high')
  const steps = async (query: object) =>
    (await listed(one, { contactId, ...query })).rows.map((row) => row.planStep)
  const order = ['next-day', '1-week', '1-month', '3-months', '12-months']
  expect(await steps({ kind: 'follow-up' })).toEqual(order)
  expect(await steps({ kind: 'call-back' })).toEqual([])
  expect(await steps({ whose: 'nobody' })).toEqual([])
  expect(await steps({ overdue: 'yes' })).toEqual([])
  expect(await steps({ order: 'newest' })).toEqual(order.toReversed())
  const first = await listed(one, { contactId, order: 'newest', limit: '2' })
  expect(await steps({ order: 'newest', after: first.next })).toEqual(['1-month', '1-week', 'next-day'])
  const number = (await listed(one, { contactId })).rows[0]?.contactNumber
  expect(await steps({ text: String(number) })).toEqual(order)
  expect(await steps({ text: '没有这样的线路' })).toEqual([])
})

test('G24-4.3.5: a dropped call whose owner goes off duty, or lets its time pass, is everybody’s again', async () => {
  const due = new Date(noon.getTime() + 300_000)
  const contactId = await aContact()
  const { seatId } = await aSeat(db, hotlineId)
  const taskId = await inside(async (tx) => {
    await sql`insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at)
      values (${newId()}, ${hotlineId}, ${one}, ${seatId}, 'free', ${noon}, ${noon}, ${noon})`.execute(tx)
    return promise(tx, {
      hotlineId,
      contactId,
      lineId,
      kind: 'dropped-high-risk',
      dueAt: due,
      ownerId: one,
      now: noon,
    })
  })
  const free = (at: number) => inside((tx) => freeForsaken(tx, hotlineId, new Date(at)))
  expect(await free(noon.getTime())).toEqual([])
  await inside((tx) => sql`delete from duty where person_id = ${one}`.execute(tx))
  expect(await free(noon.getTime())).toEqual([taskId])
  await inside((tx) => take(tx, as(two), taskId, open, noon))
  expect(await free(noon.getTime())).toEqual([])
  expect(await free(due.getTime() + 1)).toEqual([taskId])
  await inside((tx) => take(tx, as(two), taskId, open, due))
  expect(await free(due.getTime() + 1)).toEqual([])
})

test('who has a task lets it go, and a supervisor lets go anybody’s', async () => {
  const taskId = await aCallBack(0)
  await inside((tx) => take(tx, as(one), taskId, open, noon))
  await expect(inside((tx) => release(tx, as(two), taskId))).rejects.toMatchObject({
    code: 'task.alreadyOwned',
  })
  await inside((tx) => release(tx, as(two, ['supervisor']), taskId))
  await inside((tx) => take(tx, as(two), taskId, open, noon))
})

test('G24-1.1: a record that is finished at high risk has its follow-ups planned; finishing it again adds none', async () => {
  const contactId = await aContact()
  await inside((tx) =>
    sql`update contact set risk = 'high', ended_at = ${noon} where contact_id = ${contactId}`.execute(tx),
  )
  const finished = () => inside((tx) => planAfter(tx, { hotlineId, contactId, createdBy: one, now: noon }))
  await finished()
  await finished()
  expect((await listed(one, { contactId })).rows.map((row) => row.planStep)).toEqual([
    'next-day',
    '1-week',
    '1-month',
    '3-months',
    '12-months',
  ])
})
