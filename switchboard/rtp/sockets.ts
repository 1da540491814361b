import type { Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Carrier, CarrierEvents } from './carrier.ts'
import type { Address } from './latch.ts'
import { Latch } from './latch.ts'
import type { RtpPacket } from './packet.ts'
import { looksLikeRtcp, readRtp, writeRtp } from './packet.ts'
import type { PortPool } from './ports.ts'
import { readReports } from './rtcp.ts'
import type { Handshake, HandshakePort } from './seal.ts'
import { Seal } from './seal.ts'
import type { SrtpKeys } from './srtp.ts'

const BIND_TRIES = 8

async function bind(address: string, port: number): Promise<Socket | null> {
  // Only literal addresses are sent to: looking up names would block the sound.
  const family = address.includes(':') ? 6 : 4
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (host, _options, done) => done(null, host, family),
  })
  try {
    // Without a look-up the socket listens before `bind` returns.
    const listening = once(socket, 'listening')
    socket.bind(port, address)
    await listening
    return socket
  } catch {
    socket.close()
    return null
  }
}

/** Addresses of IPv4 as a socket of both families shows them, in their plain form. */
const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address

/**
 * RTP over a pair of UDP sockets, in the clear or secured: RTP on an even port, RTCP on the next, or on the same where
 * that is agreed (RFC 5761).
 */
export class SocketPair implements Carrier {
  readonly port: number
  private readonly rtp: Socket
  private readonly rtcp: Socket
  private readonly pool: PortPool
  private readonly events: CarrierEvents
  private readonly latch = new Latch()
  private readonly bindTo: string
  private rtcpTarget: Address | null = null
  private readonly seal = new Seal()
  private reportSeal = new Seal()
  private closed = false

  private constructor(
    pool: PortPool,
    port: number,
    bindTo: string,
    pair: [Socket, Socket],
    events: CarrierEvents,
  ) {
    const [rtp, rtcp] = pair
    this.pool = pool
    this.bindTo = bindTo
    this.port = port
    this.rtp = rtp
    this.rtcp = rtcp
    this.events = events
    rtp.on('message', (datagram, from) => this.take(datagram, from))
    rtcp.on('message', (datagram, from) => this.takeReport(datagram, from))
    // The far end's ICMP "port unreachable" is no reason to end: it may come back.
    rtp.on('error', () => undefined)
    rtcp.on('error', () => undefined)
  }

  /** Takes a pair of ports from the pool and binds them; null when none is free. */
  static async open(pool: PortPool, bindTo: string, events: CarrierEvents): Promise<SocketPair | null> {
    for (let attempt = 0; attempt < BIND_TRIES; attempt++) {
      const port = pool.take()
      if (port === null) return null
      const rtp = await bind(bindTo, port)
      const rtcp = rtp && (await bind(bindTo, port + 1))
      if (rtp && rtcp) return new SocketPair(pool, port, bindTo, [rtp, rtcp], events)
      rtp?.close()
      pool.release(port)
    }
    return null
  }

  get up(): boolean {
    return !this.closed && this.latch.target !== null && this.seal.ready
  }

  /** Where the SDP says the far end is; another address than before loosens the latch. */
  expect(rtp: Address, rtcp: Address): void {
    this.latch.expect(rtp)
    this.rtcpTarget = rtcp
  }

  /** True when packets can go from the address we are bound to, to this one. */
  reaches(address: string): boolean {
    const { bindTo } = this
    return bindTo === '::' || bindTo.includes(':') === address.includes(':')
  }

  /** Secures the leg by these keys of both sides. */
  secure(ours: SrtpKeys, theirs: SrtpKeys): void {
    this.seal.secure(ours, theirs)
    this.reportSeal.secure(ours, theirs)
  }

  /**
   * Secures the leg by the keys of a handshake with where the far end says it is; RTCP has one of its own (RFC 5764 §4), or
   * goes the way of RTP where its address is null.
   */
  shake(begin: (own: HandshakePort, to: Address) => Handshake, rtp: Address, rtcp: Address | null): void {
    this.seal.shake(
      (own) => begin(own, rtp),
      (datagram, to) => this.put(this.rtp, datagram, to),
    )
    if (!rtcp) this.reportSeal = this.seal
    else
      this.reportSeal.shake(
        (own) => begin(own, rtcp),
        (datagram, to) => this.put(this.rtcp, datagram, to),
      )
  }

  send(packet: RtpPacket): void {
    const { target } = this.latch
    if (target && this.seal.ready) this.put(this.rtp, this.seal.seal(writeRtp(packet)), target)
  }

  sendReport(report: Buffer): void {
    const shared = this.reportSeal === this.seal
    const target = shared ? this.latch.target : this.rtcpTarget
    if (target && this.reportSeal.ready)
      this.put(shared ? this.rtp : this.rtcp, this.reportSeal.sealReport(report), target)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.seal.close()
    this.reportSeal.close()
    const ended = [once(this.rtp, 'close'), once(this.rtcp, 'close')]
    this.rtp.close()
    this.rtcp.close()
    await Promise.all(ended)
    this.pool.release(this.port)
  }

  private put(socket: Socket, datagram: Buffer, { address, port }: Address): void {
    if (this.closed) return
    // A socket of IPv6 wants IPv4 addresses mapped.
    socket.send(
      datagram,
      port,
      this.bindTo === '::' && !address.includes(':') ? `::ffff:${address}` : address,
    )
  }

  private take(datagram: Buffer, sender: Address): void {
    const from = this.bindTo === '::' ? { address: plainAddress(sender.address), port: sender.port } : sender
    if (this.seal.takes(datagram, from)) return
    if (this.reportSeal === this.seal && looksLikeRtcp(datagram)) return this.takeReport(datagram, from)
    const clear = this.seal.open(datagram)
    const packet = clear && readRtp(clear)
    if (packet && this.latch.admits(from, packet.ssrc, performance.now())) this.events.rtp(packet)
    else this.events.dropped()
  }

  private takeReport(datagram: Buffer, sender: Address): void {
    const from = { address: plainAddress(sender.address), port: sender.port }
    if (this.reportSeal.takes(datagram, from)) return
    if (from.address !== this.latch.target?.address && from.address !== this.rtcpTarget?.address) return
    const clear = this.reportSeal.openReport(datagram)
    if (!clear) return this.events.dropped()
    if (from.address === this.latch.target?.address) this.rtcpTarget = from
    const reports = readReports(clear)
    if (reports.length > 0) this.events.reports(reports)
  }
}
