import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { Flow, FlowReceiver } from './flow.ts'
import { StreamFramer } from './framing.ts'
import { localHostFor, plainHost } from './local-address.ts'
import { SipParseError } from './parse-error.ts'

/** How to listen on TCP or TLS. Without `port` nothing listens, and connections are only made. */
export interface StreamOptions {
  readonly host: string
  readonly port: number | null
  readonly secure: boolean
  readonly publicAddress: string | null
  readonly certificate: { readonly cert: string | Buffer; readonly key: string | Buffer } | null
  readonly messageBytes: number
  /** May this address open one more connection? */
  readonly admits: (host: string) => boolean
}

/** A connection that has said nothing whole for this long after opening is closed, ms. */
const firstWordWithin = 30_000
const connectWithin = 10_000

/** TCP or TLS: what listens, and the connections both sides have opened. */
export class StreamListener {
  /** The port bound; the usual one when nothing listens, for it stands in our Via. */
  readonly port: number
  private readonly server: Server
  private readonly options: StreamOptions
  private readonly receiver: FlowReceiver
  private readonly sockets = new Map<string, { socket: Socket; flow: Flow }>()
  private nextId = 1

  private constructor(server: Server, options: StreamOptions, receiver: FlowReceiver) {
    this.server = server
    this.options = options
    this.receiver = receiver
    this.port = (server.address() as AddressInfo | null)?.port ?? (options.secure ? 5061 : 5060)
    const event = options.secure ? 'secureConnection' : 'connection'
    server.on(event, (socket: Socket) => {
      const from = plainHost(socket.remoteAddress ?? '')
      if (from === '' || !options.admits(from)) socket.destroy()
      else this.adopt(socket, true)
    })
    server.on('error', () => {})
  }

  /** Listens; rejects when the port is taken. */
  static async open(options: StreamOptions, receiver: FlowReceiver): Promise<StreamListener> {
    const server = options.secure
      ? createTlsServer({ ...options.certificate, handshakeTimeout: connectWithin })
      : createServer()
    server.on('tlsClientError', () => {})
    if (options.port !== null) {
      server.listen(options.port, options.host)
      await once(server, 'listening')
    }
    return new StreamListener(server, options, receiver)
  }

  get flows(): Flow[] {
    return [...this.sockets.values()].map(({ flow }) => flow)
  }

  /** A connection to this address: an open one if there is one, else a new one. Rejects when it cannot be made. */
  async connect(host: string, port: number, serverName: string): Promise<Flow> {
    const open = this.flows.find((flow) => flow.remoteHost === host && flow.remotePort === port && flow.open)
    if (open) return open
    const socket = this.options.secure
      ? connectTls({ host, port, servername: /^[\d.:]+$/.test(serverName) ? '' : serverName })
      : connect({ host, port })
    const timer = setTimeout(() => socket.destroy(new Error('connection timed out')), connectWithin)
    try {
      await once(socket, this.options.secure ? 'secureConnect' : 'connect')
    } finally {
      clearTimeout(timer)
    }
    return this.adopt(socket, false)
  }

  async close(): Promise<void> {
    for (const { socket } of this.sockets.values()) socket.destroy()
    if (!this.server.listening) return
    const closed = once(this.server, 'close')
    this.server.close()
    await closed
  }

  private adopt(socket: Socket, inbound: boolean): Flow {
    const flow = this.flowOf(socket)
    this.sockets.set(flow.id, { socket, flow })
    const framer = new StreamFramer(this.options.messageBytes)
    socket.setNoDelay(true).setKeepAlive(true, 60_000)
    if (inbound) socket.setTimeout(firstWordWithin, () => socket.destroy())
    socket.on('data', (bytes) => {
      try {
        const { messages, pings } = framer.push(bytes)
        for (let i = 0; i < Math.min(pings, 1); i += 1) socket.write('\r\n')
        if (messages.length > 0) socket.setTimeout(0)
        for (const message of messages) this.receiver.message(message, flow)
      } catch (error) {
        if (!(error instanceof SipParseError)) throw error
        socket.destroy()
      }
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      this.sockets.delete(flow.id)
      this.receiver.closed(flow)
    })
    return flow
  }

  private flowOf(socket: Socket): Flow {
    const transport = this.options.secure ? 'tls' : 'tcp'
    const remoteHost = plainHost(socket.remoteAddress ?? '')
    const id = `${transport}:${remoteHost}:${socket.remotePort ?? 0}:${this.nextId}`
    this.nextId += 1
    return {
      id,
      transport,
      remoteHost,
      remotePort: socket.remotePort ?? 0,
      localHost: localHostFor(remoteHost, this.options.host, this.options.publicAddress),
      localPort: this.port,
      get open() {
        return socket.writable
      },
      send(message) {
        // A peer that does not read must not fill our memory.
        if (!socket.writable || socket.writableLength > 1 << 20) return false
        socket.write(message)
        return true
      },
    }
  }
}
