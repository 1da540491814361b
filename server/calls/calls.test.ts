import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lineGreeting } from '../../api/administration.ts'
import { tone, wavOf } from '../../switchboard/media/tone.ts'
import type { PhoneCall } from '../../switchboard/testing/phone.ts'
import { until } from '../../telephony/testing/house.ts'
import { freshDatabase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { replacePrompt } from '../lines/prompts.ts'
import { Hall } from './testing/hall.ts'

const data = await freshDatabase()
let hall: Hall

beforeEach(async () => {
  hall = await Hall.open(data)
})

afterEach(async () => {
  await hall.close()
})

/** A caller who pressed a key in the greeting. */
async function callerPressing(key: string, contact = 1): Promise<PhoneCall> {
  const caller = await hall.caller()
  await hall.becomes({ state: 'greeting' }, contact)
  await caller.sound.press(key)
  return caller
}

/** A caller whom a counsellor has answered. */
async function talking(consent: '1' | '2' = '2') {
  const seat = await hall.seat()
  const caller = await callerPressing(consent)
  await hall.becomes({ state: 'offered' })
  const rung = await seat.phone.rings()
  rung.answer()
  const contact = await hall.becomes({ state: 'talking', phase: 'together' })
  return { seat, caller, rung, contact }
}

/** Both ends hear the other's tone. */
async function hearEachOther(one: PhoneCall, other: PhoneCall): Promise<void> {
  one.sound.hz = 440
  other.sound.hz = 1000
  await until('both hear each other', () => one.sound.level(1000) > -30 && other.sound.level(440) > -30)
}

const recordedFiles = (): string[] => {
  const files = readdirSync(hall.house.data, { recursive: true }).map(String)
  return files.filter((name) => name.includes('.age'))
}

test('a caller is answered, hears the greeting, agrees, talks to a counsellor, and is on the record', async () => {
  const { seat, caller, rung, contact } = await talking('1')
  await hearEachOther(caller, rung)
  expect(contact).toMatchObject({ number: 1, consent: 'given', channel: 'phone', person_id: seat.personId })
  const consents = await hall.data.owner(`select purpose, state, how, words from consent_record`)
  expect(consents).toMatchObject([{ purpose: 'recording', state: 'given', how: 'key' }])
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
  await until('the sound is in files', () => recordedFiles().some((name) => name.endsWith('.age')))
})

test('a line with a greeting of its own is answered with it, and the record says which words were heard', async () => {
  const personId = (await hall.seat()).personId
  const given = { key: lineGreeting(hall.line.lineId), language: 'zh-CN', part: 0, words: '本线' } as const
  const wav = wavOf(tone(800, 3000))
  await inHotline(data.db, hall.hotlineId, (tx) =>
    replacePrompt(tx, hall.house.data, hall.hotlineId, { ...given, wav, personId, now: new Date() }),
  )
  const caller = await hall.caller()
  await until('the own greeting is heard', () => caller.sound.level(800) > -30)
  caller.call.hangup()
  await hall.becomes({ state: 'closed' })
  const [heard] = await data.owner<{ versions: string[] }>(
    `select data->'versions' as versions from contact_event where kind = 'heard' and hotline_id = $1`,
    [hall.hotlineId],
  )
  expect(heard?.versions).toContain(`${lineGreeting(hall.line.lineId)}.0@1`)
})

test('G24-7.5a: a caller who refuses is helped just the same, and no file with sound exists anywhere', async () => {
  const { caller, rung } = await talking('2')
  await hearEachOther(caller, rung)
  rung.call.hangup()
  await hall.becomes({ state: 'survey', consent: 'refused' })
  expect(recordedFiles()).toEqual([])
  expect(await data.owner('select from recording where hotline_id = $1', [hall.hotlineId])).toEqual([])
})

test('after the counsellor hangs up the caller gives a mark, is thanked, and we hang up', async () => {
  const { caller, rung } = await talking('2')
  rung.call.hangup()
  await hall.becomes({ state: 'survey', phase: 'asking' })
  await caller.sound.press('5')
  await hall.becomes({ satisfaction: 5, phase: 'goodbye' })
  await caller.ended
  await hall.becomes({ state: 'wrap-up', ended_by: 'counsellor', satisfaction: 5 })
})

test('G24-5.3.5: after a call that was assessed high no mark is asked for', async () => {
  const { rung, contact } = await talking('2')
  await hall.calls.assessed(hall.hotlineId, contact.contact_id, 'high')
  expect(await hall.contact()).toMatchObject({ state: 'talking', risk: 'high' })
  rung.call.hangup()
  await hall.becomes({ state: 'survey', phase: 'goodbye' })
})

test('G24-5.3.5: a caller who was assessed high while waiting goes before those who waited longer', async () => {
  await callerPressing('2')
  await hall.becomes({ state: 'waiting' })
  await callerPressing('2', 2)
  const second = await hall.becomes({ state: 'waiting' }, 2)
  await hall.calls.assessed(hall.hotlineId, second.contact_id, 'high')
  ;(await (await hall.seat()).phone.rings()).answer()
  await hall.becomes({ state: 'talking' }, 2)
  expect((await hall.contact(1))?.state).toBe('waiting')
  expect((await hall.contact(2))?.risk).toBe('high')
})

test('G24-5.3.5: key 0 goes straight into the queue and before those who waited longer', async () => {
  await callerPressing('2')
  await hall.becomes({ state: 'waiting' })
  await callerPressing('0', 2)
  await hall.becomes({ state: 'waiting', risk: 'danger-key', consent: 'silent' }, 2)
  const seat = await hall.seat()
  await hall.becomes({ state: 'offered' }, 2)
  ;(await seat.phone.rings()).answer()
  await hall.becomes({ state: 'talking' }, 2)
  expect((await hall.contact(1))?.state).toBe('waiting')
  // G24-4.3.5: the protocol opens by itself for whoever answers; no level comes of a key.
  expect(await hall.timeline(2)).toContain('protocol.opened')
  expect((await hall.contact(2))?.risk).toBe('danger-key')
})

test('a seat that does not answer is paused with a reason, and the next seat is rung', async () => {
  await data.owner('update line set offer_timeout_ms = 5000 where line_id = $1', [hall.line.lineId])
  const first = await hall.seat()
  const second = await hall.seat()
  await callerPressing('2')
  await first.phone.rings()
  const rung = await second.phone.rings().catch(() => second.phone.rings())
  expect(await hall.dutyOf(first)).toMatchObject({ state: 'paused', reason: 'missed-offer' })
  rung.answer()
  await hall.becomes({ state: 'talking', person_id: second.personId })
  expect(await hall.timeline()).toContain('offer-missed')
})

test('a caller who wants to be called back keeps the place: a task with the time waited from', async () => {
  await hall.pause(await hall.seat(), 'meal')
  const caller = await callerPressing('2')
  await hall.becomes({ state: 'waiting' })
  await caller.sound.press('9')
  await hall.becomes({ outcome: 'call-back' })
  await caller.ended
  await hall.becomes({ state: 'closed', outcome: 'call-back', ended_by: 'system' })
  const [task] = await data.owner<{ kind: string; same: boolean }>(
    `select t.kind, t.keeps_place_since = c.queued_at as same from task t join contact c using (contact_id)
      where c.hotline_id = $1`,
    [hall.hotlineId],
  )
  expect(task).toEqual({ kind: 'call-back', same: true })
})

test('with nobody on duty the caller hears what is possible and leaves a message after the tone', async () => {
  const caller = await callerPressing('2')
  await hall.becomes({ state: 'waiting', phase: 'nobody' })
  await hall.becomes({ phase: 'message' }, 1, 40_000)
  caller.sound.hz = 600
  await hall.becomes({ outcome: 'message' })
  await until('the message is being stored', () => recordedFiles().length > 0)
  await caller.sound.press('#')
  await caller.ended
  await hall.becomes({ state: 'closed', outcome: 'message' })
  const tasks = await data.owner('select kind from task where hotline_id = $1', [hall.hotlineId])
  expect(tasks).toEqual([{ kind: 'listen-to-message' }])
}, 60_000)

test('callers who leave early are on the record too, with gapless numbers', async () => {
  const left = await hall.caller()
  await hall.becomes({ state: 'greeting' })
  left.call.hangup()
  await hall.becomes({ state: 'closed', outcome: 'left-in-menu', ended_by: 'caller' })
  const waited = await callerPressing('2', 2)
  await hall.becomes({ state: 'waiting' }, 2)
  waited.call.hangup()
  await hall.becomes({ state: 'closed', outcome: 'abandoned' }, 2)
})

test('a number nobody has is refused, and nothing is counted', async () => {
  const call = await (await hall.phone()).dial('9999')
  expect((await call.ended).reason).not.toBe('normal')
  expect(await hall.contact(1)).toBe(undefined)
})
