import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, STATUS_CODES } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { z } from 'zod'
import type { Log } from '../log.ts'
import type { Applications, EventSocket } from './apps.ts'
import { AriFault } from './fault.ts'
import { ariTime } from './models.ts'
import { addBody, parseTarget } from './request.ts'
import type { AriRequest, AriResponse } from './request.ts'

/** Where ARI is served and who may use it. */
export interface DoorOptions {
  host: string
  port: number
  user: string
  password: string
  asteriskId: string
  apps: Applications
  log: Log
  run: (request: AriRequest) => Promise<AriResponse>
}

/** The open door: HTTP and the events WebSocket on one port. */
export interface Door {
  port: number
  close(): Promise<void>
}

const restRequest = z.object({
  type: z.literal('RESTRequest'),
  transaction_id: z.string().default(''),
  request_id: z.string().default(''),
  method: z.string(),
  uri: z.string(),
  content_type: z.string().optional(),
  query_strings: z.array(z.object({ name: z.string(), value: z.coerce.string() })).optional(),
  message_body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
})

const pingEvery = 15_000
const mostBuffered = 32 * 1024 * 1024
const longestBody = 64 * 1024

const digest = (text: string) => createHash('sha256').update(text).digest()

/** True when the request carries the user and password, in the header or as `api_key=user:password`. Takes equal time. */
function allowed(options: DoorOptions, request: IncomingMessage): boolean {
  const query = new URLSearchParams((request.url ?? '').split('?').slice(1).join('?'))
  const [scheme = '', coded = ''] = (request.headers.authorization ?? '').split(' ')
  const basic = scheme.toLowerCase() === 'basic' ? Buffer.from(coded, 'base64').toString() : ''
  const given = basic || (query.get('api_key') ?? '')
  return timingSafeEqual(digest(given), digest(`${options.user}:${options.password}`))
}

/** Opens HTTP and WebSocket for ARI. Rejects with the system's error when the port is taken. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const http = createServer((request, response) => void answer(options, request, response))
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 1024 * 1024,
    handleProtocols: (offered) => (offered.has('ari') ? 'ari' : false),
  })
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    upgrade(options, sockets, request, socket, head)
  })
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(options.port, options.host, resolve)
  })
  const timer = setInterval(() => beat(sockets), pingEvery)
  timer.unref()
  return { port: (http.address() as AddressInfo).port, close: () => shut(http, sockets, timer) }
}

const alive = new WeakSet<WebSocket>()

function beat(sockets: WebSocketServer): void {
  for (const socket of sockets.clients) {
    if (!alive.has(socket)) socket.terminate()
    alive.delete(socket)
    socket.ping()
  }
}

async function shut(http: Server, sockets: WebSocketServer, timer: NodeJS.Timeout): Promise<void> {
  clearInterval(timer)
  for (const socket of sockets.clients) socket.terminate()
  sockets.close()
  http.closeAllConnections()
  await new Promise<void>((resolve) => http.close(() => resolve()))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > longestBody) throw new AriFault(413, 'Request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

async function answer(
  options: DoorOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: AriResponse
  if (!allowed(options, request)) {
    response.setHeader('WWW-Authenticate', 'Basic realm="ARI"')
    result = { status: 401, body: { message: 'Authentication required' } }
  } else {
    result = await carryOut(options, async () => {
      const parsed = parseTarget(request.method ?? 'GET', request.url ?? '/')
      if (parsed.path.shift() !== 'ari') throw new AriFault(404, 'Resource not found')
      addBody(parsed, await bodyOf(request), request.headers['content-type'] ?? 'application/json')
      return options.run(parsed)
    })
  }
  response.statusCode = result.status
  if (result.body === undefined) {
    response.end()
    return
  }
  const isSound = Buffer.isBuffer(result.body)
  response.setHeader('Content-Type', isSound ? 'audio/wav' : 'application/json')
  response.end(isSound ? result.body : JSON.stringify(result.body))
}

async function carryOut(options: DoorOptions, run: () => Promise<AriResponse>): Promise<AriResponse> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof AriFault) return { status: error.status, body: { message: error.message } }
    options.log.error({ err: error }, 'an ARI request failed')
    return { status: 500, body: { message: 'Internal error' } }
  }
}

function upgrade(
  options: DoorOptions,
  sockets: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const refuse = (status: number) =>
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n\r\n`)
  const url = new URL(request.url ?? '/', 'http://ari')
  if (!allowed(options, request)) return void refuse(401)
  if (url.pathname !== '/ari/events') return void refuse(404)
  const names = (url.searchParams.get('app') ?? '').split(',').filter((name) => name !== '')
  if (!names.length) return void refuse(400)
  const all = url.searchParams.get('subscribeAll') === 'true'
  const together = inOneWrite(socket)
  sockets.handleUpgrade(request, socket, head, (opened) => serve(options, opened, together, names, all))
}

/** Holds back what is written until everything of this moment was dealt with: one system call carries many frames. */
function inOneWrite(socket: Duplex): () => void {
  let held = false
  return () => {
    if (held) return
    held = true
    socket.cork()
    setImmediate(() => {
      held = false
      socket.uncork()
    })
  }
}

function serve(
  options: DoorOptions,
  socket: WebSocket,
  together: () => void,
  names: string[],
  all: boolean,
): void {
  const events: EventSocket = {
    send: (text) => {
      if (socket.readyState !== socket.OPEN) return
      if (socket.bufferedAmount > mostBuffered) socket.terminate()
      else {
        together()
        socket.send(text)
      }
    },
    close: () => socket.close(),
  }
  alive.add(socket)
  socket.on('pong', () => alive.add(socket))
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    for (const name of names) options.apps.disconnect(name, events)
  })
  // One request after the other: a client that sends "add, then play" means it in this order.
  let last = Promise.resolve()
  socket.on('message', (data: Buffer) => {
    last = last.then(() => serveOne(options, events, names[0] ?? '', data.toString()))
  })
  for (const name of names) options.apps.connect(name, events, all)
}

async function serveOne(options: DoorOptions, events: EventSocket, app: string, text: string): Promise<void> {
  const parsed = restRequest.safeParse(jsonOf(text))
  const asked = parsed.success ? parsed.data : null
  const result = await carryOut(options, async () => {
    if (!asked) throw new AriFault(400, 'Not a RESTRequest')
    const request = parseTarget(asked.method, asked.uri)
    if (request.path[0] === 'ari') request.path.shift()
    if (asked.query_strings)
      request.params.addAll(asked.query_strings.map((one) => [one.name, one.value] as const))
    const body = asked.message_body
    if (typeof body === 'string') addBody(request, body, asked.content_type ?? 'application/json')
    else if (body) request.params.addBody(body)
    request.app = app === '' ? null : app
    const result = await options.run(request)
    if (Buffer.isBuffer(result.body)) throw new AriFault(406, 'Sound is fetched by HTTP')
    return result
  })
  const body = result.body === undefined ? {} : bodyFields(result.body)
  events.send(
    JSON.stringify({
      type: 'RESTResponse',
      transaction_id: asked?.transaction_id ?? '',
      request_id: asked?.request_id ?? '',
      status_code: result.status,
      reason_phrase: STATUS_CODES[result.status] ?? '',
      uri: asked?.uri ?? '',
      ...body,
      timestamp: ariTime(),
      asterisk_id: options.asteriskId,
      application: app,
    }),
  )
}

const bodyFields = (body: unknown) => ({
  content_type: 'application/json',
  message_body: JSON.stringify(body),
})

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
