import { beforeAll, expect, test } from 'vitest'
import { addPerson, changePerson, listPeople } from '../../api/administration.ts'
import { changePassphrase, logIn, logOut, whoAmI } from '../../api/session.ts'
import { openTestApp, origin, type Answer } from '../../test/app.ts'
import { aHotline, aLine, aPerson, passphrase } from '../../test/database.ts'
import { refuseWeak } from './passphrase.ts'

const { app, db, owner, clock, ask, cookieOf, published } = await openTestApp()
let hotlineId: string
let lineId: string
let admin: { personId: string; name: string }
let cookie: string

beforeAll(async () => {
  // Log-in by passphrase alone is told here; the second factor in second-factor.test.ts.
  hotlineId = await aHotline(db, { demo: true })
  lineId = (await aLine(db, hotlineId)).lineId
  admin = await aPerson(db, hotlineId, { roles: ['administrator'] })
  cookie = await cookieOf(hotlineId, admin.personId)
})

const enter = (name: string, given = passphrase): Promise<Answer> =>
  ask(logIn, { body: { name, passphrase: given } })
const cookieIn = (answer: Answer): string => String(answer.headers['set-cookie']).split(';')[0] ?? ''
const actions = async (personId: string): Promise<string[]> =>
  (
    await owner<{ action: string }>('select action from audit_event where actor = $1 order by seq', [
      personId,
    ])
  ).map((row) => row.action)

test('who knows name and passphrase is logged in; the cookie is of no use to scripts or other pages', async () => {
  const { personId, name } = await aPerson(db, hotlineId)
  const answer = await enter(name)
  expect(answer).toMatchObject({ status: 200, body: { personId, name, roles: ['counsellor'] } })
  expect(answer.headers['set-cookie']).toMatch(/HttpOnly; SameSite=Strict/)
  const me = await ask(whoAmI, { cookie: cookieIn(answer) })
  expect(me.body).toMatchObject({ personId, hotline: { hotlineId, demo: true } })
  expect(me.body['rights']).toContain('duty.own')
  expect(await actions(personId)).toEqual(['session.opened'])
  const tokens = await owner<{ token_hash: Buffer }>('select token_hash from session where person_id = $1', [
    personId,
  ])
  expect(tokens[0]?.token_hash.toString()).not.toContain(cookieIn(answer).split('=')[1])
})

test('behind a proxy that speaks HTTPS the cookie travels by HTTPS only', async () => {
  const { name } = await aPerson(db, hotlineId)
  const enterBy = async (protocol: string): Promise<string> => {
    const headers = { host: 'hotline.test', origin, 'x-forwarded-proto': protocol }
    const payload = { name, passphrase }
    const answer = await app.inject({ method: 'POST', url: '/api/v1/session', headers, payload })
    return String(answer.headers['set-cookie'])
  }
  const guarded = await enterBy('https')
  expect(guarded).toMatch(/^__Host-hearthline_session=.*; Path=\/; .*Secure/)
  expect(guarded).not.toContain('Domain')
  const plain = await enterBy('http')
  expect(plain).not.toContain('Secure')
  // By HTTPS the plain name may have been put in by a neighbour of the domain: it opens nothing.
  const known = async (cookie: string, protocol: string): Promise<number> => {
    const headers = {
      host: 'hotline.test',
      'x-forwarded-proto': protocol,
      cookie: cookie.split(';')[0] ?? '',
    }
    return (await app.inject({ url: '/api/v1/session', headers })).statusCode
  }
  expect([await known(guarded, 'https'), await known(plain, 'http')]).toEqual([200, 200])
  expect(await known(plain, 'https')).toBe(401)
})

test('a wrong passphrase and a name nobody has are told apart by nothing', async () => {
  const { name } = await aPerson(db, hotlineId)
  const answers = [await enter(name, 'wrong passphrase'), await enter('nobody', 'wrong passphrase')]
  for (const { status, body } of answers)
    expect({ status, body }).toEqual({ status: 401, body: { code: 'session.wrongName', detail: {} } })
})

test('after five wrong passphrases an account waits, longer each time, and the right one does not help', async () => {
  const { personId, name } = await aPerson(db, hotlineId)
  for (let i = 0; i < 5; i += 1) expect((await enter(name, 'wrong')).status).toBe(401)
  expect(await enter(name)).toMatchObject({
    status: 429,
    body: { code: 'session.locked', detail: { retryAfterMs: 5000 } },
  })
  clock.now = new Date(clock.now.getTime() + 5001)
  expect((await enter(name, 'wrong')).status).toBe(401)
  expect((await enter(name)).body).toMatchObject({ detail: { retryAfterMs: 10_000 } })
  clock.now = new Date(clock.now.getTime() + 10_001)
  expect((await enter(name)).status).toBe(200)
  expect(await actions(personId)).toEqual([...Array<string>(6).fill('session.refused'), 'session.opened'])
  await expect(enter(name)).resolves.toMatchObject({ status: 200 })
})

test('G24-3.3: an address that keeps guessing waits too, its own failures and nobody else’s', async () => {
  const guess = async (address: string, name: string): Promise<number> => {
    const headers = { host: 'hotline.test', origin, 'x-forwarded-for': address }
    const payload = { name, passphrase: 'wrong' }
    return (await app.inject({ method: 'POST', url: '/api/v1/session', headers, payload })).statusCode
  }
  const names = await Promise.all(Array.from({ length: 20 }, async () => (await aPerson(db, hotlineId)).name))
  for (const name of names) expect(await guess('192.0.2.1', name)).toBe(401)
  expect(await guess('192.0.2.1', admin.name)).toBe(429)
  expect(await guess('192.0.2.2', admin.name)).toBe(401)
  const kept = JSON.stringify(await owner('select * from login_failure'))
  expect(kept).not.toContain('192.0.2.1')
  const start = clock.now
  clock.now = new Date(start.getTime() + 3_600_001)
  expect(await guess('192.0.2.1', admin.name)).toBe(401)
  clock.now = start
})

test('logging out ends the session at once and clears the cookie', async () => {
  const { personId } = await aPerson(db, hotlineId)
  const own = await cookieOf(hotlineId, personId)
  const answer = await ask(logOut, { cookie: own })
  expect(answer.status).toBe(200)
  expect(answer.headers['set-cookie']).toMatch(/hearthline_session=;/)
  expect((await ask(whoAmI, { cookie: own })).body).toMatchObject({ code: 'session.needed' })
})

test('a session ends after 12 idle hours and after a day however busy', async () => {
  const { personId, name } = await aPerson(db, hotlineId)
  const start = clock.now.getTime()
  const [busy, idle] = [cookieIn(await enter(name)), cookieIn(await enter(name))]
  for (const hours of [11, 22, 23.9]) {
    clock.now = new Date(start + hours * 3_600_000)
    expect((await ask(whoAmI, { cookie: busy })).status, `${hours} h`).toBe(200)
  }
  expect((await ask(whoAmI, { cookie: idle })).status).toBe(401)
  clock.now = new Date(start + 24.1 * 3_600_000)
  expect((await ask(whoAmI, { cookie: busy })).status).toBe(401)
  clock.now = new Date(start)
  expect(await actions(personId)).toContain('session.opened')
})

test('a changed passphrase works, the old one does not, and other sessions of the person end', async () => {
  const { personId, name } = await aPerson(db, hotlineId)
  const [here, elsewhere] = [await cookieOf(hotlineId, personId), await cookieOf(hotlineId, personId)]
  const change = (old: string, fresh: string): Promise<Answer> =>
    ask(changePassphrase, { cookie: here, body: { old, fresh } })
  expect((await change('wrong', 'another calm one')).body).toMatchObject({ code: 'session.wrongName' })
  expect((await change(passphrase, 'short')).body).toMatchObject({ code: 'person.weakPassphrase' })
  expect((await change(passphrase, 'another calm one')).status).toBe(200)
  expect((await ask(whoAmI, { cookie: here })).status).toBe(200)
  expect((await ask(whoAmI, { cookie: elsewhere })).status).toBe(401)
  expect((await enter(name)).status).toBe(401)
  expect((await enter(name, 'another calm one')).status).toBe(200)
})

test('who sits down at an open desk cannot guess at its passphrase by changing it', async () => {
  const { personId } = await aPerson(db, hotlineId)
  const cookie = await cookieOf(hotlineId, personId)
  const change = (old: string): Promise<Answer> =>
    ask(changePassphrase, { cookie, body: { old, fresh: 'another calm one' } })
  for (let n = 0; n < 5; n += 1)
    expect((await change(`guess ${n}`)).body).toMatchObject({ code: 'session.wrongName' })
  expect(await change(passphrase)).toMatchObject({ status: 429, body: { code: 'session.locked' } })
  expect(await actions(personId)).toContain('session.refused')
})

test.each([
  'short',
  'aaaaaaaaaaaaaaaa',
  'abcabcabcabcabc',
  '12345678901234',
  'counsellor7 1',
  'hearthline-demo',
  'passwordpassword',
  'Woaini1314520!!',
])('a passphrase that is guessed at once is refused: %s', (weak) => {
  expect(() => refuseWeak(weak, 'counsellor7', false)).toThrow('person.weakPassphrase')
})

test('G24-3.3: staff are added, found, changed and disabled; a disabled person is out at once', async () => {
  const settings = {
    name: '李老师',
    displayName: '李老师',
    roles: ['counsellor'],
    languages: ['zh-CN'],
    lineIds: [lineId],
  } as const
  const body = {
    ...settings,
    roles: [...settings.roles],
    languages: [...settings.languages],
    lineIds: [...settings.lineIds],
  }
  const added = await ask(addPerson, { cookie, body: { ...body, passphrase: '好记又安全的一句话就行啦' } })
  expect(added).toMatchObject({ status: 200, body: settings })
  const params = { personId: String(added.body['personId']) }
  expect((await ask(listPeople, { cookie, query: { text: '李' } })).body['rows']).toMatchObject([params])
  const entered = cookieIn(await enter('李老师', '好记又安全的一句话就行啦'))
  const changed = await ask(changePerson, {
    cookie,
    params,
    body: { ...body, roles: ['supervisor'], disabled: true },
  })
  expect(changed.body).toMatchObject({ roles: ['supervisor'], disabledAt: expect.any(String) })
  expect((await ask(whoAmI, { cookie: entered })).status).toBe(401)
  expect((await enter('李老师', '好记又安全的一句话就行啦')).status).toBe(401)
  expect(published.at(-1)).toMatchObject({
    to: { right: 'person.change' },
    event: { type: 'changed', what: 'people' },
  })
  const done = await actions(admin.personId)
  expect(done).toContain('person.added')
  expect(done).toContain('person.changed')
})

test('a name that is taken, a line nobody knows and a weak passphrase are refused, and nothing is half done', async () => {
  const body = {
    name: admin.name,
    displayName: 'x',
    roles: ['evaluator' as const],
    languages: [],
    lineIds: [],
  }
  const add = (given: object): Promise<Answer> =>
    ask(addPerson, { cookie, body: { ...body, passphrase: 'long enough to do', ...given } })
  expect((await add({})).body).toMatchObject({ code: 'person.nameTaken' })
  expect((await add({ name: 'half', lineIds: [hotlineId] })).body).toMatchObject({ code: 'line.notFound' })
  expect((await add({ name: 'half', passphrase: 'Passw0rd Passw0rd' })).body).toMatchObject({
    code: 'person.weakPassphrase',
  })
  expect((await add({ name: 'half', roles: ['king'], extra: 1 })).body).toMatchObject({
    code: 'request.malformed',
    detail: { fields: ['roles.0', 'extra'] },
  })
  expect(await owner(`select 1 from person where name = 'half'`)).toEqual([])
})

test('the last administrator can neither be disabled nor lose the role', async () => {
  const params = { personId: admin.personId }
  const body = {
    name: admin.name,
    displayName: 'a',
    roles: ['counsellor' as const],
    languages: [],
    lineIds: [],
    disabled: false,
  }
  expect((await ask(changePerson, { cookie, params, body })).body).toMatchObject({
    code: 'person.lastAdministrator',
  })
  const disabled = { ...body, roles: ['administrator' as const], disabled: true }
  expect((await ask(changePerson, { cookie, params, body: disabled })).body).toMatchObject({
    code: 'person.lastAdministrator',
  })
})

test('the staff list is read page by page', async () => {
  const other = await aHotline(db)
  const boss = await aPerson(db, other, { roles: ['administrator'], name: 'p0' })
  for (const name of ['p1', 'p2', 'p3', 'p4']) await aPerson(db, other, { name })
  const own = await cookieOf(other, boss.personId)
  for (const sort of ['name', 'newest'] as const) {
    const names: string[] = []
    let after: string | undefined
    for (let page = 0; page < 3; page += 1) {
      const { body } = await ask(listPeople, {
        cookie: own,
        query: { limit: 2, sort, ...(after ? { after } : {}) },
      })
      names.push(...(body['rows'] as { name: string }[]).map((row) => row.name))
      after = (body['next'] as string | null) ?? undefined
      if (!after) break
    }
    expect(names).toEqual(sort === 'name' ? ['p0', 'p1', 'p2', 'p3', 'p4'] : ['p4', 'p3', 'p2', 'p1', 'p0'])
  }
})

test('who tries to log in too often in a minute from one address is slowed down', async () => {
  const statuses = new Set<number>()
  for (let i = 0; i < 70; i += 1) {
    const headers = { host: 'hotline.test', origin, 'x-forwarded-for': '198.51.100.7' }
    const payload = { name: 'x' }
    statuses.add((await app.inject({ method: 'POST', url: '/api/v1/session', headers, payload })).statusCode)
  }
  expect(statuses).toEqual(new Set([400, 429]))
})
