import { randomInt } from 'node:crypto'
import type { RtpPacket } from './packet.ts'
import { Packing } from './packing.ts'

const FRAME = 160
const REMAP_JUMP = 3000
const REMAP_SAMPLES = 80_000

/**
 * One outgoing RTP stream: one SSRC, and sequence numbers and timestamps without a seam, whatever sounds: prompt, music,
 * another leg's packets, a mix, digits. The marker bit is set when the source changes.
 */
export class OutStream {
  readonly ssrc = randomInt(1, 0xffff_ffff)
  packets = 0
  octets = 0
  /** When the last audio packet left (performance.now). */
  lastAt = -Infinity
  /** Bytes in a packet of our own clock. */
  private packetLength = FRAME
  private readonly packing = new Packing()
  private readonly send: (packet: RtpPacket) => void
  private sequence = randomInt(0, 0x8000)
  private timestamp = randomInt(0, 0x8000_0000)
  private length = FRAME
  private source = 0
  private sequenceShift = 0
  private timestampShift = 0
  private relayHighest = 0
  private relayTimestamp = 0

  constructor(send: (packet: RtpPacket) => void) {
    this.send = send
  }

  /** The timestamp of what left last. */
  get lastTimestamp(): number {
    return this.timestamp
  }

  /** How much our own packets carry from now on, 10 to 60 ms. */
  packetsOf(ms: number): void {
    this.packetLength = ms * 8
    this.packing.clear()
  }

  /** Sends a frame of our own clock; `source` numbers where it comes from. */
  paced(source: number, payloadType: number, payload: Uint8Array, now: number): void {
    if (this.packetLength === FRAME) return this.pace(source, payloadType, payload, now)
    this.packing.push(payload, this.packetLength, (packed) => this.pace(source, payloadType, packed, now))
  }

  private pace(source: number, payloadType: number, payload: Uint8Array, now: number): void {
    const marker = source !== this.source || now - this.lastAt > 100
    const timestamp = marker ? this.nextTimestamp(now) : (this.timestamp + this.length) >>> 0
    this.source = source
    this.emit(payloadType, marker, (this.sequence + 1) & 0xffff, timestamp, payload)
    this.advance((this.sequence + 1) & 0xffff, timestamp, payload.length, now)
  }

  /** Forwards another stream's packet, its gaps and order kept; re-mapped on a new source or a jump. */
  relayed(source: number, payloadType: number, packet: RtpPacket, payload: Uint8Array, now: number): void {
    const ahead = ((packet.sequence - this.relayHighest) << 16) >> 16
    const later = (packet.timestamp - this.relayTimestamp) | 0
    const strange = Math.abs(ahead) > REMAP_JUMP || Math.abs(later) > REMAP_SAMPLES
    const remap = source !== this.source || strange
    if (remap) {
      this.source = source
      this.sequenceShift = this.sequence + 1 - packet.sequence
      this.timestampShift = this.nextTimestamp(now) - packet.timestamp
    }
    const sequence = (packet.sequence + this.sequenceShift) & 0xffff
    const timestamp = (packet.timestamp + this.timestampShift) >>> 0
    this.emit(payloadType, remap || packet.marker, sequence, timestamp, payload)
    if (remap || ahead > 0) {
      this.relayHighest = packet.sequence
      this.relayTimestamp = packet.timestamp
      this.advance(sequence, timestamp, payload.length, now)
    }
  }

  /** A packet of the relayed stream that is not forwarded (a digit): closes its gap in the sequence. */
  skip(source: number, sequence: number): void {
    if (source !== this.source || ((sequence - this.relayHighest) << 16) >> 16 <= 0) return
    this.relayHighest = sequence
    this.sequenceShift -= 1
  }

  /** Starts a telephone event: returns its timestamp. */
  beginEvent(source: number, now: number): number {
    const timestamp = this.nextTimestamp(now)
    this.packing.clear()
    this.source = source
    this.timestamp = timestamp
    this.length = FRAME
    this.lastAt = now
    return timestamp
  }

  /** Sends one packet of a telephone event; all of an event carry its first timestamp (RFC 4733 §2.3). */
  event(payloadType: number, marker: boolean, timestamp: number, payload: Uint8Array): void {
    this.sequence = (this.sequence + 1) & 0xffff
    this.emit(payloadType, marker, this.sequence, timestamp, payload)
  }

  /** The timestamp by wall clock since the last packet, in whole frames, never before its end. */
  private nextTimestamp(now: number): number {
    const passed = Number.isFinite(this.lastAt) ? Math.round((now - this.lastAt) / 20) * FRAME : 0
    return (this.timestamp + Math.max(this.length, passed)) >>> 0
  }

  private advance(sequence: number, timestamp: number, length: number, now: number): void {
    this.sequence = sequence
    this.timestamp = timestamp
    this.length = length
    this.lastAt = now
  }

  private emit(
    payloadType: number,
    marker: boolean,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ): void {
    this.packets += 1
    this.octets += payload.length
    this.send({ payloadType, marker, sequence, timestamp, ssrc: this.ssrc, payload })
  }
}
