import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import {
  acknowledgeReport,
  askLowering,
  changeEscalation,
  changeOnCall,
  closeProtocol,
  decideLowering,
  listExceptions,
  listProtocols,
  listReports,
  openProtocol,
  readCrisis,
  readEscalation,
  recordException,
  saveStep,
  seeException,
  type Crisis,
  type ProtocolRun,
  type ReportRow,
} from '../../api/crisis.ts'
import type { Endpoint, Input } from '../../api/endpoint.ts'
import type { Role } from '../../domain/permission.ts'
import type { StepRecord } from '../../domain/protocol.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { heard } from './crisis.ts'

const { db, owner, ask, cookieOf, clock, published } = await openTestApp()
let hotlineId: string
let lineId: string
let counsellorId: string
let cookies: Record<
  'counsellor' | 'another' | 'supervisor' | 'second' | 'administrator' | 'custodian' | 'foreigner',
  string
>

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  const elsewhere = await aHotline(db)
  const cookie = async (roles: Role[], at = hotlineId): Promise<string> =>
    cookieOf(at, (await aPerson(db, at, { roles })).personId)
  counsellorId = (await aPerson(db, hotlineId)).personId
  cookies = {
    counsellor: await cookieOf(hotlineId, counsellorId),
    another: await cookie(['counsellor']),
    supervisor: await cookie(['supervisor']),
    second: await cookie(['supervisor']),
    administrator: await cookie(['administrator']),
    custodian: await cookie(['custodian']),
    foreigner: await cookie(['supervisor', 'counsellor', 'administrator'], elsewhere),
  }
})

const aContact = async (): Promise<string> => {
  const contactId = newId()
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'talking', ${clock.now}, null, null, null, null, false,
      null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${counsellorId}, answered_at = ${clock.now} where contact_id = ${contactId}`.execute(
      tx,
    )
  })
  return contactId
}
const hears = (contactId: string, level: 'moderate' | 'high' | 'acute', code = 'danger.within-72h') =>
  inHotline(db, hotlineId, (tx) =>
    heard(tx, {
      hotlineId,
      contactId,
      personId: counsellorId,
      now: clock.now,
      findings: [{ source: 'criteria', level, code }],
    }),
  )
const as = <E extends Endpoint>(
  who: keyof typeof cookies,
  endpoint: E,
  given: Partial<Input<E>> = {},
): Promise<Answer> => ask(endpoint, { ...given, cookie: cookies[who] })
const crisisOf = (answer: Answer): Crisis => answer.body as unknown as Crisis
const read = async (contactId: string): Promise<Crisis> =>
  crisisOf(await as('supervisor', readCrisis, { params: { contactId } }))
const theRun = (crisis: Crisis, protocol = 'suicide'): ProtocolRun => {
  const run = crisis.runs.find((one) => one.protocol === protocol)
  if (!run) throw new Error('it does not run')
  return run
}
const save = (
  runId: string,
  step: string,
  body: { record?: StepRecord; revision?: number; done?: boolean; skipped?: string },
) => as('counsellor', saveStep, { params: { runId, step }, body: { record: {}, revision: 0, ...body } })

test('G24-4.3.5: the counsellor’s button opens the protocol and asks a supervisor; pressing it again changes nothing', async () => {
  const contactId = await aContact()
  const once = await as('counsellor', openProtocol, { params: { contactId }, body: {} })
  expect(once.status).toBe(200)
  expect(crisisOf(once)).toMatchObject({ runs: [{ protocol: 'suicide', openedFrom: 'button' }] })
  expect(crisisOf(once).reports).toMatchObject([{ kind: 'consult', reason: 'counsellor-asked' }])
  const again = await as('counsellor', openProtocol, { params: { contactId }, body: { protocol: 'suicide' } })
  expect(crisisOf(again).reports).toHaveLength(1)
  expect(crisisOf(again).owed).toEqual(['consult', 'protocol:suicide'])
  expect(published).toContainEqual({
    hotlineId,
    to: { right: 'board.see' },
    event: { type: 'crisis', contactId },
  })
})

test('G24-4.3.5: switching to another protocol keeps both; a higher grade adds its steps to the one that runs', async () => {
  const contactId = await aContact()
  const open = (protocol: string) =>
    as('counsellor', openProtocol, { params: { contactId }, body: { protocol } })
  const first = theRun(crisisOf(await open('suicide-ideation')))
  const both = crisisOf(await open('psychosis'))
  expect(both.runs.map((run) => run.protocol)).toEqual(['suicide', 'psychosis'])
  const raised = theRun(crisisOf(await open('suicide-in-progress')))
  expect(raised.runId).toBe(first.runId)
  expect(raised.steps.length).toBeGreaterThan(first.steps.length)
  expect(theRun(crisisOf(await open('suicide-week'))).steps).toHaveLength(raised.steps.length)
  expect((await open('no-such')).body['code']).toBe('protocol.notFound')
})

test('danger to others and abuse of a minor ask for report and consultation by themselves', async () => {
  const contactId = await aContact()
  await as('counsellor', openProtocol, { params: { contactId }, body: { protocol: 'minor-abuse' } })
  expect((await read(contactId)).owed).toEqual(['consult', 'protocol:minor-abuse', 'report'])
})

test('every protocol is offered in both languages, the gravest grade of suicide first', async () => {
  const { body } = await as('counsellor', listProtocols)
  const offered = body as unknown as { protocol: string; words: { 'zh-CN': string; en: string } }[]
  expect(offered[0]?.protocol).toBe('suicide-in-progress')
  expect(offered).toHaveLength(10)
  expect(offered.every(({ words }) => words['zh-CN'] !== '' && words.en !== '')).toBe(true)
})

test('a step is saved as it is typed, is done when it holds what it must, and two windows do not overwrite each other', async () => {
  const contactId = await aContact()
  const body = { protocol: 'suicide-72h' }
  const { runId } = theRun(crisisOf(await as('counsellor', openProtocol, { params: { contactId }, body })))
  expect((await save(runId, 'place', { record: { place: '解放路' } })).status).toBe(200)
  const other = await save(runId, 'place', { record: { place: '人民路' } })
  expect(other.body).toMatchObject({ code: 'protocol.changedElsewhere', detail: { revision: 1 } })
  expect((await save(runId, 'place', { record: { place: '解放路' } })).status).toBe(200)
  const early = await save(runId, 'place', { record: { place: '解放路' }, revision: 1, done: true })
  expect(early.body).toMatchObject({ code: 'contact.incomplete', detail: { missing: ['place-how'] } })
  const record = { place: '解放路', 'place-how': 'caller' }
  const done = crisisOf(await save(runId, 'place', { record, revision: 1, done: true }))
  const step = theRun(done).steps.find((one) => one.step === 'place')
  expect(step).toMatchObject({ revision: 2, record, skipped: null })
  expect(step?.doneAt).not.toBe(null)
  expect(theRun(done).steps.find((one) => one.step === 'emergency')?.help['zh-CN']).toContain('位置：解放路')
  expect((await save(runId, 'place', { record: { nonsense: 'x' }, revision: 2 })).body['code']).toBe(
    'request.malformed',
  )
  expect((await save(runId, 'no-such', {})).body['code']).toBe('protocol.notFound')
})

test('G24-4.3.5, G24-4.4.3: a protocol ends when its steps are done or skipped with a reason, and follow-ups are planned', async () => {
  const contactId = await aContact()
  await hears(contactId, 'high')
  const run = theRun(await read(contactId))
  const close = () => as('counsellor', closeProtocol, { params: { runId: run.runId } })
  const early = await close()
  expect(early.body['code']).toBe('protocol.stepOpen')
  expect((early.body['detail'] as { steps: string[] }).steps).toContain('plan')
  for (const step of run.steps.filter((one) => one.must)) {
    if (step.step === 'follow') {
      const skip = await save(run.runId, 'follow', { skipped: '挂断' })
      expect(skip.body['code']).toBe('protocol.stepOpen')
      await save(run.runId, 'follow', { record: { 'follow-agreed': 'agreed' }, done: true })
    } else {
      expect((await save(run.runId, step.step, { skipped: '  ' })).body['code']).toBe('protocol.stepOpen')
      expect((await save(run.runId, step.step, { skipped: '来电者挂断' })).status).toBe(200)
    }
  }
  const ended = crisisOf(await close())
  expect(theRun(ended).closedAt).not.toBe(null)
  expect((await close()).status).toBe(200)
  const tasks = await owner<{ plan_step: string }>(
    `select plan_step from task where contact_id = $1 and kind = 'follow-up' order by due_at`,
    [contactId],
  )
  expect(tasks.length).toBeGreaterThanOrEqual(5)
  expect((await save(run.runId, 'place', { revision: 1 })).body['code']).toBe('protocol.notFound')
})

test('G24-4.2.2: the time from recognising the danger to each step taken can be read from the contact’s events', async () => {
  const contactId = await aContact()
  const at = (ms: number): void => {
    clock.now = new Date(clock.now.getTime() + ms)
  }
  await hears(contactId, 'high')
  at(30_000)
  const { runId } = theRun(await read(contactId))
  await save(runId, 'stay', { done: true })
  at(60_000)
  const { rows } = (await as('supervisor', listReports, { query: { text: '' } })).body as unknown as {
    rows: ReportRow[]
  }
  const consult = rows.find((row) => row.contactId === contactId && row.kind === 'consult')
  await as('supervisor', acknowledgeReport, {
    params: { reportId: consult?.reportId ?? '' },
    body: { note: '一起想' },
  })
  const events = await owner<{ kind: string; at: Date }>(
    `select kind, at from contact_event where contact_id = $1 order by seq`,
    [contactId],
  )
  const first = events.find((event) => event.kind === 'risk.raised')?.at.getTime() ?? 0
  const since = (kind: string): number =>
    (events.find((event) => event.kind === kind)?.at.getTime() ?? 0) - first
  expect(since('protocol.opened')).toBe(0)
  expect(since('report.opened')).toBe(0)
  expect(since('protocol.step')).toBe(30_000)
  expect(since('report.acknowledged')).toBe(90_000)
})

test('G24-4.3.5: lowering needs a reason and a supervisor who did not ask; what is heard meanwhile makes it lapse', async () => {
  const contactId = await aContact()
  await hears(contactId, 'high')
  const params = { contactId }
  const asks = (to: 'low' | 'high', reason: string, who: 'counsellor' | 'supervisor' = 'counsellor') =>
    as(who, askLowering, { params, body: { to, reason } })
  expect((await asks('low', ' ')).body['code']).toBe('risk.needsReason')
  expect((await asks('high', '一样')).body['code']).toBe('request.malformed')
  const asked = crisisOf(await asks('low', '听错了时间', 'supervisor'))
  const loweringId = asked.lowering?.loweringId ?? ''
  expect(asked.lowering).toMatchObject({ to: 'low', mine: true })
  const decides = (who: 'supervisor' | 'second' | 'counsellor', id = loweringId) =>
    as(who, decideLowering, { params: { loweringId: id }, body: { granted: true } })
  expect((await decides('counsellor')).status).toBe(403)
  expect((await decides('supervisor')).body['code']).toBe('risk.needsAnother')
  const granted = crisisOf(await decides('second'))
  expect(granted).toMatchObject({ level: 'low', lowering: null })
  expect(granted.entries.at(-1)).toMatchObject({ source: 'lowering', level: 'low', reason: '听错了时间' })
  expect(granted.entries.map((entry) => entry.counts)).toEqual([false, true])
  // Its reports stay owed: they were opened, and somebody looks at them.
  expect(granted.owed).toContain('report')
  await hears(contactId, 'moderate', 'danger.plan')
  const second = crisisOf(await asks('low', '再看'))
  await hears(contactId, 'acute', 'danger.in-progress')
  const lapsed = crisisOf(await decides('second', second.lowering?.loweringId))
  expect(lapsed).toMatchObject({ level: 'acute', lowering: null })
})

test('G24-7.5c: an exception to confidentiality says what, on which basis, to whom, and a supervisor who did not decide it sees it', async () => {
  const contactId = await aContact()
  const body = {
    code: 'danger-to-self' as const,
    basis: '精神卫生法 28',
    recipient: '父亲',
    data: ['location'],
    callerTold: false,
  }
  const records = (who: 'counsellor' | 'supervisor', given: object = {}) =>
    as(who, recordException, { params: { contactId }, body: { ...body, ...given } })
  expect((await records('counsellor')).body).toMatchObject({ code: 'request.malformed' })
  const notToldBecause = '已失去意识'
  const made = crisisOf(await records('supervisor', { notToldBecause })).exceptions[0]
  const seen = (who: 'supervisor' | 'second' | 'counsellor') =>
    as(who, seeException, { params: { exceptionId: made?.exceptionId ?? '' } })
  expect((await seen('counsellor')).status).toBe(403)
  expect((await seen('supervisor')).body['code']).toBe('risk.needsAnother')
  const list = (query: object) => as('custodian', listExceptions, { query })
  expect((await list({ unseen: 'yes', text: '父亲' })).body['rows']).toHaveLength(1)
  expect((await seen('second')).status).toBe(200)
  expect((await seen('second')).status).toBe(200)
  expect((await list({ unseen: 'yes' })).body['rows']).toHaveLength(0)
  await records('counsellor', { notToldBecause, code: 'law' })
  const page = (await list({ limit: 1 })).body
  expect(page['rows']).toMatchObject([{ code: 'law' }])
  expect((await list({ limit: 1, after: page['next'] })).body).toMatchObject({
    rows: [{ code: 'danger-to-self' }],
    next: null,
  })
  expect((await as('administrator', listExceptions)).status).toBe(403)
})

test('G24-6.2.2a: danger is seen by the contact’s counsellor, supervisors and custodians; not by others, nor from another hotline', async () => {
  const contactId = await aContact()
  await hears(contactId, 'high')
  const crisis = await read(contactId)
  const { runId } = theRun(crisis)
  const params = { contactId }
  for (const [who, status] of [
    ['counsellor', 200],
    ['custodian', 200],
    ['another', 404],
    ['administrator', 404],
    ['foreigner', 404],
  ] as const)
    expect([who, (await as(who, readCrisis, { params })).status]).toEqual([who, status])
  const consult = crisis.reports.find((report) => report.kind === 'consult')?.reportId ?? ''
  const asked = crisisOf(await as('counsellor', askLowering, { params, body: { to: 'low', reason: '误报' } }))
  const exception = { code: 'law' as const, basis: '令状', recipient: '法院', data: ['x'], callerTold: true }
  const made = crisisOf(await as('counsellor', recordException, { params, body: exception }))
  const loweringId = asked.lowering?.loweringId ?? ''
  const exceptionId = made.exceptions[0]?.exceptionId ?? ''
  const step = { params: { runId, step: 'stay' }, body: { record: {}, revision: 0 } }
  for (const who of ['another', 'foreigner'] as const) {
    expect((await as(who, openProtocol, { params, body: {} })).status).toBe(404)
    expect((await as(who, saveStep, step)).status).toBe(404)
    expect((await as(who, closeProtocol, { params: { runId } })).status).toBe(404)
    expect((await as(who, askLowering, { params, body: { to: 'low', reason: 'x' } })).status).toBe(404)
    expect((await as(who, recordException, { params, body: exception })).status).toBe(404)
  }
  expect((await as('foreigner', acknowledgeReport, { params: { reportId: consult }, body: {} })).status).toBe(
    404,
  )
  expect((await as('foreigner', seeException, { params: { exceptionId } })).status).toBe(404)
  expect(
    (await as('foreigner', decideLowering, { params: { loweringId }, body: { granted: true } })).status,
  ).toBe(404)
  expect((await as('foreigner', listReports)).body['rows']).toEqual([])
  expect((await as('custodian', openProtocol, { params, body: {} })).status).toBe(403)
  expect((await as('custodian', acknowledgeReport, { params: { reportId: consult }, body: {} })).status).toBe(
    403,
  )
  expect((await as('another', listReports)).status).toBe(403)
})

test('G24-4.3.1b: reports are listed with whose turn it is; each group acknowledges its own, and it stands in the audit chain', async () => {
  const contactId = await aContact()
  await hears(contactId, 'acute')
  const listed = async (who: 'supervisor' | 'administrator', query: object = {}): Promise<ReportRow[]> => {
    const { rows } = (await as(who, listReports, { query })).body as unknown as { rows: ReportRow[] }
    return rows.filter((row) => row.contactId === contactId)
  }
  expect(new Set((await listed('supervisor')).map((row) => `${row.kind} ${row.mine}`))).toEqual(
    new Set(['administration false', 'consult true']),
  )
  const [report] = (await listed('administrator')).filter((row) => row.mine)
  const params = { reportId: report?.reportId ?? '' }
  expect((await as('supervisor', acknowledgeReport, { params, body: {} })).body['code']).toBe(
    'report.notYours',
  )
  expect(
    (await as('administrator', acknowledgeReport, { params, body: { note: '已通知值班长' } })).status,
  ).toBe(200)
  expect((await listed('administrator', { open: 'no' })).map((row) => row.note)).toEqual(['已通知值班长'])
  expect((await read(contactId)).owed).toEqual(['consult', 'protocol:suicide'])
  const audit = await owner(`select from audit_event where action = 'report.acknowledged' and subject = $1`, [
    params.reportId,
  ])
  expect(audit).toHaveLength(1)
  expect(published).toContainEqual(
    expect.objectContaining({ event: { type: 'report-over', reportId: params.reportId } }),
  )
})

test('who is on call is set by the administrator; of a phone only the end is shown', async () => {
  const person = await aPerson(db, hotlineId, { roles: ['supervisor'] })
  const body = { onCall: true, phone: '13812345678' }
  const put = (who: 'administrator' | 'supervisor' | 'foreigner', given: object = body) =>
    as(who, changeOnCall, { params: { personId: person.personId }, body: given as never })
  expect((await put('supervisor')).status).toBe(403)
  expect((await put('foreigner')).status).toBe(404)
  expect((await put('administrator', { onCall: true })).body).toMatchObject({ code: 'request.malformed' })
  expect((await put('administrator')).status).toBe(200)
  const { body: shown } = await as('supervisor', readEscalation)
  expect(shown['onCall']).toContainEqual({
    personId: person.personId,
    name: person.name,
    onCall: true,
    phone: '••••5678',
  })
  expect(JSON.stringify(shown)).not.toContain('13812345678')
  const counsellor = { params: { personId: counsellorId }, body }
  expect((await as('administrator', changeOnCall, counsellor)).status).toBe(404)
  const times = { nextMs: 30_000, allMs: 90_000, ringAgainMs: 60_000 }
  expect((await as('supervisor', changeEscalation, { body: times })).status).toBe(403)
  expect((await as('administrator', changeEscalation, { body: times })).status).toBe(200)
  expect((await as('supervisor', readEscalation)).body['escalation']).toEqual(times)
})
