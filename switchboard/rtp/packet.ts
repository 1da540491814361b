/** The largest datagram taken; what is larger is dropped. */
export const MAX_DATAGRAM = 1500

/** One received RTP packet (RFC 3550 §5.1). */
export interface RtpPacket {
  payloadType: number
  marker: boolean
  sequence: number
  timestamp: number
  ssrc: number
  payload: Uint8Array
}

/** Reads a datagram as RTP; null when it is too long, too short or malformed. */
export function readRtp(datagram: Buffer): RtpPacket | null {
  const length = datagram.length
  const first = datagram[0] ?? 0
  const second = datagram[1] ?? 0
  if (length < 12 || length > MAX_DATAGRAM || first >> 6 !== 2) return null
  let start = 12 + 4 * (first & 0x0f)
  if (first & 0x10) {
    if (start + 4 > length) return null
    start += 4 + 4 * datagram.readUInt16BE(start + 2)
  }
  const padding = first & 0x20 ? (datagram[length - 1] ?? 0) : 0
  if ((first & 0x20 && padding === 0) || start + padding > length) return null
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequence: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, length - padding),
  }
}

/** A datagram of an RTP packet, without extensions. */
export function writeRtp(packet: RtpPacket): Buffer {
  const datagram = Buffer.allocUnsafe(12 + packet.payload.length)
  datagram[0] = 0x80
  datagram[1] = packet.payloadType | (packet.marker ? 0x80 : 0)
  datagram.writeUInt16BE(packet.sequence, 2)
  datagram.writeUInt32BE(packet.timestamp, 4)
  datagram.writeUInt32BE(packet.ssrc, 8)
  datagram.set(packet.payload, 12)
  return datagram
}

/** True for RTCP packet types on a shared port (RFC 5761 §4). */
export function looksLikeRtcp(datagram: Buffer): boolean {
  const type = datagram[1] ?? 0
  return type >= 192 && type <= 223
}
