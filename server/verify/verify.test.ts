import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { aHotline, aLine, aPerson, freshDatabase } from '../../test/database.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { placesOf, settleRecordings } from '../records/records.ts'
import { endedAt, keys, recordedTalk } from '../records/testing/recorded-talk.ts'
import { faultsOf, type Fault, type SoundVault } from './verify.ts'

const { db, forced } = await freshDatabase()
const at = new Date('2026-11-21T04:00:00.123Z')
let hotlineId: string
let lineId: string
const contacts: string[] = []

const found = async (
  of = hotlineId,
  vault: SoundVault | null = null,
  seen = { links: 0, recordings: 0 },
): Promise<Fault[]> => {
  const faults: Fault[] = []
  for await (const fault of faultsOf(db, of, vault, seen)) faults.push(fault)
  return faults
}

/** Runs something as the database's superuser with the triggers off, tells what is found, and puts it back. */
const tampered = async (change: string, back: string): Promise<Fault[]> => {
  await forced(change)
  const faults = await found()
  await forced(back)
  expect(await found()).toEqual([])
  return faults
}

/** A disclosure that was asked for. */
const aDisclosure = async (): Promise<void> => {
  const [receiverId, disclosureId] = [newId(), newId()]
  const { personId } = await aPerson(db, hotlineId, { roles: ['custodian'] })
  const recipient = `age1${'q'.repeat(58)}`
  await inHotline(db, hotlineId, async (tx) => {
    await sql`insert into receiver (receiver_id, hotline_id, name, recipient, checked, added_by, added_at)
      values (${receiverId}, ${hotlineId}, 'x', ${recipient}, 'x', ${personId}, ${at})`.execute(tx)
    await sql`insert into disclosure (disclosure_id, hotline_id, number, receiver_id, recipient, purpose, basis, facts,
        questions, sound, words, asked_by, asked_at)
      values (${disclosureId}, ${hotlineId}, 1, ${receiverId}, ${recipient}, 'own-copy', 'pipl-45', '{}', '{}', false,
        'x', ${personId}, ${at})`.execute(tx)
    await sql`select append_disclosure(${disclosureId}, ${at}, ${personId}, 'asked', '{"a":1}')`.execute(tx)
  })
}

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  for (let n = 0; n < 4; n += 1) {
    const contactId = newId()
    contacts.push(contactId)
    await inHotline(db, hotlineId, async (tx) => {
      await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${at}, null, null, null, null, false, null, null, null, '{}')`.execute(
        tx,
      )
      for (let event = 0; event < 3; event += 1)
        await sql`select append_contact_event(${contactId}, ${at}, 'note', null, ${JSON.stringify({ n, words: '你好 | "x"' })}::jsonb)`.execute(
          tx,
        )
      await appendAudit(tx, { at, actor: null, action: 'test.done', contactId, data: { n } })
    })
  }
  const incidentId = newId()
  await inHotline(db, hotlineId, async (tx) => {
    await sql`insert into incident (incident_id, hotline_id, number, kind, title, opened_at)
      values (${incidentId}, ${hotlineId}, 1, 'group', 'x', ${at})`.execute(tx)
    for (const kind of ['opened', 'note'])
      await sql`select append_incident(${incidentId}, ${at}, null, ${kind}, '{"a":1}')`.execute(tx)
  })
  await aDisclosure()
})

test('G24-6.2.1a, G24-7.3: records that nobody touched are whole', async () => {
  const seen = { links: 0, recordings: 0 }
  expect(await found(hotlineId, null, seen)).toEqual([])
  expect(seen.links).toBe(4 * 4 + 8 + 2 + 1)
})

test('G24-7.3: one changed byte of any column of any event is found, even by the database superuser', async () => {
  const second = `where contact_id = '${contacts[1]}' and seq = 2`
  const columns: [string, string][] = [
    [`data = '{"n": 2}'`, `data = '{"n": 1, "words": "你好 | \\"x\\""}'`],
    [`kind = 'notes'`, `kind = 'note'`],
    [`at = at + interval '1 microsecond'`, `at = at - interval '1 microsecond'`],
    [`actor = '${newId()}'`, 'actor = null'],
    [
      `hash = set_byte(hash, 31, get_byte(hash, 31) # 1)`,
      `hash = set_byte(hash, 31, get_byte(hash, 31) # 1)`,
    ],
  ]
  for (const [change, back] of columns) {
    const faults = await tampered(
      `update contact_event set ${change} ${second}`,
      `update contact_event set ${back} ${second}`,
    )
    expect(faults[0]).toEqual({ of: 'contact', where: `${contacts[1]} 2`, what: 'changed' })
  }
})

test('G24-7.3: an audit entry, an incident’s or a disclosure’s entry that was changed is found', async () => {
  const audit = await tampered(
    `update audit_event set action = 'test.undone' where hotline_id = '${hotlineId}' and seq = 2`,
    `update audit_event set action = 'test.done' where hotline_id = '${hotlineId}' and seq = 2`,
  )
  expect(audit).toEqual([{ of: 'audit', where: '2', what: 'changed' }])
  const incident = await tampered(
    `update incident_entry set data = '{"a":2}' where hotline_id = '${hotlineId}' and seq = 1`,
    `update incident_entry set data = '{"a":1}' where hotline_id = '${hotlineId}' and seq = 1`,
  )
  expect(incident).toMatchObject([{ of: 'incident', what: 'changed' }])
  const quiet = (change: string): string =>
    `alter table disclosure_entry disable trigger user; ${change}; alter table disclosure_entry enable trigger user`
  const disclosure = await tampered(
    quiet(`update disclosure_entry set data = '{"a":2}' where hotline_id = '${hotlineId}'`),
    quiet(`update disclosure_entry set data = '{"a":1}' where hotline_id = '${hotlineId}'`),
  )
  expect(disclosure).toMatchObject([{ of: 'disclosure', what: 'changed' }])
})

test('G24-7.3: an event that was taken out is found, in the middle and at the end', async () => {
  for (const seq of [2, 4]) {
    const faults = await tampered(
      `create table kept as select * from contact_event where contact_id = '${contacts[2]}' and seq = ${seq};
       delete from contact_event where contact_id = '${contacts[2]}' and seq = ${seq}`,
      `insert into contact_event select * from kept; drop table kept`,
    )
    const what = seq === 4 ? 'cut-off' : 'missing'
    expect(faults).toMatchObject([{ of: 'contact', what }])
  }
})

test('G24-6.2.1a: a contact whose number is not there any more is found, in the middle and at the end', async () => {
  for (const number of [2, 4]) {
    const faults = await tampered(
      `update contact set number = 900 where hotline_id = '${hotlineId}' and number = ${number}`,
      `update contact set number = ${number} where hotline_id = '${hotlineId}' and number = 900`,
    )
    expect(faults).toEqual([
      { of: 'number', where: String(number), what: 'missing' },
      { of: 'number', where: '900', what: 'changed' },
    ])
  }
})

test('G24-6.2.2c: a recording with one byte changed, or without one of its files, is found', async () => {
  const talk = await recordedTalk(db, { sides: ['caller', 'seat'], summaries: true })
  await inHotline(db, talk.hotlineId, (tx) =>
    settleRecordings(tx, placesOf(talk.data), talk.hotlineId, new Date(endedAt.getTime() + 1000)),
  )
  const vault = { places: placesOf(talk.data), identity: keys.identity }
  expect(await found(talk.hotlineId, vault)).toEqual([])
  const path = join(talk.folder, `${talk.recordingId}.seat.age`)
  const whole = await readFile(path)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (place, by) => {
      const changed = Buffer.from(whole)
      changed[place] = (changed[place] ?? 0) ^ by
      await writeFile(path, changed)
      const faults = await found(talk.hotlineId, vault)
      expect(faults).toMatchObject([{ of: 'recording', where: `${talk.recordingId} seat.0` }])
    }),
    { numRuns: 25 },
  )
  await rm(path)
  expect(await found(talk.hotlineId, vault)).toEqual([
    { of: 'recording', where: `${talk.recordingId} seat.0`, what: 'missing' },
  ])
})

test('a hotline’s verification says nothing of another hotline', async () => {
  const other = await aHotline(db)
  await forced(`update contact_event set kind = 'x' where contact_id = '${contacts[0]}' and seq = 3`)
  expect(await found(other)).toEqual([])
  expect(await found()).toHaveLength(1)
  await forced(`update contact_event set kind = 'note' where contact_id = '${contacts[0]}' and seq = 3`)
})
