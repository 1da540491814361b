import { sql } from 'kysely'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { readContact } from '../../api/contacts.ts'
import {
  addResource,
  changeResource,
  listOffered,
  offerResource,
  readReminder,
  readResource,
  removeResource,
  searchResources,
  verifyResource,
} from '../../api/referral.ts'
import type { Role } from '../../domain/permission.ts'
import { openTestApp, type Answer } from '../../test/app.ts'
import { aHotline, aLine, aPerson } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { newId } from '../db/id.ts'

const { db, owner, ask, clock, cookieOf, published } = await openTestApp()
// Saturday noon in Shanghai.
clock.now = new Date('2026-11-21T04:00:00Z')
let hotlineId: string
let lineId: string
let counsellorId: string
const cookies = new Map<Role | 'other' | 'elsewhere', string>()
const cookie = (who: Role | 'other' | 'elsewhere'): string => cookies.get(who) ?? ''

beforeAll(async () => {
  hotlineId = await aHotline(db)
  lineId = (await aLine(db, hotlineId)).lineId
  for (const role of [
    'administrator',
    'supervisor',
    'counsellor',
    'custodian',
    'department',
    'evaluator',
  ] as const) {
    const { personId } = await aPerson(db, hotlineId, { roles: [role] })
    cookies.set(role, await cookieOf(hotlineId, personId))
    if (role === 'counsellor') counsellorId = personId
  }
  const other = await aPerson(db, hotlineId)
  cookies.set('other', await cookieOf(hotlineId, other.personId))
  const elsewhere = await aHotline(db)
  const stranger = await aPerson(db, elsewhere, { roles: ['supervisor'] })
  cookies.set('elsewhere', await cookieOf(elsewhere, stranger.personId))
})

beforeEach(async () => {
  // As the owner past the triggers that keep what belongs to a contact.
  await owner('set local session_replication_role = replica; delete from contact_resource')
  await owner('delete from resource')
})

const anEntry = async (given: object = {}, who: Role | 'elsewhere' = 'supervisor'): Promise<string> => {
  const body = {
    organisation: '示例市救助站',
    region: '440100',
    needs: ['shelter'],
    phone: '020-1000',
    ...given,
  }
  const answer = await ask(addResource, { body, cookie: cookie(who) })
  expect(answer.status).toBe(200)
  return String(answer.body['resourceId'])
}

const names = (answer: Answer): unknown[] =>
  (answer.body['rows'] as { organisation: string }[]).map((row) => row.organisation)

const found = async (query: object, who: Role | 'elsewhere' = 'counsellor'): Promise<unknown[]> =>
  names(await ask(searchResources, { query, cookie: cookie(who) }))

const aContact = async (): Promise<string> => {
  const contactId = newId()
  await inHotline(db, hotlineId, async (tx) => {
    await sql`select create_contact(${contactId}, ${lineId}, 'phone', 'talking', ${clock.now}, null, null, null, null,
      false, null, null, null, '{}')`.execute(tx)
    await sql`update contact set person_id = ${counsellorId} where contact_id = ${contactId}`.execute(tx)
  })
  return contactId
}

test('G24-1.2: a resource is found by a word of two characters, by need, by place and by being open now', async () => {
  await anEntry()
  await anEntry({
    organisation: '示例法律援助中心',
    needs: ['legal'],
    hours: { always: false, days: [{ day: 1, from: '09:00', to: '17:00' }] },
  })
  await anEntry({
    organisation: '示例夜间诊室',
    needs: ['psychiatric-emergency'],
    hours: { always: false, days: [{ day: 5, from: '22:00', to: '13:00' }] },
  })
  expect(await found({ text: '法律' })).toEqual(['示例法律援助中心'])
  expect(await found({ text: '救助 广州' })).toEqual(['示例市救助站'])
  expect(await found({ text: '广州', need: 'legal' })).toEqual(['示例法律援助中心'])
  expect(await found({ need: 'bed' })).toEqual([])
  expect(await found({ open: 'now' })).toEqual(['示例夜间诊室', '示例市救助站'].toSorted())
  expect(await found({ open: 'now', need: 'legal' })).toEqual([])
})

test('G24-1.2: what serves a place comes nearest first, page by page, and what serves another place not at all', async () => {
  for (const [organisation, region] of [
    ['全国', '000000'],
    ['广东', '440000'],
    ['广州甲', '440100'],
    ['广州乙', '440100'],
    ['天河', '440106'],
    ['越秀', '440104'],
    ['北京', '110000'],
  ])
    await anEntry({ organisation, region })
  const rows: unknown[] = []
  let after: string | null = null
  do {
    const query: object = { place: '440106', limit: 2, ...(after ? { after } : {}) }
    const answer: Answer = await ask(searchResources, { query, cookie: cookie('counsellor') })
    rows.push(...names(answer))
    after = answer.body['next'] as string | null
  } while (after)
  expect(rows).toEqual(['天河', ...['广州甲', '广州乙'].toSorted(), '广东', '全国'])
})

test('pages by name and by newest miss nothing and show nothing twice', async () => {
  for (let n = 0; n < 25; n += 1) await anEntry({ organisation: `机构 ${n % 5}`, service: String(n) })
  for (const sort of ['name', 'newest'] as const) {
    const ids: string[] = []
    let after: string | null = null
    do {
      const query: object = { sort, limit: 7, text: '机构', ...(after ? { after } : {}) }
      const answer: Answer = await ask(searchResources, { query, cookie: cookie('administrator') })
      ids.push(...(answer.body['rows'] as { resourceId: string }[]).map((row) => row.resourceId))
      after = answer.body['next'] as string | null
    } while (after)
    expect(ids).toHaveLength(25)
    expect(new Set(ids).size).toBe(25)
    if (sort === 'newest') expect(ids).toEqual(ids.toSorted().toReversed())
  }
})

test('an entry is changed, verified and removed; whoever removed it again is told that all is well', async () => {
  const resourceId = await anEntry({ verifiedOn: '2026-01-01' })
  const params = { resourceId }
  const admin = { params, cookie: cookie('administrator') }
  expect((await ask(readResource, admin)).body).toMatchObject({ standing: 'overdue', verifyBy: '2026-06-30' })
  expect((await ask(readReminder, { cookie: cookie('administrator') })).body).toEqual({
    total: 1,
    overdue: 1,
    soon: 0,
  })
  expect(await found({ due: 'overdue' })).toEqual(['示例市救助站'])
  const verified = await ask(verifyResource, { ...admin, body: {} })
  expect(verified.body).toMatchObject({ verifiedOn: '2026-11-21', verifyBy: '2027-05-20', standing: 'fresh' })
  expect(await found({ due: 'overdue' })).toEqual([])
  expect((await ask(verifyResource, { ...admin, body: { verifyBy: '2026-11-21' } })).status).toBe(400)
  const changed = await ask(changeResource, {
    ...admin,
    body: { organisation: '示例市临时庇护所', region: '440000', needs: ['shelter', 'food'] },
  })
  expect(changed.body).toMatchObject({ organisation: '示例市临时庇护所', phone: null })
  expect(await found({ text: '救助' })).toEqual([])
  expect(await found({ text: '庇护所', need: 'food' })).toEqual(['示例市临时庇护所'])
  expect((await ask(removeResource, admin)).status).toBe(200)
  expect((await ask(removeResource, admin)).status).toBe(200)
  expect(await found({})).toEqual([])
  expect(
    (await ask(changeResource, { ...admin, body: { organisation: 'x', region: '000000' } })).body,
  ).toMatchObject({ code: 'resource.notFound' })
  expect(published.filter(({ event }) => event.type === 'changed' && event.what === 'resources')).not.toEqual(
    [],
  )
  const audit = await owner(`select action from audit_event where subject = $1 order by seq`, [resourceId])
  expect(audit.map((row) => row['action'])).toEqual([
    'resource.added',
    'resource.verified',
    'resource.changed',
    'resource.removed',
    'resource.removed',
  ])
})

test('G24-4.4.4: offering, reading out and texting a resource stands on the contact and its chain, each once', async () => {
  const [resourceId, contactId] = [await anEntry(), await aContact()]
  const params = { contactId }
  const mine = { params, cookie: cookie('counsellor') }
  for (const how of ['offered', 'read-out', 'read-out', 'texted', 'transferred'])
    expect((await ask(offerResource, { ...mine, body: { resourceId, how } as never })).status).toBe(200)
  const listed = await ask(listOffered, mine)
  const list = listed.body as unknown as { how: string; organisation: string }[]
  expect(list.map((each) => each.how).toSorted()).toEqual(['offered', 'read-out', 'texted', 'transferred'])
  const contact = await ask(readContact, mine)
  const events = (contact.body['timeline'] as { kind: string; data: object }[]).filter(
    (e) => e.kind === 'resource',
  )
  expect(events.map((event) => event.data)).toEqual(
    ['offered', 'read-out', 'texted', 'transferred'].map((how) => ({ resource: resourceId, how })),
  )
  // What was removed since is still shown on the contact.
  await ask(removeResource, { params: { resourceId }, cookie: cookie('administrator') })
  expect((await ask(listOffered, mine)).body).toHaveLength(4)
  expect((await ask(offerResource, { ...mine, body: { resourceId, how: 'offered' } })).body).toMatchObject({
    code: 'resource.notFound',
  })
})

test('G24-7.5b: what was offered is shown to those whose contact it is, supervisors and custodians; to nobody else', async () => {
  const [resourceId, contactId] = [await anEntry(), await aContact()]
  const body = { resourceId, how: 'offered' as const }
  const statusFor = async (who: Role | 'other' | 'elsewhere'): Promise<number[]> => {
    const given = { params: { contactId }, cookie: cookie(who) }
    return [(await ask(listOffered, given)).status, (await ask(offerResource, { ...given, body })).status]
  }
  expect(await statusFor('counsellor')).toEqual([200, 200])
  expect(await statusFor('supervisor')).toEqual([200, 200])
  expect(await statusFor('custodian')).toEqual([200, 403])
  expect(await statusFor('other')).toEqual([404, 404])
  expect(await statusFor('elsewhere')).toEqual([404, 404])
  expect(await statusFor('administrator')).toEqual([404, 403])
  expect(await statusFor('department')).toEqual([403, 403])
  expect(await statusFor('evaluator')).toEqual([403, 403])
})

test('the directory is a hotline’s own: another finds nothing, reads nothing and changes nothing of it', async () => {
  const resourceId = await anEntry()
  const params = { resourceId }
  const stranger = { params, cookie: cookie('elsewhere') }
  expect(await found({ text: '救助' }, 'elsewhere')).toEqual([])
  expect((await ask(readResource, stranger)).status).toBe(404)
  expect(
    (await ask(changeResource, { ...stranger, body: { organisation: 'x', region: '000000' } })).status,
  ).toBe(404)
  expect((await ask(removeResource, stranger)).status).toBe(404)
  expect((await ask(verifyResource, stranger)).status).toBe(404)
  await anEntry({}, 'elsewhere')
  const beyond = await ask(searchResources, { query: { after: resourceId }, cookie: cookie('elsewhere') })
  expect(beyond.body).toEqual({ rows: [], next: null })
})

test('only supervisors and administrators change the directory; who has no callers does not see it', async () => {
  const body = { organisation: 'x', region: '000000' }
  const statuses = async (who: Role): Promise<number[]> => [
    (await ask(searchResources, { cookie: cookie(who) })).status,
    (await ask(addResource, { body, cookie: cookie(who) })).status,
  ]
  expect(await statuses('administrator')).toEqual([200, 200])
  expect(await statuses('supervisor')).toEqual([200, 200])
  expect(await statuses('counsellor')).toEqual([200, 403])
  for (const who of ['custodian', 'department', 'evaluator'] as const)
    expect(await statuses(who)).toEqual([403, 403])
  expect((await ask(searchResources, {})).status).toBe(401)
})

test.each([
  { region: '4401' },
  { region: '900000' },
  { needs: ['magic'] },
  { populations: ['magic'] },
  { phone: 'see the web page' },
  { verifiedOn: '2026-13-01' },
  { hours: { always: false, days: [{ day: 8, from: '09:00', to: '17:00' }] } },
  { organisation: ' ' },
])('an entry that cannot be right is refused: %j', async (wrong) => {
  const body = { organisation: 'x', region: '000000', ...wrong } as never
  const answer = await ask(addResource, { body, cookie: cookie('administrator') })
  expect(answer).toMatchObject({ status: 400, body: { code: 'request.malformed' } })
})
