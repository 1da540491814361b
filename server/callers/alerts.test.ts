import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { changeFrequentRule, endAlert, listCallers, readCaller, reviewAlert } from '../../api/callers.ts'
import { newCall, step } from '../../domain/call.ts'
import { aSeat } from '../../test/database.ts'
import { findLiveCalls, openContact } from '../calls/queries.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { aPhone, openScene } from './testing/scene.ts'

const scene = await openScene()
const { db, keys, owner, ask, clock, hotlineId, lineId, who } = scene
const { aContact, seen, caller, say, aCaller, inDays, anAlert, alertOn } = scene

beforeEach(scene.forget)

/** A call that has come in and is in the hands of routing. */
const aCall = async (phone: string): Promise<string> => {
  const at = clock.now.getTime()
  const contact = newId(at)
  const fresh = newCall({
    contact,
    line: lineId,
    callerLeg: `leg-${contact}`,
    canCallBack: true,
    ringsAgain: false,
    arrivedAt: at,
  })
  const { call } = step(fresh, { type: 'arrived' }, at)
  const numberKey = keys.numberKey(hotlineId, phone)
  const given = {
    channel: 'phone',
    sealed: keys.seal(hotlineId, phone),
    numberKey,
    suffixKey: null,
    trusted: true,
  } as const
  await openContact(db, hotlineId, call, { ...given, data: { line: lineId } })
  return contact
}

test('G24-7.4: an alert changes nothing that routing decides by: only risk and waiting time count', async () => {
  const { phone, profileId } = await aCaller()
  const first = await aCall(phone)
  clock.now = new Date(clock.now.getTime() + 5000)
  const second = await aCall(aPhone())
  const waiting = () => inHotline(db, hotlineId, findLiveCalls)
  const before = await waiting()
  expect(before.map(({ call }) => call.contact)).toEqual([first, second])
  await say(first, { answer: 'same', profileId }, 'supervisor')
  for (const kind of ['limits', 'agreed-plan', 'safety', 'note'])
    expect((await alertOn(profileId, { kind })).status).toBe(200)
  expect((await caller(first, 'supervisor')).alerts).toHaveLength(4)
  expect(await waiting()).toEqual(before)
  await owner(`update contact set state = 'closed' where contact_id = any($1)`, [[first, second]])
})

test('an alert is shown when the call is offered, as possible until somebody confirmed who it is', async () => {
  const { phone, profileId } = await aCaller()
  await alertOn(profileId, { kind: 'safety', words: '家中有农药' })
  const offered = await aContact({ phone, by: 'nobody' })
  const { seatId } = await aSeat(db, hotlineId)
  const { personId } = who('colleague')
  expect((await seen(offered, 'colleague')).status).toBe(404)
  await inHotline(db, hotlineId, (tx) =>
    sql`insert into duty (duty_id, hotline_id, person_id, seat_id, state, started_at, since, idle_since, contact_id)
      values (${newId()}, ${hotlineId}, ${personId}, ${seatId}, 'offered', ${clock.now}, ${clock.now}, ${clock.now}, ${offered})`.execute(
      tx,
    ),
  )
  expect(await caller(offered, 'colleague')).toMatchObject({
    mayAnswer: false,
    alerts: [{ words: '家中有农药', possible: true, pseudonym: 'C-0001' }],
  })
  await owner('delete from duty')
  const mine = await aContact({ phone })
  await say(mine, { answer: 'same', profileId })
  expect((await caller(mine)).alerts).toMatchObject([{ words: '家中有农药', possible: false }])
  const another = await aContact({ phone })
  await say(another, { answer: 'other' })
  expect((await caller(another)).alerts).toEqual([])
})

test('G24-7.4: an alert needs a reason, a review and an end; it is reviewed, and ends by itself or by a supervisor', async () => {
  const { profileId, contactId } = await aCaller()
  for (const wrong of [{ reason: ' ' }, { words: '' }, { kind: 'ban' }, { reviewAt: undefined }])
    expect((await alertOn(profileId, wrong)).status, JSON.stringify(wrong)).toBe(400)
  for (const [wrong, fields] of [
    [{ reviewAt: inDays(-1) }, ['reviewAt']],
    [{ expiresAt: inDays(400) }, ['expiresAt']],
    [{ kind: 'limits', expiresAt: inDays(181) }, ['expiresAt']],
    [{ kind: 'limits', reviewAt: inDays(91), expiresAt: inDays(120) }, ['reviewAt']],
    [{ preferredPerson: who('administrator').personId }, ['preferredPerson']],
    [{ preferredPerson: who('stranger').personId }, ['preferredPerson']],
  ] as const)
    expect((await alertOn(profileId, wrong)).body['detail'], JSON.stringify(wrong)).toEqual({ fields })
  const { personId } = who('counsellor')
  const made = await alertOn(profileId, { kind: 'limits', expiresAt: inDays(60), preferredPerson: personId })
  const params = { alertId: String(made.body['alertId']) }
  expect(made.body).toMatchObject({ standing: 'active', preferredPerson: personId })
  await owner(
    `update caller_alert set review_at = now() - interval '400 days', created_at = now() - interval '500 days'`,
  )
  const { cookie } = who('supervisor')
  const due = await ask(listCallers, { query: { only: 'review' }, cookie })
  expect(due.body).toMatchObject({ review: 1, rows: [{ profileId, reviewDue: 1 }] })
  const looked = await ask(reviewAlert, { params, body: anAlert({ kind: 'limits' }) as never, cookie })
  expect(looked.body).toMatchObject({ standing: 'active', words: '每周三晚八点由同一位咨询员接听' })
  expect((await ask(listCallers, { query: { only: 'review' }, cookie })).body).toMatchObject({
    review: 0,
    rows: [],
  })
  await owner(`update caller_alert set expires_at = $1::timestamptz, review_at = $1::timestamptz`, [
    inDays(-0.01),
  ])
  expect((await caller(contactId)).alerts).toEqual([])
  expect((await ask(reviewAlert, { params, body: anAlert() as never, cookie })).body).toMatchObject({
    code: 'alert.notFound',
  })
  const next = { alertId: String((await alertOn(profileId)).body['alertId']) }
  expect((await caller(contactId)).alerts).toHaveLength(1)
  expect((await ask(endAlert, { params: next, cookie })).status).toBe(200)
  expect((await ask(endAlert, { params: next, cookie })).status).toBe(200)
  expect((await caller(contactId)).alerts).toEqual([])
  const page = await ask(readCaller, { params: { profileId }, cookie })
  expect((page.body['alerts'] as { standing: string }[]).map((each) => each.standing).toSorted()).toEqual([
    'ended',
    'expired',
  ])
})

test('a frequent caller is proposed for an agreed plan, until there is one', async () => {
  const { cookie } = who('supervisor')
  await ask(changeFrequentRule, { body: { contacts: 3, days: 7 }, cookie })
  const { profileId, contactId, phone } = await aCaller()
  expect((await caller(contactId)).frequent).toBeNull()
  const third = await aContact({ phone })
  await say(third, { answer: 'same', profileId })
  expect((await caller(third)).frequent).toEqual({ contacts: 3, days: 7 })
  const listed = await ask(listCallers, { query: { only: 'frequent' }, cookie })
  expect(listed.body['rows']).toMatchObject([{ profileId, frequent: { contacts: 3, days: 7 } }])
  await alertOn(profileId)
  expect((await caller(third)).frequent).toBeNull()
  expect((await ask(listCallers, { query: { only: 'frequent' }, cookie })).body['rows']).toEqual([])
  await ask(changeFrequentRule, { body: { contacts: 5, days: 30 }, cookie })
})
