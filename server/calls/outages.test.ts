import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PhoneCall } from '../../switchboard/testing/phone.ts'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import type { Call } from '../../domain/call-state.ts'
import { newId } from '../db/id.ts'
import { arrive } from './intake.ts'
import { openContact } from './queries.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

async function talking(consent: '1' | '2' = '2') {
  const seat = await hall.seat()
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  await caller.sound.press(consent)
  await hall.becomes({ state: 'offered' })
  const rung = await seat.phone.rings()
  rung.answer()
  await hall.becomes({ state: 'talking', phase: 'together' })
  return { seat, caller, rung }
}

async function hearEachOther(one: PhoneCall, other: PhoneCall): Promise<void> {
  one.sound.hz = 440
  other.sound.hz = 1000
  await until('both hear each other', () => one.sound.level(1000) > -30 && other.sound.level(440) > -30)
}

test('the server dies in mid-call: both talk on, and the next server goes on with the call', async () => {
  const { caller, rung } = await talking()
  await hearEachOther(caller, rung)
  await hall.calls.stop()
  caller.sound.forget()
  await hearEachOther(caller, rung)
  await hall.startServer()
  await hall.becomes({ state: 'talking', phase: 'together' })
  rung.call.hangup()
  await hall.becomes({ state: 'survey' })
})

test('a caller who hangs up while no server is there is ended truthfully when one returns', async () => {
  const { caller, seat } = await talking()
  await hall.calls.stop()
  caller.call.hangup()
  await caller.ended
  await hall.startServer()
  await hall.becomes({ state: 'wrap-up', outcome: 'answered', ended_by: 'caller' })
  expect(await hall.dutyOf(seat)).toMatchObject({ state: 'wrap-up' })
})

test('a caller who calls while no server is there gets a contact when one returns', async () => {
  await hall.calls.stop()
  const caller = await hall.caller()
  await hall.startServer()
  await hall.becomes({ state: 'greeting', number: 1 })
  await caller.sound.press('2')
  await hall.becomes({ state: 'waiting', consent: 'refused' })
})

test('a caller who came and went while no server was there has a contact too, failed by our fault', async () => {
  await hall.calls.stop()
  const caller = await hall.caller()
  caller.call.hangup()
  await caller.ended
  await until('the call is on the records', () => existsSync(join(hall.house.data, 'cdr', 'Master.csv')))
  await hall.startServer()
  await hall.becomes({ number: 1, state: 'failed', outcome: 'failed' })
  await hall.caller()
  await hall.becomes({ state: 'greeting' }, 2)
  const [row] = await data.owner<{ again: boolean }>(
    `select (call->>'ringsAgain')::boolean as again from contact where hotline_id = $1 and number = 2`,
    [hall.hotlineId],
  )
  expect(row?.again).toBe(true)
})

test('who hung up in the very moment in which a server came has a contact too', async () => {
  await hall.calls.stop()
  const caller = await hall.caller()
  caller.call.hangup()
  await caller.ended
  await hall.startServer()
  await hall.becomes({ number: 1, state: 'failed', outcome: 'failed' })
})

test('a caller whom the server before us took in while the database came back is one contact, and goes on with it', async () => {
  const seat = await hall.seat()
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  const { shell } = hall.calls
  const leg = shell.switchboard?.snapshot().legs.find(({ dir }) => dir === 'in')
  if (!leg) throw new Error('no caller')
  shell.legs.delete(leg.id)
  arrive(shell, leg, Date.now())
  await until('the caller is known again', () => shell.legs.get(leg.id)?.hotlineId === hall.hotlineId)
  await caller.sound.press('2')
  await hall.becomes({ state: 'offered' })
  const rung = await seat.phone.rings()
  rung.answer()
  await hearEachOther(caller, rung)
  const rows = await data.owner('select from contact where hotline_id = $1', [hall.hotlineId])
  expect(rows).toHaveLength(1)
})

test('two servers that take in one caller at once make one contact', async () => {
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  const [known] = await data.owner<{ call: Call; caller_leg: string }>(
    'select call, caller_leg from contact where hotline_id = $1',
    [hall.hotlineId],
  )
  if (!known) throw new Error('no contact')
  const given = {
    channel: 'phone' as const,
    sealed: null,
    numberKey: null,
    suffixKey: null,
    trusted: false,
    data: {},
  }
  const opening = (): Promise<boolean> => {
    const call = { ...known.call, contact: newId(Date.now()), callerLeg: 'one-more' }
    return openContact(hall.calls.shell.db, hall.hotlineId, call, given)
  }
  expect((await Promise.all([opening(), opening(), opening()])).toSorted()).toEqual([false, false, true])
  caller.call.hangup()
})

test('a server dies after it ended a call and before it hung up: the next one puts the caller down', async () => {
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  await hall.calls.stop()
  await data.owner(
    `update contact set state = 'closed', outcome = 'abandoned', ended_at = now(), deadline_at = null,
      call = call || '{"state": "closed", "deadline": null}' where hotline_id = $1`,
    [hall.hotlineId],
  )
  await hall.startServer()
  await caller.ended
  await hall.becomes({ state: 'closed', outcome: 'abandoned' })
})

test('the switchboard dies: the contacts are failed with the time, and who rings again goes first', async () => {
  await talking()
  await hall.house.switchboard.stop('SIGKILL')
  await hall.house.switchboard.start()
  await hall.becomes({ state: 'failed', outcome: 'failed', ended_by: 'system' })
  const notices = await data.owner<{ kind: string }>(
    'select kind from notice where hotline_id = $1 and ended_at is null',
    [hall.hotlineId],
  )
  expect(notices.map((notice) => notice.kind)).toEqual(['switchboard-lost'])
  await hall.caller()
  await hall.becomes({ state: 'greeting' }, 2)
  const [row] = await data.owner<{ again: boolean }>(
    `select (call->>'ringsAgain')::boolean as again from contact where hotline_id = $1 and number = 2`,
    [hall.hotlineId],
  )
  expect(row?.again).toBe(true)
})

test('a clock that is put back an hour in mid-call keeps nobody waiting for an hour', async () => {
  const { caller, rung } = await talking()
  rung.call.hangup()
  await hall.becomes({ state: 'survey' })
  // Once the words are over only the timer is left to end the wait for an answer.
  const words = statSync(join(import.meta.dirname, '../../clinical/prompts/zh-CN/survey.wav')).size / 16
  await new Promise((resolve) => setTimeout(resolve, words + 1500))
  const rightNow = Date.now
  vi.spyOn(Date, 'now').mockImplementation(() => rightNow() - 3_600_000)
  await hall.becomes({ state: 'wrap-up', outcome: 'answered' }, 1, 40_000)
  await caller.ended
  vi.restoreAllMocks()
})

test('two server processes: one controls the switchboard, the other takes over when it ends', async () => {
  const first = hall.calls
  const second = hall.newServer()
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect([first.controls(), second.controls()]).toEqual([true, false])
  await first.stop()
  await until('the second takes over', () => second.controls())
  hall.calls = second
  await hall.caller()
  await hall.becomes({ state: 'greeting' })
})
