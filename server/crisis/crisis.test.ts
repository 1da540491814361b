import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { RiskFinding } from '../../domain/risk.ts'
import { aHotline, aLine, aPerson, freshDatabase } from '../../test/database.ts'
import { inHotline, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { boardFacts, heard, owedBy, type Heard } from './crisis.ts'
import { findEntries } from './queries.ts'
import { runsOf } from './runs.ts'

const { db, owner } = await freshDatabase()
const now = new Date('2026-11-21T12:00:00Z')
let hotlineId: string
let lineId: string
let counsellor: string
let supervisor: string
let administrator: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  counsellor = (await aPerson(db, hotlineId)).personId
  supervisor = (await aPerson(db, hotlineId, { roles: ['supervisor'] })).personId
  administrator = (await aPerson(db, hotlineId, { roles: ['administrator'] })).personId
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

const entriesOf = (contactId: string) => inside((tx) => findEntries(tx, contactId))
const judged = (level: RiskFinding['level'], reason = ''): RiskFinding => ({
  source: 'judgement',
  level,
  code: 'judgement',
  reason,
})

test('G24-4.3.5: a high judgement alone opens the protocol for suicide; an acute one adds its steps and reports anew', async () => {
  const contactId = await aContact()
  await hears(contactId, { findings: [judged('high', '有计划')] })
  expect(await inside((tx) => owedBy(tx, contactId))).toContain('protocol:suicide')
  await owner(
    `update report set acknowledged_at = $1, acknowledged_by = case kind when 'consult' then $2::uuid else $3::uuid end
     where contact_id = $4`,
    [now, supervisor, administrator, contactId],
  )
  expect(await inside((tx) => owedBy(tx, contactId))).toEqual(['protocol:suicide'])
  const before = await inside((tx) => runsOf(tx, contactId))
  await hears(contactId, { findings: [judged('acute', '已经服药')] })
  expect(await inside((tx) => owedBy(tx, contactId))).toEqual(['consult', 'protocol:suicide', 'report'])
  const after = await inside((tx) => runsOf(tx, contactId))
  expect(after).toHaveLength(1)
  expect(after[0]?.steps.map((step) => step.step)).toContain('act')
  expect(after[0]?.steps.length).toBeGreaterThan(before[0]?.steps.length ?? 0)
})

test('G24-4.3.1b: danger to others asks for report, supervisor and its protocol, whatever the level', async () => {
  const contactId = await aContact()
  await hears(contactId, { findings: [judged('low')], dangerToOthers: true })
  expect(await inside((tx) => owedBy(tx, contactId))).toEqual([
    'consult',
    'protocol:danger-to-others',
    'report',
  ])
  const again = await hears(contactId, { findings: [judged('low')], dangerToOthers: false })
  expect(again).toEqual({ level: 'low', raised: false })
  expect(await inside((tx) => owedBy(tx, contactId))).toHaveLength(3)
})

test('G24-4.3.5: a reason typed further is kept with its one entry; the form takes nothing back that an instrument said', async () => {
  const contactId = await aContact()
  const whole = ['danger', 'judgement']
  const triage: RiskFinding = { source: 'triage', level: 'moderate', code: 'c-ssrs.triage' }
  await hears(contactId, { findings: [triage] })
  for (const typed of ['有', '有计', '有计划'])
    await hears(contactId, { findings: [judged('low', typed)], whole })
  expect((await entriesOf(contactId)).map(({ code, level, reason }) => [code, level, reason])).toEqual([
    ['c-ssrs.triage', 'moderate', ''],
    ['judgement', 'low', '有计划'],
  ])
  const danger: RiskFinding = { source: 'criteria', level: 'high', code: 'danger.within-week' }
  await hears(contactId, { findings: [danger, judged('low', '有计划')], whole })
  expect(await hears(contactId, { findings: [judged('low', '有计划')], whole })).toEqual({
    level: 'high',
    raised: false,
  })
  expect((await entriesOf(contactId)).at(-1)).toMatchObject({ code: 'danger.within-week', level: 'none' })
})

test('a step whose time has run out is on the board, the longest overdue first; nothing is heard of a contact nobody knows', async () => {
  const contactId = await aContact()
  await hears(contactId, { findings: [], open: [{ protocol: 'suicide', from: 'caller-key' }] })
  const at = (ms: number) => inside((tx) => boardFacts(tx, hotlineId, new Date(now.getTime() + ms)))
  const mine = async (ms: number) => (await at(ms)).overdue.find((one) => one.contactId === contactId)
  expect(await mine(59_000)).toBe(undefined)
  expect(await mine(200_000)).toMatchObject({
    protocol: 'suicide',
    step: 'stay',
    dueAt: now.getTime() + 60_000,
  })
  expect(await hears(newId(), { findings: [judged('acute')] })).toEqual({ level: null, raised: false })
})

test('two who save at the same moment write one entry, one report of each kind, one protocol', async () => {
  const contactId = await aContact()
  await Promise.all(
    Array.from({ length: 6 }, () => hears(contactId, { findings: [judged('high', '有计划')] })),
  )
  expect(await entriesOf(contactId)).toHaveLength(1)
  const { rows } = await inside((tx) =>
    sql<{ count: number }>`select count(*)::int as count from report where contact_id = ${contactId}`.execute(
      tx,
    ),
  )
  expect(rows[0]?.count).toBe(2)
})
