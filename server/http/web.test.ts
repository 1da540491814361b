import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { logOut } from '../../api/session.ts'
import { fromAscii, openTestApp, toAscii } from '../../test/app.ts'
import { aHotline, aPerson } from '../../test/database.ts'
import { startLive } from './live.ts'
import { servePages } from './pages.ts'
import { serveUpgrades } from './upgrade.ts'

const folder = mkdtempSync(join(tmpdir(), 'hearthline-web-'))
const script = `console.log(${JSON.stringify('呼'.repeat(400))})`
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'index.html'), '<title>public</title>')
writeFileSync(join(folder, 'desk.html'), '<title>desk</title>')
writeFileSync(join(folder, 'assets', 'app-1a2b.js'), script)
writeFileSync(join(folder, '..', `${folder.split('/').at(-1) ?? ''}-secret.txt`), 'secret')

/** A switchboard that writes down what reaches it and says hello. */
const reached: string[] = []
const inner = createServer((socket: Socket) => {
  socket.on('data', (bytes) => {
    reached.push(bytes.toString())
    socket.write(reached.length === 1 ? 'HTTP/1.1 101 Switching Protocols\r\n\r\n' : 'echo')
  })
  socket.on('error', () => undefined)
})
/** Another switchboard, that only says who it is. */
const second = createServer((socket: Socket) => {
  socket.on('data', () => socket.end('HTTP/1.1 101 Switching Protocols\r\nServer: second\r\n\r\n'))
  socket.on('error', () => undefined)
})

const { app, db, live, cookieOf, ask } = await openTestApp(undefined, (made) => servePages(made, folder))
let port = 0
let hotlineId: string
let supervisor: { personId: string }
let counsellor: { personId: string }

beforeAll(async () => {
  for (const each of [inner, second])
    await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve))
  const doors = [inner, second].map((each) => each.address() as AddressInfo)
  serveUpgrades(
    app,
    live,
    doors.map((door) => ({ host: '127.0.0.1', port: door.port })),
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  port = (app.server.address() as AddressInfo).port
  hotlineId = await aHotline(db)
  supervisor = await aPerson(db, hotlineId, { roles: ['supervisor'] })
  counsellor = await aPerson(db, hotlineId)
})
afterAll(() => {
  second.close()
  rmSync(folder, { recursive: true, force: true })
  rmSync(`${folder}-secret.txt`, { force: true })
})

interface Tab {
  heard: { type: string }[]
  socket: WebSocket
  closed: Promise<number>
}

/** Opens a live socket as a browser with this cookie and origin would; rejects with the HTTP status. */
function openTab(cookie: string, origin = `http://127.0.0.1:${port}`, to = port): Promise<Tab> {
  const socket = new WebSocket(`ws://127.0.0.1:${to}/api/v1/live`, { headers: { cookie, origin } })
  const heard: { type: string }[] = []
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as { type: string }))
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)))
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ heard, socket, closed }))
    socket.once('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))))
    socket.once('error', reject)
  })
}

test('a live socket needs a session and a page of our own', async () => {
  const cookie = await cookieOf(hotlineId, supervisor.personId)
  await expect(openTab('')).rejects.toThrow('401')
  await expect(openTab('hearthline_session=guess')).rejects.toThrow('401')
  await expect(openTab(cookie, 'https://evil.example')).rejects.toThrow('403')
})

test('an event reaches whom it is for, and nobody of another hotline or without the right', async () => {
  const other = await aHotline(db)
  const stranger = await aPerson(db, other, { roles: ['supervisor'] })
  const [boss, own, far] = await Promise.all([
    openTab(await cookieOf(hotlineId, supervisor.personId)),
    openTab(await cookieOf(hotlineId, counsellor.personId)),
    openTab(await cookieOf(other, stranger.personId)),
  ])
  const danger = { type: 'danger', contactId: hotlineId, number: 7, line: '1001' } as const
  live.publish(hotlineId, { right: 'board.see' }, danger)
  live.publish(hotlineId, { personId: counsellor.personId }, { type: 'taken-over' })
  live.publish(other, { right: 'board.see' }, { type: 'changed', what: 'lines' })
  await expect.poll(() => boss.heard.map((event) => event.type).toSorted()).toEqual(['board', 'danger'])
  await expect.poll(() => own.heard.map((event) => event.type)).toEqual(['taken-over'])
  await expect.poll(() => far.heard.map((event) => event.type).toSorted()).toEqual(['board', 'changed'])
  for (const tab of [boss, own, far]) tab.socket.close()
})

test('logging out ends the live sockets of that session and of no other', async () => {
  const [first, second] = [
    await cookieOf(hotlineId, counsellor.personId),
    await cookieOf(hotlineId, counsellor.personId),
  ]
  const [ending, staying] = [await openTab(first), await openTab(second)]
  expect(live.socketsOf(counsellor.personId)).toBeGreaterThanOrEqual(2)
  await ask(logOut, { cookie: first })
  expect(await ending.closed).toBe(4001)
  expect(ending.heard.at(-1)).toEqual({ type: 'session-ended' })
  expect(staying.socket.readyState).toBe(WebSocket.OPEN)
  staying.socket.close()
})

test('what one server publishes reaches the sockets of another, whole boards too, and only once', async () => {
  const find = app.ground.findPerson
  const second = startLive({ db, findPerson: find, seal: toAscii, unseal: fromAscii })
  const tab = await openTab(await cookieOf(hotlineId, counsellor.personId))
  const line = '线'.repeat(6000)
  await expect
    .poll(() => {
      second.publish(
        hotlineId,
        { right: 'contact.list' },
        { type: 'danger', contactId: hotlineId, number: 1, line },
      )
      return tab.heard.length
    })
    .toBeGreaterThan(0)
  expect(tab.heard[0]).toMatchObject({ type: 'danger', line })
  const before = tab.heard.length
  live.publish(hotlineId, { personId: counsellor.personId }, { type: 'changed', what: 'hotline' })
  second.publish(hotlineId, { personId: counsellor.personId }, { type: 'changed', what: 'seats' })
  await expect.poll(() => tab.heard.at(-1)).toEqual({ type: 'changed', what: 'seats' })
  expect(tab.heard.slice(before).filter((event) => JSON.stringify(event).includes('hotline'))).toHaveLength(1)
  tab.socket.close()
  await second.close()
})

/** A raw upgrade request of telephony, and everything that comes back. */
function askSip(headers: string[], path = '/sip'): { socket: Socket; text: () => string } {
  let got = ''
  const socket = connect(port, '127.0.0.1')
  socket.on('data', (bytes) => (got += bytes.toString()))
  socket.on('error', () => undefined)
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    ...headers,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return { socket, text: () => got }
}

test('telephony is passed through to the switchboard as it is, without the session of the page', async () => {
  const { socket, text } = askSip([
    `Origin: http://127.0.0.1:${port}`,
    'Cookie: hearthline_session=mine',
    'Sec-WebSocket-Protocol: sip',
  ])
  await expect.poll(text).toContain('101 Switching')
  expect(reached[0]).toContain('Sec-WebSocket-Protocol: sip')
  expect(reached[0]).not.toContain('hearthline_session')
  socket.write(Buffer.from('frame'))
  await expect.poll(text).toContain('echo')
  expect(reached[1]).toBe('frame')
  socket.destroy()
  const foreign = askSip(['Origin: https://evil.example'])
  await expect.poll(foreign.text).toContain('403')
})

test('each of several switchboards has a path of its own', async () => {
  await expect.poll(askSip([], '/sip/2').text).toContain('Server: second')
  await expect.poll(askSip([], '/sip/3').text).toContain('404 Not Found')
})

test('a switchboard that is away is said to be, and an unknown door is not found', async () => {
  await new Promise((resolve) => inner.close(resolve))
  await expect.poll(askSip([]).text).toContain('503 Service Unavailable')
  const wrong = new WebSocket(`ws://127.0.0.1:${port}/elsewhere`)
  const status = await new Promise((resolve) =>
    wrong.once('unexpected-response', (_, response) => resolve(response.statusCode)),
  )
  expect(status).toBe(404)
})

test('the public page is at the door, the staff app behind its own addresses, nothing else is reachable', async () => {
  const title = async (url: string): Promise<string> => (await app.inject(url)).body
  expect(await title('/')).toContain('public')
  for (const url of [
    '/desk',
    '/board',
    '/admin/lines',
    '/contacts?state=closed',
    '/login',
    '/setup?token=x',
    '/tasks',
  ])
    expect(await title(url), url).toContain('desk')
  const secret = `${folder.split('/').at(-1) ?? ''}-secret.txt`
  for (const url of [
    '/nothing',
    `/../${secret}`,
    `/..%2f${secret}`,
    `/assets/%2e%2e/%2e%2e/${secret}`,
    '/assets',
    '/%00',
  ])
    expect([400, 404], url).toContain((await app.inject(url)).statusCode)
})

test('a browser at an address nobody serves gets a page that says so, a program the problem', async () => {
  const asPerson = await app.inject({ url: '/nowhere', headers: { accept: 'text/html,*/*' } })
  expect([asPerson.statusCode, asPerson.body.includes('desk')]).toEqual([404, true])
  const asProgram = await app.inject({ url: '/api/v1/nowhere', headers: { accept: 'text/html' } })
  expect(asProgram.json()).toMatchObject({ code: 'request.notFound' })
})

test('pages travel packed; what has a hash in its name is kept by browsers, what has none is asked for again', async () => {
  const get = (encoding: string) =>
    app.inject({ url: '/assets/app-1a2b.js', headers: { 'accept-encoding': encoding } })
  const [br, gz, plain] = [await get('gzip, deflate, br'), await get('gzip'), await get('identity')]
  expect(brotliDecompressSync(br.rawPayload).toString()).toBe(script)
  expect(gunzipSync(gz.rawPayload).toString()).toBe(script)
  expect(plain.body).toBe(script)
  expect(br.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-encoding': 'br',
  })
  const page = await app.inject('/desk')
  expect(page.headers['cache-control']).toBe('no-cache')
  const again = await app.inject({ url: '/desk', headers: { 'if-none-match': String(page.headers['etag']) } })
  expect(again.statusCode).toBe(304)
  writeFileSync(join(folder, 'desk.html'), '<title>desk of the next version</title>')
  expect((await app.inject('/desk')).body).toContain('next version')
})

test('every page of the web app is served at its own address, also after a reload', async () => {
  const router = readFileSync(join(import.meta.dirname, '../../web/router.tsx'), 'utf8')
  const paths = [...router.matchAll(/page\('(\/[^']*)'/g)].map((found) =>
    (found[1] ?? '').replace('$id', 'x'),
  )
  expect(paths.length).toBeGreaterThan(10)
  for (const url of [...paths, '/login', '/setup']) {
    const answer = await app.inject({ url, headers: { accept: 'text/html' } })
    expect([url, answer.statusCode]).toEqual([url, 200])
    expect(answer.body).toContain('<title>desk')
  }
})
