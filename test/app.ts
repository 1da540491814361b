/* The whole API on a database of its own, asked by inject(): no port, no switchboard. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll } from 'vitest'
import type { Endpoint, Input } from '../api/endpoint.ts'
import type { LiveEvent } from '../api/events.ts'
import { inHotline } from '../server/db/database.ts'
import { openWeb } from '../server/http/app.ts'
import { startLive, type Audience, type Live } from '../server/http/live.ts'
import { findPerson } from '../server/identity/identity.ts'
import { openKeys, type Keys } from '../server/records/keys.ts'
import { placesOf } from '../server/records/records.ts'
import { wire, type Parts } from '../server/wiring.ts'
import { freshDatabase, type TestDatabase } from './database.ts'

/** What an answer was: its status, its parsed body and its headers. */
export interface Answer {
  status: number
  body: Record<string, unknown>
  headers: Record<string, unknown>
}

/** An app under test. `clock.now` is its time; `published` and `devices` remember what it told others. */
export interface TestApp extends TestDatabase {
  app: FastifyInstance
  live: Live
  keys: Keys
  folder: string
  clock: { now: Date }
  published: { hotlineId: string; to: Audience; event: LiveEvent }[]
  devices: string[]
  /** The lines of its log. */
  logged: string[]
  /** A session of the person, second factor shown, as the cookie header a browser would send. */
  cookieOf: (hotlineId: string, personId: string) => Promise<string>
  /** Asks an endpoint as a browser with this cookie would. */
  ask: <E extends Endpoint>(endpoint: E, given?: Partial<Input<E>> & { cookie?: string }) => Promise<Answer>
}

/** The origin a browser would name. */
export const origin = 'http://hotline.test'

/**
 * Makes the app; it is closed after the file's tests. `more` gives parts that a test wants to be otherwise,
 * `extend` adds routes.
 */
export async function openTestApp(
  more: (made: TestDatabase & { keys: Keys; folder: string }) => Partial<Parts> = () => ({}),
  extend: (app: FastifyInstance) => void = () => undefined,
): Promise<TestApp> {
  const database = await freshDatabase()
  const { db } = database
  const folder = mkdtempSync(join(tmpdir(), 'hearthline-app-'))
  const keys = openKeys(folder, null)
  const clock = { now: new Date() }
  const logged: string[] = []
  const shown = process.env['HEARTHLINE_TEST_LOG']
  const kept = { write: (line: string) => void logged.push(line) }
  const log = shown === undefined ? pino({ level: 'info', base: null }, kept) : pino({ level: shown })
  const find = (token: string, begun?: 'begun'): ReturnType<typeof findPerson> =>
    findPerson(db, token, clock.now, begun)
  const app = await openWeb({ db, now: () => clock.now, log, findPerson: find, secure: false })
  const live = startLive({ db, findPerson: find, seal: toAscii, unseal: fromAscii })
  const published: TestApp['published'] = []
  const devices: string[] = []
  wire(app, {
    live: {
      ...live,
      publish(hotlineId, to, event) {
        published.push({ hotlineId, to, event })
        live.publish(hotlineId, to, event)
      },
    },
    keys,
    dataFolder: folder,
    places: placesOf(folder),
    demo: false,
    devices: deviceNotes(devices),
    sipAddresses: ['/sip'],
    calls: null,
    pokeBoards: () => undefined,
    failed: () => undefined,
    ...more({ ...database, keys, folder }),
  })
  extend(app)
  await app.ready()
  afterAll(async () => {
    await live.close()
    await app.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const cookieOf = cookieMaker(database, clock)
  return {
    ...database,
    app,
    live,
    keys,
    folder,
    clock,
    published,
    devices,
    logged,
    cookieOf,
    ask: asker(app),
  }
}

/** What stands for sealing: other signs than the text's, and ASCII alone. */
export const toAscii = (text: string): string => Buffer.from(text).toString('base64')
/** The way back of {@link toAscii}. */
export const fromAscii = (sealed: string): string => Buffer.from(sealed, 'base64').toString()

function deviceNotes(notes: string[]): Parts['devices'] {
  return {
    seatChanged: async (_hotlineId, sipUser) => void notes.push(`seat ${sipUser}`),
    trunkChanged: async (_hotlineId, name) => void notes.push(`trunk ${name}`),
    online: () => false,
    trunkState: () => 'unknown',
  }
}

function cookieMaker({ db }: TestDatabase, clock: { now: Date }): TestApp['cookieOf'] {
  return async (hotlineId, personId) => {
    const token = randomBytes(32).toString('base64url')
    await inHotline(db, hotlineId, (tx) =>
      tx
        .insertInto('session')
        .values({
          token_hash: createHash('sha256').update(token).digest(),
          hotline_id: hotlineId,
          person_id: personId,
          created_at: clock.now,
          seen_at: clock.now,
          proved_at: clock.now,
          fresh_at: clock.now,
          expires_at: new Date(clock.now.getTime() + 3_600_000),
        })
        .execute(),
    )
    return `hearthline_session=${token}`
  }
}

function asker(app: FastifyInstance): TestApp['ask'] {
  return async (endpoint, given = {}) => {
    const { params = {}, query = {}, body, cookie } = given
    const url = endpoint.path.replace(/:(\w+)/g, (_, name: string) =>
      encodeURIComponent(String((params as Record<string, unknown>)[name])),
    )
    const response = await app.inject({
      method: endpoint.method,
      url,
      query: Object.fromEntries(
        Object.entries(query as object).map(([name, value]) => [name, String(value)]),
      ),
      headers: { host: 'hotline.test', origin, ...(cookie === undefined ? {} : { cookie }) },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    const isJson = String(response.headers['content-type']).startsWith('application/json')
    const parsed = isJson ? (response.json() as Record<string, unknown>) : {}
    return { status: response.statusCode, body: parsed, headers: response.headers }
  }
}
