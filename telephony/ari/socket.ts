import { WebSocket } from 'ws'
import { SwitchboardError } from '../switchboard-error.ts'
import { readMessage, refusal, restRequest, type Query, type RestResponse } from './wire.ts'

const answerWithin = 5_000
const pingEvery = 5_000
const firstRetry = 100
const lastRetry = 2_000
const closeWithin = 500

/** Sends one request and gives its parsed body; rejects with SwitchboardError. */
export type Ask = (method: string, uri: string, query?: Query, body?: unknown) => Promise<unknown>

/** What the owner of a socket is told. */
export interface SocketOwner {
  opened: () => void
  event: (message: unknown) => void
  closed: () => void
  /** Nobody listens there. */
  refused: () => void
  log: (message: string, fields?: Record<string, string | number>) => void
}

interface Waiting {
  answer: (response: RestResponse) => void
  fail: (error: SwitchboardError) => void
}

/** ARI's events address for an `ARI_URL`, and the credentials as a header, so that they are in no log of addresses. */
export function eventsAddress(url: string, app: string): { address: string; authorization: string } {
  const from = new URL(url)
  const path = from.pathname.replace(/\/+$/, '').replace(/\/ari$/, '')
  const scheme = from.protocol === 'https:' || from.protocol === 'wss:' ? 'wss' : 'ws'
  const login = `${decodeURIComponent(from.username)}:${decodeURIComponent(from.password)}`
  return {
    address: `${scheme}://${from.host}${path}/ari/events?app=${encodeURIComponent(app)}&subscribeAll=false`,
    authorization: `Basic ${Buffer.from(login).toString('base64')}`,
  }
}

/** The one socket that carries events and requests; it opens again by itself whenever it is lost. */
export class Socket {
  private readonly address: string
  private readonly authorization: string
  private readonly owner: SocketOwner
  private readonly waiting = new Map<string, Waiting>()
  private current: WebSocket | null = null
  private stopped = false
  private retryAfter = firstRetry
  private retry: NodeJS.Timeout | undefined
  private requests = 0

  constructor(url: string, app: string, owner: SocketOwner) {
    const { address, authorization } = eventsAddress(url, app)
    this.address = address
    this.authorization = authorization
    this.owner = owner
  }

  /** Starts trying; `owner.opened` tells when it is open. */
  connect(): void {
    const headers = { authorization: this.authorization }
    const handshakeTimeout = answerWithin
    const socket = new WebSocket(this.address, { headers, perMessageDeflate: false, handshakeTimeout })
    this.current = socket
    let open = false
    const stopPinging = keepAlive(socket)
    socket.on('open', () => {
      open = true
      this.retryAfter = firstRetry
      this.owner.opened()
    })
    socket.on('message', (data: Buffer) => this.receive(data.toString()))
    socket.on('error', (error) => {
      if (open) return
      this.owner.log('switchboard not reached', { error: error.name })
      if ('code' in error && error.code === 'ECONNREFUSED') this.owner.refused()
    })
    socket.on('close', () => {
      stopPinging()
      for (const one of this.waiting.values())
        one.fail(new SwitchboardError('node-down', 'the link was lost'))
      this.waiting.clear()
      if (open) this.owner.closed()
      if (this.stopped) return
      this.retry = setTimeout(() => this.connect(), this.retryAfter)
      this.retryAfter = Math.min(this.retryAfter * 2, lastRetry)
    })
  }

  /** True while requests can be sent. */
  isOpen(): boolean {
    return this.current?.readyState === WebSocket.OPEN
  }

  readonly ask: Ask = (method, uri, query = {}, body) => {
    const socket = this.current
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new SwitchboardError('node-down', 'no link'))
    }
    this.requests += 1
    const id = String(this.requests)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id)
        reject(new SwitchboardError('timeout', `${method} ${uri.split('/')[0]}`))
      }, answerWithin)
      this.waiting.set(id, {
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
        answer: (response) => {
          clearTimeout(timer)
          if (response.status < 300) resolve(response.body)
          else reject(refusal(method, uri, response.status))
        },
      })
      socket.send(restRequest(id, method, uri, query, body))
    })
  }

  /** Closes it for good; requests without an answer fail. */
  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.retry)
    const socket = this.current
    if (!socket || socket.readyState === WebSocket.CLOSED) return
    const impatient = setTimeout(() => socket.terminate(), closeWithin)
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
      else socket.close()
    })
    clearTimeout(impatient)
  }

  private receive(text: string): void {
    const message = readMessage(text)
    if (message === null) return this.owner.log('switchboard sent something unreadable')
    if ('event' in message) return this.owner.event(message.event)
    const one = this.waiting.get(message.response.id)
    this.waiting.delete(message.response.id)
    one?.answer(message.response)
  }
}

/** A peer that vanished without closing is noticed after two pings. */
function keepAlive(socket: WebSocket): () => void {
  let alive = true
  const heard = () => (alive = true)
  socket.on('pong', heard)
  socket.on('message', heard)
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, pingEvery)
  return () => clearInterval(timer)
}
