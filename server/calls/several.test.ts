import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PhoneCall } from '../../switchboard/testing/phone.ts'
import { cuttable } from '../../telephony/testing/cuttable.ts'
import { type House, until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { goOffDuty } from '../roster/roster.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall
let other: House

beforeEach(async () => {
  hall = await Hall.open(data, 2)
  if (!hall.other) throw new Error('there is no second switchboard')
  other = hall.other
})

afterEach(async () => {
  await hall.close()
})

/** Somebody calls by this switchboard and goes through the greeting. */
async function caller(at: House, from: string, number: number): Promise<PhoneCall> {
  const call = await (await hall.phone(undefined, at)).dial(hall.line.number, from)
  await call.answered
  await hall.becomes({ state: 'greeting' }, number)
  await call.sound.press('2')
  return call
}

const notices = async (): Promise<{ kind: string; count: number | null }[]> =>
  data.owner<{ kind: string; count: number | null }>(
    `select kind, (data->>'count')::int as count from notice where hotline_id = $1 and ended_at is null order by kind`,
    [hall.hotlineId],
  )

/** One of them dies and is back, and the server knows both. */
async function restart(house: House): Promise<void> {
  const isAway = async () => (await notices()).some(({ kind }) => kind === 'switchboard-part-away')
  await house.switchboard.stop('SIGKILL')
  await until('one is away', isAway)
  await house.switchboard.start()
  await until('none is away', async () => !(await isAway()))
}

async function hearEachOther(one: PhoneCall, two: PhoneCall): Promise<void> {
  one.sound.forget()
  two.sound.forget()
  one.sound.hz = 440
  two.sound.hz = 1000
  await until('both hear each other', () => one.sound.level(1000) > -30 && two.sound.level(440) > -30)
}

test('G24-3.2.2a: one switchboard of two dies: its call is failed and said to be, its caller goes first at the other, all else goes on', async () => {
  const seat = await hall.seat()
  await caller(hall.house, '13800000001', 1)
  await hall.becomes({ state: 'offered' }, 1)
  const rung = await seat.phone.rings()
  rung.answer()
  const talk = await hall.becomes({ state: 'talking', phase: 'together' }, 1)
  const second = await hall.seat()
  const lucky = await caller(other, '13800000002', 2)
  const rungThere = await second.there.rings()
  rungThere.answer()
  await hall.becomes({ state: 'talking', phase: 'together' }, 2)
  await caller(other, '13800000003', 3)
  await hall.becomes({ state: 'waiting' }, 3)

  await hall.house.switchboard.stop('SIGKILL')
  await hall.becomes({ state: 'failed', outcome: 'failed', ended_by: 'system' }, 1)
  expect(await notices()).toEqual([
    { kind: 'switchboard-lost', count: 1 },
    { kind: 'switchboard-part-away', count: null },
  ])
  expect(hall.calls.controls()).toBe(true)
  await hearEachOther(lucky, rungThere)

  // The caller of the broken call rings again, by the other one, after somebody who waits there already.
  const again = await caller(other, '13800000001', 4)
  await hall.becomes({ state: 'waiting' }, 4)
  await hall.calls.recordClosed(hall.hotlineId, talk.contact_id)
  await hall.becomes({ state: 'offered' }, 4)
  const answered = await seat.there.rings()
  answered.answer()
  await hall.becomes({ state: 'talking', phase: 'together' }, 4)
  await hearEachOther(again, answered)
  expect(await hall.contact(3)).toMatchObject({ state: 'waiting' })

  await hall.house.switchboard.start()
  await until('nothing is away any more', async () => (await notices()).length === 1)
  await caller(hall.house, '13800000005', 5)
  await hall.becomes({ state: 'waiting' }, 5)
  expect(await hall.contact(2)).toMatchObject({ state: 'talking' })
})

test('a caller is not offered to a seat that only the other switchboard can ring, and is once both can', async () => {
  const seat = await hall.seat()
  await seat.there.stop()
  await restart(other)
  await caller(other, '13800000001', 1)
  await hall.becomes({ state: 'waiting' }, 1)
  await caller(hall.house, '13800000002', 2)
  await hall.becomes({ state: 'offered' }, 2)
  expect(await hall.contact(1)).toMatchObject({ state: 'waiting' })
  const rung = await seat.phone.rings()
  rung.answer()
  const talk = await hall.becomes({ state: 'talking', phase: 'together' }, 2)
  rung.call.hangup()
  await hall.becomes({ state: 'survey' }, 2)
  const { password } = seat
  const there = await hall.phone({ user: seat.sipUser, password }, other)
  await hall.calls.recordClosed(hall.hotlineId, talk.contact_id)
  await hall.becomes({ state: 'offered' }, 1)
  ;(await there.rings()).answer()
  await hall.becomes({ state: 'talking', phase: 'together' }, 1)
})

test('a desk phone off duty is not put on duty because one more switchboard has it', async () => {
  const seat = await hall.seat()
  await inHotline(data.db, hall.hotlineId, (tx) => goOffDuty(tx, hall.hotlineId, seat.personId, Date.now()))
  hall.calls.seatChanged(hall.hotlineId, seat.seatId, null, seat.personId)
  await seat.there.stop()
  await restart(other)
  const { sipUser, password } = seat
  await hall.phone({ user: sipUser, password }, other)
  await until('both can ring it', () => hall.calls.shell.switchboard?.nodesOf(sipUser).length === 2)
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await hall.dutyOf(seat)).toBeUndefined()
  // Once it was gone from both it begins anew, as ever.
  for (const phone of hall.phones) await phone.stop()
  await restart(hall.house)
  await restart(other)
  await hall.phone({ user: sipUser, password }, other)
  await until('it is on duty', async () => (await hall.dutyOf(seat))?.state === 'free')
})

test('a switchboard that nobody can reach for long: its calls are given up, and put down when it is back', async () => {
  await hall.calls.stop()
  const way = await cuttable(hall.house.ariUrl)
  hall.house.ariUrl = way.url
  await hall.startServer()
  const cut = await caller(hall.house, '13800000001', 1)
  const staying = await caller(other, '13800000002', 2)
  await hall.becomes({ state: 'waiting' }, 2)
  way.cut(true)
  await hall.becomes({ state: 'failed', outcome: 'failed' }, 1)
  expect(await notices()).toContainEqual({ kind: 'switchboard-part-away', count: null })
  way.cut(false)
  await cut.ended
  await until('nothing is away any more', async () => (await notices()).length === 1)
  await caller(hall.house, '13800000001', 3)
  await hall.becomes({ state: 'waiting' }, 3)
  expect(await hall.contact(1)).toMatchObject({ state: 'failed' })
  expect(await hall.contact(2)).toMatchObject({ state: 'waiting' })
  staying.call.hangup()
  await hall.becomes({ state: 'closed' }, 2)
  way.close()
})

test('the server returns while one switchboard is dead: who was there is failed, who hung up at the other did hang up', async () => {
  await caller(hall.house, '13800000001', 1)
  const leaving = await caller(other, '13800000002', 2)
  const staying = await caller(other, '13800000003', 3)
  await hall.becomes({ state: 'waiting' }, 3)
  await hall.calls.stop()
  await hall.house.switchboard.stop('SIGKILL')
  leaving.call.hangup()
  await leaving.ended
  const record = join(other.data, 'cdr', 'Master.csv')
  await until('the call is on the records', () => existsSync(record))
  // As an operator has them: the records of both where the server reads them.
  cpSync(record, join(hall.house.data, 'cdr', 'other', 'Master.csv'))
  await hall.startServer()
  await hall.becomes({ state: 'failed', outcome: 'failed' }, 1)
  await hall.becomes({ state: 'closed', outcome: 'abandoned', ended_by: 'caller' }, 2)
  await hall.becomes({ state: 'waiting' }, 3)
  expect(await notices()).toEqual([
    { kind: 'switchboard-lost', count: 1 },
    { kind: 'switchboard-part-away', count: null },
  ])
  staying.call.hangup()
  await hall.becomes({ state: 'closed', ended_by: 'caller' }, 3)
})
