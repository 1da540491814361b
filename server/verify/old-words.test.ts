import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aHotline, aLine, aPerson, freshDatabase } from '../../test/database.ts'
import { someKeys } from '../../test/keys.ts'
import { inHotline, jsonb, openDatabase } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { knownSteps, migrate } from '../db/migrate.ts'
import { prepareKeys } from '../records/data-keys.ts'
import { findKeptWords } from '../records/kept-words.ts'
import { resealAll } from '../records/resealing.ts'
import { faultsOf, type Fault } from './verify.ts'

const { url, ownerUrl } = await freshDatabase()
const keys = someKeys()
const name = `old_${newId().replaceAll('-', '')}`
const at = (base: string): string => Object.assign(new URL(base), { pathname: `/${name}` }).toString()
const admin = new pg.Client({ connectionString: ownerUrl })
await admin.connect()
await admin.query(`create database ${name}`)
const owner = new pg.Client({ connectionString: at(ownerUrl) })
await owner.connect()
const db = openDatabase({ url: at(url) })
afterAll(async () => {
  await db.close()
  await owner.end()
  await admin.query(`drop database ${name} with (force)`)
  await admin.end()
})

const spoken = '紫霄阁旧事'
const now = new Date('2026-11-21T04:00:00.123Z')
let hotlineId: string
const [contactId, incidentId, changedId] = [newId(), newId(), newId()]

/** A database of before words were sealed: a contact and two incidents, one of which somebody changed. */
beforeAll(async () => {
  const sealedFrom = knownSteps().findIndex((step) => step.name.includes('sealed-words'))
  await migrate(at(ownerUrl), at(url), knownSteps().slice(0, sealedFrom))
  hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  const { personId } = await aPerson(db, hotlineId)
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    for (const [kind, data] of [
      ['supervisor.joined', { mode: 'listen', reason: spoken, seat: 'x' }],
      ['report.opened', { reason: 'protocol' }],
      ['exception.recorded', { code: 'law', basis: spoken }],
    ] as const)
      await sql`select append_contact_event(${contactId}, ${now}, ${kind}, ${personId}, ${jsonb(data)})`.execute(
        tx,
      )
    for (const [number, id] of [incidentId, changedId].entries()) {
      await sql`insert into incident (incident_id, hotline_id, number, kind, title, opened_at)
        values (${id}, ${hotlineId}, ${number + 1}, 'person', '旧事', ${now})`.execute(tx)
      for (const [kind, data] of [
        ['opened', { kind: 'person', title: '旧事', words: spoken }],
        ['told', { words: spoken, to: spoken }],
        ['correction', { words: spoken, corrects: 1 }],
      ] as const)
        await sql`select append_incident(${id}, ${now}, ${personId}, ${kind}, ${jsonb(data)})`.execute(tx)
    }
  })
  await owner.query(
    `update incident_entry set data = data || '{"words":"没事"}' where incident_id = $1 and seq = 2`,
    [changedId],
  )
  expect(await migrate(at(ownerUrl), at(url))).toBe(knownSteps().length - sealedFrom)
})

const faults = async (): Promise<Fault[]> => {
  const found: Fault[] = []
  const seen = { links: 0, recordings: 0 }
  for await (const fault of faultsOf(db, hotlineId, null, seen)) found.push(fault)
  return found
}
const chain = async (): Promise<{ kind: string; data: Record<string, unknown> }[]> => {
  const { rows } = await owner.query<{ kind: string; data: Record<string, unknown> }>(
    `select kind, data from (select 1 as part, kind, data, seq from contact_event where contact_id = $1 and kind <> 'created'
       union all select 2, kind, data, seq from incident_entry where incident_id = $2) x order by part, seq`,
    [contactId, incidentId],
  )
  return rows
}

test('words that stood in chains are put beside them, the chains verify, and the job seals the words', async () => {
  const before = await chain()
  expect(JSON.stringify(before)).not.toContain(spoken)
  expect(before.find(({ kind }) => kind === 'report.opened')?.data).toEqual({ reason: 'protocol' })
  const words = keys.wordsOf(hotlineId)
  const references = before.flatMap(({ data }) => [data['kept'], data['reason']])
  const read = async (): Promise<unknown[]> =>
    inHotline(db, hotlineId, async (tx) => [...(await findKeptWords(tx, references, words)).values()])
  const said = [
    { reason: spoken },
    { title: '旧事', words: spoken },
    { words: spoken, to: spoken },
    { words: spoken },
  ]
  expect(await read()).toEqual(said)
  await prepareKeys(db, keys, hotlineId)
  expect(await resealAll(db, keys, hotlineId)).toBeGreaterThanOrEqual(said.length)
  const { rows } = await owner.query('select words, search from kept_words')
  expect(JSON.stringify(rows)).not.toContain(spoken.slice(0, 2))
  expect(await read()).toEqual(said)
})

test('a log that somebody had changed is not made whole by it', async () => {
  expect(await faults()).toEqual([
    { of: 'incident', where: expect.stringContaining(changedId), what: 'changed' },
  ])
})
