import { pino } from 'pino'
import { expect, test } from 'vitest'
import { freshDatabase } from '../../test/database.ts'
import { openWeb } from './app.ts'

const { db } = await freshDatabase()

const openPage = async (secure: boolean) => {
  const app = await openWeb({
    db,
    now: () => new Date(),
    log: pino({ level: 'silent' }),
    findPerson: async () => null,
    secure,
  })
  app.get('/page', async () => 'page')
  app.get('/api/v1/thing', async () => ({ thing: true }))
  return app
}

/** The directives of a policy by their names. */
const policyOf = (header: unknown): Map<string, string[]> =>
  new Map(
    String(header)
      .split(';')
      .map((directive) => {
        const [name = '', ...sources] = directive.trim().split(' ')
        return [name, sources] as const
      }),
  )

test('pages run our own scripts and no others, are framed by nobody, and fetch from us alone', async () => {
  const app = await openPage(true)
  const { headers } = await app.inject('/page')
  const policy = policyOf(headers['content-security-policy'])
  expect(policy.get('script-src')).toEqual(["'self'"])
  expect(policy.get('default-src')).toEqual(["'self'"])
  expect(policy.get('connect-src')).toEqual(["'self'"])
  for (const none of ['object-src', 'base-uri', 'frame-ancestors'])
    expect(policy.get(none)).toEqual(["'none'"])
  for (const [name, sources] of policy)
    for (const source of sources) {
      expect(source, name).not.toMatch(/^\*|https?:|unsafe-eval|wasm-unsafe-eval/)
      if (name !== 'style-src') expect(source, name).not.toBe("'unsafe-inline'")
    }
  await app.close()
})

test('headers keep types, frames, referrers and the protocol as they are; nothing tells what serves', async () => {
  const app = await openPage(true)
  const { headers } = await app.inject('/page')
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'strict-transport-security': 'max-age=31536000',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
  expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['server', 'x-powered-by']))
  expect((await app.inject('/api/v1/thing')).headers['cache-control']).toBe('no-store')
  await app.close()
})

test('without HTTPS no browser is told to insist on it', async () => {
  const app = await openPage(false)
  expect((await app.inject('/page')).headers['strict-transport-security']).toBeUndefined()
  await app.close()
})

test('other methods are not found, an address too long or wrongly encoded is malformed, nothing is said again', async () => {
  const app = await openPage(false)
  for (const method of ['TRACE', 'OPTIONS', 'PATCH', 'DELETE'] as const) {
    const answer = await app.inject({ method: method as 'PATCH', url: '/api/v1/thing' })
    expect([404, 405], method).toContain(answer.statusCode)
    expect(answer.headers['access-control-allow-origin'], method).toBeUndefined()
  }
  const odd = await app.inject('/api/v1/%E5%BC%A0%ff')
  expect([odd.statusCode, odd.json()]).toEqual([400, { code: 'request.malformed', detail: {} }])
  await app.close()
})
