import { generate } from 'otplib'
import { beforeAll, expect, test } from 'vitest'
import {
  beginPasskey,
  beginTotp,
  confirmPasskey,
  confirmTotp,
  endOwnSession,
  endOwnSessions,
  readAccount,
  removeFactor,
  renewRecoveryCodes,
  resetFactors,
} from '../../api/account.ts'
import { addPerson, listPeople } from '../../api/administration.ts'
import {
  challengePasskey,
  logIn,
  logOut,
  proveLogIn,
  refreshSession,
  whoAmI,
  type Proof,
} from '../../api/session.ts'
import { roles } from '../../domain/permission.ts'
import { openTestApp, origin, type Answer } from '../../test/app.ts'
import { aHotline, aPerson, passphrase } from '../../test/database.ts'
import { inHotline } from '../db/database.ts'
import { resetFactorsOf } from './identity.ts'
import { aPasskey } from './testing/passkey.ts'

const { app, db, owner, clock, ask, cookieOf, live } = await openTestApp()
let hotlineId: string

beforeAll(async () => {
  hotlineId = await aHotline(db)
})

const cookieIn = (answer: Answer): string => String(answer.headers['set-cookie']).split(';')[0] ?? ''
const enter = (name: string, given = passphrase): Promise<Answer> =>
  ask(logIn, { body: { name, passphrase: given } })
const later = (ms: number): void => {
  clock.now = new Date(clock.now.getTime() + ms)
}
const codeOf = (secret: string, laterSeconds = 0): Promise<string> =>
  generate({ secret, epoch: Math.floor(clock.now.getTime() / 1000) + laterSeconds })
const prove = (cookie: string, proof: Proof): Promise<Answer> => ask(proveLogIn, { cookie, body: { proof } })
const totp = (code: string): Proof => ({ kind: 'totp', code })

/** Somebody who set one-time codes up at their first log-in. */
async function somebody(
  given: { roles?: (typeof roles)[number][]; at?: string } = {},
): Promise<{ name: string; personId: string; secret: string; cookie: string; codes: string[] }> {
  const { name, personId } = await aPerson(db, given.at ?? hotlineId, given)
  const begun = cookieIn(await enter(name))
  const { body } = await ask(beginTotp, { cookie: begun })
  const secret = String(body['secret'])
  const done = await ask(confirmTotp, { cookie: begun, body: { code: await codeOf(secret), name: '手机' } })
  later(60_000)
  return { name, personId, secret, cookie: cookieIn(done), codes: done.body['recoveryCodes'] as string[] }
}

test.each(roles)(
  'G24-7.5c: a %s without a second factor is led to set one up and can do nothing else until then',
  async (role) => {
    const { name } = await aPerson(db, hotlineId, { roles: [role] })
    const answer = await enter(name)
    expect(answer).toMatchObject({ status: 200, body: { stage: 'set-up' } })
    expect(Object.keys(answer.body)).toEqual(['stage'])
    const cookie = cookieIn(answer)
    const needed = { status: 401, body: { code: 'session.needed' } }
    for (const endpoint of [whoAmI, listPeople, readAccount, logOut, renewRecoveryCodes, endOwnSessions])
      expect(await ask(endpoint, { cookie }), endpoint.path).toMatchObject(needed)
    expect(await ask(refreshSession, { cookie, body: { passphrase } })).toMatchObject(needed)
    const begun = await ask(beginTotp, { cookie })
    expect(begun.body['uri']).toMatch(/^otpauth:\/\/totp\/Hearthline/)
    const code = await codeOf(String(begun.body['secret']))
    const done = await ask(confirmTotp, { cookie, body: { code, name: '' } })
    expect(done.body['recoveryCodes']).toHaveLength(10)
    expect(new Set(done.body['recoveryCodes'] as string[]).size).toBe(10)
    expect((await ask(whoAmI, { cookie: cookieIn(done) })).body).toMatchObject({ name, roles: [role] })
    // The token of before the second factor opens nothing any more.
    expect(await ask(whoAmI, { cookie })).toMatchObject(needed)
  },
)

test('P34-3.3: the passphrase alone neither opens a session, nor a live socket, nor adds another factor', async () => {
  const { name } = await somebody()
  const answer = await enter(name)
  expect(answer.body).toEqual({ stage: 'prove', factors: ['totp'] })
  const cookie = cookieIn(answer)
  const token = cookie.split('=')[1] ?? ''
  expect(await app.ground.findPerson(token)).toBeNull()
  expect((await app.ground.findPerson(token, 'begun'))?.isIn).toBe(false)
  for (const endpoint of [beginTotp, beginPasskey])
    expect(await ask(endpoint, { cookie })).toMatchObject({
      status: 403,
      body: { code: 'permission.denied' },
    })
  const body = { code: '000000', name: '' }
  expect(await ask(confirmTotp, { cookie, body })).toMatchObject({ body: { code: 'permission.denied' } })
  later(15 * 60_000)
  expect(await prove(cookie, totp('123456'))).toMatchObject({ status: 401, body: { code: 'session.needed' } })
})

test('a code opens the session once, within one step of the clock, and never again', async () => {
  const { name, secret } = await somebody()
  const first = cookieIn(await enter(name))
  for (const skew of [-90, 90])
    expect(await prove(first, totp(await codeOf(secret, skew))), `${skew} s`).toMatchObject({
      status: 401,
      body: { code: 'session.wrongCode' },
    })
  const ahead = await codeOf(secret, 30)
  const done = await prove(first, totp(ahead))
  expect(done).toMatchObject({ status: 200, body: { name } })
  expect((await ask(whoAmI, { cookie: cookieIn(done) })).status).toBe(200)
  const second = cookieIn(await enter(name))
  expect((await prove(second, totp(ahead))).status).toBe(401)
  // An earlier code than the last one taken is as good as used.
  expect((await prove(second, totp(await codeOf(secret, -30)))).status).toBe(401)
  later(60_000)
  const both = await codeOf(secret)
  const third = cookieIn(await enter(name))
  const answers = await Promise.all([prove(second, totp(both)), prove(third, totp(both))])
  expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 401])
})

test('a recovery code opens the session once, however it is typed; new ones end the old', async () => {
  const { name, codes, cookie } = await somebody()
  const [code = '', other = ''] = codes
  const recovery = (given: string): Proof => ({ kind: 'recovery', code: given })
  const done = await prove(cookieIn(await enter(name)), recovery(code.toUpperCase().replace('-', ' ')))
  expect(done.status).toBe(200)
  expect(await prove(cookieIn(await enter(name)), recovery(code))).toMatchObject({ status: 401 })
  expect((await ask(readAccount, { cookie })).body).toMatchObject({ recoveryCodesLeft: 9 })
  const renewed = await ask(renewRecoveryCodes, { cookie: cookieIn(done) })
  expect(renewed.body['recoveryCodes']).toHaveLength(10)
  expect(await prove(cookieIn(await enter(name)), recovery(other))).toMatchObject({ status: 401 })
})

test('G24-7.5c: neither secrets nor recovery codes stand in the database as they are, and a stolen row opens nothing of another', async () => {
  const [one, two] = [await somebody(), await somebody()]
  const rows = await owner<{ person_id: string; secret_sealed: Buffer }>('select * from factor')
  const all = rows.map((row) => row.secret_sealed.toString('latin1')).join()
  expect(all).not.toContain(one.secret)
  const codes = JSON.stringify(await owner('select code_hash from recovery_code'))
  for (const code of one.codes) expect(codes).not.toContain(code.replace('-', ''))
  expect(codes).toContain('$argon2id$')
  await owner(
    'update factor set secret_sealed = (select secret_sealed from factor where person_id = $1) where person_id = $2',
    [one.personId, two.personId],
  )
  const cookie = cookieIn(await enter(two.name))
  expect((await prove(cookie, totp(await codeOf(one.secret)))).status).toBe(500)
})

test('wrong codes lock the account as wrong passphrases do, and the right passphrase does not forgive them', async () => {
  const { name, secret } = await somebody()
  const cookie = cookieIn(await enter(name))
  for (let tries = 0; tries < 5; tries += 1) {
    expect((await prove(cookie, totp('000000'))).status).toBe(401)
    if (tries < 4) expect((await enter(name)).status).toBe(200)
  }
  expect(await prove(cookie, totp(await codeOf(secret)))).toMatchObject({
    status: 429,
    body: { code: 'session.locked', detail: { retryAfterMs: 5000 } },
  })
  expect((await enter(name)).status).toBe(429)
  later(5001)
  expect((await prove(cookie, totp(await codeOf(secret)))).status).toBe(200)
})

test('G24-3.3: who guesses at a name that two hotlines know locks neither of the two', async () => {
  const other = await aHotline(db)
  const name = 'both-know-me'
  for (const at of [hotlineId, other]) await aPerson(db, at, { name })
  const guess = async (address: string, given = 'wrong'): Promise<number> => {
    const headers = { host: 'hotline.test', origin, 'x-forwarded-for': address }
    const payload = { name, passphrase: given }
    return (await app.inject({ method: 'POST', url: '/api/v1/session', headers, payload })).statusCode
  }
  for (let tries = 0; tries < 5; tries += 1) expect(await guess('203.0.113.1')).toBe(401)
  expect(await guess('203.0.113.1', passphrase)).toBe(429)
  expect(await guess('203.0.113.2', passphrase)).toBe(200)
  expect(await owner('select 1 from person where name = $1 and failures > 0', [name])).toEqual([])
})

test('guessing at the people of one hotline makes nobody of another wait behind the same address', async () => {
  const other = await aHotline(db)
  const { name } = await aPerson(db, other)
  const guess = async (who: string, given: string): Promise<number> => {
    const headers = { host: 'hotline.test', origin, 'x-forwarded-for': '203.0.113.9' }
    const payload = { name: who, passphrase: given }
    return (await app.inject({ method: 'POST', url: '/api/v1/session', headers, payload })).statusCode
  }
  for (let tries = 0; tries < 20; tries += 1)
    expect(await guess((await aPerson(db, hotlineId)).name, 'wrong')).toBe(401)
  expect(await guess((await aPerson(db, hotlineId)).name, passphrase)).toBe(429)
  expect(await guess(name, passphrase)).toBe(200)
})

test('G24-3.3: staff are changed only by who has just shown who they are', async () => {
  const at = await aHotline(db)
  const { cookie, secret, personId } = await somebody({ roles: ['administrator'], at })
  const body = {
    name: 'new-one',
    displayName: '新',
    roles: ['counsellor' as const],
    languages: [],
    lineIds: [],
  }
  const add = (): Promise<Answer> =>
    ask(addPerson, { cookie, body: { ...body, passphrase: '好记又安全的一句话就行啦' } })
  later(10 * 60_000)
  expect(await add()).toMatchObject({ status: 403, body: { code: 'session.notFresh' } })
  const refresh = (given: string, proof?: Proof): Promise<Answer> =>
    ask(refreshSession, { cookie, body: { passphrase: given, ...(proof ? { proof } : {}) } })
  expect((await refresh('wrong', totp(await codeOf(secret)))).body).toMatchObject({
    code: 'session.wrongName',
  })
  expect((await refresh(passphrase)).body).toMatchObject({ code: 'session.wrongCode' })
  expect((await refresh(passphrase, totp('000000'))).body).toMatchObject({ code: 'session.wrongCode' })
  expect((await add()).status).toBe(403)
  expect((await refresh(passphrase, totp(await codeOf(secret)))).status).toBe(200)
  expect((await add()).status).toBe(200)
  const done = await owner<{ action: string }>('select action from audit_event where actor = $1', [personId])
  expect(done.map((row) => row.action)).toContain('session.proven')
})

test('P34-3.3: a person sees where they are logged in, ends one session, or all of them at once', async () => {
  const { name, secret, personId, cookie: here } = await somebody()
  const headers = {
    host: 'hotline.test',
    origin,
    'user-agent': 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36',
  }
  const begun = await app.inject({ method: 'POST', url: logIn.path, headers, payload: { name, passphrase } })
  const there = cookieIn(
    await prove(String(begun.headers['set-cookie']).split(';')[0] ?? '', totp(await codeOf(secret))),
  )
  const sessions = (await ask(readAccount, { cookie: here })).body['sessions'] as Record<string, unknown>[]
  expect(sessions).toHaveLength(2)
  const other = sessions.find((session) => session['here'] === false)
  expect(other).toMatchObject({ device: 'Chrome · Windows', since: expect.any(String) })
  const params = { sessionId: String(other?.['sessionId']) }
  const stranger = await somebody()
  expect(await ask(endOwnSession, { cookie: stranger.cookie, params })).toMatchObject({ status: 404 })
  expect((await ask(whoAmI, { cookie: there })).status).toBe(200)
  expect((await ask(endOwnSession, { cookie: here, params })).status).toBe(200)
  expect((await ask(whoAmI, { cookie: there })).status).toBe(401)
  const third = await cookieOf(hotlineId, personId)
  expect((await ask(endOwnSessions, { cookie: here })).status).toBe(200)
  for (const cookie of [here, third]) expect((await ask(whoAmI, { cookie })).status).toBe(401)
  expect((await ask(whoAmI, { cookie: stranger.cookie })).status).toBe(200)
  expect(live.socketsOf(personId)).toBe(0)
})

test('the last second factor stays; another may be added and the first one removed', async () => {
  const { cookie } = await somebody()
  const first = (await ask(readAccount, { cookie })).body['factors'] as { factorId: string }[]
  const params = { factorId: first[0]?.factorId ?? '' }
  expect(await ask(removeFactor, { cookie, params })).toMatchObject({
    status: 409,
    body: { code: 'factor.last' },
  })
  const secret = String((await ask(beginTotp, { cookie })).body['secret'])
  const wrong = { code: '000000', name: '' }
  expect(await ask(confirmTotp, { cookie, body: wrong })).toMatchObject({
    body: { code: 'session.wrongCode' },
  })
  const added = await ask(confirmTotp, { cookie, body: { code: await codeOf(secret), name: '备用' } })
  expect(added.body).toEqual({ recoveryCodes: null })
  const stranger = await somebody()
  expect(await ask(removeFactor, { cookie: stranger.cookie, params })).toMatchObject({ status: 404 })
  expect((await ask(removeFactor, { cookie, params })).status).toBe(200)
  expect((await ask(readAccount, { cookie })).body).toMatchObject({
    factors: [{ name: '备用', kind: 'totp' }],
  })
})

test('an administrator resets the factor of who lost it, not their own; they are out and set up anew', async () => {
  const [lost, boss] = [await somebody(), await somebody({ roles: ['administrator'] })]
  const reset = (cookie: string, personId: string): Promise<Answer> =>
    ask(resetFactors, { cookie, params: { personId } })
  expect((await reset(lost.cookie, boss.personId)).body).toMatchObject({ code: 'permission.denied' })
  expect((await reset(boss.cookie, boss.personId)).body).toMatchObject({ code: 'permission.denied' })
  expect((await reset(boss.cookie, lost.personId)).status).toBe(200)
  expect((await ask(whoAmI, { cookie: lost.cookie })).status).toBe(401)
  expect((await enter(lost.name)).body).toEqual({ stage: 'set-up' })
  expect(await owner('select 1 from recovery_code where person_id = $1', [lost.personId])).toEqual([])
  await inHotline(db, hotlineId, (tx) => resetFactorsOf(tx, boss.personId, { actor: null, now: clock.now }))
  expect((await enter(boss.name)).body).toEqual({ stage: 'set-up' })
})

test('a passkey of this page opens the session; another page’s, another challenge’s or another person’s does not', async () => {
  const { name } = await aPerson(db, hotlineId)
  const begun = cookieIn(await enter(name))
  const key = aPasskey('hotline.test')
  const optionsOf = (answer: Answer): { challenge: string } => answer.body['options'] as { challenge: string }
  const make = optionsOf(await ask(beginPasskey, { cookie: begun }))
  const foreign = key.made(make.challenge, 'https://evil.example')
  expect((await ask(confirmPasskey, { cookie: begun, body: { answer: foreign, name: '' } })).status).toBe(401)
  // The challenge is used up by the try.
  const late = key.made(make.challenge, origin)
  expect((await ask(confirmPasskey, { cookie: begun, body: { answer: late, name: '' } })).status).toBe(401)
  const again = optionsOf(await ask(beginPasskey, { cookie: begun }))
  const added = await ask(confirmPasskey, {
    cookie: begun,
    body: { answer: key.made(again.challenge, origin), name: '指纹' },
  })
  expect(added.body['recoveryCodes']).toHaveLength(10)

  const second = await enter(name)
  expect(second.body).toEqual({ stage: 'prove', factors: ['passkey'] })
  const cookie = cookieIn(second)
  const ways: [string, (challenge: string) => ReturnType<typeof key.shown>][] = [
    [
      'another challenge',
      () => key.shown(Buffer.from('something else, long enough').toString('base64url'), origin),
    ],
    ['another page', (challenge) => key.shown(challenge, 'https://evil.example')],
    [
      'another key',
      (challenge) => ({ ...aPasskey('hotline.test').shown(challenge, origin), id: key.id, rawId: key.id }),
    ],
  ]
  for (const [why, answerTo] of ways) {
    const { challenge } = optionsOf(await ask(challengePasskey, { cookie }))
    expect((await prove(cookie, { kind: 'passkey', answer: answerTo(challenge) })).status, why).toBe(401)
  }
  const { challenge } = optionsOf(await ask(challengePasskey, { cookie }))
  const answer = key.shown(challenge, origin)
  const done = await prove(cookie, { kind: 'passkey', answer })
  expect(done).toMatchObject({ status: 200, body: { name } })
  const third = cookieIn(await enter(name))
  expect((await prove(third, { kind: 'passkey', answer })).status).toBe(401)
})

test('in a demonstration the passphrase is enough, and a factor set up there is asked for', async () => {
  const demo = await aHotline(db, { demo: true })
  const { name } = await aPerson(db, demo)
  const entered = await enter(name)
  expect(entered.body).toMatchObject({ stage: 'in', name, hotline: { demo: true } })
  const cookie = cookieIn(entered)
  const secret = String((await ask(beginTotp, { cookie })).body['secret'])
  expect((await ask(confirmTotp, { cookie, body: { code: await codeOf(secret), name: '' } })).status).toBe(
    200,
  )
  expect((await enter(name)).body).toEqual({ stage: 'prove', factors: ['totp'] })
})
