import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import {
  answerDisposal,
  decideKeeping,
  listCertificates,
  listDisposalContacts,
  listDisposals,
  listKept,
  proposeDisposal,
  type Disposal,
  type KeptContact,
} from '../../api/retention.ts'
import { lastDayKept } from '../../domain/retention.ts'
import { newId } from '../db/id.ts'
import { faultsOf, type Fault } from '../verify/verify.ts'
import { placesOf } from '../records/records.ts'
import { finishDisposals } from './disposals.ts'
import { openScene, type Who } from './testing/scene.ts'

const scene = await openScene()
const { as, contact, db, folder, hotlineId, inside, owner, people } = scene
const longAgo = new Date('2020-02-29T04:00:00Z')

const propose = async (...contactIds: string[]): Promise<Disposal> => {
  const made = await as('custodian', proposeDisposal, { body: { contactIds } })
  expect(made.status).toBe(200)
  return made.body as unknown as Disposal
}

const answer = (who: Who, disposalId: string, granted = true) =>
  as(who, answerDisposal, { params: { disposalId }, body: { granted, reason: '' } })

const filesOf = (at: Date): string[] => {
  const [year = '', month = ''] = at.toISOString().split('-')
  return readdirSync(join(folder, 'recordings', hotlineId, year, month))
}

const dueNumbers = async (): Promise<string[]> => {
  const { body } = await as('custodian', listKept, { query: { only: 'due' } })
  return (body['rows'] as KeptContact[]).map((row) => row.contactId)
}

test('G24-6.2.2b: what is due is destroyed by two people other than its proposer, and leaves number, events and certificate', async () => {
  const contactId = await contact(longAgo, { recorded: true })
  expect(await dueNumbers()).toContain(contactId)
  const { disposalId } = await propose(contactId)
  expect(await dueNumbers()).not.toContain(contactId)
  expect((await answer('custodian', disposalId)).body['code']).toBe('disposal.needsAnother')
  expect((await answer('second', disposalId)).body['state']).toBe('open')
  expect((await answer('second', disposalId)).body['code']).toBe('disposal.needsAnother')
  expect(filesOf(longAgo)).toHaveLength(3)
  const done = await answer('administrator', disposalId)
  expect(done.body).toMatchObject({ state: 'approved', contacts: 1, destroyed: 1 })
  expect((await answer('supervisor', disposalId)).body['code']).toBe('disposal.settled')

  expect(filesOf(longAgo)).toEqual([])
  const [row] = await owner(
    `select number, form, person_id, caller_number_sealed, caller_number_key, consent
    from contact where contact_id = $1`,
    [contactId],
  )
  expect(row).toEqual({
    number: '1',
    form: {},
    person_id: null,
    caller_number_sealed: null,
    caller_number_key: null,
    consent: 'given',
  })
  const certificates = await as('custodian', listCertificates, { query: { number: 1 } })
  expect(certificates.body['rows']).toMatchObject([
    {
      contactId,
      lastDay: '2023-02-28',
      data: {
        number: 1,
        approvedBy: [people.second, people.administrator],
        proposedBy: people.custodian,
        recordings: {
          [Object.keys(
            (certificates.body['rows'] as { data: { recordings: object } }[])[0]?.data.recordings ?? {},
          )[0] ?? '']: { 'caller.1': '00ff' },
        },
      },
    },
  ])
  const [entry] = await owner<{ data: { sha256: string } }>(
    `select data from audit_event where action = 'contact.disposed' and contact_id = $1`,
    [contactId],
  )
  expect(entry?.data.sha256).toBe((certificates.body['rows'] as { sha256: string }[])[0]?.sha256)
  const listed = await as('custodian', listDisposalContacts, { params: { disposalId } })
  expect(listed.body['rows']).toMatchObject([{ contactId, recordings: 0 }])
})

test('a disposed contact is no fault in the proof of the records, a restricted one neither', async () => {
  const restricted = await contact(new Date('2026-01-05T04:00:00Z'))
  const decided = await as('custodian', decideKeeping, {
    params: { contactId: restricted },
    body: { kind: 'restrict', reason: '求助者要求删除' },
  })
  expect(decided.body).toMatchObject({ restricted: true })
  const faults: Fault[] = []
  const seen = { links: 0, recordings: 0 }
  for await (const fault of faultsOf(db, hotlineId, { places: placesOf(folder), identity: '' }, seen))
    faults.push(fault)
  expect(faults).toEqual([])
})

test('G24-6.2.2b: before its date, on hold, or on another list, nothing can be proposed', async () => {
  const young = await contact(new Date(Date.now() - 3 * 365 * 86_400_000 + 86_400_000))
  const held = await contact(longAgo)
  const filed = await contact(longAgo)
  const listed = await contact(longAgo)
  const hold = { params: { contactId: held }, body: { kind: 'hold' as const, reason: '法院要求保全' } }
  expect((await as('custodian', decideKeeping, hold)).body).toMatchObject({ held: true, due: false })
  expect((await as('custodian', decideKeeping, hold)).body['code']).toBe('retention.unchanged')
  const file = { params: { contactId: filed }, body: { kind: 'medical-record' as const, reason: '归入病历' } }
  expect((await as('custodian', decideKeeping, file)).body).toMatchObject({
    lastDay: '2050-02-28',
    due: false,
  })
  await propose(listed)
  for (const contactId of [young, held, filed, listed]) {
    const refused = await as('custodian', proposeDisposal, { body: { contactIds: [contactId] } })
    expect(refused.body['code']).toBe('retention.notDue')
    expect(await dueNumbers()).not.toContain(contactId)
  }
  const held2 = await as('custodian', listKept, { query: { only: 'held' } })
  expect((held2.body['rows'] as KeptContact[]).map((row) => row.contactId)).toEqual([held])
})

test('a hold that comes after the approvals still keeps the contact; a refusal ends a list and frees its contacts', async () => {
  const [kept, gone] = [await contact(longAgo), await contact(longAgo)]
  const list = await propose(kept, gone)
  await answer('second', list.disposalId)
  await as('custodian', decideKeeping, {
    params: { contactId: kept },
    body: { kind: 'hold', reason: '复议' },
  })
  expect((await answer('supervisor', list.disposalId)).body).toMatchObject({ destroyed: 1, contacts: 2 })
  const [row] = await owner(`select disposed_at from contact where contact_id = $1`, [kept])
  expect(row?.['disposed_at']).toBeNull()
  await as('custodian', decideKeeping, {
    params: { contactId: kept },
    body: { kind: 'hold-ended', reason: '结束' },
  })
  expect(await finishDisposals(db, hotlineId, placesOf(folder), new Date())).toBe(1)

  const third = await contact(longAgo)
  const other = await propose(third)
  expect((await answer('supervisor', other.disposalId, false)).body['state']).toBe('refused')
  expect((await answer('second', other.disposalId)).body['code']).toBe('disposal.settled')
  expect(await dueNumbers()).toContain(third)
  const refused = await as('custodian', listDisposals, { query: { state: 'refused' } })
  expect((refused.body['rows'] as Disposal[]).map((each) => each.disposalId)).toEqual([other.disposalId])
})

/** Says who called, and something to know when they come again. */
const aCallerWithAlert = async (...contactIds: string[]): Promise<string> => {
  const profileId = newId()
  await owner(
    `insert into caller_profile (profile_id, hotline_id, pseudonym, created_at) values ($1, $2, $3, now())`,
    [profileId, hotlineId, `C-${profileId}`],
  )
  await owner(
    `insert into caller_alert (alert_id, hotline_id, profile_id, kind, words, reason, review_at, expires_at, created_by,
      created_at) values ($1, $2, $3, 'note', '只说上海话', 'x', now(), now() + interval '1 day', $4, now())`,
    [newId(), hotlineId, profileId, people.counsellor],
  )
  await owner(
    `update contact set profile_id = $1, profile_answer = 'same' where contact_id = any($2::uuid[])`,
    [profileId, contactIds],
  )
  return profileId
}

test('G24-6.2.2b: what is known of a caller goes with the last contact that was theirs, and not before', async () => {
  const [first, last] = [await contact(longAgo), await contact(longAgo)]
  const profileId = await aCallerWithAlert(first, last)
  const alerts = () => owner(`select words from caller_alert where profile_id = $1`, [profileId])
  for (const [contactId, left] of [
    [first, 1],
    [last, 0],
  ] as const) {
    const { disposalId } = await propose(contactId)
    await answer('second', disposalId)
    expect((await answer('supervisor', disposalId)).body['destroyed']).toBe(1)
    expect(await alerts()).toHaveLength(left)
  }
})

test('G24-6.2.2b: the last day is the same in the rules and in the database, which decides by its own clock', async () => {
  const zones = ['Asia/Shanghai', 'Asia/Urumqi', 'Europe/Berlin', 'UTC']
  const instants = [
    '2028-02-29T00:00:00Z',
    '2028-02-28T16:00:00Z',
    '2027-12-31T23:30:00Z',
    '2026-03-29T01:30:00Z',
  ]
  for (const zone of zones)
    for (const at of instants)
      for (const kept of ['usual', 'medical-record'] as const) {
        const [row] = await owner<{ day: string }>(`select last_day_kept($1, $2, $3)::text as day`, [
          at,
          kept,
          zone,
        ])
        expect(row?.day, `${zone} ${at}`).toBe(lastDayKept(Date.parse(at), kept, zone))
      }
  // A product whose clock was put forward proposes, and the database refuses to destroy.
  const young = await contact(new Date('2026-10-01T00:00:00Z'))
  scene.clock.now = new Date('2032-01-01T00:00:00Z')
  await owner(`update session set seen_at = $1, expires_at = $2, created_at = $1, fresh_at = $1`, [
    scene.clock.now,
    new Date('2032-01-02'),
  ])
  try {
    const list = await propose(young)
    await answer('second', list.disposalId)
    expect((await answer('supervisor', list.disposalId)).body).toMatchObject({
      state: 'approved',
      destroyed: 0,
    })
  } finally {
    scene.clock.now = new Date()
    await owner(`update session set seen_at = $1, created_at = $1`, [scene.clock.now])
  }
})

/** Tables that are only ever added to. */
const addedTo = [
  'contact_event',
  'audit_event',
  'consent_record',
  'retention_decision',
  'disposal',
  'disposal_item',
  'disposal_approval',
  'disposal_certificate',
]

const parts = `select c.relname as table, exists (select from pg_attribute a where a.attrelid = c.oid
    and a.attname = 'contact_id') as named from pg_class c
  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`

test('every table that names a contact is destroyed with it or kept by name', async () => {
  const kept = [
    'audit_event',
    'break_glass',
    'consent_record',
    'contact',
    'contact_event',
    'disclosure_contact',
    'disposal_certificate',
    'disposal_item',
    'duty',
    'recording',
    'register_entry',
    'retention_decision',
  ]
  const [source] = await owner<{ text: string }>(
    `select prosrc as text from pg_proc where proname = 'dispose_contact'`,
  )
  const rows = await owner<{ table: string; named: boolean }>(parts)
  for (const { table, named } of rows)
    if (named && !kept.includes(table)) expect(source?.text, table).toContain(`'${table}'`)
})

test('G24-6.2.2b: the product’s role deletes nothing but sessions, tries and duties, and changes nothing that is only added to', async () => {
  const may = (right: string) =>
    owner<{ table: string }>(
      `select c.relname as table from pg_class c where c.relkind in ('r', 'p')
        and c.relnamespace = 'public'::regnamespace and has_table_privilege('hearthline', c.oid, $1) order by 1`,
      [right],
    ).then((rows) => rows.map((row) => row.table))
  expect(await may('truncate')).toEqual([])
  const deletes = await may('delete')
  const [source] = await owner<{ text: string }>(
    `select prosrc as text from pg_proc where proname = 'dispose_contact'`,
  )
  for (const table of deletes) expect(source?.text, table).not.toContain(`'${table}'`)
  for (const table of ['contact', 'recording', 'contact_event', 'audit_event'])
    expect(deletes).not.toContain(table)
  const updates = await may('update')
  for (const table of addedTo) expect(updates).not.toContain(table)
})

test('G24-6.2.2b: nobody deletes or shortens before the date: not the product’s role, not the tables’ owner', async () => {
  const contactId = await contact(new Date('2026-10-01T00:00:00Z'), { recorded: true })
  const where = `where contact_id = '${contactId}'`
  await aCallerWithAlert(contactId)
  await owner(`update contact set answers_sealed = $1 ${where}`, [Buffer.alloc(64, 1)])
  await owner(`update recording set sealed_at = now() ${where}`)
  await inside((tx) =>
    sql`insert into consent_record (consent_id, hotline_id, contact_id, purpose, state, how, at)
      values (${newId()}, ${hotlineId}, ${contactId}, 'recording', 'given', 'key', now())`.execute(tx),
  )
  const attempts = [
    `delete from contact ${where}`,
    `delete from contact_event ${where}`,
    `delete from recording ${where}`,
    `delete from audit_event ${where}`,
    `truncate contact_event`,
    `update contact set form = '{}' ${where}`,
    `update contact set caller_number_sealed = null ${where}`,
    `update contact set ended_at = ended_at - interval '3 years' ${where}`,
    `update contact set started_at = started_at - interval '3 years' ${where}`,
    `update contact set disposed_at = now() ${where}`,
    `update contact set restricted_at = now() ${where}`,
    `update contact set held = true ${where}`,
    `update contact set retention_class = 'medical-record' ${where}`,
    `update contact set answers_sealed = '\\x00' ${where}`,
    `update contact set answers_sealed = null ${where}`,
    `update contact set number = number + 1000 ${where}`,
    `update contact_event set data = '{}' ${where}`,
    `update audit_event set action = 'x'`,
    `update recording set state = 'destroyed' ${where}`,
    `update recording set state = 'lost' ${where}`,
    `update recording set sha256 = '{}' ${where}`,
    `update recording set sealed_at = null ${where}`,
    `delete from caller_alert`,
    `truncate caller_alert`,
    `delete from disposal_approval`,
    `update disposal_certificate set data = '{}'`,
    `update retention_decision set reason = 'x'`,
    `delete from consent_record`,
  ]
  for (const attempt of attempts) {
    await expect(owner(attempt), attempt).rejects.toMatchObject({ code: 'HL001' })
    await expect(
      inside((tx) => sql.raw(attempt).execute(tx)),
      attempt,
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(HL001|42501)$/),
    })
  }
  for (const table of addedTo)
    for (const what of [`update ${table} set hotline_id = hotline_id`, `delete from ${table}`])
      await expect(
        inside((tx) => sql.raw(what).execute(tx)),
        what,
      ).rejects.toMatchObject({ code: '42501' })
  // The owner's own call of the function is bound by date and approvals as well.
  const [called] = await owner(
    `select dispose_contact(gen_random_uuid(), $1, gen_random_uuid(), now(), $2) as done`,
    [contactId, people.custodian],
  )
  expect(called?.['done']).toBeNull()
})

test('G24-6.2.2a: who is no custodian decides nothing; a supervisor approves, a counsellor sees none of it', async () => {
  const contactId = await contact(longAgo)
  const hold = { params: { contactId }, body: { kind: 'hold' as const, reason: 'x' } }
  for (const who of ['supervisor', 'administrator', 'counsellor'] as const) {
    expect((await as(who, decideKeeping, hold)).status).toBe(403)
    expect((await as(who, proposeDisposal, { body: { contactIds: [contactId] } })).status).toBe(403)
  }
  expect((await as('counsellor', listKept, {})).status).toBe(403)
  expect((await as('supervisor', listKept, {})).status).toBe(200)
})

test('due contacts are paged by key, the oldest first', async () => {
  for (let n = 0; n < 5; n += 1) await contact(new Date(longAgo.getTime() - n * 86_400_000))
  const seen: string[] = []
  let after: string | undefined
  do {
    const { body } = await as('custodian', listKept, {
      query: { only: 'due', limit: '2', ...(after ? { after } : {}) },
    })
    seen.push(...(body['rows'] as KeptContact[]).map((row) => row.endedOn))
    after = (body['next'] as string | null) ?? undefined
  } while (after)
  expect(seen.length).toBeGreaterThanOrEqual(5)
  expect(seen).toEqual(seen.toSorted())
})
