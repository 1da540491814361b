import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { aHotline, aLine, freshDatabase } from '../../test/database.ts'
import { someKeys } from '../../test/keys.ts'
import { inHotline, jsonb } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { answersOf } from '../records/answers.ts'
import { listed, proposeClusters } from './clusters.ts'

const { db } = await freshDatabase()
const keys = someKeys()
const now = new Date('2026-11-21T04:00:00Z')
const day = 86_400_000

const answer = (linkId: string, ...codes: string[]) => ({
  linkId,
  answer: codes.map((code) => (linkId === 'region' ? { valueString: code } : { valueCoding: { code } })),
})

/** A contact so many days ago whose form says region and problem. */
const aContact = (
  hotlineId: string,
  lineId: string,
  given: { daysAgo: number; region?: string; problem?: string; caller?: string; class?: string },
): Promise<void> =>
  inHotline(db, hotlineId, async (tx) => {
    const contactId = newId()
    const at = new Date(now.getTime() - given.daysAgo * day)
    const key = given.caller === undefined ? null : Buffer.from(given.caller)
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'closed', ${at}, null, null, ${key}, null, true,
      null, null, null, '{}')`.execute(tx)
    const form = {
      resourceType: 'QuestionnaireResponse',
      questionnaire: 'urn:test|1',
      status: 'completed',
      item: [
        answer('region', given.region ?? '湖北省武汉市'),
        answer('problems', given.problem ?? 'grief'),
        answer('class', given.class ?? 'counselling'),
      ],
    }
    await sql`update contact set form = ${jsonb(form)} where contact_id = ${contactId}`.execute(tx)
  })

const aServedHotline = async (): Promise<{ hotlineId: string; lineId: string }> => {
  const hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  for (const daysAgo of [70, 60, 50, 40, 30, 20, 10]) await aContact(hotlineId, lineId, { daysAgo })
  return { hotlineId, lineId }
}
const propose = (hotlineId: string, at = now) =>
  inHotline(db, hotlineId, (tx) => proposeClusters(tx, hotlineId, at, answersOf(keys, hotlineId)))
const proposals = async (hotlineId: string) =>
  (
    await inHotline(db, hotlineId, (tx) =>
      listed(tx, hotlineId, { open: 'yes', limit: 20 }, keys.wordsOf(hotlineId)),
    )
  ).rows

test('notice 2020-8: a round puts a cluster before a human, once, and it grows with its contacts', async () => {
  const { hotlineId, lineId } = await aServedHotline()
  expect(await propose(hotlineId)).toBe(false)
  for (let n = 0; n < 7; n += 1) await aContact(hotlineId, lineId, { daysAgo: 1, caller: `caller ${n}` })
  expect(await propose(hotlineId)).toBe(true)
  expect(await propose(hotlineId)).toBe(false)
  expect(await proposals(hotlineId)).toMatchObject([
    { area: '420100', topic: 'grief', week: '2026-11-16', count: 7, expected: 1, decision: null },
  ])
  await aContact(hotlineId, lineId, { daysAgo: 0, caller: 'caller 3' })
  expect(await propose(hotlineId)).toBe(true)
  const [grown] = await proposals(hotlineId)
  expect(grown?.count).toBe(7)
  expect(grown?.contacts).toHaveLength(8)
})

test('what was no counselling, and one person calling again and again, make no cluster', async () => {
  const { hotlineId, lineId } = await aServedHotline()
  for (let n = 0; n < 9; n += 1) {
    await aContact(hotlineId, lineId, { daysAgo: 1, class: 'prank', caller: `child ${n}` })
    await aContact(hotlineId, lineId, { daysAgo: 1, problem: 'sleep', caller: 'one person' })
  }
  expect(await propose(hotlineId)).toBe(false)
  expect(await proposals(hotlineId)).toEqual([])
})

test('records finished after the week’s end still count for that week', async () => {
  const { hotlineId, lineId } = await aServedHotline()
  for (let n = 0; n < 8; n += 1) await aContact(hotlineId, lineId, { daysAgo: 1 })
  expect(await propose(hotlineId, new Date('2026-11-24T04:00:00Z'))).toBe(true)
  expect((await proposals(hotlineId)).map((one) => one.week)).toEqual(['2026-11-16'])
})
