import { looksLikeRtcp, MAX_DATAGRAM } from './packet.ts'

const NTP_EPOCH = 2_208_988_800

/** A report block about a stream (RFC 3550 §6.4.1), its times as they stand on the wire. */
export interface ReportBlock {
  ssrc: number
  fractionLost: number
  lost: number
  highest: number
  jitter: number
  lastReport: number
  sinceLastReport: number
}

/** What a sender says of its clock and its counts. */
export interface SenderInfo {
  ntpMs: number
  timestamp: number
  packets: number
  octets: number
}

/** One received sender or receiver report. */
export interface Report {
  ssrc: number
  /** The middle 32 bits of the sender's NTP time; null in a receiver report. */
  sentAt: number | null
  blocks: ReportBlock[]
}

/** The middle 32 bits of an NTP timestamp, of a Unix time in ms. */
export function middleNtp(unixMs: number): number {
  const seconds = Math.floor(unixMs / 1000) + NTP_EPOCH
  const fraction = Math.floor(((unixMs % 1000) / 1000) * 65_536)
  return (((seconds & 0xffff) << 16) | fraction) >>> 0
}

/** Round trip in ms of a report block that came at `unixMs`; null when it tells none or nonsense. */
export function roundTripOf(block: ReportBlock, unixMs: number): number | null {
  if (block.lastReport === 0) return null
  const units = (middleNtp(unixMs) - block.lastReport - block.sinceLastReport) | 0
  return units < 0 || units > 65_536 * 30 ? null : (units * 1000) / 65_536
}

function blockAt(datagram: Buffer, at: number): ReportBlock {
  return {
    ssrc: datagram.readUInt32BE(at),
    fractionLost: datagram[at + 4] ?? 0,
    lost: datagram.readIntBE(at + 5, 3),
    highest: datagram.readUInt32BE(at + 8),
    jitter: datagram.readUInt32BE(at + 12),
    lastReport: datagram.readUInt32BE(at + 16),
    sinceLastReport: datagram.readUInt32BE(at + 20),
  }
}

/** The reports of a compound RTCP datagram; what is malformed ends the reading. */
export function readReports(datagram: Buffer): Report[] {
  const reports: Report[] = []
  if (datagram.length > MAX_DATAGRAM || !looksLikeRtcp(datagram)) return reports
  let at = 0
  while (at + 8 <= datagram.length && (datagram[at] ?? 0) >> 6 === 2) {
    const type = datagram[at + 1]
    const end = at + 4 + 4 * datagram.readUInt16BE(at + 2)
    const head = at + (type === 200 ? 28 : 8)
    if (end > datagram.length) break
    if ((type === 200 || type === 201) && head <= end) {
      const blocks: ReportBlock[] = []
      const count = (datagram[at] ?? 0) & 0x1f
      for (let i = 0; i < count && head + 24 * (i + 1) <= end; i++)
        blocks.push(blockAt(datagram, head + 24 * i))
      const sentAt = type === 200 ? datagram.readUInt32BE(at + 10) : null
      reports.push({ ssrc: datagram.readUInt32BE(at + 4), sentAt, blocks })
    }
    at = end
  }
  return reports
}

/** A compound of a sender report (or receiver report, without `sender`) and the CNAME (RFC 3550 §6.1). */
export function writeReport(ssrc: number, sender: SenderInfo | null, block: ReportBlock | null): Buffer {
  const head = sender ? 28 : 8
  const length = head + (block ? 24 : 0)
  const datagram = Buffer.alloc(length + 20)
  datagram[0] = 0x80 | (block ? 1 : 0)
  datagram[1] = sender ? 200 : 201
  datagram.writeUInt16BE(length / 4 - 1, 2)
  datagram.writeUInt32BE(ssrc, 4)
  if (sender) {
    datagram.writeUInt32BE((Math.floor(sender.ntpMs / 1000) + NTP_EPOCH) >>> 0, 8)
    datagram.writeUInt32BE(Math.floor(((sender.ntpMs % 1000) / 1000) * 0x1_0000_0000) >>> 0, 12)
    datagram.writeUInt32BE(sender.timestamp, 16)
    datagram.writeUInt32BE(sender.packets >>> 0, 20)
    datagram.writeUInt32BE(sender.octets >>> 0, 24)
  }
  if (block) {
    datagram.writeUInt32BE(block.ssrc, head)
    datagram[head + 4] = block.fractionLost
    datagram.writeIntBE(Math.min(block.lost, 0x7f_ffff), head + 5, 3)
    datagram.writeUInt32BE(block.highest, head + 8)
    datagram.writeUInt32BE(block.jitter, head + 12)
    datagram.writeUInt32BE(block.lastReport, head + 16)
    datagram.writeUInt32BE(block.sinceLastReport, head + 20)
  }
  datagram[length] = 0x81
  datagram[length + 1] = 202
  datagram.writeUInt16BE(4, length + 2)
  datagram.writeUInt32BE(ssrc, length + 4)
  datagram[length + 8] = 1
  datagram[length + 9] = 8
  datagram.write(ssrc.toString(16).padStart(8, '0'), length + 10, 'latin1')
  return datagram
}
