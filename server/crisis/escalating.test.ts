import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LiveEvent } from '../../api/events.ts'
import { Problem } from '../../domain/problem.ts'
import { aHotline, aLine, aPerson, aSeat, freshDatabase } from '../../test/database.ts'
import { inHotline, openDatabase, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import type { Audience } from '../http/live.ts'
import { openKeys } from '../records/keys.ts'
import { heard } from './crisis.ts'
import { lookAfterReports, watchReports, type AlarmBell, type ReportsDeps } from './escalating.ts'
import { saveEscalation, saveOnCall } from './on-call.ts'
import { findReportsOf } from './report-queries.ts'
import { acknowledge } from './reports.ts'

const { db, url, owner } = await freshDatabase()
const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const keys = openKeys(folder, null)
const start = new Date('2026-11-21T12:00:00Z').getTime()
let at = start
let hotlineId: string
let lineId: string
let counsellor: string
let rested: string
let fresh: string
let away: string
let administrator: string
let told: { to: Audience; event: LiveEvent }[] = []
let rung: { number: string; press: (digit: string) => Promise<void> }[] = []
let bellUp = true

const inside = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inHotline(db, hotlineId, work)

const bell: AlarmBell = {
  controls: () => bellUp,
  alarmCall: async ({ to, onDigit }) => void rung.push({ number: to.number, press: onDigit }),
}
const deps = (given: Partial<ReportsDeps> = {}): ReportsDeps => ({
  db,
  live: { publish: (_hotlineId, to, event) => void told.push({ to, event }) },
  keys,
  bell: () => bell,
  now: () => new Date(at),
  poke: () => undefined,
  failed: (error) => {
    throw error
  },
  ...given,
})
/** Whose screens were asked by a report of this kind since the last look. */
const askedBy = (kind: string): string[] =>
  told.flatMap(({ to, event }) =>
    event.type === 'report' && event.report.kind === kind && 'personId' in to ? [to.personId] : [],
  )
const later = async (ms: number): Promise<void> => {
  at = start + ms
  told = []
  rung = []
  await lookAfterReports(deps())
}

const onDuty = async (personId: string, state: string, idleSince: number): Promise<void> => {
  const { seatId } = await aSeat(db, hotlineId)
  await inside((tx) =>
    sql`insert into duty (duty_id, hotline_id, person_id, seat_id, state, since, idle_since, started_at)
      values (${newId()}, ${hotlineId}, ${personId}, ${seatId}, ${state}, ${new Date(idleSince)},
        ${new Date(idleSince)}, ${new Date(idleSince)})`.execute(tx),
  )
}

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  const person = async (roles: ('counsellor' | 'supervisor' | 'administrator')[]): Promise<string> =>
    (await aPerson(db, hotlineId, { roles })).personId
  counsellor = await person(['counsellor', 'supervisor'])
  rested = await person(['supervisor'])
  fresh = await person(['supervisor'])
  away = await person(['supervisor'])
  administrator = await person(['administrator'])
  await onDuty(counsellor, 'free', start - 999_000)
  await onDuty(rested, 'free', start - 500_000)
  await onDuty(fresh, 'free', start - 1000)
  const seal = (phone: string): Buffer => keys.seal(hotlineId, phone)
  await inside((tx) => saveOnCall(tx, away, { onCall: true, phone: '13800000001' }, seal))
  await inside((tx) => saveOnCall(tx, counsellor, { onCall: true, phone: '13800000009' }, seal))
  await inside((tx) => saveOnCall(tx, administrator, { onCall: true, phone: '13800000002' }, seal))
})

beforeEach(async () => {
  at = start
  told = []
  rung = []
  bellUp = true
  await owner(
    `update report set acknowledged_at = $1, acknowledged_by = case kind when 'consult' then $2::uuid
    else $3::uuid end where acknowledged_at is null`,
    [new Date(start), away, administrator],
  )
})

const aHighContact = async (): Promise<string> => {
  const contactId = newId()
  await inside(async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'talking', ${new Date(start)}, null, null, null, null,
      false, null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${counsellor} where contact_id = ${contactId}`.execute(tx)
    const findings = [{ source: 'criteria', level: 'high', code: 'danger.within-72h' }] as const
    await heard(tx, { hotlineId, contactId, personId: counsellor, now: new Date(start), findings })
  })
  return contactId
}
const reportOf = async (contactId: string, kind = 'consult') => {
  const found = (await inside((tx) => findReportsOf(tx, contactId))).find((report) => report.kind === kind)
  if (!found) throw new Error('no such report')
  return found
}

test('G24-4.3.1b: an unacknowledged consultation asks the nearest free supervisor, after 60 s the next, after 120 s all and the phones', async () => {
  const contactId = await aHighContact()
  await later(0)
  expect(askedBy('consult')).toEqual([rested])
  await later(59_000)
  expect(askedBy('consult')).toEqual([])
  await later(60_000)
  expect(askedBy('consult')).toEqual([fresh])
  await later(120_000)
  expect(askedBy('consult').sort()).toEqual([rested, fresh, away].sort())
  expect(rung.map((one) => one.number)).toContain('13800000001')
  // The counsellor of the contact is a supervisor on call too, and is never asked about it.
  expect(rung.map((one) => one.number)).not.toContain('13800000009')
  const events = await owner<{ kind: string; at: Date }>(
    `select kind, at from contact_event where contact_id = $1 and data ->> 'kind' = 'consult' order by seq`,
    [contactId],
  )
  expect(events.map((event) => [event.kind, event.at.getTime() - start])).toEqual([
    ['report.opened', 0],
    ['report.asked', 0],
    ['report.escalated', 60_000],
    ['report.escalated', 120_000],
    ['report.rung', 120_000],
  ])
})

test('G24-4.3.1b: the report to the administration group asks administrators; with none at a screen their phone rings at once', async () => {
  await aHighContact()
  await later(0)
  expect(askedBy('administration')).toEqual([administrator])
  expect(rung.map((one) => one.number)).toEqual(['13800000002'])
})

test('key 1 on the phone acknowledges for that person; another key does not; it then rings nobody any more', async () => {
  const contactId = await aHighContact()
  await later(120_000)
  const phone = rung.find((one) => one.number === '13800000001')
  await phone?.press('5')
  expect((await reportOf(contactId)).acknowledged_at).toBe(null)
  await phone?.press('1')
  expect(await reportOf(contactId)).toMatchObject({ acknowledged_by: away, next_at: null, ring_at: null })
  expect(told.some(({ event }) => event.type === 'report-over')).toBe(true)
  await later(900_000)
  expect(askedBy('consult')).toEqual([])
})

test('phones ring again and again until somebody acknowledges, and soon when the switchboard was away', async () => {
  const contactId = await aHighContact()
  bellUp = false
  await later(120_000)
  expect(rung).toEqual([])
  bellUp = true
  await later(121_000)
  expect(rung.map((one) => one.number)).toContain('13800000001')
  await later(180_000)
  expect(rung).toEqual([])
  const lost = { ...bell, alarmCall: () => Promise.reject(new Problem('switchboard.away')) }
  at = start + 241_000
  await lookAfterReports(deps({ bell: () => lost }))
  expect((await reportOf(contactId)).ring_at?.getTime()).toBe(at + 5000)
  await later(247_000)
  expect(rung.map((one) => one.number)).toContain('13800000001')
})

test('a server that was away finds every report where it should be by now', async () => {
  await aHighContact()
  await later(3_600_000)
  expect(askedBy('consult').sort()).toEqual([rested, fresh, away].sort())
})

test('a process that dies between asking and writing asks again: no reminder is lost', async () => {
  const contactId = await aHighContact()
  const dying = deps({
    live: {
      publish: () => {
        throw new Error('power cut')
      },
    },
    failed: () => undefined,
  })
  await lookAfterReports(dying)
  expect((await reportOf(contactId)).asked).toEqual([])
  await later(1000)
  expect(askedBy('consult')).toEqual([rested])
})

test('two servers look at the same moment: each report asks once', async () => {
  for (let n = 0; n < 5; n += 1) await aHighContact()
  const other = openDatabase({ url })
  await Promise.all([
    lookAfterReports(deps()),
    lookAfterReports(deps({ db: other })),
    lookAfterReports(deps()),
  ])
  await lookAfterReports(deps())
  expect(askedBy('consult')).toHaveLength(5)
  await other.close()
})

test('the round wakes as soon as a report is opened, by whichever server', async () => {
  const other = openDatabase({ url })
  const asked = new Promise<void>((resolve) => {
    const watch = watchReports(
      deps({
        db: other,
        live: { publish: (_hotlineId, _to, event) => event.type === 'report' && resolve() },
        failed: () => undefined,
      }),
    )
    void aHighContact().then(() => asked.then(() => watch.stop()).then(() => other.close()))
  })
  await asked
})

test('what a hotline changed of the times counts from then on', async () => {
  await inside((tx) => saveEscalation(tx, { nextMs: 10_000, allMs: 20_000, ringAgainMs: 30_000 }))
  await expect(
    inside((tx) => saveEscalation(tx, { nextMs: 20_000, allMs: 20_000, ringAgainMs: 30_000 })),
  ).rejects.toMatchObject({ code: 'request.malformed' })
  await aHighContact()
  await later(0)
  await later(10_000)
  expect(askedBy('consult')).toEqual([fresh])
  await later(20_000)
  expect(askedBy('consult')).toHaveLength(3)
})

test('G24-4.3.1b: only its own group acknowledges, never the contact’s counsellor, and it stays acknowledged, also by SQL', async () => {
  const contactId = await aHighContact()
  const { report_id: reportId } = await reportOf(contactId)
  const as = (personId: string, roles: ('supervisor' | 'administrator')[]) =>
    inside((tx) =>
      acknowledge(tx, { personId, roles }, { reportId, note: '', by: 'screen', now: new Date(at) }),
    )
  await expect(as(counsellor, ['supervisor'])).rejects.toMatchObject({ code: 'report.notYours' })
  await expect(as(administrator, ['administrator'])).rejects.toMatchObject({ code: 'report.notYours' })
  expect((await as(rested, ['supervisor'])).fresh).toBe(true)
  expect((await as(rested, ['supervisor'])).fresh).toBe(false)
  await expect(as(fresh, ['supervisor'])).rejects.toMatchObject({ code: 'report.alreadyAcknowledged' })
  await expect(
    inside((tx) =>
      sql`update report set acknowledged_at = null, acknowledged_by = null where report_id = ${reportId}`.execute(
        tx,
      ),
    ),
  ).rejects.toThrow(/stays acknowledged/)
})
