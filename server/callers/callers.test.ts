import { beforeEach, expect, test } from 'vitest'
import { answerCaller, listCallers, readCaller, readContactCaller } from '../../api/callers.ts'
import { readContact } from '../../api/contacts.ts'
import type { Answer } from '../../test/app.ts'
import { aPhone, everybody, openScene } from './testing/scene.ts'

const scene = await openScene()
const { keys, owner, ask, clock, hotlineId, who, aContact, seen, caller, say, aCaller, alertOn } = scene
const minute = 60_000

beforeEach(scene.forget)

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
