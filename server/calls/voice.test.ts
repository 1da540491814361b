import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CallCommand } from '../../api/desk.ts'
import type { PhoneCall } from '../../switchboard/testing/phone.ts'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { readBoardNow } from '../supervision/supervision.ts'
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

interface Row extends Record<string, unknown> {
  side: string
  seat_id: string | null
  trunk: string | null
  loss_percent: number | null
  opinion: number | null
  ended_at: Date | null
  silent_since: Date | null
}

const rows = (): Promise<Row[]> =>
  data.owner<Row>('select * from voice_quality where hotline_id = $1 order by side, started_at', [
    hall.hotlineId,
  ])

/** A caller in the queue. */
async function callerWaiting(): Promise<PhoneCall> {
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  await caller.sound.press('2')
  return caller
}

/** The seat that is rung answers; `mute` telephones send no sound at all. */
async function answered(seat: Seat, mute = false): Promise<PhoneCall> {
  const rung = await seat.phone.rings()
  rung.sound.speaking = !mute
  rung.answer()
  return rung
}

test('G24-3.2.2b: loss, jitter and opinion of both legs are kept with the contact, and end with the talk', async () => {
  const seat = await hall.seat()
  const caller = await callerWaiting()
  await answered(seat)
  await hall.becomes({ state: 'talking' })
  await until('both legs are measured', async () => (await rows()).length === 2)
  const [one, other] = await rows()
  expect(one).toMatchObject({ side: 'caller', seat_id: null, loss_percent: 0, ended_at: null })
  expect(other).toMatchObject({ side: 'seat', seat_id: seat.seatId, silent_since: null })
  expect(one?.opinion).toBeCloseTo(4.41, 1)
  caller.call.hangup()
  await hall.becomes({ state: 'wrap-up' })
  await until('both legs have ended', async () => (await rows()).every((row) => row.ended_at !== null))
})

test('G24-3.2.2b: a seat that answers and sends no sound is passed over, and the caller talks to the next one', async () => {
  const silent = await hall.seat()
  const caller = await callerWaiting()
  const dumb = await answered(silent, true)
  await hall.becomes({ state: 'talking', person_id: silent.personId })
  await dumb.ended
  await hall.becomes({ state: 'waiting', outcome: null })
  expect(await hall.dutyOf(silent)).toMatchObject({ state: 'paused', reason: 'disconnected' })
  expect(await hall.timeline()).toContain('seat-silent')
  const next = await hall.seat()
  const rung = await answered(next)
  await hall.becomes({ state: 'talking', person_id: next.personId, outcome: 'answered' })
  caller.sound.hz = 440
  rung.sound.hz = 1000
  await until('both hear each other', () => caller.sound.level(1000) > -30 && rung.sound.level(440) > -30)
})

test('G24-3.2.2b: a seat that falls silent in mid-talk is told and keeps its caller; heard again, it is as before', async () => {
  const seat = await hall.seat()
  await callerWaiting()
  const rung = await answered(seat)
  await hall.becomes({ state: 'talking' })
  await until('the seat is measured', async () => (await rows()).length === 2)
  rung.sound.speaking = false
  const silentNow = async (): Promise<boolean> => (await rows()).some((row) => row.silent_since !== null)
  await until('its silence is told', silentNow, 8_000)
  expect(await hall.contact()).toMatchObject({ state: 'talking', phase: 'together' })
  rung.sound.speaking = true
  await until('it is heard again', async () => !(await silentNow()))
})

test('G24-3.2.2b: a talk that loses every fifth packet for ten seconds turns its light on the board red', async () => {
  const seat = await hall.seat()
  await callerWaiting()
  const rung = await answered(seat)
  rung.sound.loses = 5
  const { contact_id: contactId } = await hall.becomes({ state: 'talking' })
  const board = () => inHotline(data.db, hall.hotlineId, (tx) => readBoardNow(tx, hall.hotlineId, new Date()))
  const light = async () => (await board()).lights.find((each) => each.kind === 'loss')
  await until('the light is red', async () => (await light())?.colour === 'red', 20_000)
  const [call] = (await board()).talking
  expect(call).toMatchObject({ contactId, voice: { colour: 'red', silentSince: null } })
  expect(call?.voice?.lossShare).toBeCloseTo(0.2, 1)
  expect(call?.voice?.opinion).toBeLessThan(3.1)
})

test('G24-3.2.2b: third parties and supervisors are measured too; a colleague who takes over is the seat from then on', async () => {
  const seat = await hall.seat()
  const outside = await hall.phone()
  await hall.trunkTo(outside)
  await callerWaiting()
  await answered(seat)
  const { contact_id: contactId } = await hall.becomes({ state: 'talking' })
  const colleague = await hall.seat()
  const supervisor = await hall.seat()
  const wish = { mode: 'listen', reason: '新手' } as const
  await hall.calls.supervise(hall.hotlineId, supervisor.personId, contactId, wish)
  await answered(supervisor)
  const command = (given: CallCommand): Promise<void> =>
    commandCall(hall.calls.shell, hall.hotlineId, seat.personId, contactId, given)
  const number = { kind: 'number', number: '02012345678' } as const
  await command({ command: 'transfer', mode: 'attended', to: number })
  const third = await outside.rings()
  third.answer()
  const sides = async () => (await rows()).map((row) => [row.side, row.seat_id, row.trunk !== null])
  await until('all four are measured', async () => (await rows()).length === 4, 15_000)
  expect(await sides()).toEqual([
    ['caller', null, true],
    ['guest', null, true],
    ['seat', seat.seatId, false],
    ['supervisor', supervisor.seatId, false],
  ])
  await command({ command: 'cancel-transfer' })
  await command({ command: 'transfer', mode: 'attended', to: { kind: 'seat', seatId: colleague.seatId } })
  await answered(colleague)
  const isOf = async (side: string): Promise<boolean> =>
    (await rows()).some((row) => row.seat_id === colleague.seatId && row.side === side)
  await until('the colleague is measured as a third party', async () => isOf('guest'), 15_000)
  await command({ command: 'complete-transfer' })
  await until('the colleague is the seat', async () => isOf('seat'), 15_000)
})
