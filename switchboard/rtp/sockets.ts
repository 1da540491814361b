import type { Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Carrier, CarrierEvents } from './carrier.ts'
import type { Address } from './latch.ts'
import { Latch } from './latch.ts'
import type { RtpPacket } from './packet.ts'
import { readRtp, writeRtp } from './packet.ts'
import type { PortPool } from './ports.ts'
import { readReports } from './rtcp.ts'
import type { SrtpKeys } from './srtp.ts'
import { SrtpStream } from './srtp.ts'

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

/** RTP over a pair of UDP sockets, in the clear or secured by keys: RTP on an even port, RTCP on the next. */
export class SocketPair implements Carrier {
  readonly port: number
  private readonly rtp: Socket
  private readonly rtcp: Socket
  private readonly pool: PortPool
  private readonly events: CarrierEvents
  private readonly latch = new Latch()
  private readonly bindTo: string
  private rtcpTarget: Address | null = null
  private sealing: SrtpStream | null = null
  private opening: SrtpStream | null = null
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
    return !this.closed && this.latch.target !== null
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

  /** Secures the leg by these keys of both sides; the same keys again change nothing (RFC 4568 §7.1.4). */
  secure(ours: SrtpKeys, theirs: SrtpKeys): void {
    if (!this.sealing?.keys.key.equals(ours.key)) this.sealing = new SrtpStream(ours)
    if (!this.opening?.keys.key.equals(theirs.key)) this.opening = new SrtpStream(theirs)
  }

  send(packet: RtpPacket): void {
    const { target } = this.latch
    if (!target || this.closed) return
    const datagram = writeRtp(packet)
    this.rtp.send(
      this.sealing ? this.sealing.seal(datagram) : datagram,
      target.port,
      this.routed(target.address),
    )
  }

  sendReport(report: Buffer): void {
    const { rtcpTarget } = this
    if (!rtcpTarget || this.closed) return
    const datagram = this.sealing ? this.sealing.sealReport(report) : report
    this.rtcp.send(datagram, rtcpTarget.port, this.routed(rtcpTarget.address))
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    const ended = [once(this.rtp, 'close'), once(this.rtcp, 'close')]
    this.rtp.close()
    this.rtcp.close()
    await Promise.all(ended)
    this.pool.release(this.port)
  }

  /** A socket of IPv6 wants IPv4 addresses mapped. */
  private routed(address: string): string {
    return this.bindTo === '::' && !address.includes(':') ? `::ffff:${address}` : address
  }

  private take(datagram: Buffer, sender: Address): void {
    const from = this.bindTo === '::' ? { address: plainAddress(sender.address), port: sender.port } : sender
    const clear = this.opening ? this.opening.open(datagram) : datagram
    const packet = clear && readRtp(clear)
    if (packet && this.latch.admits(from, packet.ssrc, performance.now())) this.events.rtp(packet)
    else this.events.dropped()
  }

  private takeReport(datagram: Buffer, sender: Address): void {
    const from = { address: plainAddress(sender.address), port: sender.port }
    if (from.address !== this.latch.target?.address && from.address !== this.rtcpTarget?.address) return
    const clear = this.opening ? this.opening.openReport(datagram) : datagram
    if (!clear) return this.events.dropped()
    if (from.address === this.latch.target?.address) this.rtcpTarget = from
    const reports = readReports(clear)
    if (reports.length > 0) this.events.reports(reports)
  }
}
