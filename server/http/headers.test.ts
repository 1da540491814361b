import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import { pino } from 'pino'
import { generate } from 'selfsigned'
import { expect, test } from 'vitest'
import { freshDatabase } from '../../test/database.ts'
import { openWeb } from './app.ts'
import { healthRoutes } from './health.ts'

const { db } = await freshDatabase()

const openPage = async (secure: boolean, tls: { cert: string; key: string } | null = null) => {
  const ground = {
    db,
    now: () => new Date(),
    log: pino({ level: 'silent' }),
    findPerson: async () => null,
    secure,
  }
  const app = await openWeb(ground, tls)
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
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
  expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['server', 'x-powered-by']))
  expect((await app.inject('/api/v1/thing')).headers['cache-control']).toBe('no-store')
  await app.close()
})

test('without HTTPS no browser is told to insist on it; behind a proxy of this machine that speaks it, it is', async () => {
  const app = await openPage(false)
  const insists = async (remoteAddress: string, headers = {}) =>
    (await app.inject({ url: '/page', remoteAddress, headers })).headers['strict-transport-security']
  const proxied = { 'x-forwarded-proto': 'https' }
  expect(await insists('127.0.0.1')).toBeUndefined()
  expect(await insists('127.0.0.1', proxied)).toContain('includeSubDomains')
  expect(await insists('203.0.113.9', proxied), 'nobody else is believed').toBeUndefined()
  await app.close()
})

test('where a request comes from is believed of a proxy on this machine alone', async () => {
  const app = await openPage(false)
  app.get('/whence', async (request) => ({ ip: request.ip, host: request.host }))
  const headers = { 'x-forwarded-for': '198.51.100.1, 198.51.100.2', 'x-forwarded-host': 'proxy.test' }
  const whence = async (remoteAddress: string): Promise<unknown> =>
    (await app.inject({ url: '/whence', remoteAddress, headers: { host: 'own.test', ...headers } })).json()
  expect(await whence('127.0.0.1')).toEqual({ ip: '198.51.100.2', host: 'proxy.test' })
  expect(await whence('203.0.113.9')).toEqual({ ip: '203.0.113.9', host: 'own.test' })
  await app.close()
})

test('what is counted is for the networks of the hotline, not for the internet', async () => {
  const app = await openPage(false)
  healthRoutes(app, () => true)
  const status = async (remoteAddress: string): Promise<number> =>
    (await app.inject({ url: '/metrics', remoteAddress })).statusCode
  for (const near of ['127.0.0.1', '10.1.2.3', '192.168.0.9', '::1', '::ffff:172.20.1.1', 'fd00::9'])
    expect([near, await status(near)]).toEqual([near, 200])
  for (const far of ['203.0.113.9', '172.32.0.1', '::ffff:8.8.8.8', '2001:db8::1'])
    expect([far, await status(far)]).toEqual([far, 404])
  await app.close()
})

test('HTTPS is TLS 1.2 or 1.3, and only with ciphers that authenticate and forget their keys', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'hotline.test' }], {
    keyType: 'ec',
  })
  const app = await openPage(true, { cert, key })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const meet = (terms: object): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: cert,
        checkServerIdentity: () => undefined,
        ...terms,
      })
      socket.once('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
        socket.destroy()
      })
      socket.once('error', () => resolve('refused'))
    })
  expect(await meet({})).toBe('TLSv1.3 TLS_AES_256_GCM_SHA384')
  expect(await meet({ maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1.2 ECDHE-ECDSA-AES256-GCM/)
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }
  expect(await meet(old)).toBe('refused')
  expect(await meet({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' })).toBe('refused')
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
