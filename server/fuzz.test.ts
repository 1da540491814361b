/* Every route of the API document, sent what its schema allows, what it forbids, and what belongs to another hotline. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { may, roles, type Permission, type Role } from '../domain/permission.ts'
import { problems } from '../domain/problem.ts'
import { openTestApp, origin } from '../test/app.ts'
import { aPerson } from '../test/database.ts'
import { fromSchema, secretName, secretNumber, spoilt, wicked, type Schema } from '../test/from-schema.ts'
import { furnishDemo } from './lines/set-up.ts'

/** Same seed, same requests: what failed once fails again. HEARTHLINE_FUZZ_SEED tries others. */
const seed = Number(process.env['HEARTHLINE_FUZZ_SEED'] ?? 20261122)
/** Requests a route; HEARTHLINE_FUZZ_RUNS lets a night's run be longer. */
const numRuns = Number(process.env['HEARTHLINE_FUZZ_RUNS'] ?? 25)

const { app, db, owner, keys, folder, clock, cookieOf } = await openTestApp()
const otherSecret = '外线机密人员'
let mine: string
let other: string
const ids: string[] = []
const sessions = new Map<Role, string>()

interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  needs: Permission | 'anyone'
  params: { name: string; schema: Schema }[]
  query: { name: string; schema: Schema }[]
  body: Schema | null
}

const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const mostIds = 400

/** Keeps the ids of a text: what one route made is sent to the next. */
function keepIds(text: string): void {
  for (const found of text.match(uuids) ?? [])
    if (ids.length < mostIds && !ids.includes(found)) ids.push(found)
}

/** Everything of the other hotline, a hash for each table; but a log-in that failed is counted wherever it was tried. */
async function printOfOther(): Promise<Record<string, string>> {
  const tables = await owner<{ table_name: string }>(
    `select table_name from information_schema.columns where table_schema = 'public' and column_name = 'hotline_id'
       and table_name <> 'login_failure' order by table_name`,
  )
  const prints: Record<string, string> = {}
  for (const { table_name: table } of tables) {
    const rows = await owner<{ row: string }>(
      `select t::text as row from ${table} t where hotline_id = $1 order by 1`,
      [other],
    )
    prints[table] = createHash('sha256').update(JSON.stringify(rows)).digest('hex')
  }
  return prints
}

let before: Record<string, string> = {}

beforeAll(async () => {
  const site = { db, keys, dataFolder: folder, now: () => clock.now }
  mine = await furnishDemo(site)
  await owner(`update line set number = '7' || number where hotline_id = $1`, [mine])
  await owner(`update seat set sip_user = sip_user || '-mine' where hotline_id = $1`, [mine])
  other = await furnishDemo(site)
  await owner(`update person set display_name = $2 || name where hotline_id = $1`, [other, otherSecret])
  for (const hotlineId of [mine, other])
    for (const [table, id] of [
      ['person', 'person_id'],
      ['line', 'line_id'],
      ['seat', 'seat_id'],
      ['resource', 'resource_id'],
    ])
      for (const row of await owner<{ id: string }>(
        `select ${id} as id from ${table} where hotline_id = $1 limit 12`,
        [hotlineId],
      ))
        ids.push(row.id)
  before = await printOfOther()
})

/** A session of the role; a new person when the old one was logged out, disabled or changed by what was sent. */
async function sessionOf(role: Role, fresh: boolean): Promise<string> {
  const known = sessions.get(role)
  if (known !== undefined && !fresh) return known
  const { personId } = await aPerson(db, mine, { roles: [role] })
  const cookie = await cookieOf(mine, personId)
  sessions.set(role, cookie)
  return cookie
}

const operations: Operation[] = Object.entries(
  (await app.inject('/api/openapi.json')).json<{ paths: Record<string, Record<string, Schema>> }>().paths,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const parameters = (operation['parameters'] ?? []) as { name: string; in: string; schema: Schema }[]
    const body = operation['requestBody'] as
      { content: { 'application/json': { schema: Schema } } } | undefined
    return {
      method: method.toUpperCase() as Operation['method'],
      path,
      needs: operation['x-needs'] as Operation['needs'],
      params: parameters.filter((one) => one.in === 'path'),
      query: parameters.filter((one) => one.in === 'query'),
      body: body?.content['application/json'].schema ?? null,
    }
  }),
)

/** What is sent: of each part the value, and whether the bytes of the body are broken afterwards. */
interface Sent {
  params: Record<string, unknown>
  query: Record<string, unknown>
  body: unknown
  breakBody: 'no' | 'cut' | 'bytes' | 'type' | 'empty'
  role: Role | 'holder'
}

const maybeSpoilt = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(value, fc.array(fc.tuple(fc.nat(5000), wicked), { maxLength: 2 }))
    .map(([start, spoils]) => spoils.reduce<unknown>((was, [place, by]) => spoilt(was, place, by), start))

const recordOf = (parts: Operation['params']): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(
      parts.map(({ name, schema }) => [
        name,
        fc.oneof({ weight: 5, arbitrary: fromSchema(schema, () => ids) }, { weight: 1, arbitrary: wicked }),
      ]),
    ),
  )

const sendings = (operation: Operation): fc.Arbitrary<Sent> =>
  fc.record({
    params: recordOf(operation.params),
    query: fc.oneof(
      recordOf(operation.query),
      fc.constant({}),
      wicked.map((value) => ({ extra: value, limit: value, after: value })),
    ),
    body: maybeSpoilt(operation.body ? fromSchema(operation.body, () => ids) : fc.constant({})),
    breakBody: fc.oneof(
      { weight: 12, arbitrary: fc.constant('no' as const) },
      { weight: 1, arbitrary: fc.constantFrom<Sent['breakBody'][]>('cut', 'bytes', 'type', 'empty') },
    ),
    role: fc.oneof(
      { weight: 6, arbitrary: fc.constant('holder' as const) },
      { weight: 1, arbitrary: fc.constantFrom(...roles) },
    ),
  })

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

/** As an URL can carry it: a lone half of a character cannot be. */
const encoded = (value: unknown): string => encodeURIComponent(asText(value).toWellFormed().slice(0, 2000))

function bytesOf({ body, breakBody }: Sent): { payload?: Buffer; type: string } {
  const whole = Buffer.from(JSON.stringify(body) ?? 'null')
  if (breakBody === 'empty') return { type: 'application/json' }
  if (breakBody === 'cut') return { payload: whole.subarray(0, whole.length - 1), type: 'application/json' }
  if (breakBody === 'bytes')
    return { payload: Buffer.concat([whole, Buffer.from([0xff, 0xfe, 0x00])]), type: 'application/json' }
  return { payload: whole, type: breakBody === 'type' ? 'text/xml' : 'application/json; charset=utf-8' }
}

async function send(operation: Operation, sent: Sent): Promise<{ status: number; text: string }> {
  const holder = roles.find((role) => operation.needs === 'anyone' || may([role], operation.needs))
  const role = sent.role === 'holder' ? (holder ?? 'counsellor') : sent.role
  const url = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(sent.params[name]) || '%20')
  const query = Object.entries(sent.query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encoded(value)}`)
    .join('&')
  const { payload, type } = bytesOf(sent)
  const ask = async (cookie: string) =>
    app.inject({
      method: operation.method,
      url: query ? `${url}?${query}` : url,
      headers: {
        host: 'hotline.test',
        origin,
        cookie,
        ...(operation.method === 'GET' ? {} : { 'content-type': type }),
      },
      ...(operation.method === 'GET' || payload === undefined ? {} : { payload }),
    })
  let answer = await ask(await sessionOf(role, false))
  if (answer.statusCode === 401) answer = await ask(await sessionOf(role, true))
  return { status: answer.statusCode, text: answer.body }
}

/** No switchboard runs here, and saying so is right. */
const allowedAway = ['switchboard.away']

function judge(status: number, text: string): void {
  expect(text, 'no stack').not.toMatch(/node_modules|\.ts:\d|\bat \w+ \(/)
  expect(text, "nothing of the other hotline's").not.toContain(otherSecret)
  if (status < 400) return
  const { code } = JSON.parse(text) as { code: keyof typeof problems }
  expect(Object.keys(problems), 'a catalogued code').toContain(code)
  expect(status, code).toBe(problems[code])
  if (!allowedAway.includes(code)) expect(status, code).toBeLessThan(500)
  for (const secret of [secretName, secretNumber]) expect(text, 'nothing said again').not.toContain(secret)
}

test('the API document names every route that is served', () => {
  expect(operations.length).toBe(new Set(app.served.map((one) => `${one.method} ${one.path}`)).size)
  expect(operations.length).toBeGreaterThan(100)
})

test.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
  'G24-7.5c: %s answers anything with a catalogued refusal, without a stack and without what was sent',
  async (_, operation) => {
    await fc.assert(
      fc.asyncProperty(sendings(operation), async (sent) => {
        const { status, text } = await send(operation, sent)
        judge(status, text)
        if (status < 300) keepIds(text)
      }),
      { seed, numRuns, interruptAfterTimeLimit: 5000, maxSkipsPerRun: 100 },
    )
  },
)

test("G24-7.5c: nothing that was sent has changed a byte of the other hotline's", async () => {
  expect(await printOfOther()).toEqual(before)
})

afterAll(() => ids.splice(0))
