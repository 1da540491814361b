import type { Digit } from '../rtp/digits.ts'
import { DigitReader } from '../rtp/digits.ts'
import { InStream } from '../rtp/in-stream.ts'
import type { OutStream } from '../rtp/out-stream.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import type { Report, ReportBlock } from '../rtp/rtcp.ts'
import { roundTripOf, writeReport } from '../rtp/rtcp.ts'
import type { Codec } from './g711.ts'
import type { LegStats } from './messages.ts'

const MAX_PAYLOAD = 960
const COMFORT_NOISE = 13

/** What a received packet is. */
export type Received =
  | { kind: 'audio'; codec: Codec; fresh: boolean }
  | { kind: 'digit'; digit: Digit | null }
  /** Comfort noise (RFC 3389): the far end is silent, at a level in dB below overload. */
  | { kind: 'noise'; level: number }
  /** Unknown types: nothing to hear. */
  | { kind: 'other' }
  | { kind: 'refused' }

const refused: Received = { kind: 'refused' }
const other: Received = { kind: 'other' }
const audio: Record<Codec, Received> = {
  PCMU: { kind: 'audio', codec: 'PCMU', fresh: false },
  PCMA: { kind: 'audio', codec: 'PCMA', fresh: false },
}

/** The receiving side of a call leg: replays, payload types, digits, and the figures for reports. */
export class Reception {
  dropped = 0
  private octets = 0
  private reported: ReportBlock | null = null
  private readonly stream = new InStream()
  private readonly digits = new DigitReader()
  private readonly codecs = new Map<number, Codec>()
  private readonly eventTypes = new Set<number>()
  private rttMs: number | null = null
  private lastReport = 0
  private lastReportAt = 0

  /** Payload types that may come, ours and the peer's. */
  expect(formats: { codec: Codec; payloadType: number }[], eventTypes: (number | null)[]): void {
    this.codecs.clear()
    this.eventTypes.clear()
    for (const { codec, payloadType } of formats) this.codecs.set(payloadType, codec)
    for (const type of eventTypes) if (type !== null) this.eventTypes.add(type)
  }

  /** Takes a packet of the accepted far end. */
  take(packet: RtpPacket, now: number): Received {
    const verdict = this.stream.accept(packet.ssrc, packet.sequence, packet.timestamp, now)
    if (verdict === 'refused') {
      this.dropped += 1
      return refused
    }
    this.octets += packet.payload.length
    const codec = this.codecs.get(packet.payloadType)
    if (codec) {
      if (packet.payload.length === 0 || packet.payload.length > MAX_PAYLOAD) return other
      return verdict === 'fresh' ? { kind: 'audio', codec, fresh: true } : audio[codec]
    }
    if (this.eventTypes.has(packet.payloadType)) return { kind: 'digit', digit: this.digits.read(packet) }
    if (packet.payloadType === COMFORT_NOISE && packet.payload.length > 0)
      return { kind: 'noise', level: (packet.payload[0] ?? 0) & 0x7f }
    return other
  }

  /** Takes the peer's reports about us and of its clock. */
  takeReports(reports: Report[], ourSsrc: number, unixMs: number): void {
    for (const report of reports) {
      if (report.sentAt !== null && report.ssrc === this.stream.ssrc) {
        this.lastReport = report.sentAt
        this.lastReportAt = unixMs
      }
      const block = report.blocks.find(({ ssrc }) => ssrc === ourSsrc)
      this.rttMs = (block && roundTripOf(block, unixMs)) ?? this.rttMs
      this.reported = block ?? this.reported
    }
  }

  /** Our report: what we sent, and how the peer's stream came. */
  report(out: OutStream, now: number, unixMs: number): Buffer {
    const sinceMs = Number.isFinite(out.lastAt) ? now - out.lastAt : 0
    const sender =
      out.packets === 0
        ? null
        : {
            ntpMs: unixMs,
            timestamp: (out.lastTimestamp + Math.round(sinceMs * 8)) >>> 0,
            packets: out.packets,
            octets: out.octets,
          }
    return writeReport(out.ssrc, sender, this.stream.ssrc < 0 ? null : this.block(unixMs))
  }

  stats(out: OutStream): LegStats {
    return {
      rxPackets: this.stream.received,
      lost: this.stream.lost,
      jitterMs: this.stream.jitterUnits / 8,
      rttMs: this.rttMs,
      txPackets: out.packets,
      dropped: this.dropped,
      rxOctets: this.octets,
      txOctets: out.octets,
      txLost: this.reported && Math.max(0, this.reported.lost),
      txJitterMs: this.reported && this.reported.jitter / 8,
      ssrc: out.ssrc,
      remoteSsrc: this.stream.ssrc < 0 ? null : this.stream.ssrc,
    }
  }

  private block(unixMs: number): ReportBlock {
    const { stream } = this
    return {
      ssrc: stream.ssrc,
      fractionLost: stream.takeFractionLost(),
      lost: stream.lost,
      highest: stream.highestExtended,
      jitter: stream.jitterUnits,
      lastReport: this.lastReport,
      sinceLastReport: this.lastReport === 0 ? 0 : Math.round(((unixMs - this.lastReportAt) * 65_536) / 1000),
    }
  }
}
