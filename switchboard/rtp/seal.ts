import type { Address } from './latch.ts'
import type { SrtpKeys } from './srtp.ts'
import { SrtpStream } from './srtp.ts'

/** Comes to keys with the far end by datagrams of one port (RFC 5764). */
export interface Handshake {
  /** A datagram that is DTLS by its first byte. */
  take(datagram: Buffer, from: Address): void
  close(): void
}

/** What a handshake is given of its port. */
export interface HandshakePort {
  send(datagram: Buffer, to: Address): void
  /** The far end has finished too: an authentic packet of its came. */
  settled(): boolean
  /** Called once, with the keys of both sides. */
  secured(ours: SrtpKeys, theirs: SrtpKeys): void
}

/** DTLS among RTP and RTCP (RFC 7983 §7). */
const isDtls = (datagram: Buffer): boolean => {
  const first = datagram[0] ?? 0
  return first >= 20 && first <= 63
}

/** How the packets of one port are sealed: not at all, by keys of the SDP (SDES), or by those of a handshake (DTLS). */
export class Seal {
  private sealing: SrtpStream | null = null
  private opening: SrtpStream | null = null
  private handshake: Handshake | null = null
  private settled = false

  /** False while a handshake has not come to keys: until then nothing goes out and nothing is believed. */
  get ready(): boolean {
    return this.handshake === null || this.sealing !== null
  }

  /** Secures the port by these keys of both sides; the same keys again change nothing (RFC 4568 §7.1.4). */
  secure(ours: SrtpKeys, theirs: SrtpKeys): void {
    if (!this.sealing?.keys.key.equals(ours.key)) this.sealing = new SrtpStream(ours)
    if (!this.opening?.keys.key.equals(theirs.key)) this.opening = new SrtpStream(theirs)
  }

  /** Waits for the keys of a handshake. */
  shake(begin: (port: HandshakePort) => Handshake, send: HandshakePort['send']): void {
    this.handshake = begin({
      send,
      settled: () => this.settled,
      secured: (ours, theirs) => this.secure(ours, theirs),
    })
  }

  /** True when the datagram belongs to the handshake, which has taken it. */
  takes(datagram: Buffer, from: Address): boolean {
    if (!this.handshake || !isDtls(datagram)) return false
    this.handshake.take(datagram, from)
    return true
  }

  /** An RTP packet as it goes out. */
  seal(packet: Buffer): Buffer {
    return this.sealing ? this.sealing.seal(packet) : packet
  }

  /** A compound RTCP packet as it goes out. */
  sealReport(report: Buffer): Buffer {
    return this.sealing ? this.sealing.sealReport(report) : report
  }

  /** What came, in the clear; null when it is not the far end's. */
  open(datagram: Buffer): Buffer | null {
    if (!this.ready) return null
    const clear = this.opening ? this.opening.open(datagram) : datagram
    this.settled ||= clear !== null
    return clear
  }

  /** The same for RTCP. */
  openReport(datagram: Buffer): Buffer | null {
    if (!this.ready) return null
    const clear = this.opening ? this.opening.openReport(datagram) : datagram
    this.settled ||= clear !== null
    return clear
  }

  close(): void {
    this.handshake?.close()
  }
}
