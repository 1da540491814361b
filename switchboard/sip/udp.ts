import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Flow, FlowReceiver } from './flow.ts'
import { localHostFor, plainHost } from './local-address.ts'

/** How to listen on UDP. */
export interface UdpOptions {
  readonly host: string
  readonly port: number
  readonly publicAddress: string | null
  readonly loseDatagram: ((direction: 'in' | 'out') => boolean) | undefined
}

/** ICMP answers to what we sent tell nothing: the retransmissions deal with the loss. */
const ignore = (): void => undefined

/** The UDP socket of the stack. */
export class UdpListener {
  readonly port: number
  private readonly socket: Socket
  private readonly options: UdpOptions
  private open = true

  private constructor(socket: Socket, options: UdpOptions, receiver: FlowReceiver) {
    this.socket = socket
    this.options = options
    this.port = socket.address().port
    socket.on('error', ignore)
    socket.on('message', (data, from) => {
      if (options.loseDatagram?.('in') === true) return
      receiver.message(data, this.flowTo(plainHost(from.address), from.port))
    })
  }

  /** Binds; rejects when the port is taken. */
  static async open(options: UdpOptions, receiver: FlowReceiver): Promise<UdpListener> {
    const family = options.host.includes(':') ? 6 : 4
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // Only addresses are ever sent to; without this every datagram would pay for a look-up.
      lookup: (name, _options, found) => found(null, name, family),
      recvBufferSize: 1 << 20,
    })
    // Asked for before binding: with a look-up that answers at once, binding is done at once.
    const listening = once(socket, 'listening')
    socket.bind(options.port, options.host)
    await listening
    return new UdpListener(socket, options, receiver)
  }

  /** The way to a UDP peer; `host` is an address, never a name. */
  flowTo(host: string, port: number): Flow {
    return new UdpFlow(this, host, port)
  }

  get isOpen(): boolean {
    return this.open
  }

  /** Our address as this peer sees it. */
  hostTowards(host: string): string {
    return localHostFor(host, this.options.host, this.options.publicAddress)
  }

  /** Sends a datagram; false when the socket is closed. */
  send(message: string, host: string, port: number): boolean {
    if (!this.open) return false
    if (this.options.loseDatagram?.('out') === true) return true
    // A socket of both families wants IPv4 addresses mapped.
    const routed = this.options.host === '::' && !host.includes(':') ? `::ffff:${host}` : host
    this.socket.send(message, port, routed, ignore)
    return true
  }

  async close(): Promise<void> {
    if (!this.open) return
    this.open = false
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }
}

/** A class, for one is made for every datagram: getters of an object would be defined anew each time. */
class UdpFlow implements Flow {
  readonly transport = 'udp'
  readonly remoteHost: string
  readonly remotePort: number
  readonly localPort: number
  private readonly listener: UdpListener
  private ourHost: string | null = null

  constructor(listener: UdpListener, host: string, port: number) {
    this.listener = listener
    this.remoteHost = host
    this.remotePort = port
    this.localPort = listener.port
  }

  get id(): string {
    return `udp:${this.remoteHost}:${this.remotePort}`
  }

  /** Looked up when it is needed. */
  get localHost(): string {
    this.ourHost ??= this.listener.hostTowards(this.remoteHost)
    return this.ourHost
  }

  get open(): boolean {
    return this.listener.isOpen
  }

  send(message: string): boolean {
    return this.listener.send(message, this.remoteHost, this.remotePort)
  }
}
