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

const BIND_TRIES = 8

async function bind(address: string, port: number): Promise<Socket | null> {
  // Only literal addresses are sent to: looking up names would block the sound.
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) })
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

/** Plain RTP over a pair of UDP sockets: RTP on an even port, RTCP on the next. */
export class SocketPair implements Carrier {
  readonly port: number
  private readonly rtp: Socket
  private readonly rtcp: Socket
  private readonly pool: PortPool
  private readonly events: CarrierEvents
  private readonly latch = new Latch()
  private rtcpTarget: Address | null = null
  private closed = false

  private constructor(pool: PortPool, port: number, rtp: Socket, rtcp: Socket, events: CarrierEvents) {
    this.pool = pool
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
      if (rtp && rtcp) return new SocketPair(pool, port, rtp, rtcp, events)
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

  send(packet: RtpPacket): void {
    const { target } = this.latch
    if (target && !this.closed) this.rtp.send(writeRtp(packet), target.port, target.address)
  }

  sendReport(report: Buffer): void {
    if (this.rtcpTarget && !this.closed) this.rtcp.send(report, this.rtcpTarget.port, this.rtcpTarget.address)
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

  private take(datagram: Buffer, from: Address): void {
    const packet = readRtp(datagram)
    if (packet && this.latch.admits(from, packet.ssrc, performance.now())) this.events.rtp(packet)
    else this.events.dropped()
  }

  private takeReport(datagram: Buffer, from: Address): void {
    if (from.address !== this.latch.target?.address && from.address !== this.rtcpTarget?.address) return
    if (from.address === this.latch.target?.address)
      this.rtcpTarget = { address: from.address, port: from.port }
    const reports = readReports(datagram)
    if (reports.length > 0) this.events.reports(reports)
  }
}
