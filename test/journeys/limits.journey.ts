/* Every limit of an address used up by somebody's program: whoever calls from there is answered all the same. */
import { createSocket } from 'node:dgram'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { WebSocket } from 'ws'
import { startProduct, type Product } from '../product.ts'
import { until } from './hotline.ts'
import { aPersonAt, type Person } from './person.ts'
import { phoneMissing, startPhone, type Phone } from './phone.ts'

test.skip(phoneMissing !== null, phoneMissing ?? '')
test.describe.configure({ mode: 'serial', timeout: 90_000 })

let product: Product
let person: Person
let caller: Phone
const sockets: WebSocket[] = []

test.beforeAll(async () => {
  product = await startProduct()
  person = await aPersonAt(product.web, 520)
  caller = await startPhone({ toneHz: 440, user: '13987650417' })
})
test.afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  await caller?.stop()
  await person?.leave()
  await product?.stop()
})

const post = async (path: string, body: object): Promise<number> => {
  const headers = { 'content-type': 'application/json', origin: product.web }
  return (await fetch(`${product.web}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }))
    .status
}

const many = async (count: number, path: string, body: object): Promise<Set<number>> => {
  const answers = new Set<number>()
  for (let n = 0; n < count; n += 1) answers.add(await post(path, body))
  return answers
}

const openIdle = (): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${product.web.replace('http', 'ws')}/sip`, 'sip', { origin: product.web })
    sockets.push(socket)
    socket.once('open', () => resolve('open'))
    socket.once('error', (error) => resolve(error.message))
  })

test('the limits of log-in, codes and questions are used up, and all telephone sockets of the page taken', async () => {
  expect(await many(70, '/api/v1/session', { name: 'nobody', passphrase: 'nobody has this' })).toContain(429)
  expect(await many(15, '/api/v1/public/consents', { code: '1-aaaa-bbbb' })).toContain(429)
  expect(await many(35, '/api/v1/public/questions', { token: 'x'.repeat(32) })).toContain(429)
  const { lines } = (await (await fetch(`${product.web}/api/v1/public`)).json()) as {
    lines: { lineId: string }[]
  }
  const lineId = lines[0]?.lineId ?? ''
  // More than wait for nothing: the last ones come a second apart, and none is refused.
  const calls = await Promise.all(Array.from({ length: 24 }, () => post('/api/v1/public/call', { lineId })))
  expect(new Set(calls)).toEqual(new Set([200]))
  for (let n = 0; n < 210; n += 1) expect(await openIdle()).toBe('open')
})

test('a call by SIP from the same address is answered', async () => {
  await caller.dial(`sip:1001@127.0.0.1:${product.sipPort}`)
  await caller.waitFor('CALL_ESTABLISHED')
  await caller.hangUp()
})

test('a call from a fresh page of the same address is answered', async () => {
  const { page } = person
  await page.goto(product.web)
  await page.getByRole('button', { name: '用这个网页通话' }).first().click()
  await page.getByText('已接通').waitFor({ timeout: 40_000 })
  await page.getByRole('button', { name: '结束通话' }).click()
})

test('what a caller sends as a name, and who called, is in no log and breaks no line', async () => {
  const socket = createSocket('udp4')
  const lines = (id: number, name: string): string =>
    [
      `INVITE sip:1001@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKlog${id}`,
      `From: ${name} <sip:13987650417@127.0.0.1>;tag=log${id}`,
      `To: <sip:1001@127.0.0.1>`,
      `Call-ID: 13987650417-${id}`,
      `CSeq: 1 INVITE`,
      `Contact: <sip:13987650417@127.0.0.1:9>`,
      `User-Agent: 张三丰保密\u001b[31m`,
      'Content-Type: application/sdp',
      'Content-Length: 8',
      '',
      'nonsense',
    ].join('\r\n')
  const names = [
    '"张三丰保密"',
    '"张三\u001b[31m{\\"level\\":50}"',
    '"=HYPERLINK(1)"',
    '张三丰保密 x',
    `"${'张'.repeat(9000)}"`,
  ]
  for (const [id, name] of names.entries())
    await new Promise((resolve) => socket.send(lines(id, name), product.sipPort, '127.0.0.1', resolve))
  socket.close()
  await until('refusals are written', () => logged().includes('a request was refused'))
  for (const line of logged().split('\n')) {
    expect(line).not.toMatch(/张三|13987650417|HYPERLINK/)
    expect(line).not.toContain('\u001b')
    if (line.startsWith('{')) JSON.parse(line)
  }
})

const logged = (): string => {
  const folder = join(product.data, 'log')
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
}
