import type { Clock, SipLimits, SipStackOptions } from './contract.ts'
import type { Flow } from './flow.ts'
import { RateGuard } from './guard.ts'
import type { Headers } from './headers.ts'
import { parseVia } from './headers.ts'
import type { SipMessage, SipRequest } from './message.ts'
import { readMessage, reasonOf, responseTo, serialiseMessage } from './message.ts'
import { SipParseError } from './parse-error.ts'
import type { Endpoint } from './resolve.ts'
import { StreamListener } from './stream.ts'
import { newTag } from './transactions.ts'
import { UdpListener } from './udp.ts'
import { WebSocketListener } from './websocket.ts'

/** Who takes what the sockets bring. */
export interface TransportOwner {
  /** A sound message; `flow` is where an answer to it goes. */
  message(message: SipMessage, flow: Flow): void
  flowClosed(flow: Flow): void
  /** True for sources we have reason to trust with more messages a second. */
  isKnown(host: string): boolean
}

interface Listeners {
  readonly udp: UdpListener
  readonly tcp: StreamListener
  readonly tls: StreamListener
  readonly ws: WebSocketListener | null
}

/** Writes where a request really came from into its topmost Via (RFC 3261 §18.2.1, RFC 3581). */
function stampVia(headers: Headers, flow: Flow): void {
  const [top = '', ...others] = headers.list('via')
  const via = parseVia(top)
  let stamped = top
  if (via.params.has('rport'))
    stamped = stamped.replace(/;\s*rport\s*(?:=\s*\d*)?(?=;|$)/i, `;rport=${flow.remotePort}`)
  if (via.host !== flow.remoteHost || via.params.has('rport')) {
    stamped = `${stamped.replace(/;\s*received\s*=[^;]*/i, '')};received=${flow.remoteHost}`
  }
  if (stamped === top) return
  headers.remove('via')
  for (const value of [stamped, ...others].reverse()) headers.prepend('via', value)
}

/** Port that answers over UDP go to: the source's, unless a peer not behind NAT names another and asks for no rport. */
function answerPort(headers: Headers, flow: Flow): number {
  const via = parseVia(headers.list('via')[0] ?? '')
  return via.params.has('rport') || via.host !== flow.remoteHost ? flow.remotePort : (via.port ?? 5060)
}

/** All sockets of the stack: what comes in is limited, read, and stamped with its source. */
export class Transport {
  /** Messages that were not SIP. */
  unreadable = 0
  private listeners: Listeners | null = null
  private readonly guard: RateGuard
  private readonly owner: TransportOwner
  private readonly options: SipStackOptions
  private readonly limits: SipLimits

  constructor(options: SipStackOptions, limits: SipLimits, clock: Clock, owner: TransportOwner) {
    this.options = options
    this.limits = limits
    this.owner = owner
    this.guard = new RateGuard(limits, clock, (host) => owner.isKnown(host))
  }

  /** Binds everything; rejects, with nothing left open, when a port is taken. */
  async open(): Promise<void> {
    const receiver = {
      message: (data: Buffer, flow: Flow) => this.receive(data, flow),
      closed: (flow: Flow) => this.owner.flowClosed(flow),
    }
    const { host, publicAddress, port, tls, wsPort, loseDatagram } = this.options
    const { messageBytes } = this.limits
    const shared = { host, publicAddress, messageBytes, admits: (from: string) => this.admits(from) }
    const opened: { close(): Promise<void> }[] = []
    const keep = <T extends { close(): Promise<void> }>(listener: T): T => {
      opened.push(listener)
      return listener
    }
    try {
      const { tcp, udp } = await this.openPair(async () => {
        const tcp = await StreamListener.open({ ...shared, port, secure: false, certificate: null }, receiver)
        try {
          return {
            tcp,
            udp: await UdpListener.open({ host, publicAddress, port: tcp.port, loseDatagram }, receiver),
          }
        } catch (error) {
          await tcp.close()
          throw error
        }
      })
      keep(tcp)
      keep(udp)
      const secure = { ...shared, port: tls?.port ?? null, secure: true, certificate: tls ?? null }
      this.listeners = {
        tcp,
        udp,
        tls: keep(await StreamListener.open(secure, receiver)),
        ws:
          wsPort === undefined
            ? null
            : keep(await WebSocketListener.open({ ...shared, port: wsPort }, receiver)),
      }
    } catch (error) {
      for (const listener of opened) await listener.close()
      throw error
    }
  }

  get ports(): { readonly sip: number; readonly tls: number | null; readonly ws: number | null } {
    const { udp, tls, ws } = this.opened
    return { sip: udp.port, tls: this.options.tls ? tls.port : null, ws: ws?.port ?? null }
  }

  /** Connections open now. */
  get flows(): Flow[] {
    const { tcp, tls, ws } = this.opened
    return [...tcp.flows, ...tls.flows, ...(ws?.flows ?? [])]
  }

  get dropped(): number {
    return this.unreadable + this.guard.refused
  }

  /** The way to a UDP address. */
  udpFlow(endpoint: Pick<Endpoint, 'host' | 'port'>): Flow {
    return this.opened.udp.flowTo(endpoint.host, endpoint.port)
  }

  /** Stands for a way not yet found: it is closed. */
  nowhere(): Flow {
    const like = this.udpFlow({ host: '127.0.0.1', port: 9 })
    const { id, transport, remoteHost, remotePort, localHost, localPort } = like
    const closed = { open: false, send: () => false }
    return { id, transport, remoteHost, remotePort, localHost, localPort, ...closed }
  }

  /** A way to an address. Rejects when a connection cannot be made. */
  async flowTo(endpoint: Endpoint, serverName: string): Promise<Flow> {
    const { udp, tcp, tls } = this.opened
    const { transport } = endpoint
    if (transport === 'udp') return udp.flowTo(endpoint.host, endpoint.port)
    return (transport === 'tls' ? tls : tcp).connect(endpoint.host, endpoint.port, serverName)
  }

  async close(): Promise<void> {
    const { udp, tcp, tls, ws } = this.opened
    await Promise.all([udp.close(), tcp.close(), tls.close(), ws?.close()])
  }

  private get opened(): Listeners {
    if (!this.listeners) throw new Error('the SIP sockets are not open')
    return this.listeners
  }

  /** UDP and TCP share a number; a free one for TCP may be taken for UDP, then another is tried. */
  private async openPair<T>(open: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await open()
      } catch (error) {
        if (this.options.port !== 0 || tries === 9) throw error
      }
    }
  }

  private admits(host: string): boolean {
    if (!this.listeners) return false // still opening
    const open = this.flows
    if (open.length >= this.limits.connections) return false
    const same = open.filter((flow) => flow.remoteHost === host).length
    return same < this.limits.strangerConnections || this.owner.isKnown(host)
  }

  private receive(data: Buffer, flow: Flow): void {
    if (!this.listeners || !this.guard.admit(flow.remoteHost)) return
    // Phones keep their way through NAT open with an empty line or a zero byte.
    if (data.length <= 4 && flow.transport === 'udp') return
    try {
      const { message, flaw, refusal } = readMessage(data)
      if (flaw !== null) return this.complain(message, flow, flaw, refusal)
      if (message.kind === 'response') return this.owner.message(message, flow)
      const port = flow.transport === 'udp' ? answerPort(message.headers, flow) : flow.remotePort
      stampVia(message.headers, flow)
      this.owner.message(
        message,
        port === flow.remotePort ? flow : this.opened.udp.flowTo(flow.remoteHost, port),
      )
    } catch (error) {
      // Only the parsers' error is expected; any other is a fault of ours, and must not end the calls of others.
      if (!(error instanceof SipParseError))
        this.options.log?.('a message could not be served', { error: String(error) })
      this.unreadable += 1
    }
  }

  /** 400 or 505 to a request that can be answered at all; strangers, who may be scanning, hear nothing. */
  private complain(message: SipMessage, flow: Flow, flaw: string, status: 400 | 505): void {
    this.unreadable += 1
    if (message.kind === 'response' || message.method === 'ACK') return
    if (!this.options.acceptAnonymous && !this.owner.isKnown(flow.remoteHost)) return
    if (!isAnswerable(message)) return
    stampVia(message.headers, flow)
    const answer = serialiseMessage({
      ...responseTo(message, status, newTag()),
      reason: `${reasonOf(status)}: ${flaw}`,
    })
    // An answer repeats the sender's headers: when the flaw is in those, it would be as broken itself.
    if (readMessage(Buffer.from(answer)).flaw === null) flow.send(answer)
  }
}

const isAnswerable = (request: SipRequest): boolean =>
  ['via', 'from', 'to', 'call-id', 'cseq'].every((name) => request.headers.get(name) !== null)
