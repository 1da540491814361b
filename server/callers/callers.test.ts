import { sql } from 'kysely'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import {
  addAlert,
  answerCaller,
  changeFrequentRule,
  endAlert,
  listCallers,
  readCaller,
  readContactCaller,
  reviewAlert,
  type ContactCaller,
} from '../../api/callers.ts'
import { readContact } from '../../api/contacts.ts'
import type { Role } from '../../domain/permission.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { aHotline, aLine, aPerson, aSeat } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'

const { db, keys, owner, ask, clock, cookieOf } = await openTestApp()
clock.now = new Date('2026-11-21T12:00:00Z')
const minute = 60_000
let hotlineId: string
let lineId: string
const people = new Map<string, { personId: string; cookie: string }>()
const who = (name: string): { personId: string; cookie: string } =>
  people.get(name) ?? { personId: '', cookie: '' }

const everybody: [string, Role][] = [
  ['counsellor', 'counsellor'],
  ['colleague', 'counsellor'],
  ['supervisor', 'supervisor'],
  ['administrator', 'administrator'],
  ['custodian', 'custodian'],
  ['department', 'department'],
  ['evaluator', 'evaluator'],
]

beforeAll(async () => {
  const elsewhere = await aHotline(db)
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  for (const [name, role] of everybody) {
    const { personId } = await aPerson(db, hotlineId, { roles: [role] })
    people.set(name, { personId, cookie: await cookieOf(hotlineId, personId) })
  }
  const stranger = await aPerson(db, elsewhere, { roles: ['supervisor'] })
  people.set('stranger', { ...stranger, cookie: await cookieOf(elsewhere, stranger.personId) })
})

beforeEach(async () => {
  await owner('delete from caller_alert')
  await owner('update contact set profile_id = null, profile_answer = null')
  await owner('delete from caller_profile')
  clock.now = new Date(clock.now.getTime() + 1000)
})

let phones = 13_800_000_000
const aPhone = (): string => String((phones += 1))

const answers = (notes: string): object => ({
  resourceType: 'QuestionnaireResponse',
  questionnaire: 'urn:test',
  status: 'completed',
  item: [
    { linkId: 'notes', answer: [{ valueString: notes }] },
    { linkId: 'problems', answer: [{ valueCoding: { code: 'sleep' } }] },
  ],
})

const aContact = async (
  given: {
    phone?: string
    by?: string
    trusted?: boolean
    risk?: string
    daysAgo?: number
    notes?: string
  } = {},
): Promise<string> => {
  const contactId = newId()
  const at = new Date(clock.now.getTime() - (given.daysAgo ?? 0) * 86_400_000)
  const { phone } = given
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', ${at}, null,
      ${phone ? keys.seal(hotlineId, phone) : null}, ${phone ? keys.numberKey(hotlineId, phone) : null}, null,
      ${given.trusted ?? true}, null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${who(given.by ?? 'counsellor').personId || null}, risk = ${given.risk ?? null},
      form = ${JSON.stringify(answers(given.notes ?? ''))}::jsonb where contact_id = ${contactId}`.execute(tx)
  })
  return contactId
}

const seen = async (contactId: string, as = 'counsellor'): Promise<Answer> =>
  ask(readContactCaller, { params: { contactId }, cookie: who(as).cookie })
const caller = async (contactId: string, as = 'counsellor'): Promise<ContactCaller> => {
  const answer = await seen(contactId, as)
  expect(answer.status).toBe(200)
  return answer.body as unknown as ContactCaller
}
const say = async (contactId: string, body: object, as = 'counsellor'): Promise<Answer> =>
  ask(answerCaller, { params: { contactId }, body: body as never, cookie: who(as).cookie })

/** Two contacts of one caller, confirmed on the second. */
const aCaller = async (): Promise<{ phone: string; profileId: string; contactId: string; first: string }> => {
  const phone = aPhone()
  const first = await aContact({ phone, by: 'colleague', notes: '同事的记录', risk: 'high', daysAgo: 3 })
  const contactId = await aContact({ phone })
  const told = await say(contactId, { answer: 'same', contactIds: [first] })
  const { profile } = told.body as unknown as ContactCaller
  return { phone, profileId: profile?.profileId ?? '', contactId, first }
}

const anAlert = (given: object = {}): object => ({
  kind: 'agreed-plan',
  words: '每周三晚八点由同一位咨询员接听',
  reason: '与求助者商定，减少夜间反复拨打',
  reviewAt: new Date(clock.now.getTime() + 30 * 86_400_000).toISOString(),
  expiresAt: new Date(clock.now.getTime() + 90 * 86_400_000).toISOString(),
  ...given,
})
const alertOn = async (profileId: string, given: object = {}, as = 'supervisor'): Promise<Answer> =>
  ask(addAlert, { params: { profileId }, body: anAlert(given) as never, cookie: who(as).cookie })

test('the number proposes, the counsellor confirms: nothing is joined by itself', async () => {
  const phone = aPhone()
  const first = await aContact({ phone, risk: 'moderate', daysAgo: 2 })
  const second = await aContact({ phone })
  expect(await caller(second)).toMatchObject({
    mayAnswer: true,
    answer: null,
    profile: null,
    proposals: [],
    unlinked: [{ contactId: first, risk: 'moderate' }],
    earlierCount: 1,
    earlier: [],
  })
  const told = await say(second, { answer: 'same', contactIds: [first] })
  expect(told.body).toMatchObject({
    answer: 'same',
    profile: { pseudonym: 'C-0001', contacts: 2, highest: 'moderate' },
    earlier: [{ contactId: first, problems: ['sleep'] }],
  })
  const third = await aContact({ phone })
  const before = await caller(third)
  expect(before).toMatchObject({
    profile: null,
    proposals: [{ pseudonym: 'C-0001', contacts: 2 }],
    unlinked: [],
  })
  await say(third, { answer: 'same', profileId: before.proposals[0]?.profileId })
  expect(await caller(third)).toMatchObject({ profile: { contacts: 3 }, earlierCount: 2 })
  const events = await ask(readContact, { params: { contactId: first }, cookie: who('supervisor').cookie })
  expect((events.body['timeline'] as { kind: string; data: object }[]).at(-1)).toMatchObject({
    kind: 'caller',
    data: { answer: 'same', caller: 'C-0001' },
  })
})

test('a telephone that a family shares has several callers, told apart by whoever talks to them', async () => {
  const phone = aPhone()
  const mother = await aContact({ phone })
  const son = await aContact({ phone })
  await say(son, { answer: 'other' })
  const motherAgain = await aContact({ phone })
  await say(motherAgain, { answer: 'same', contactIds: [mother] })
  const sonAgain = await aContact({ phone })
  expect(await caller(sonAgain)).toMatchObject({
    proposals: [{ pseudonym: 'C-0001', contacts: 2 }],
    unlinked: [{ contactId: son, answer: 'other' }],
  })
  await say(sonAgain, { answer: 'same', contactIds: [son] })
  expect((await caller(sonAgain)).earlier.map((each) => each.contactId)).toEqual([son])
  const somebody = await aContact({ phone })
  expect((await caller(somebody)).proposals.map((each) => each.pseudonym).toSorted()).toEqual([
    'C-0001',
    'C-0002',
  ])
  await say(somebody, { answer: 'unknown' })
  expect(await caller(somebody)).toMatchObject({ answer: 'unknown', profile: null })
})

test('an answer can be taken back, with everything that was joined by it', async () => {
  const { contactId, first, profileId } = await aCaller()
  const taken = await say(contactId, { answer: null })
  expect(taken.body).toMatchObject({ answer: null, profile: null, unlinked: [{ contactId: first }] })
  const left = await owner('select count(*)::int as n from contact where profile_id = $1', [profileId])
  expect(left[0]?.['n']).toBe(0)
  expect((await say(contactId, { answer: null })).status).toBe(200)
})

test('saying the same again changes nothing', async () => {
  const { contactId, profileId } = await aCaller()
  const events = async (): Promise<unknown> =>
    (await owner('select event_count from contact where contact_id = $1', [contactId]))[0]?.['event_count']
  const before = await events()
  expect((await say(contactId, { answer: 'same', profileId })).status).toBe(200)
  expect(await events()).toBe(before)
})

test('withheld numbers and numbers nobody vouches for make no profile and propose nobody', async () => {
  const phone = aPhone()
  const first = await aContact({ phone })
  for (const [contactId, none, count] of [
    [await aContact(), 'withheld', 0],
    [await aContact({ phone, trusted: false }), 'untrusted', 1],
  ] as const) {
    expect(await caller(contactId)).toMatchObject({
      mayAnswer: false,
      none,
      proposals: [],
      unlinked: [],
      earlier: [],
      earlierCount: count,
    })
    const refused = await say(contactId, { answer: 'same', contactIds: [first] })
    expect(refused).toMatchObject({ status: 404, body: { code: 'caller.notFound' } })
  }
  expect(await owner('select 1 from caller_profile')).toEqual([])
})

test('a contact is joined only to what its own number proposes', async () => {
  const { profileId, first } = await aCaller()
  const other = await aContact({ phone: aPhone() })
  expect((await say(other, { answer: 'same', profileId })).status).toBe(404)
  expect((await say(other, { answer: 'same', contactIds: [first] })).status).toBe(404)
  expect((await caller(other)).profile).toBeNull()
})

test('G24-7.5b: a counsellor reads the outline of earlier contacts and their own notes, a supervisor all', async () => {
  const { phone, first } = await aCaller()
  const mine = await aContact({ phone, notes: '我的记录' })
  const now = await aContact({ phone })
  const { proposals } = await caller(now)
  await say(mine, { answer: 'same', profileId: proposals[0]?.profileId })
  await say(now, { answer: 'same', profileId: proposals[0]?.profileId })
  const notesBy = async (as: string): Promise<Map<string, string | null>> =>
    new Map((await caller(now, as)).earlier.map((each) => [each.contactId, each.notes]))
  const counsellor = await notesBy('counsellor')
  expect([counsellor.get(mine), counsellor.get(first)]).toEqual(['我的记录', null])
  const outline = (await caller(now)).earlier.find((each) => each.contactId === first)
  expect(outline).toMatchObject({ risk: 'high', problems: ['sleep'], mayOpen: false, mine: false })
  expect((await notesBy('supervisor')).get(first)).toBe('同事的记录')
})

test('G24-7.5b: whose contact it is not learns nothing of its caller', async () => {
  const { contactId, profileId } = await aCaller()
  const own = await aContact({ phone: aPhone() })
  const statuses = async (as: string): Promise<number[]> => [
    (await seen(contactId, as)).status,
    (await say(contactId, { answer: 'unknown' }, as)).status,
    (await ask(readCaller, { params: { profileId }, cookie: who(as).cookie })).status,
    (await ask(listCallers, { cookie: who(as).cookie })).status,
    (await alertOn(profileId, {}, as)).status,
  ]
  expect(own).not.toBe(contactId)
  // The colleague had the first contact, so the caller's page is theirs to read; the second contact is not.
  expect(await statuses('colleague')).toEqual([404, 404, 200, 403, 403])
  for (const as of ['administrator', 'custodian', 'department', 'evaluator'])
    expect(await statuses(as), as).toEqual([403, 403, 403, 403, 403])
  expect((await statuses('stranger')).slice(0, 3)).toEqual([404, 404, 404])
  expect((await alertOn(profileId, {}, 'stranger')).body).toMatchObject({ code: 'caller.notFound' })
})

test('roles without need never see the number, and nobody sees it here', async () => {
  const { phone, contactId, profileId, first } = await aCaller()
  await alertOn(profileId)
  const key = keys.numberKey(hotlineId, phone)
  const asked = async (cookie: string): Promise<Answer[]> => [
    await ask(readContactCaller, { params: { contactId }, cookie }),
    await ask(answerCaller, { params: { contactId }, body: { answer: 'same', profileId }, cookie }),
    await ask(readCaller, { params: { profileId }, cookie }),
    await ask(listCallers, { cookie }),
    await ask(readContact, { params: { contactId: first }, cookie }),
  ]
  for (const [name] of everybody) {
    const all = JSON.stringify((await asked(who(name).cookie)).map((answer) => answer.body))
    expect(all, name).not.toContain(phone)
    expect(all, name).not.toContain(key.toString('hex'))
    expect(all, name).not.toContain(key.toString('base64'))
    // The end of the number is for those who hold the right to it, and only on a contact's own page.
    const ends = all.includes(phone.slice(-4))
    expect(ends, name).toBe(name === 'supervisor' || name === 'custodian')
  }
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
  const days = (n: number): string => new Date(clock.now.getTime() + n * 86_400_000).toISOString()
  for (const wrong of [{ reason: ' ' }, { words: '' }, { kind: 'ban' }, { reviewAt: undefined }])
    expect((await alertOn(profileId, wrong)).status, JSON.stringify(wrong)).toBe(400)
  for (const [wrong, fields] of [
    [{ reviewAt: days(-1) }, ['reviewAt']],
    [{ expiresAt: days(400) }, ['expiresAt']],
    [{ kind: 'limits', expiresAt: days(181) }, ['expiresAt']],
    [{ kind: 'limits', reviewAt: days(91), expiresAt: days(120) }, ['reviewAt']],
    [{ preferredPerson: who('administrator').personId }, ['preferredPerson']],
    [{ preferredPerson: who('stranger').personId }, ['preferredPerson']],
  ] as const)
    expect((await alertOn(profileId, wrong)).body['detail'], JSON.stringify(wrong)).toEqual({ fields })
  const { personId } = who('counsellor')
  const made = await alertOn(profileId, { kind: 'limits', expiresAt: days(60), preferredPerson: personId })
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
    days(-0.01),
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

test('the list of callers is read page by page, who came last first, and found by pseudonym', async () => {
  const made: string[] = []
  for (let n = 0; n < 5; n += 1) {
    made.unshift((await aCaller()).profileId)
    clock.now = new Date(clock.now.getTime() + minute)
  }
  const { cookie } = who('supervisor')
  const ids: string[] = []
  let after: string | null = null
  do {
    const query: object = { limit: 2, ...(after ? { after } : {}) }
    const answer: Answer = await ask(listCallers, { query, cookie })
    ids.push(...(answer.body['rows'] as { profileId: string }[]).map((row) => row.profileId))
    after = answer.body['next'] as string | null
  } while (after)
  expect(ids).toEqual(made)
  const found = await ask(listCallers, { query: { text: 'c-0003' }, cookie })
  expect(found.body['rows']).toMatchObject([{ profileId: made[2] }])
})

test('two counsellors who confirm at the same moment make two callers with two pseudonyms', async () => {
  const pairs = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const phone = aPhone()
      return [await aContact({ phone }), await aContact({ phone })] as const
    }),
  )
  await Promise.all(pairs.map(([first, second]) => say(second, { answer: 'same', contactIds: [first] })))
  const names = await owner('select pseudonym from caller_profile order by pseudonym')
  expect(names.map((row) => row['pseudonym'])).toEqual(pairs.map((_, n) => `C-000${n + 1}`))
})

test('every reading of a caller and every answer is in the audit chain', async () => {
  const { contactId } = await aCaller()
  await caller(contactId)
  const rows = await owner('select action from audit_event where contact_id = $1 order by seq', [contactId])
  expect(rows.map((row) => row['action'])).toEqual(['contact.started', 'caller.answered', 'caller.read'])
})
