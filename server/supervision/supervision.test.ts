import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { readBoardNow, readCoverageOf } from './supervision.ts'

const { db } = await freshDatabase()
const noon = new Date('2026-11-21T04:00:00Z')
const ago = (ms: number): Date => new Date(noon.getTime() - ms)

/** A call that entered the queue `queuedAgo` before noon and was answered or left after `wait`. */
const aCall = async (
  hotlineId: string,
  lineId: string,
  given: {
    queuedAgo: number
    wait?: number
    answered?: boolean
    risk?: string
    danger?: boolean
    state?: string
  },
): Promise<string> => {
  const contactId = newId()
  const queuedAt = ago(given.queuedAgo)
  const end = given.wait === undefined ? null : new Date(queuedAt.getTime() + given.wait)
  const state = given.state ?? (end ? 'closed' : 'waiting')
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', ${state}, ${queuedAt}, null, null, null, null, false, null, null, null, '{}')`.execute(
      tx,
    )
    await sql`update contact set queued_at = ${queuedAt}, answered_at = ${given.answered ? end : null}, ended_at = ${end},
      outcome = ${end ? (given.answered ? 'answered' : 'abandoned') : null}, risk = ${given.risk ?? null},
      danger_key = ${given.danger ?? false} where contact_id = ${contactId}`.execute(tx)
  })
  return contactId
}

const board = (hotlineId: string) => inHotline(db, hotlineId, (tx) => readBoardNow(tx, hotlineId, noon))

test('G24-5.3.6: the board gives the service level by its named formula, on the data set of the definitions', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const many = async (count: number, wait: number, answered: boolean): Promise<void> => {
    for (let n = 0; n < count; n += 1)
      await aCall(hotlineId, lineId, { queuedAgo: 3_600_000, wait, answered })
  }
  await many(70, 10_000, true)
  await many(15, 30_000, true)
  await many(4, 3_000, false)
  await many(5, 15_000, false)
  await many(6, 60_000, false)
  const { today } = await board(hotlineId)
  expect(today).toMatchObject({
    offered: 100,
    answered: 85,
    abandoned: 15,
    formula: 'SL-B',
    thresholdMs: 20_000,
    longestWaitMs: 60_000,
  })
  expect(today.serviceLevel).toBeCloseTo(0.7, 6)
})

test('who waits longer than the threshold already counts as not answered in time; who has just come does not count yet', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  await aCall(hotlineId, lineId, { queuedAgo: 50_000, wait: 5_000, answered: true })
  await aCall(hotlineId, lineId, { queuedAgo: 2_000 })
  expect((await board(hotlineId)).today.serviceLevel).toBe(1)
  await aCall(hotlineId, lineId, { queuedAgo: 40_000 })
  expect((await board(hotlineId)).today.serviceLevel).toBe(0.5)
})

test('G24-5.3.5: danger stands first on the board, then risk, then the longest wait', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const long = await aCall(hotlineId, lineId, { queuedAgo: 300_000 })
  const high = await aCall(hotlineId, lineId, { queuedAgo: 10_000, risk: 'high' })
  const danger = await aCall(hotlineId, lineId, { queuedAgo: 1_000, danger: true, risk: 'danger-key' })
  const greeting = await aCall(hotlineId, lineId, { queuedAgo: 400_000, state: 'greeting' })
  const { waiting } = await board(hotlineId)
  expect(waiting.map((row) => row.contactId).at(0)).toBe(danger)
  expect(waiting.map((row) => row.contactId)).toEqual([danger, high, long, greeting])
  expect(waiting.map((row) => row.position)).toEqual([1, 2, 3, 4])
})

test('the board of one hotline shows nothing of another', async () => {
  const one = await aHotline(db)
  const two = await aHotline(db)
  await aCall(one, (await aLine(db, one)).lineId, { queuedAgo: 1000 })
  expect((await board(two)).waiting).toEqual([])
})

test('G24-3.2.1b: staffed seats are counted minute by minute for each line, pauses not, and minutes below two stand out', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const period = async (state: string, from: string, to: string | null): Promise<void> => {
    const { seatId } = await aSeat(db, hotlineId)
    const { personId } = await aPerson(db, hotlineId)
    await inHotline(db, hotlineId, (tx) =>
      sql`insert into duty_period (period_id, hotline_id, duty_id, person_id, seat_id, state, line_ids, started_at, ended_at)
        values (${newId()}, ${hotlineId}, ${newId()}, ${personId}, ${seatId}, ${state}, ${[lineId]}::uuid[], ${from}, ${to})`.execute(
        tx,
      ),
    )
  }
  await inHotline(db, hotlineId, (tx) =>
    sql`update line set opened_at = '2026-11-20T15:00:00Z' where line_id = ${lineId}`.execute(tx),
  )
  await period('free', '2026-11-21T00:00:00Z', null)
  await period('busy', '2026-11-21T01:00:00Z', '2026-11-21T02:00:00Z')
  await period('paused', '2026-11-21T02:00:00Z', '2026-11-21T03:00:00Z')
  const read = await inHotline(db, hotlineId, (tx) => readCoverageOf(tx, hotlineId, '2026-11-21', noon))
  const [line] = read.lines
  expect(line?.minutes).toHaveLength(1440)
  const at = (hour: number): number | null | undefined => line?.minutes[hour * 60]
  expect([at(7), at(8), at(9), at(10), at(12)]).toEqual([0, 1, 2, 1, null])
  expect(line?.minutesBelow).toBe(12 * 60 - 60)
})

/** A talking contact whose legs were measured. */
const aMeasuredTalk = async (
  hotlineId: string,
  lineId: string,
  legs: { opinion: number | null; loss: number | null; silentSince?: Date; ended?: boolean; side?: string }[],
): Promise<void> => {
  const contactId = await aCall(hotlineId, lineId, { queuedAgo: 60_000, state: 'talking' })
  await inHotline(db, hotlineId, async (tx) => {
    for (const [index, leg] of legs.entries())
      await sql`insert into voice_quality (contact_id, leg, hotline_id, side, started_at, measured_at, ended_at, opinion,
          now_opinion, now_loss_percent, silent_since)
        values (${contactId}, ${`leg-${index}`}, ${hotlineId}, ${leg.side ?? 'seat'}, ${noon}, ${noon}, ${leg.ended ? noon : null}, 4,
          ${leg.opinion}, ${leg.loss}, ${leg.silentSince ?? null})`.execute(tx)
  })
}

test('G24-3.2.2b: a talk under opinion 3.1 or over 5 % loss turns its light red and is marked on the board', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const light = async (kind: string) => (await board(hotlineId)).lights.find((each) => each.kind === kind)
  await aMeasuredTalk(hotlineId, lineId, [
    { opinion: 4.4, loss: 0 },
    { opinion: 1, loss: 90, ended: true },
    // Who only listens in does not make a talk bad.
    { opinion: 1, loss: 90, side: 'supervisor' },
  ])
  expect((await board(hotlineId)).talking[0]?.voice).toMatchObject({ opinion: 4.4, colour: 'green' })
  expect(await light('voice')).toMatchObject({ colour: 'green', value: 4.4 })
  await aMeasuredTalk(hotlineId, lineId, [
    { opinion: 4.2, loss: 0.4 },
    { opinion: 3.9, loss: 5.2 },
  ])
  expect(await light('voice')).toMatchObject({ colour: 'green', value: 3.9 })
  expect(await light('loss')).toMatchObject({ colour: 'red', value: 0.052 })
  expect((await board(hotlineId)).talking.map((call) => call.voice?.colour)).toEqual(['green', 'red'])
  await aMeasuredTalk(hotlineId, lineId, [{ opinion: 3, loss: 2 }])
  expect(await light('voice')).toMatchObject({ colour: 'red', value: 3 })
})

test('G24-3.2.2b: a seat that talks and sends no sound is on the board, and counts as one that cannot be reached', async () => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  await aMeasuredTalk(hotlineId, lineId, [{ opinion: null, loss: null, silentSince: ago(4000) }])
  const now = await board(hotlineId)
  expect(now.talking[0]?.voice?.silentSince).toBe(ago(4000).toISOString())
  expect(now.lights.find((each) => each.kind === 'unreachable')).toMatchObject({ value: 1, colour: 'amber' })
})
