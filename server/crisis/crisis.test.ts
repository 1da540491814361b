import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { aHotline, aLine, aPerson, freshDatabase } from '../../test/database.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { boardFacts, heard, owedBy, type Heard } from './crisis.ts'

const { db } = await freshDatabase()
const now = new Date('2026-11-21T12:00:00Z')
let hotlineId: string
let lineId: string
let counsellor: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  counsellor = (await aPerson(db, hotlineId)).personId
})

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

const aContact = async (state = 'wrap-up'): Promise<string> => {
  const contactId = newId()
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', ${state}, ${now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${counsellor} where contact_id = ${contactId}`.execute(tx)
  })
  return contactId
}

const hears = (contactId: string, given: Partial<Heard>) =>
  inside((tx) => heard(tx, { hotlineId, contactId, personId: counsellor, now, findings: [], ...given }))

test('G24-4.3.1b: a danger within 72 hours opens report and consultation, and the board shows both', async () => {
  const contactId = await aContact()
  const findings = [{ source: 'criteria', level: 'high', code: 'danger.within-72h' }] as const
  expect(await hears(contactId, { findings, open: [{ protocol: 'suicide-72h', from: 'form' }] })).toEqual({
    level: 'high',
    raised: true,
  })
  expect(await hears(contactId, { findings })).toEqual({ level: 'high', raised: false })
  expect(await inside((tx) => owedBy(tx, contactId))).toEqual(['consult', 'protocol:suicide', 'report'])
  const facts = await inside((tx) => boardFacts(tx, hotlineId, now))
  expect(facts.reports).toHaveLength(2)
  expect(facts.open).toMatchObject([
    { contactId, level: 'high', owed: ['consult', 'protocol:suicide', 'report'] },
  ])
})
