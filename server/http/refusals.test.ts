import { beforeAll, beforeEach, expect, test } from 'vitest'
import { logIn } from '../../api/session.ts'
import { openTestApp, origin } from '../../test/app.ts'
import { aHotline, aPerson } from '../../test/database.ts'

const { app, db, logged, ask, cookieOf } = await openTestApp()
let counsellor: { personId: string; cookie: string }

beforeAll(async () => {
  const hotlineId = await aHotline(db)
  const { personId } = await aPerson(db, hotlineId)
  counsellor = { personId, cookie: await cookieOf(hotlineId, personId) }
})
beforeEach(() => void logged.splice(0))

const lines = (): Record<string, unknown>[] =>
  logged.map((line) => JSON.parse(line) as Record<string, unknown>)
const asCounsellor = (url: string, payload: object = {}) =>
  app.inject({
    method: 'POST',
    url,
    headers: { host: 'hotline.test', origin, cookie: counsellor.cookie },
    payload,
  })

test('what somebody has no right to is in the log with route and person; the same again is counted', async () => {
  for (let n = 0; n < 5; n += 1) await asCounsellor('/api/v1/lines', { name: '张三', number: '13900001111' })
  expect(lines()).toEqual([
    expect.objectContaining({
      code: 'permission.denied',
      method: 'POST',
      route: '/api/v1/lines',
      who: counsellor.personId,
      times: 1,
    }),
  ])
})

test('asking for what is not there or in a wrong way, and guessing, are in the log; not being logged in is not', async () => {
  await app.inject({ url: '/api/v1/session' })
  await app.inject({ url: '/wp-login.php' })
  await ask(logIn, { body: { name: '张三', passphrase: '不是这一句话的话' } })
  await asCounsellor('/api/v1/session', { name: 1 })
  const told = lines().map(({ code, who }) => [code, who])
  expect(told).toEqual([
    ['request.notFound', null],
    ['session.wrongName', null],
    ['request.malformed', null],
  ])
})

test('nothing that was sent reaches the log: names, numbers, agents, addresses, line ends, escapes', async () => {
  const bad = `张三\r\n{"level":50,"msg":"forged"}\u001b[31m13987650417`
  const encoded = encodeURIComponent(bad)
  for (const method of ['GET', 'POST'] as const) {
    const headers = {
      host: 'hotline.test',
      origin,
      'user-agent': Buffer.from('x\u001b[31m13987650417').toString('latin1'),
      'x-forwarded-for': '203.0.113.77',
      'x-request-id': '13987650417',
      referer: `http://hotline.test/${encoded}`,
      cookie: counsellor.cookie,
    }
    const payload = method === 'POST' ? { payload: { name: bad, passphrase: bad, [bad]: bad } } : {}
    for (const url of [
      `/${encoded}`,
      `/api/v1/contacts/${encoded}`,
      '/api/v1/session',
      `/api/v1/contacts?search=${encoded}`,
    ])
      await app.inject({ method, url, headers, ...payload })
  }
  expect(logged.length).toBeGreaterThan(3)
  for (const line of logged) {
    expect(line).not.toMatch(/张三|13987650417|forged|203\.0\.113/)
    expect(line.toLowerCase()).not.toContain('u001b')
    expect(line).not.toContain('\u001b')
    expect(line.trimEnd()).not.toContain('\n')
  }
})
