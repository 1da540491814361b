import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshDatabase } from '../../test/database.ts'
import { until } from '../../telephony/testing/house.ts'
import { commandCall } from './commands.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

/** A caller whom a counsellor has answered. */
async function talking(consent: '1' | '2' = '2') {
  const seat = await hall.seat()
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  await caller.sound.press(consent)
  await hall.becomes({ state: 'offered' })
  const rung = await seat.phone.rings()
  rung.answer()
  const contact = await hall.becomes({ state: 'talking', phase: 'together' })
  return { seat, caller, rung, contact }
}

test('a caller is answered, hears the greeting, agrees, talks to a counsellor, and is on the record', async () => {
  const { seat, caller, rung, contact } = await talking('1')
  caller.sound.hz = 440
  rung.sound.hz = 1000
  await until('both hear each other', () => caller.sound.level(1000) > -30 && rung.sound.level(440) > -30)
  expect(contact).toMatchObject({ number: 1, consent: 'given', channel: 'phone', person_id: seat.personId })
  expect(await hall.dutyOf(seat)).toMatchObject({ state: 'busy' })
  caller.call.hangup()
  await hall.becomes({ state: 'wrap-up', outcome: 'answered', ended_by: 'caller' })
  expect(await hall.dutyOf(seat)).toMatchObject({ state: 'wrap-up' })
  const kinds = await hall.timeline()
  expect(kinds[0]).toBe('started')
  for (const kind of [
    'heard',
    'consent',
    'queued',
    'offered',
    'answered',
    'recording-started',
    'talk-ended',
  ]) {
    expect(kinds).toContain(kind)
  }
})
