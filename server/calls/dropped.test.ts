import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { dialling, list } from '../tasks/tasks.ts'
import { listTasks } from '../../api/tasks.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

interface Row {
  kind: string
  owner_id: string | null
  due_at: Date
  created_at: Date
  attempts: number
  done_at: Date | null
}

const dropped = async (): Promise<Row[]> =>
  data.owner<Row & Record<string, unknown>>(
    `select kind, owner_id, due_at, created_at, attempts, done_at from task where hotline_id = $1
      and kind = 'dropped-high-risk'`,
    [hall.hotlineId],
  )
const theOne = async (): Promise<Row> => {
  await until('the call-back is there', async () => (await dropped()).length === 1)
  const [row] = await dropped()
  if (!row) throw new Error('no task')
  return row
}

/** A caller whom a counsellor has answered; a trunk leads back to the caller's telephone. */
async function talking() {
  const seat = await hall.seat()
  const phone = await hall.phone()
  await hall.trunkTo(phone)
  const caller = await phone.dial(hall.line.number, '13900001234')
  await caller.answered
  await hall.becomes({ state: 'greeting' })
  await caller.sound.press('2')
  await hall.becomes({ state: 'offered' })
  const rung = await seat.phone.rings()
  rung.answer()
  const contact = await hall.becomes({ state: 'talking', phase: 'together' })
  return { seat, phone, caller, rung, contact }
}

const assess = (contactId: string, risk: 'high'): Promise<void> =>
  data.owner('update contact set risk = $2 where contact_id = $1', [contactId, risk]).then(() => undefined)

test('G24-4.3.5: a high-risk caller who hangs up is owed a call-back within 5 minutes by the counsellor who had them', async () => {
  const { seat, caller, contact } = await talking()
  await assess(contact.contact_id, 'high')
  caller.call.hangup()
  await hall.becomes({ state: 'wrap-up', ended_by: 'caller' })
  const task = await theOne()
  expect(task.owner_id).toBe(seat.personId)
  expect(task.due_at.getTime() - task.created_at.getTime()).toBe(300_000)
  expect(await hall.timeline()).toContain('dropped-high-risk')
})

test('G24-4.3.5: the counsellor who ends a high-risk call owes no call-back', async () => {
  const { rung, contact } = await talking()
  await assess(contact.contact_id, 'high')
  rung.call.hangup()
  await hall.becomes({ state: 'wrap-up', ended_by: 'counsellor' })
  expect(await dropped()).toEqual([])
})

test('G24-4.3.5: who pressed 0 and leaves the queue is owed a call-back that everybody sees until somebody takes it', async () => {
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  await caller.sound.press('0')
  await hall.becomes({ risk: 'danger-key' })
  caller.call.hangup()
  const task = await theOne()
  expect(task.owner_id).toBeNull()
})

test('G24-5.3.5: the call-back of a dropped call can be made while its record is unfinished, and the try is kept', async () => {
  const { seat, phone, caller, contact } = await talking()
  await assess(contact.contact_id, 'high')
  caller.call.hangup()
  await hall.becomes({ state: 'wrap-up', ended_by: 'caller' })
  await theOne()
  const worker = { personId: seat.personId, roles: ['counsellor' as const] }
  const [task] = await inHotline(data.db, hall.hotlineId, async (tx) => {
    const query = listTasks.query.parse({ kind: 'dropped-high-risk' })
    return (
      await list(
        tx,
        hall.hotlineId,
        worker,
        query,
        {
          openNumber: (sealed) => hall.keys.open(hall.hotlineId, sealed),
          words: hall.keys.wordsOf(hall.hotlineId),
        },
        new Date(),
      )
    ).rows
  })
  expect(task?.callerNumber).toBe('13900001234')
  await inHotline(data.db, hall.hotlineId, (tx) =>
    dialling(tx, seat.personId, task?.taskId ?? '', new Date()),
  )
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const again = await seat.phone.rings()
  again.answer()
  const reached = await phone.rings()
  reached.answer()
  await hall.becomes({ state: 'talking', phase: 'together' })
  await until('the try is kept', async () => (await dropped())[0]?.attempts === 1)
  const tries = await data.owner('select outcome, person_id from task_attempt')
  expect(tries).toEqual([{ outcome: 'reached', person_id: seat.personId }])
})
