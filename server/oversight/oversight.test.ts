import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { readContact, readForm, saveForm } from '../../api/contacts.ts'
import { breakGlass, listAudit, listGlass, readAccess, reviewGlass } from '../../api/oversight.ts'
import type { Role } from '../../domain/permission.ts'
import { wholeResponse } from '../../test/answers.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { appendAudit } from '../db/audit.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'

const { db, owner, ask, cookieOf, clock, published } = await openTestApp()
const start = new Date('2026-11-21T04:00:00.000Z')
let hotlineId: string
let lineId: string
let owning: { personId: string; name: string }
let contact: { contactId: string; number: number }

const someone = async (
  role: Role,
  name?: string,
): Promise<{ personId: string; name: string; cookie: string }> => {
  const person = await aPerson(db, hotlineId, { roles: [role], ...(name ? { name } : {}) })
  return { ...person, cookie: await cookieOf(hotlineId, person.personId) }
}

const aContact = async (personId: string): Promise<{ contactId: string; number: number }> => {
  const contactId = newId()
  return inHotline(db, hotlineId, async (tx) => {
    const { rows } = await sql<{
      number: number
    }>`select create_contact(${contactId}, ${lineId}, 'phone', 'closed',
      ${start}, null, null, null, null, true, null, null, null, '{}') as number`.execute(tx)
    await sql`update contact set person_id = ${personId} where contact_id = ${contactId}`.execute(tx)
    return { contactId, number: rows[0]?.number ?? 0 }
  })
}

beforeEach(async () => {
  clock.now = new Date()
  published.length = 0
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  owning = await aPerson(db, hotlineId, { name: '陈咨询' })
  contact = await aContact(owning.personId)
})

const rowsOf = (answer: Answer): Record<string, unknown>[] => answer.body['rows'] as Record<string, unknown>[]
const later = (minutes: number): void => {
  clock.now = new Date(clock.now.getTime() + minutes * 60_000)
}
const readIt = (cookie: string): Promise<Answer> =>
  ask(readContact, { cookie, params: { contactId: contact.contactId } })
const breakIt = (cookie: string, reason = '来电者说正要跳楼，原咨询员不在'): Promise<Answer> =>
  ask(breakGlass, { cookie, body: { contactNumber: contact.number, reason } })

test('G24-7.5c: a counsellor without the right opens a contact by saying why, for three hours and no longer', async () => {
  const { cookie } = await someone('counsellor')
  expect((await readIt(cookie)).body).toMatchObject({ code: 'contact.notFound' })
  const broken = await breakIt(cookie)
  expect(broken.body).toMatchObject(contact)
  expect(Date.parse(String(broken.body['until'])) - clock.now.getTime()).toBe(3 * 3_600_000)
  expect((await readIt(cookie)).status).toBe(200)
  const form = await ask(readForm, { cookie, params: { contactId: contact.contactId } })
  expect(form.status).not.toBe(404)
  expect((await breakIt(cookie)).body['breakGlassId']).toBe(broken.body['breakGlassId'])
  await owner(`update break_glass set at = at - interval '3 hours', until = until - interval '3 hours'`)
  expect((await readIt(cookie)).body).toMatchObject({ code: 'contact.notFound' })
})

test('G24-7.5c: supervisor, custodian and security are told at once, on the record and on their screens', async () => {
  const { cookie, name } = await someone('counsellor')
  const { body } = await breakIt(cookie)
  const glass = {
    type: 'glass-broken',
    breakGlassId: body['breakGlassId'],
    number: contact.number,
    person: name,
  }
  expect(published).toContainEqual({ hotlineId, to: { right: 'glass.review' }, event: glass })
  for (const role of ['supervisor', 'custodian', 'security'] as const) {
    const { cookie: theirs } = await someone(role)
    const open = await ask(listGlass, { cookie: theirs })
    expect(rowsOf(open)).toMatchObject([{ number: contact.number, person: name, reviewedAt: null }])
  }
  const [event] = await owner<{ kind: string }>(
    'select kind from contact_event where contact_id = $1 order by seq desc limit 1',
    [contact.contactId],
  )
  expect(event?.kind).toBe('glass.broken')
  const audit = await owner(
    `select action from audit_event where contact_id = $1 and action = 'glass.broken'`,
    [contact.contactId],
  )
  expect(audit).toHaveLength(1)
})

test('an emergency access is reviewed once, by somebody else, and then leaves the list of open ones', async () => {
  const both = await aPerson(db, hotlineId, { roles: ['counsellor', 'security'] })
  const mine = await cookieOf(hotlineId, both.personId)
  const { body } = await breakIt(mine)
  const params = { breakGlassId: String(body['breakGlassId']) }
  const verdict = { finding: 'justified' as const, words: '情况紧急，已核实。' }
  const own = await ask(reviewGlass, { cookie: mine, params, body: verdict })
  expect(own).toMatchObject({ status: 403, body: { code: 'glass.needsAnother' } })
  const { cookie, name } = await someone('supervisor')
  const done = await ask(reviewGlass, { cookie, params, body: verdict })
  expect(done.body).toMatchObject({ finding: 'justified', reviewedBy: name, words: verdict.words })
  expect((await ask(reviewGlass, { cookie, params, body: verdict })).status).toBe(200)
  const other = await someone('custodian')
  const again = { cookie: other.cookie, params, body: { ...verdict, finding: 'not-justified' as const } }
  expect((await ask(reviewGlass, again)).body).toMatchObject({ code: 'glass.alreadyReviewed' })
  expect(rowsOf(await ask(listGlass, { cookie }))).toEqual([])
  expect(rowsOf(await ask(listGlass, { cookie, query: { open: 'no' } }))).toHaveLength(1)
})

test('the glass is not broken without need, without a reason, by roles that care for nobody, or for another hotline', async () => {
  const mine = await cookieOf(hotlineId, owning.personId)
  expect((await breakIt(mine)).body).toMatchObject({
    code: 'glass.notNeeded',
    detail: { contactId: contact.contactId },
  })
  const { cookie } = await someone('counsellor')
  expect((await breakIt(cookie, '  急  ')).body).toMatchObject({ code: 'request.malformed' })
  for (const role of ['administrator', 'department', 'evaluator', 'auditor'] as const)
    expect((await breakIt((await someone(role)).cookie)).status).toBe(403)
  const other = await aHotline(db)
  const stranger = await aPerson(db, other)
  expect((await breakIt(await cookieOf(other, stranger.personId))).body).toMatchObject({
    code: 'contact.notFound',
  })
})

test('G24-6.2.2a: who saw a contact is told visit by visit, reads and writes, with purpose and emergency', async () => {
  const mine = await cookieOf(hotlineId, owning.personId)
  for (let n = 0; n < 5; n += 1) {
    later(1)
    await readIt(mine)
  }
  later(60)
  const stranger = await someone('counsellor')
  await breakIt(stranger.cookie)
  await readIt(stranger.cookie)
  later(60)
  const supervisor = await someone('supervisor', '王督导')
  await readIt(supervisor.cookie)
  later(1)
  const custodian = await someone('custodian')
  const params = { contactNumber: contact.number }
  const report = await ask(readAccess, { cookie: custodian.cookie, params })
  expect(report.body).toMatchObject({ ...contact, counsellor: '陈咨询', next: null })
  expect(rowsOf(report)).toMatchObject([
    { person: '王督导', own: false, emergency: null, purposes: ['supervision'] },
    { person: stranger.name, own: false, emergency: '来电者说正要跳楼，原咨询员不在' },
    { person: '陈咨询', own: true, actions: [{ action: 'contact.read', wrote: false, times: 5 }] },
  ])
  expect(rowsOf(report)[1]?.['actions']).toContainEqual({ action: 'glass.broken', wrote: false, times: 1 })
  const others = await ask(readAccess, {
    cookie: custodian.cookie,
    params,
    query: { others: 'yes', limit: 1 },
  })
  expect(rowsOf(others)).toMatchObject([{ actions: [{ action: 'access.read' }] }])
  const next = String(others.body['next'])
  const second = await ask(readAccess, {
    cookie: custodian.cookie,
    params,
    query: { others: 'yes', after: next },
  })
  expect(rowsOf(second)).toHaveLength(2)
})

test('G24-6.2.2a: writing in a form is one entry a visit, not one a save, and shows in the access report', async () => {
  const mine = await cookieOf(hotlineId, owning.personId)
  await owner(`update contact set state = 'wrap-up' where contact_id = '${contact.contactId}'`)
  const params = { contactId: contact.contactId }
  const save = async (revision: number): Promise<void> => {
    const body = {
      response: wholeResponse({ notes: `第 ${revision} 次` }),
      stage: 'clarify',
      stageMs: {},
      revision,
    }
    expect((await ask(saveForm, { cookie: mine, params, body: body as never })).status).toBe(200)
  }
  await ask(readForm, { cookie: mine, params })
  for (let revision = 0; revision < 4; revision += 1) await save(revision)
  const written = `select from audit_event where contact_id = '${contact.contactId}' and action = 'form.written'`
  expect(await owner(written)).toHaveLength(1)
  later(45)
  await save(4)
  expect(await owner(written)).toHaveLength(2)
  const { cookie } = await someone('custodian')
  const report = await ask(readAccess, { cookie, params: { contactNumber: contact.number } })
  expect(rowsOf(report)).toMatchObject([
    { own: true, actions: [{ action: 'form.written', wrote: true, times: 1 }] },
    { own: true },
  ])
})

test('G24-6.2.2a: the audit chain is searched by person, action and contact, page by page; reading it is on it', async () => {
  const { cookie, personId } = await someone('auditor', '赵审计')
  await inHotline(db, hotlineId, async (tx) => {
    for (let n = 0; n < 12; n += 1)
      await appendAudit(tx, {
        at: clock.now,
        actor: n % 2 ? owning.personId : null,
        action: n % 3 ? 'line.changed' : 'session.opened',
        contactId: n === 5 ? contact.contactId : null,
      })
  })
  const read = async (query: object): Promise<Record<string, unknown>[]> =>
    rowsOf(await ask(listAudit, { cookie, query }))
  expect(await read({ personId: owning.personId })).toHaveLength(6)
  expect(await read({ text: '陈咨' })).toHaveLength(6)
  expect(await read({ action: 'session.' })).toHaveLength(4)
  expect(await read({ action: 'line.changed' })).toHaveLength(8)
  expect((await read({ contactNumber: contact.number })).map((row) => row['action'])).toEqual([
    'line.changed',
    'contact.started',
  ])
  const seen: unknown[] = []
  let after: number | undefined
  do {
    const page = await ask(listAudit, {
      cookie,
      query: { limit: 5, sort: 'oldest', ...(after ? { after } : {}) },
    })
    seen.push(...rowsOf(page).map((row) => row['seq']))
    after = page.body['next'] === null ? undefined : Number(page.body['next'])
  } while (after)
  expect(seen).toEqual(seen.map((_, place) => place + 1))
  const readings = await read({ action: 'audit.read', personId })
  expect(readings.length).toBeGreaterThanOrEqual(6)
  expect((await ask(listAudit, { cookie: (await someone('supervisor')).cookie })).status).toBe(403)
})

test("another hotline's audit, accesses and emergencies are not to be seen", async () => {
  const { cookie } = await someone('counsellor')
  await breakIt(cookie)
  const other = await aHotline(db)
  const custodian = await cookieOf(other, (await aPerson(db, other, { roles: ['custodian'] })).personId)
  expect(rowsOf(await ask(listGlass, { cookie: custodian }))).toEqual([])
  const foreign = { cookie: custodian, params: { contactNumber: contact.number } }
  expect((await ask(readAccess, foreign)).body).toMatchObject({ code: 'contact.notFound' })
  expect(rowsOf(await ask(listAudit, { cookie: custodian }))).toEqual([])
})
