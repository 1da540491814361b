/* What the security of a hotline rests on leaves a trace: log-ins, exports, configuration, roles. */
import { beforeAll, expect, test } from 'vitest'
import {
  addPerson,
  changeHotline,
  changeLine,
  changePerson,
  changeSeat,
  listLines,
  listSeats,
  readHotline,
} from '../../api/administration.ts'
import { enterContact } from '../../api/contacts.ts'
import { logIn, logOut } from '../../api/session.ts'
import { wholeResponse } from '../../test/answers.ts'
import { openTestApp } from '../../test/app.ts'
import { aHotline, aLine, aPerson, aSeat, passphrase } from '../../test/database.ts'

const { app, db, owner, ask, cookieOf, clock } = await openTestApp()
let hotlineId: string
let administrator: { personId: string; name: string; cookie: string }
let security: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
  await aLine(db, hotlineId)
  await aSeat(db, hotlineId)
  const person = await aPerson(db, hotlineId, { roles: ['administrator'] })
  administrator = { ...person, cookie: await cookieOf(hotlineId, person.personId) }
  const officer = await aPerson(db, hotlineId, { roles: ['security'] })
  security = await cookieOf(hotlineId, officer.personId)
})

interface Entry extends Record<string, unknown> {
  action: string
  actor: string
  subject: string
  data: { before?: string; after?: string; roles?: string[] }
}

/** What the audit chain gained while something was done. */
const gained = async (deed: () => Promise<unknown>): Promise<Entry[]> => {
  const [last] = await owner<{ seq: number }>(
    `select coalesce(max(seq), 0)::int as seq from audit_event where hotline_id = '${hotlineId}'`,
  )
  await deed()
  return owner<Entry>(
    `select action, actor, subject, data from audit_event where hotline_id = '${hotlineId}' and seq > $1 order by seq`,
    [last?.seq ?? 0],
  )
}
const first = async (endpoint: typeof listLines | typeof listSeats, cookie: string) =>
  ((await ask(endpoint, { cookie })).body['rows'] as Record<string, unknown>[])[0] ?? {}
const hash = expect.stringMatching(/^[0-9a-f]{64}$/)

// That a log-in is, is proved with its second factor in server/identity.
test('G24-7.3: a refused log-in and a log-out are each on the audit chain', async () => {
  const { personId, name } = await aPerson(db, hotlineId)
  const refused = await gained(() => ask(logIn, { body: { name, passphrase: 'not this one at all' } }))
  expect(refused).toMatchObject([{ action: 'session.refused', actor: personId }])
  const cookie = await cookieOf(hotlineId, personId)
  const ended = await gained(() => ask(logOut, { cookie }))
  expect(ended).toMatchObject([{ action: 'session.closed', actor: personId }])
})

test('G24-7.3: a change of configuration is on the audit chain with the hashes of before and after', async () => {
  const { cookie, personId } = administrator
  const { body: hotline } = await ask(readHotline, { cookie })
  const line = await first(listLines, cookie)
  const seat = await first(listSeats, cookie)
  const fits = (endpoint: { body: { parse: (given: unknown) => unknown } }, given: object): never => {
    const known = Object.keys((endpoint.body as unknown as { shape: object }).shape)
    return endpoint.body.parse(
      Object.fromEntries(Object.entries(given).filter(([key]) => known.includes(key))),
    ) as never
  }
  const changes = [
    {
      action: 'hotline.changed',
      deed: () => ask(changeHotline, { cookie, body: fits(changeHotline, { ...hotline, name: '新名称' }) }),
    },
    {
      action: 'line.changed',
      deed: () =>
        ask(changeLine, {
          cookie,
          params: { lineId: String(line['lineId']) },
          body: fits(changeLine, { ...line, name: '夜间线' }),
        }),
    },
    {
      action: 'seat.changed',
      deed: () =>
        ask(changeSeat, {
          cookie,
          params: { seatId: String(seat['seatId']) },
          body: fits(changeSeat, { ...seat, name: '三号席' }),
        }),
    },
  ]
  for (const { action, deed } of changes) {
    const [entry] = await gained(deed)
    expect(entry, action).toMatchObject({ action, actor: personId, data: { before: hash, after: hash } })
    expect(entry?.data.before, action).not.toBe(entry?.data.after)
    const [again] = await gained(deed)
    expect(again?.data.before, action).toBe(entry?.data.after)
    expect(again?.data.after, action).toBe(again?.data.before)
  }
})

test('G24-7.3: a new person and a change of roles are on the audit chain, roles and hashes with them', async () => {
  const given = { name: 'li', displayName: '李', languages: ['zh-CN' as const], lineIds: [], passphrase }
  const added = await gained(() =>
    ask(addPerson, { cookie: security, body: { ...given, roles: ['counsellor'] } }),
  )
  expect(added).toMatchObject([{ action: 'person.added', data: { roles: ['counsellor'] } }])
  const personId = added[0]?.subject ?? ''
  const { passphrase: _, ...kept } = given
  const change = { ...kept, roles: ['supervisor' as const], disabled: false }
  const changed = await gained(() =>
    ask(changePerson, { cookie: security, params: { personId }, body: change }),
  )
  expect(changed).toMatchObject([
    {
      action: 'person.changed',
      subject: personId,
      data: { roles: ['supervisor'], before: hash, after: hash },
    },
  ])
  expect(changed[0]?.data.before).not.toBe(changed[0]?.data.after)
})

test('G24-7.3: a contact entered by hand stands on the chains when it was entered, not when it is said to have been', async () => {
  const { personId } = await aPerson(db, hotlineId)
  const cookie = await cookieOf(hotlineId, personId)
  const { lineId } = await aLine(db, hotlineId)
  const ago = (hours: number): string => new Date(clock.now.getTime() - hours * 3_600_000).toISOString()
  const body = { lineId, startedAt: ago(30), endedAt: ago(29), response: wholeResponse() }
  const entered = await gained(() => ask(enterContact, { cookie, body }))
  expect(entered.map(({ action }) => action)).toContain('contact.started')
  for (const chain of ['audit_event', 'contact_event']) {
    const [early] = await owner(`select from ${chain} where hotline_id = $1 and at < $2`, [hotlineId, ago(1)])
    expect(early, chain).toBe(undefined)
  }
  expect(await owner('select started_at from contact where hotline_id = $1', [hotlineId])).toEqual([
    { started_at: new Date(body.startedAt) },
  ])
})

test('an export of the directory is on the audit chain, with how much was taken', async () => {
  const taken = await gained(async () => {
    const url = '/api/v1/resource-files/zh-CN/resources.csv'
    const answer = await app.inject({ method: 'GET', url, headers: { cookie: administrator.cookie } })
    expect(answer.statusCode).toBe(200)
  })
  expect(taken).toMatchObject([
    { action: 'resource.exported', actor: administrator.personId, data: { rows: 0 } },
  ])
})
