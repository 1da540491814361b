import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { listContacts, readContact, recordingSoundPath } from '../../api/contacts.ts'
import {
  decideKeeping,
  listKept,
  makeCallerCode,
  openByCode,
  readConsents,
  readKept,
  recordConsent,
  withdrawByCode,
  withdrawForCaller,
} from '../../api/retention.ts'
import type { Purpose } from '../../domain/consent.ts'
import { newId } from '../db/id.ts'
import { recordCallConsent } from './retention.ts'
import { openScene } from './testing/scene.ts'

const scene = await openScene()
const { app, as, ask, contact, cookieOf, hotlineId, inside, owner, people } = scene
const lately = new Date(Date.now() - 3_600_000)

const says = (contactId: string, purpose: Purpose, yes: boolean) =>
  as('counsellor', recordConsent, { params: { contactId }, body: { purpose, yes } })

const standing = async (contactId: string): Promise<Record<string, unknown>> => {
  const { body } = await as('counsellor', readConsents, { params: { contactId } })
  const rows = body['standing'] as { purpose: string; state: string | null }[]
  return Object.fromEntries(rows.map((row) => [row.purpose, row.state]))
}

const soundStatus = async (contactId: string): Promise<number> => {
  const [row] = await owner<{ recording_id: string }>(
    `select recording_id from recording where contact_id = $1`,
    [contactId],
  )
  const cookie = await cookieOf(hotlineId, people.supervisor)
  const url = recordingSoundPath(row?.recording_id ?? '')
  const answer = await app.inject({ method: 'GET', url, headers: { cookie } })
  return answer.statusCode === 409 && answer.json<{ code: string }>().code === 'recording.sealed' ? 409 : 200
}

test('G24-7.5a: a yes to one purpose is none to another, and each entry names the words it was said to', async () => {
  const contactId = await contact(lately)
  await says(contactId, 'follow-up', true)
  await says(contactId, 'research', false)
  await says(contactId, 'follow-up', false)
  expect(await standing(contactId)).toMatchObject({
    'follow-up': 'withdrawn',
    research: 'refused',
    screening: null,
  })
  const { body } = await as('counsellor', readConsents, { params: { contactId } })
  expect(body['entries']).toMatchObject([
    { purpose: 'follow-up', state: 'given', how: 'spoken', words: ['follow-up@1'], givenBy: 'caller' },
    { purpose: 'research', state: 'refused' },
    { purpose: 'follow-up', state: 'withdrawn' },
  ])
  expect(
    (await as('other', recordConsent, { params: { contactId }, body: { purpose: 'research', yes: true } }))
      .status,
  ).toBe(404)
})

test('follow-ups that were planned end when the caller does not want them any more', async () => {
  const contactId = await contact(lately)
  await inside((tx) =>
    sql`insert into task (task_id, hotline_id, contact_id, kind, line_id, keeps_place_since, due_at)
      values (${newId()}, ${hotlineId}, ${contactId}, 'follow-up', ${scene.lineId}, now(), now())`.execute(
      tx,
    ),
  )
  await says(contactId, 'follow-up', true)
  await says(contactId, 'follow-up', false)
  const tasks = await owner(`select result from task where contact_id = $1`, [contactId])
  expect(tasks).toEqual([{ result: 'declined' }])
})

test('G24-7.5a: what a call hears is written with the versions of the words heard; silence is written as silence', async () => {
  const contactId = await contact(lately, { state: 'greeting' })
  const told = { hotlineId, contactId, actor: null, now: new Date() }
  await inside(async (tx) => {
    await sql`select append_contact_event(${contactId}, now(), 'heard', null,
      '{"words":["consent"],"versions":["consent.0@3"]}')`.execute(tx)
    await recordCallConsent(tx, { ...told, before: null, after: 'given', by: 'caller' })
    await recordCallConsent(tx, { ...told, before: 'given', after: 'given', by: 'caller' })
    await recordCallConsent(tx, { ...told, before: null, after: 'silent', by: 'nobody' })
  })
  const rows = await owner(
    `select state, how, words from consent_record where contact_id = $1 order by consent_id`,
    [contactId],
  )
  expect(rows).toEqual([
    { state: 'given', how: 'key', words: ['consent.0@3'] },
    { state: 'refused', how: 'silence', words: ['consent.0@3'] },
  ])
})

test('G24-7.5a: consent taken back in the call seals what was stored: nobody hears it, the page says so', async () => {
  const contactId = await contact(lately, { recorded: true })
  await inside((tx) =>
    recordCallConsent(tx, {
      hotlineId,
      contactId,
      before: 'given',
      after: 'withdrawn',
      by: 'counsellor',
      actor: people.counsellor,
      now: new Date(),
    }),
  )
  expect(await soundStatus(contactId)).toBe(409)
  const page = await as('supervisor', readContact, { params: { contactId } })
  expect(page.body['recordings']).toMatchObject([{ sealed: true, mayListen: false }])
})

test('G24-7.5a: consent is taken back later by the caller’s code, without a name, and by the custodian', async () => {
  const contactId = await contact(lately, { recorded: true })
  const made = await as('counsellor', makeCallerCode, { params: { contactId } })
  const code = String(made.body['code'])
  expect(code).toMatch(/^\d+-\d{4}-\d{4}$/)
  const stored = await owner(`select code_hash from caller_code where contact_id = $1`, [contactId])
  expect(JSON.stringify(stored)).not.toContain(code.replace(/^\d+-|-/g, ''))
  const opened = await ask(openByCode, { body: { code: code.replaceAll('-', ' ') } })
  expect(opened.status).toBe(200)
  const gone = await ask(withdrawByCode, { body: { code, purpose: 'recording' } })
  expect(gone.status).toBe(200)
  expect(await soundStatus(contactId)).toBe(409)
  expect(await standing(contactId)).toMatchObject({ recording: 'withdrawn' })

  const other = await contact(lately, { recorded: true })
  const asked = { params: { contactId: other }, body: { purpose: 'recording' as const } }
  expect((await as('supervisor', withdrawForCaller, asked)).status).toBe(403)
  expect((await as('custodian', withdrawForCaller, asked)).status).toBe(200)
  expect(await soundStatus(other)).toBe(409)
})

test('a code is tried five times, then it rests for an hour; another contact’s number does not help', async () => {
  const contactId = await contact(lately)
  const made = await as('counsellor', makeCallerCode, { params: { contactId } })
  const code = String(made.body['code'])
  const wrong = code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))
  const tried: unknown[] = []
  for (let n = 0; n < 6; n += 1) tried.push((await ask(openByCode, { body: { code: wrong } })).body['code'])
  expect(tried).toEqual([...Array.from({ length: 5 }, () => 'code.invalid'), 'code.locked'])
  expect((await ask(openByCode, { body: { code } })).body['code']).toBe('code.locked')
})

test('G24-7.5a: no consent to record can be given after the call; within it the desk stops it at once', async () => {
  const contactId = await contact(lately)
  expect((await says(contactId, 'recording', true)).body['code']).toBe('consent.tooLate')
  const live = await contact(lately, { state: 'talking' })
  expect((await says(live, 'recording', false)).body['code']).toBe('call.wrongState')
})

test('PIPL 13(4): a child without a guardian who refuses everything is served, written down and closed like anybody', async () => {
  const contactId = await contact(lately, { state: 'talking' })
  for (const purpose of ['service', 'screening', 'referral', 'research'] as const)
    expect((await says(contactId, purpose, false)).status).toBe(200)
  const [row] = await owner(`select state from contact where contact_id = $1`, [contactId])
  expect(row?.['state']).toBe('talking')
  await inside((tx) =>
    sql`update contact set state = 'closed', closed_at = now() where contact_id = ${contactId}`.execute(tx),
  )
  expect((await as('counsellor', readContact, { params: { contactId } })).body['state']).toBe('closed')
})

test('PIPL 47: a restricted contact is out of every view and search, its sound too; the custodian sees that it is kept', async () => {
  const contactId = await contact(lately, { recorded: true })
  const body = { kind: 'restrict' as const, reason: '求助者要求删除，未满三年' }
  expect((await as('custodian', decideKeeping, { params: { contactId }, body })).status).toBe(200)
  for (const who of ['supervisor', 'counsellor', 'custodian'] as const) {
    expect((await as(who, readContact, { params: { contactId } })).status).toBe(404)
    const { body: page } = await as(who, listContacts, {})
    expect(JSON.stringify(page)).not.toContain(contactId)
  }
  const [row] = await owner<{ recording_id: string }>(
    `select recording_id from recording where contact_id = $1`,
    [contactId],
  )
  const cookie = await cookieOf(hotlineId, people.supervisor)
  const sound = await app.inject({
    method: 'GET',
    url: recordingSoundPath(row?.recording_id ?? ''),
    headers: { cookie },
  })
  expect(sound.statusCode).toBe(404)
  const kept = await as('custodian', listKept, { query: { only: 'restricted' } })
  expect(kept.body['rows']).toMatchObject([{ contactId, restricted: true }])
  const one = await as('custodian', readKept, { params: { contactId } })
  expect(one.body['decisions']).toMatchObject([{ kind: 'restrict', reason: body.reason }])
  const back = { params: { contactId }, body: { kind: 'restrict-ended' as const, reason: '本人撤回请求' } }
  expect((await as('custodian', decideKeeping, back)).status).toBe(200)
  expect((await as('supervisor', readContact, { params: { contactId } })).status).toBe(200)
})
