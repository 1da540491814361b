import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import {
  addRegisterStep,
  closeRegisterEntry,
  listRegisters,
  openRegisterEntry,
  readRegisterEntry,
} from '../../api/registers.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'

const { db, owner, ask, cookieOf, clock } = await openTestApp()
let hotlineId: string
let custodian: string
let security: string
let contactNumber: number

beforeAll(async () => {
  hotlineId = await aHotline(db)
  const { lineId } = await aLine(db, hotlineId)
  custodian = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: ['custodian'] })).personId)
  security = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: ['security'] })).personId)
  contactNumber = await inHotline(db, hotlineId, async (tx) => {
    const { rows } = await sql<{
      number: number
    }>`select create_contact(${newId()}, ${lineId}, 'phone', 'closed',
      ${clock.now}, null, null, null, null, true, null, null, null, '{}') as number`.execute(tx)
    return rows[0]?.number ?? 0
  })
})

const rowsOf = (answer: Answer): Record<string, unknown>[] => answer.body['rows'] as Record<string, unknown>[]
const open = (body: object, cookie = custodian): Promise<Answer> =>
  ask(openRegisterEntry, { cookie, body: { title: '邮件误发', words: '发现经过', ...body } as never })
const step = (entryId: string, kind: string, cookie = custodian): Promise<Answer> =>
  ask(addRegisterStep, { cookie, params: { entryId }, body: { kind, words: '已办。' } as never })
const close = (entryId: string): Promise<Answer> =>
  ask(closeRegisterEntry, { cookie: custodian, params: { entryId }, body: { words: '完成。' } })
const idOf = (answer: Answer): string => String(answer.body['entryId'])
const dayMs = 86_400_000

test('a person’s request is due within 30 days, names its contact, and ends with an answer', async () => {
  const request = { kind: 'request', request: 'erasure', contactNumber }
  const opened = await open(request)
  expect(opened.body).toMatchObject({ kind: 'request', request: 'erasure', contactNumber, closedAt: null })
  expect(Date.parse(String(opened.body['dueAt'])) - clock.now.getTime()).toBe(30 * dayMs)
  const entryId = idOf(opened)
  expect((await close(entryId)).body).toMatchObject({
    code: 'register.incomplete',
    detail: { missing: ['identity-checked', 'granted', 'granted-in-part', 'refused'] },
  })
  await step(entryId, 'identity-checked')
  await step(entryId, 'granted-in-part')
  const closed = await close(entryId)
  expect(closed.body).toMatchObject({ missing: [], closedAt: clock.now.toISOString() })
  expect((await close(entryId)).status).toBe(200)
  expect((await step(entryId, 'note')).body).toMatchObject({ code: 'register.closed' })
  expect((await open({ ...request, contactNumber: 999 })).body).toMatchObject({ code: 'contact.notFound' })
})

test('a breach is due within a day and is not over before authority and persons were told or harm averted', async () => {
  const opened = await open({ kind: 'breach' })
  expect(Date.parse(String(opened.body['dueAt'])) - clock.now.getTime()).toBe(dayMs)
  const entryId = idOf(opened)
  await step(entryId, 'measure')
  expect((await step(entryId, 'told-authority')).body['missing']).toEqual([['told-persons', 'harm-averted']])
  expect((await close(entryId)).status).toBe(409)
  expect((await step(entryId, 'granted')).body).toMatchObject({ code: 'request.malformed' })
  await step(entryId, 'harm-averted')
  expect((await close(entryId)).status).toBe(200)
})

test('an impact assessment is approved by another person and kept for three years after its end (PIPL 56)', async () => {
  const entryId = idOf(await open({ kind: 'assessment', title: '录音转写' }))
  await step(entryId, 'measure')
  expect((await step(entryId, 'approved')).body).toMatchObject({ code: 'register.needsAnother' })
  await step(entryId, 'approved', security)
  clock.now = new Date('2028-02-29T04:00:00Z')
  await owner(
    `update session set expires_at = '2029-01-01', seen_at = '2028-02-29T03:59:00Z', created_at = '2028-02-29T03:00:00Z'`,
  )
  expect((await close(entryId)).body).toMatchObject({ keepUntil: '2031-02-28' })
  const whole = await ask(readRegisterEntry, { cookie: security, params: { entryId } })
  expect((whole.body['steps'] as { kind: string }[]).map((each) => each.kind)).toEqual([
    'opened',
    'measure',
    'approved',
    'closed',
  ])
})

test('entries are numbered per register, listed by deadline and page by page, and searched', async () => {
  for (let n = 0; n < 5; n += 1) await open({ kind: 'request', request: 'access', title: `查阅 ${n}` })
  const asked = (query: object): Promise<Answer> => ask(listRegisters, { cookie: custodian, query })
  const opened = rowsOf(await asked({ kind: 'request', state: 'open' }))
  expect(opened.map((row) => row['number'])).toEqual([2, 3, 4, 5, 6])
  for (const sort of ['due', 'newest']) {
    const seen: unknown[] = []
    let after: string | null = null
    do {
      const page: Answer = await asked({ limit: 2, sort, ...(after === null ? {} : { after }) })
      seen.push(...rowsOf(page).map((row) => row['entryId']))
      after = page.body['next'] as string | null
    } while (after !== null)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(rowsOf(await asked({ sort })).map((row) => row['entryId']))
  }
  expect(rowsOf(await asked({ text: '查阅 3' }))).toHaveLength(1)
  expect(rowsOf(await asked({ state: 'overdue' }))).toEqual([])
  clock.now = new Date(clock.now.getTime() + 31 * dayMs)
  await owner(`update session set expires_at = $1, seen_at = $2, created_at = $2`, [
    new Date(clock.now.getTime() + dayMs),
    clock.now,
  ])
  expect(rowsOf(await asked({ state: 'overdue' }))).toHaveLength(5)
})

test('registers are seen by those who keep them and the auditor, and never by another hotline', async () => {
  for (const role of ['counsellor', 'supervisor', 'administrator'] as const) {
    const cookie = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: [role] })).personId)
    expect((await ask(listRegisters, { cookie })).status, role).toBe(403)
  }
  const auditor = await cookieOf(hotlineId, (await aPerson(db, hotlineId, { roles: ['auditor'] })).personId)
  expect((await ask(listRegisters, { cookie: auditor })).status).toBe(200)
  expect((await open({ kind: 'breach' }, auditor)).status).toBe(403)
  const other = await aHotline(db)
  const stranger = await cookieOf(other, (await aPerson(db, other, { roles: ['custodian'] })).personId)
  expect(rowsOf(await ask(listRegisters, { cookie: stranger }))).toEqual([])
  const entryId = idOf(await open({ kind: 'breach' }))
  const read = await ask(readRegisterEntry, { cookie: stranger, params: { entryId } })
  expect(read.body).toMatchObject({ code: 'register.notFound' })
})

test('what stands in a register can be neither changed nor removed, not even by the tables’ owner', async () => {
  await expect(owner('delete from register_step')).rejects.toThrow(/kept/)
  await expect(owner(`update register_step set words = 'x'`)).rejects.toThrow(/kept/)
  await expect(owner('delete from register_entry')).rejects.toThrow(/kept/)
})
