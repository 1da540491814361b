import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto'

/** Master key (16 bytes) and salt (14 bytes) of one direction, with the length of its RTP tags in bytes (RFC 3711 §5). */
export interface SrtpKeys {
  readonly key: Buffer
  readonly salt: Buffer
  readonly tag: 4 | 10
}

const WINDOW = 128
const MAX_STREAMS = 4
const RTCP_TAG = 10
const zeros = Buffer.alloc(32)

/** Counter mode: the same for sealing and opening (§4.1.1). */
function cipher(key: Buffer, iv: Buffer, data: Uint8Array): Buffer {
  return createCipheriv('aes-128-ctr', key, iv).update(data)
}

/** Session keys by label from the master key, without a key derivation rate (§4.3). */
function derive({ key, salt }: SrtpKeys, label: number, length: number): Buffer {
  const iv = Buffer.alloc(16)
  salt.copy(iv)
  iv[7] = (iv[7] ?? 0) ^ label
  return cipher(key, iv, zeros.subarray(0, length))
}

interface SessionKeys {
  readonly key: Buffer
  readonly salt: Buffer
  readonly mac: Buffer
}

const sessionKeys = (keys: SrtpKeys, label: number): SessionKeys => ({
  key: derive(keys, label, 16),
  mac: derive(keys, label + 1, 20),
  salt: derive(keys, label + 2, 14),
})

/** The counter's start: salt, SSRC and the packet's index of 48 bits (§4.1.1). */
function ivOf(salt: Buffer, ssrc: number, high: number, low: number): Buffer {
  const iv = Buffer.alloc(16)
  salt.copy(iv)
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4)
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ high) >>> 0, 8)
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ low, 12)
  return iv
}

/** The part of a packet before what is sealed; -1 when it is no RTP. */
function headLength(packet: Buffer): number {
  const first = packet[0] ?? 0
  const length = 12 + 4 * (first & 0x0f)
  const extended = (first & 0x10) !== 0
  if (first >> 6 !== 2 || packet.length < length + (extended ? 4 : 0)) return -1
  const whole = extended ? length + 4 + 4 * packet.readUInt16BE(length + 2) : length
  return whole > packet.length ? -1 : whole
}

/** Counts one stream's roll-overs and refuses what has been seen (§3.3.1, §3.3.2). */
class StreamIndex {
  private highest = -1
  private readonly seen = new Float64Array(WINDOW).fill(-1)

  /** The most likely index of a sequence number. */
  guess(sequence: number): number {
    if (this.highest < 0) return sequence
    const last = this.highest & 0xffff
    const rolls = (this.highest - last) / 65_536
    const ahead = sequence - last
    const turn = ahead > 32_768 ? -1 : ahead < -32_768 ? 1 : 0
    return Math.max(0, rolls + turn) * 65_536 + sequence
  }

  isReplayed(index: number): boolean {
    return index <= this.highest - WINDOW || this.seen[index % WINDOW] === index
  }

  take(index: number): void {
    this.seen[index % WINDOW] = index
    if (index > this.highest) this.highest = index
  }
}

/** One direction of a secured leg: seals what is sent, or opens what comes (RFC 3711, AES-CM and HMAC-SHA1). */
export class SrtpStream {
  readonly keys: SrtpKeys
  private readonly rtp: SessionKeys
  private readonly rtcp: SessionKeys
  private readonly streams = new Map<number, StreamIndex>()
  private readonly reports = new Map<number, StreamIndex>()
  private reportsSent = 0

  constructor(keys: SrtpKeys) {
    this.keys = keys
    this.rtp = sessionKeys(keys, 0)
    this.rtcp = sessionKeys(keys, 3)
  }

  seal(packet: Buffer): Buffer {
    const ssrc = packet.readUInt32BE(8)
    const stream = this.streams.get(ssrc) ?? new StreamIndex()
    this.streams.set(ssrc, stream)
    const index = stream.guess(packet.readUInt16BE(2))
    stream.take(index)
    const sealed = this.crypt(packet, headLength(packet), index)
    return Buffer.concat([sealed, this.tagOf(sealed, index)])
  }

  /** The packet in the clear; null when its tag is wrong, it has been seen, or it is too old. */
  open(datagram: Buffer): Buffer | null {
    const sealed = datagram.subarray(0, -this.keys.tag)
    const head = headLength(sealed)
    if (head < 0) return null
    const ssrc = sealed.readUInt32BE(8)
    const stream = this.streams.get(ssrc) ?? new StreamIndex()
    const index = stream.guess(sealed.readUInt16BE(2))
    if (stream.isReplayed(index)) return null
    if (!timingSafeEqual(this.tagOf(sealed, index), datagram.subarray(-this.keys.tag))) return null
    this.keep(this.streams, ssrc, stream)
    stream.take(index)
    return this.crypt(sealed, head, index)
  }

  /** Seals a compound RTCP datagram (§3.4); the tag is always of 80 bits (RFC 4568 §6.2). */
  sealReport(report: Buffer): Buffer {
    const index = this.reportsSent++ & 0x7fff_ffff
    const sealed = this.cryptReport(report, index)
    const trailer = Buffer.alloc(4)
    trailer.writeUInt32BE((0x8000_0000 | index) >>> 0)
    const body = Buffer.concat([sealed, trailer])
    return Buffer.concat([body, this.reportTag(body)])
  }

  /** The RTCP datagram in the clear, or null. */
  openReport(datagram: Buffer): Buffer | null {
    const body = datagram.subarray(0, -RTCP_TAG)
    if (body.length < 12 || (body[0] ?? 0) >> 6 !== 2) return null
    const word = body.readUInt32BE(body.length - 4)
    const index = word & 0x7fff_ffff
    const ssrc = body.readUInt32BE(4)
    const stream = this.reports.get(ssrc) ?? new StreamIndex()
    if (stream.isReplayed(index)) return null
    if (!timingSafeEqual(this.reportTag(body), datagram.subarray(-RTCP_TAG))) return null
    this.keep(this.reports, ssrc, stream)
    stream.take(index)
    const report = body.subarray(0, -4)
    return word >= 0x8000_0000 ? this.cryptReport(report, index) : report
  }

  /** Only authentic streams are kept, and few: a far end that changes its SSRC again and again fills no memory. */
  private keep(streams: Map<number, StreamIndex>, ssrc: number, stream: StreamIndex): void {
    if (streams.has(ssrc)) return
    const oldest = streams.keys().next()
    if (streams.size >= MAX_STREAMS && !oldest.done) streams.delete(oldest.value)
    streams.set(ssrc, stream)
  }

  private crypt(packet: Buffer, head: number, index: number): Buffer {
    const iv = ivOf(this.rtp.salt, packet.readUInt32BE(8), Math.floor(index / 65_536), index & 0xffff)
    return Buffer.concat([packet.subarray(0, head), cipher(this.rtp.key, iv, packet.subarray(head))])
  }

  private cryptReport(report: Buffer, index: number): Buffer {
    const iv = ivOf(this.rtcp.salt, report.readUInt32BE(4), index >>> 16, index & 0xffff)
    return Buffer.concat([report.subarray(0, 8), cipher(this.rtcp.key, iv, report.subarray(8))])
  }

  private tagOf(sealed: Buffer, index: number): Buffer {
    const rolls = Buffer.alloc(4)
    rolls.writeUInt32BE(Math.floor(index / 65_536) >>> 0)
    return createHmac('sha1', this.rtp.mac).update(sealed).update(rolls).digest().subarray(0, this.keys.tag)
  }

  private reportTag(body: Buffer): Buffer {
    return createHmac('sha1', this.rtcp.mac).update(body).digest().subarray(0, RTCP_TAG)
  }
}
