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
    socket.on('error', () => {}) // ICMP answers to what we sent; the retransmissions deal with the loss
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
    const { socket, options } = this
    const isOpen = (): boolean => this.open
    let localHost: string | null = null
    // A socket of both families wants IPv4 addresses mapped.
    const routed = options.host === '::' && !host.includes(':') ? `::ffff:${host}` : host
    return {
      id: `udp:${host}:${port}`,
      transport: 'udp',
      remoteHost: host,
      remotePort: port,
      // Looked up when it is needed: this runs for every datagram.
      get localHost() {
        localHost ??= localHostFor(host, options.host, options.publicAddress)
        return localHost
      },
      localPort: this.port,
      get open() {
        return isOpen()
      },
      send(message) {
        if (!isOpen()) return false
        if (options.loseDatagram?.('out') !== true) socket.send(message, port, routed, () => {})
        return true
      },
    }
  }

  async close(): Promise<void> {
    if (!this.open) return
    this.open = false
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }
}
