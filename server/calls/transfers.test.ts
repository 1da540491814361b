import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CallCommand } from '../../api/desk.ts'
import type { PhoneCall } from '../../switchboard/testing/phone.ts'
import { until } from '../../telephony/testing/house.ts'
import { aLine, freshDatabase } from '../../test/database.ts'
import { commandCall } from './commands.ts'
import { Hall, type Seat } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

async function talking() {
  const seat = await hall.seat()
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  await caller.sound.press('2')
  const rung = await seat.phone.rings()
  rung.answer()
  const contact = await hall.becomes({ state: 'talking', phase: 'together' })
  const command = (given: CallCommand): Promise<void> =>
    commandCall(hall.calls.shell, hall.hotlineId, seat.personId, contact.contact_id, given)
  return { seat, caller, rung, contact, command }
}

const toSeat = (seat: Seat) => ({ kind: 'seat', seatId: seat.seatId }) as const

async function hearEachOther(one: PhoneCall, other: PhoneCall): Promise<void> {
  one.sound.hz = 440
  other.sound.hz = 1000
  await until('both hear each other', () => one.sound.level(1000) > -30 && other.sound.level(440) > -30)
}

test('on hold the caller hears calm audio and not the counsellor; afterwards both talk again', async () => {
  const { caller, rung, command } = await talking()
  await hearEachOther(caller, rung)
  await command({ command: 'hold' })
  await hall.becomes({ phase: 'held' })
  await until('the counsellor is not heard', () => caller.sound.level(1000, 200) < -50)
  await command({ command: 'unhold' })
  await hall.becomes({ phase: 'together' })
  await hearEachOther(caller, rung)
})

test('a muted counsellor is not heard', async () => {
  const { caller, rung, command } = await talking()
  await hearEachOther(caller, rung)
  await command({ command: 'mute', on: true })
  await until('the counsellor is not heard', () => caller.sound.level(1000, 200) < -50)
  await command({ command: 'mute', on: false })
  await hearEachOther(caller, rung)
})

test('an attended transfer: the two counsellors speak alone, then the caller is handed over', async () => {
  const { seat, caller, rung, command } = await talking()
  const second = await hall.seat()
  await command({ command: 'transfer', mode: 'attended', to: toSeat(second) })
  const consulted = await second.phone.rings()
  consulted.answer()
  await hearEachOther(rung, consulted)
  await until(
    'the caller hears neither',
    () => caller.sound.level(440, 200) < -50 && caller.sound.level(1000, 200) < -50,
  )
  await command({ command: 'complete-transfer' })
  await rung.ended
  await hearEachOther(caller, consulted)
  await hall.becomes({ state: 'talking', person_id: second.personId })
  expect(await hall.dutyOf(seat)).toMatchObject({ state: 'wrap-up' })
  expect(await hall.dutyOf(second)).toMatchObject({ state: 'busy' })
})

test('a blind transfer that is declined brings the caller back to the counsellor', async () => {
  const { caller, rung, command } = await talking()
  const second = await hall.seat()
  await command({ command: 'transfer', mode: 'blind', to: toSeat(second) })
  const refusing = await second.phone.rings()
  refusing.call.hangup()
  await hall.becomes({ state: 'talking', phase: 'together' })
  await hearEachOther(caller, rung)
  expect(await hall.timeline()).toContain('transfer-failed')
  expect(await hall.dutyOf(second)).toMatchObject({ state: 'free' })
})

test('a transfer to a line puts the caller into its queue with the time waited so far', async () => {
  const { seat, rung, command } = await talking()
  const other = await aLine(data.db, hall.hotlineId, { kind: 'event' })
  await command({ command: 'transfer', mode: 'blind', to: { kind: 'line', lineId: other.lineId } })
  await rung.ended
  await hall.becomes({ state: 'waiting', line_id: other.lineId })
  expect(await hall.dutyOf(seat)).toMatchObject({ state: 'wrap-up' })
})

test('three-way: all three hear each other, and the supervisor can leave again', async () => {
  const { caller, rung, command } = await talking()
  const supervisor = await hall.seat()
  await command({ command: 'invite', seatId: supervisor.seatId })
  const third = await supervisor.phone.rings()
  third.answer()
  caller.sound.hz = 440
  rung.sound.hz = 1000
  third.sound.hz = 700
  const all = () =>
    caller.sound.level(1000) > -35 &&
    caller.sound.level(700) > -35 &&
    third.sound.level(440) > -35 &&
    rung.sound.level(700) > -35
  await until('all three hear each other', all)
  await command({ command: 'dismiss', seatId: supervisor.seatId })
  await third.ended
  await hearEachOther(caller, rung)
})

test('commands of somebody who is not at the call, or at the wrong time, are refused', async () => {
  const { seat, contact, command } = await talking()
  const second = await hall.seat()
  const foreign = commandCall(hall.calls.shell, hall.hotlineId, second.personId, contact.contact_id, {
    command: 'hold',
  })
  await expect(foreign).rejects.toMatchObject({ code: 'call.notYours' })
  await expect(command({ command: 'unhold' })).rejects.toMatchObject({ code: 'call.wrongState' })
  await expect(command({ command: 'transfer', mode: 'blind', to: toSeat(seat) })).rejects.toMatchObject({
    code: 'call.wrongState',
  })
  await expect(
    command({ command: 'transfer', mode: 'blind', to: { kind: 'number', number: '110' } }),
  ).rejects.toMatchObject({ code: 'number.notAllowed' })
})
