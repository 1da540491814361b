/* A crowd rings few seats, with noise on the line: every call is on the record as its caller lived it, nothing is left over. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import { tone, wavOf } from '../../switchboard/media/tone.ts'
import { startProduct, type Product } from '../product.ts'
import { missing } from '../tools.ts'
import { callAll, type Ending, type Plan } from './crowd.ts'
import { contactsOf, until, type ContactLine } from './hotline.ts'
import { innardsOf, processOf, type Innards } from './innards.ts'
import { disturb, type Answers } from './malformed.ts'
import { startPhone, type Phone } from './phone.ts'

const absent = missing('sipp', 'baresip')
test.skip(absent !== null, absent ?? '')
test.describe.configure({ mode: 'serial' })

const callers = 100

const planOf = (index: number): Plan => {
  const number = String(13_900_000_000 + index)
  const before = 300 + (index % 7) * 250
  if (index % 10 === 7) return { number, before, key: '0', stay: 'long', second: '4' }
  if (index % 20 === 3) return { number, before, key: null, stay: 'none', second: null }
  if (index % 20 === 13) return { number, before: 0, key: null, stay: 'none', second: null }
  if (index % 20 === 9) return { number, before, key: '9', stay: 'long', second: null }
  if (index % 10 === 5) return { number, before, key: null, stay: 'long', second: '4' }
  const stay = (['none', 'short', 'middle', 'long'] as const)[index % 4] ?? 'long'
  return { number, before, key: index % 2 === 0 ? '1' : '2', stay, second: index % 3 === 0 ? '5' : null }
}

const plans = Array.from({ length: callers }, (_, index) => planOf(index))

/** A contact as the database has it. */
interface Row {
  number: string
  state: string
  outcome: string | null
  consent: string | null
  danger_key: boolean
  ended_by: string | null
  caller_leg: string
}

let product: Product
let innards: Innards
let before: Awaited<ReturnType<Innards['open']>>
let endings: Map<string, Ending>
let answers: Answers
let contacts: ContactLine[]
const established: number[] = []

/** Somebody logged in, for requests. */
const logIn = async (
  name: string,
): Promise<(method: string, path: string, body: object) => Promise<number>> => {
  const headers = { origin: product.web, 'content-type': 'application/json' }
  const answer = await fetch(`${product.web}/api/v1/session`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name, passphrase: 'hearthline-demo' }),
  })
  const cookie = answer.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  return async (method, path, body) => {
    const given = { method, headers: { ...headers, cookie }, body: JSON.stringify(body) }
    return (await fetch(`${product.web}/api/v1/${path}`, given)).status
  }
}

/** Short words, so that a minute is enough for callers who never press a key. */
const shortenPrompts = async (): Promise<void> => {
  const ask = await logIn('admin')
  for (const key of ['greeting', 'danger', 'consent', 'consent-yes', 'consent-no', 'survey', 'thanks']) {
    const body = { words: 'short', wavBase64: wavOf(tone(600, 500)).toString('base64') }
    expect(await ask('POST', `prompts/${key}/zh-CN/0`, body), key).toBe(200)
  }
}

/** Answers call after call at a desk phone, talks for two or three seconds, and finishes the record. */
const work = async (phone: Phone, name: string, over: () => boolean): Promise<void> => {
  const ask = await logIn(name)
  const count = (event: string): number => phone.events().filter((each) => each === event).length
  const ended = (): number => count('CALL_CLOSED')
  let rung = 0
  while (!over()) {
    await sleep(50)
    if (count('CALL_INCOMING') <= rung) continue
    rung += 1
    await sleep(200 + (rung % 4) * 150)
    if (ended() >= rung) continue
    await phone.accept()
    await sleep(2000 + (rung % 3) * 500)
    if (ended() < rung) await phone.hangUp()
    await sleep(100)
    await ask('POST', 'desk/call/00000000-0000-7000-8000-000000000000', { command: 'finish-wrap-up' })
  }
  established.push(count('CALL_ESTABLISHED'))
}

test.beforeAll(async () => {
  product = await startProduct()
  innards = await innardsOf(product)
  await shortenPrompts()
  const register = {
    server: `127.0.0.1:${product.sipPort}`,
    password: 'hearthline-demo',
    answer: 'manual',
  } as const
  const desks = [
    await startPhone({ toneHz: 1000, user: 'phone1', register }),
    await startPhone({ toneHz: 1000, user: 'phone2', register }),
  ]
  try {
    for (const desk of desks) await desk.waitFor('REGISTER_OK')
    before = await innards.open()
    let over = false
    const seats = desks.map((desk, index) => work(desk, `counsellor${index + 3}`, () => over))
    const noise = disturb(product.sipPort, '1001', 400, 20_000)
    endings = await callAll('1001', product.sipPort, plans)
    answers = await noise
    over = true
    await Promise.all(seats)
    await until('all calls are over', async () => {
      contacts = await contactsOf(product)
      return contacts.every((contact) => ['wrap-up', 'closed', 'failed'].includes(contact.state))
    })
    await until('nothing is open', async () => {
      const { channels, sip } = await innards.open()
      return channels === 0 && sip['dialogs'] === 0 && sip['halfOpen'] === 0
    })
  } finally {
    for (const desk of desks) await desk.stop()
  }
})

test.afterAll(async () => {
  await innards?.close()
  await product?.stop()
})

/** The contact of each caller, by way of the switchboard's call-detail records. */
const byCaller = async (): Promise<Map<string, Row>> => {
  const rows = await innards.rows<Row>(
    'select number, state, outcome, consent, danger_key, ended_by, caller_leg from contact order by number',
  )
  const legs = new Map(rows.map((row) => [row.caller_leg, row]))
  const records = readFileSync(join(product.data, 'cdr', 'Master.csv'), 'utf8')
    .trim()
    .split('\n')
  const found = new Map<string, Row>()
  for (const record of records) {
    const fields = [...record.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    )
    const row = legs.get(fields.find((field) => legs.has(field)) ?? '')
    const caller = fields.find((field) => /^139000\d{5}$/.test(field))
    if (row && caller !== undefined) found.set(caller, row)
  }
  return found
}

test('a hundred calls are a hundred contacts, numbered without gaps, all of them ended', () => {
  expect(contacts.map((contact) => contact.number)).toEqual(plans.map((_, index) => index + 1))
  expect(contacts.filter((contact) => contact.endedAt === null)).toEqual([])
  expect(contacts.filter((contact) => contact.state === 'failed' || contact.outcome === 'failed')).toEqual([])
})

test('each record says what its caller did', async () => {
  const rows = await byCaller()
  expect([...rows.keys()].sort()).toEqual(plans.map((plan) => plan.number))
  const wrong = plans.flatMap((plan) => {
    const row = rows.get(plan.number)
    const ending = endings.get(plan.number)
    const faults = row && ending ? faultsOf(plan, row, ending) : ['no record, or no ending']
    return faults.map((fault) => ({ ...plan, ...row, ending, fault }))
  })
  expect(wrong).toEqual([])
})

const consentFor = { '0': 'silent', '1': 'given', '2': 'refused', '9': 'silent', none: 'silent' } as const

/** What a record should say otherwise. */
const faultsOf = (plan: Plan, row: Row, ending: Ending): string[] => {
  const leftAtOnce = plan.stay === 'none' && plan.key === null
  // Who agrees early and leaves at once leaves while that is confirmed, which is still in the menu, or just after it.
  const confirmed = plan.stay === 'none' && plan.key === '1'
  const served = row.outcome === 'answered' || row.outcome === 'call-back'
  const consent = leftAtOnce ? null : consentFor[plan.key ?? 'none']
  const state = row.outcome === 'answered' ? 'wrap-up' : 'closed'
  const rules: [string, boolean][] = [
    [`consent should be ${consent}`, row.consent === consent],
    ['should have left in the menu', (row.outcome === 'left-in-menu') === leftAtOnce || confirmed],
    ['danger', row.danger_key === (plan.key === '0')],
    ['call-back only for who asked for it', row.outcome !== 'call-back' || plan.key === '9'],
    ['hung up by us while waiting', ending !== 'put-down' || served],
    ['ended by us', row.ended_by !== 'system' || row.outcome === 'call-back'],
    [`state should be ${state}`, row.state === state],
  ]
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
}

test('both seats worked all the time, those in danger first', async () => {
  const rows = await byCaller()
  const answered = [...rows.values()].filter((row) => row.outcome === 'answered')
  expect(answered.length).toBeGreaterThan(8)
  expect(established.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(answered.length)
  const inDanger = plans.filter((plan) => plan.key === '0').map((plan) => rows.get(plan.number)?.outcome)
  expect(inDanger).toEqual(inDanger.map(() => 'answered'))
})

test('what nobody could understand was refused and did no harm', () => {
  expect(answers.statuses).toHaveLength(answers.hopeless)
  expect(answers.statuses.filter((status) => status < 400 || status >= 500)).toEqual([])
})

test('nothing is left over: channels, rooms, ports, dialogs, sounds', async () => {
  expect(await innards.ari<unknown[]>('channels')).toEqual([])
  const bridges = await innards.ari<{ id: string }[]>('bridges')
  expect(bridges.map((bridge) => bridge.id)).toEqual(['hearthline-alive'])
  expect(await innards.open()).toMatchObject({
    channels: 0,
    bridges: before.bridges,
    parked: 0,
    sip: { dialogs: 0, halfOpen: 0 },
    media: { legs: 0, ports: 0, playbacks: 0, externals: 0, bridges: before.media['bridges'] ?? 0 },
  })
})

test('the database has no stuck row, nothing due, no notice of failure', async () => {
  const none = async (text: string): Promise<void> => expect(await innards.rows(text), text).toEqual([])
  await none("select number, state from contact where state not in ('wrap-up', 'closed')")
  await none('select number, deadline_at from contact where deadline_at is not null')
  await none("select state, contact_id from duty where state in ('offered', 'busy')")
  await none("select recording_id, state from recording where state <> 'kept'")
  await none('select kind, data from notice')
  await none("select kind from task where kind <> 'call-back'")
  const log = join(product.data, 'log')
  const faults = readdirSync(log)
    .filter((name) => !name.startsWith('database'))
    .flatMap((name) => readFileSync(join(log, name), 'utf8').split('\n'))
    .filter((line) => /"level":[56]0\b|unexpected fault|failed/.test(line))
  expect(faults).toEqual([])
})

test('a server that dies and comes back believes in the same hundred calls', async () => {
  const before = await contactsOf(product)
  const dead = processOf(product, 'server/main.ts')
  process.kill(dead, 'SIGKILL')
  await until('another server serves', async () => {
    const ready = await fetch(`${product.web}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
    return ready && !existsSync(`/proc/${dead}`)
  })
  await sleep(1000)
  expect(await contactsOf(product)).toEqual(before)
  expect(await innards.rows('select kind from notice where ended_at is null')).toEqual([])
})
