import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { RawData, WebSocket } from 'ws'
import type { Flow, FlowReceiver } from './flow.ts'
import { isLoopback, localHostFor, plainHost } from './local-address.ts'

/** How to listen for browsers. */
export interface WebSocketOptions {
  readonly port: number
  readonly publicAddress: string | null
  readonly messageBytes: number
  readonly admits: (host: string) => boolean
}

/** A browser that answers no ping for one such interval is gone, ms. */
const pingEvery = 20_000

/** The browser's address as the web server before us says it, when that server is on this machine. */
function addressOf(request: IncomingMessage): string {
  const direct = plainHost(request.socket.remoteAddress ?? '')
  const forwarded = request.headers['x-forwarded-for']
  const said = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',').pop()?.trim()
  return isLoopback(direct) && said !== undefined && /^[0-9a-fA-F.:]{2,45}$/.test(said)
    ? plainHost(said)
    : direct
}

const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)

/** SIP over WebSocket (RFC 7118), plain, on 127.0.0.1. */
export class WebSocketListener {
  readonly port: number
  private readonly server: WebSocketServer
  private readonly options: WebSocketOptions
  private readonly receiver: FlowReceiver
  private readonly sockets = new Map<WebSocket, Flow>()
  private nextId = 1

  private constructor(server: WebSocketServer, options: WebSocketOptions, receiver: FlowReceiver) {
    this.server = server
    this.options = options
    this.receiver = receiver
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket, request) => this.adopt(socket, request))
    server.on('error', () => {})
  }

  /** Listens; rejects when the port is taken. */
  static async open(options: WebSocketOptions, receiver: FlowReceiver): Promise<WebSocketListener> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: options.port,
      maxPayload: options.messageBytes,
      handleProtocols: () => 'sip',
      verifyClient: ({ req }: { req: IncomingMessage }) =>
        (req.headers['sec-websocket-protocol'] ?? '')
          .split(',')
          .some((name: string) => name.trim() === 'sip') && options.admits(addressOf(req)),
    })
    await once(server, 'listening')
    return new WebSocketListener(server, options, receiver)
  }

  get flows(): Flow[] {
    return [...this.sockets.values()]
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close')
    this.server.close()
    for (const socket of this.sockets.keys()) socket.terminate()
    await closed
  }

  private adopt(socket: WebSocket, request: IncomingMessage): void {
    const flow = this.flowOf(socket, addressOf(request), request.socket.remotePort ?? 0)
    this.sockets.set(socket, flow)
    let alive = true
    const pinger = setInterval(() => {
      if (!alive) return socket.terminate()
      alive = false
      socket.ping()
    }, pingEvery)
    pinger.unref()
    socket.on('pong', () => {
      alive = true
    })
    socket.on('message', (data) => {
      alive = true
      const bytes = bytesOf(data)
      if (bytes.length <= 4 && /^[\r\n]*$/.test(bytes.toString('latin1'))) {
        if (bytes.length === 4) socket.send('\r\n')
      } else this.receiver.message(bytes, flow)
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      clearInterval(pinger)
      this.sockets.delete(socket)
      this.receiver.closed(flow)
    })
  }

  private flowOf(socket: WebSocket, remoteHost: string, remotePort: number): Flow {
    const id = `ws:${remoteHost}:${remotePort}:${this.nextId}`
    this.nextId += 1
    return {
      id,
      transport: 'ws',
      remoteHost,
      remotePort,
      localHost: localHostFor(remoteHost, '127.0.0.1', this.options.publicAddress),
      localPort: this.port,
      get open() {
        return socket.readyState === socket.OPEN
      },
      send(message) {
        if (socket.readyState !== socket.OPEN || socket.bufferedAmount > 1 << 20) return false
        socket.send(message)
        return true
      },
    }
  }
}
