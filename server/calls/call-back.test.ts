import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

/** Somebody from outside who called, was asked, and hung up in the queue; a trunk leads back to the same phone. */
async function missedCaller() {
  const phone = await hall.phone()
  await hall.trunkTo(phone)
  const call = await phone.dial(hall.line.number, '13900001234')
  await call.answered
  await hall.becomes({ state: 'greeting' })
  await call.sound.press('2')
  await hall.becomes({ state: 'waiting' })
  call.call.hangup()
  const contact = await hall.becomes({ state: 'closed', outcome: 'abandoned' })
  return { phone, contact }
}

test('a call-back rings the own seat, then the caller, and both talk on the same contact', async () => {
  const { phone, contact } = await missedCaller()
  const seat = await hall.seat()
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const rung = await seat.phone.rings()
  rung.answer()
  const back = await phone.rings()
  back.answer()
  await hall.becomes({ state: 'talking', phase: 'together', person_id: seat.personId })
  rung.sound.hz = 1000
  back.sound.hz = 440
  await until('both hear each other', () => rung.sound.level(440) > -30 && back.sound.level(1000) > -30)
  back.call.hangup()
  await hall.becomes({ state: 'wrap-up', outcome: 'abandoned' })
  expect(await hall.contact(2)).toBe(undefined)
})

test('a caller who does not answer the call-back leaves the contact closed and the seat free', async () => {
  const { phone, contact } = await missedCaller()
  const seat = await hall.seat()
  await hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  const rung = await seat.phone.rings()
  rung.answer()
  const back = await phone.rings()
  back.call.hangup()
  await rung.ended
  await hall.becomes({ state: 'closed', outcome: 'abandoned' })
  await until('the seat is free', async () => (await hall.dutyOf(seat))?.state === 'free')
})

test('a caller whose number no trunk may dial cannot be called back, and the counsellor is told', async () => {
  const { contact } = await missedCaller()
  const seat = await hall.seat()
  await data.owner('update trunk set outbound_patterns = $1', [['110']])
  const tried = hall.calls.callBack(hall.hotlineId, seat.personId, contact.contact_id)
  await expect(tried).rejects.toMatchObject({ code: 'number.notAllowed' })
})
