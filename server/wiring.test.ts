import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as administration from '../api/administration.ts'
import * as board from '../api/board.ts'
import * as contacts from '../api/contacts.ts'
import * as crisis from '../api/crisis.ts'
import * as desk from '../api/desk.ts'
import * as incidents from '../api/incidents.ts'
import type { Endpoint } from '../api/endpoint.ts'
import * as openPages from '../api/public.ts'
import * as supervise from '../api/supervise.ts'
import * as session from '../api/session.ts'
import { may, roles, type Role } from '../domain/permission.ts'
import { openTestApp, origin } from '../test/app.ts'
import { aHotline, aLine, aPerson } from '../test/database.ts'
import { connectSwitchboard } from '../telephony/switchboard.ts'
import { startCalls } from './calls/calls.ts'
import { inHotline } from './db/database.ts'
import { newId } from './db/id.ts'
import type { Served } from './http/serve.ts'
import { openSounds } from './lines/lines.ts'

/** Calls whose switchboard never answers: every route is there, and nothing rings. */
const { app, db, cookieOf } = await openTestApp(({ db, keys, folder }) => {
  const calls = startCalls({
    db,
    keys,
    sounds: openSounds(db, folder),
    dataFolder: folder,
    now: Date.now,
    log: () => undefined,
    connect: async (on) => connectSwitchboard({ url: 'http://user:password@127.0.0.1:1', app: 'test', on }),
    switchboardName: 'test',
    trunkFor: async () => null,
    changed: () => undefined,
  })
  afterAll(() => calls.stop())
  return { calls }
})
let hotlineId: string
const people = new Map<Role, string>()
const cookies = new Map<Role, string>()

beforeAll(async () => {
  hotlineId = await aHotline(db)
  for (const role of roles) {
    const { personId } = await aPerson(db, hotlineId, { roles: [role] })
    people.set(role, personId)
    cookies.set(role, await cookieOf(hotlineId, personId))
  }
})

const someId = '0198a000-0000-7000-8000-00000000000a'
const values: Record<string, string> = { key: 'greeting', language: 'en', part: '0', version: '1' }

async function call(served: Served, cookie: string | undefined): Promise<{ status: number; code: unknown }> {
  const url = served.path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? someId)
  const response = await app.inject({
    method: served.method,
    url,
    headers: { host: 'hotline.test', origin, ...(cookie === undefined ? {} : { cookie }) },
    ...(served.method === 'GET' ? {} : { payload: {} }),
  })
  const isJson = String(response.headers['content-type']).startsWith('application/json')
  return { status: response.statusCode, code: isJson ? response.json<{ code?: string }>().code : null }
}

const routes = app.served
const ofStaff = routes.filter((served) => served.needs !== 'anyone')

test('G24-3.3: every route says who may call it, and nobody who is not logged in gets further', async () => {
  expect(ofStaff.length).toBeGreaterThan(40)
  for (const served of ofStaff)
    expect(await call(served, undefined), served.path).toEqual({ status: 401, code: 'session.needed' })
})

test.each(roles)(
  'G24-3.3: the %s passes where the right is held and is refused everywhere else',
  async (role) => {
    for (const served of ofStaff) {
      if (served.needs === 'anyone') continue
      // A session of its own for every route: some end the one they come with.
      const cookie = await cookieOf(hotlineId, people.get(role) ?? '')
      const { status, code } = await call(served, cookie)
      const where = `${role}: ${served.method} ${served.path}`
      if (may([role], served.needs))
        expect(['session.needed', 'permission.denied', 'server.failed'], where).not.toContain(code)
      else expect({ status, code }, where).toEqual({ status: 403, code: 'permission.denied' })
    }
  },
)

test('G24-7.5b: nothing of a contact is told to a counsellor whose it is not, by any route', async () => {
  const house = await aHotline(db)
  const { lineId } = await aLine(db, house)
  const contactId = newId()
  await inHotline(db, house, (tx) =>
    sql`select create_contact(${contactId}, ${lineId}, 'phone', 'wrap-up', now(), null, null, null, null, false,
      null, null, null, '{}')`.execute(tx),
  )
  const told = ofStaff.filter((served) => served.method === 'GET' && served.path.includes(':contactId'))
  expect(told.length).toBeGreaterThan(8)
  for (const served of told) {
    const url = served.path.replace(':contactId', contactId)
    const ask = async (role: Role): Promise<number> => {
      const { personId } = await aPerson(db, house, { roles: [role] })
      return (await app.inject({ url, headers: { cookie: await cookieOf(house, personId) } })).statusCode
    }
    expect([403, 404], url).toContain(await ask('counsellor'))
    if (served.needs !== 'anyone' && may(['supervisor'], served.needs))
      expect(await ask('supervisor'), url).toBe(200)
  }
})

test('a page of another origin cannot change anything, whatever cookie its visitor has', async () => {
  const cookie = cookies.get('administrator') ?? ''
  for (const served of routes.filter((one) => one.method !== 'GET')) {
    const url = served.path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? someId)
    const headers = { host: 'hotline.test', origin: 'https://evil.example', cookie }
    const response = await app.inject({ method: served.method, url, headers, payload: {} })
    expect(response.json(), url).toMatchObject({ code: 'permission.denied', detail: { origin: 'foreign' } })
  }
})

test('every endpoint of the contract is served, with the right it asks for', () => {
  const contract = [
    administration,
    board,
    contacts,
    crisis,
    desk,
    incidents,
    session,
    supervise,
    openPages,
  ].flatMap((part) =>
    Object.values(part).filter((one): one is Endpoint => typeof one === 'object' && 'needs' in one),
  )
  expect(contract.length).toBeGreaterThan(45)
  for (const { method, path, needs } of contract)
    expect(routes).toContainEqual(expect.objectContaining({ method, path, needs }))
})

test('the API document names every route with its right and its refusals', async () => {
  const document = (await app.inject('/api/openapi.json')).json<{
    openapi: string
    paths: Record<string, Record<string, { 'x-needs': string; responses: object }>>
  }>()
  expect(document.openapi).toBe('3.1.0')
  for (const { path, method, needs } of routes) {
    const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    expect(operation?.['x-needs'], path).toBe(needs)
    expect(Object.keys(operation?.responses ?? {}), path).toContain('default')
  }
})

test('the public page says what is true now and nothing else', async () => {
  const { lineId, number } = await aLine(db, hotlineId, { name: '心理援助热线' })
  const read = async (): Promise<unknown> => (await app.inject('/api/v1/public')).json()
  const line = { lineId, number, name: '心理援助热线', kind: 'general', openNow: true, onDuty: false }
  expect(await read()).toEqual({ hotline: '测试热线', language: 'zh-CN', lines: [line] })
  const headers = { host: 'hotline.test', origin }
  const call = await app.inject({ method: 'POST', url: '/api/v1/public/call', headers, payload: { lineId } })
  expect(call.json()).toMatchObject({ code: 'switchboard.away' })
})

test('what nobody knows is not found, what is too large is refused, broken JSON is malformed', async () => {
  const headers = { host: 'hotline.test', origin, 'content-type': 'application/json' }
  const ask = async (url: string, payload: string): Promise<unknown> =>
    (await app.inject({ method: 'POST', url, headers, payload })).json<{ code: string }>().code
  expect(await ask('/api/v1/nothing', '{}')).toBe('request.notFound')
  expect(await ask('/api/v1/session', '{"name":')).toBe('request.malformed')
  expect(await ask('/api/v1/session', JSON.stringify({ name: 'x'.repeat(300_000) }))).toBe('request.tooLarge')
})

test('every answer carries the headers that keep other pages and scripts out', async () => {
  const { headers } = await app.inject('/healthz')
  expect(headers['content-security-policy']).toContain("script-src 'self'")
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  expect(headers['permissions-policy']).toContain('microphone=(self)')
  expect(headers['x-content-type-options']).toBe('nosniff')
})

test('readiness names what is missing; metrics count and name nobody', async () => {
  expect((await app.inject('/readyz')).json()).toEqual({
    ready: false,
    database: true,
    switchboard: false,
    migrations: true,
  })
  const metrics = (await app.inject('/metrics')).body
  expect(metrics).toContain('hearthline_contacts{state="ended"} 0')
  expect(metrics).toMatch(/hearthline_waiting \d/)
  expect(metrics).toContain('route="/api/v1/people"')
  expect(metrics).not.toContain(hotlineId)
})
