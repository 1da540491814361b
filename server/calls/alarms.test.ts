import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import type { AlarmCall } from './alarms.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

function alarm(to: AlarmCall['to'], alarmId: string = randomUUID()) {
  const pressed: string[] = []
  const given: AlarmCall = {
    hotlineId: hall.hotlineId,
    alarmId,
    to,
    prompt: 'report-alarm',
    onDigit: (digit) => void pressed.push(digit),
  }
  return { given, pressed }
}

test('G24-5.3.5: an alarm rings a phone outside, says its words, takes key 1 and hangs up; no contact comes of it', async () => {
  const phone = await hall.phone()
  await hall.trunkTo(phone)
  const { given, pressed } = alarm({ number: '13900002222' })
  await hall.calls.alarmCall(given)
  await hall.calls.alarmCall(given)
  const rung = await phone.rings()
  rung.answer()
  await until('something is said', () => rung.sound.packets > 50)
  void rung.sound.press('1').catch(() => undefined)
  await rung.ended
  expect(pressed).toEqual(['1'])
  expect(phone.calls).toHaveLength(1)
  expect(await hall.contact()).toBe(undefined)
  expect(hall.calls.shell.alarms.size).toBe(0)
})

test('an alarm rings a registered seat; a number that no trunk may dial and a seat without a device are refused', async () => {
  const seat = await hall.seat()
  const { given } = alarm({ sipUser: seat.sipUser })
  await hall.calls.alarmCall(given)
  const rung = await seat.phone.rings()
  rung.answer()
  rung.call.hangup()
  await until('it is over', () => hall.calls.shell.alarms.size === 0)
  await expect(hall.calls.alarmCall(alarm({ number: '110' }).given)).rejects.toMatchObject({
    code: 'number.notAllowed',
  })
  await expect(hall.calls.alarmCall(alarm({ sipUser: 'nobody' }).given)).rejects.toMatchObject({
    code: 'seat.offline',
  })
})

test('an alarm that rings when its server dies is put down by the next one, and can be given again', async () => {
  const seat = await hall.seat()
  const { given } = alarm({ sipUser: seat.sipUser })
  await hall.calls.alarmCall(given)
  const rung = await seat.phone.rings()
  // A server that dies forgets; one that stops puts its alarms down itself.
  hall.calls.shell.alarms.clear()
  await hall.calls.stop()
  await hall.startServer()
  await rung.ended
  await hall.calls.alarmCall(given)
  ;(await seat.phone.rings()).answer()
})
