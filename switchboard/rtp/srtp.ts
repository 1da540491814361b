import { Authenticator, KeyStream } from './srtp-session.ts'

/** Master key (16 bytes) and salt (14 bytes) of one direction, with the length of its RTP tags in bytes (RFC 3711 §5). */
export interface SrtpKeys {
  readonly key: Buffer
  readonly salt: Buffer
  readonly tag: 4 | 10
}

const WINDOW = 128
const MAX_STREAMS = 4
const RTCP_TAG = 10
const AUTHENTICATION_KEY = 20

/** Session keys by label from the master key, without a key derivation rate: the label stands where an SSRC would (§4.3). */
function derive({ key, salt }: SrtpKeys, label: number, length: number): Buffer {
  const derived = Buffer.alloc(length)
  new KeyStream(key, salt).crypt(label, 0, derived, 0, length)
  return derived
}

interface Session {
  readonly stream: KeyStream
  readonly mac: Authenticator
}

const sessionOf = (keys: SrtpKeys, label: number, tag: number): Session => ({
  stream: new KeyStream(derive(keys, label, 16), derive(keys, label + 2, 14)),
  mac: new Authenticator(derive(keys, label + 1, AUTHENTICATION_KEY), tag),
})

/** The part of a packet that ends at `end` before what is sealed; -1 when it is no RTP. */
function headLength(packet: Buffer, end: number): number {
  const first = packet[0] ?? 0
  const length = 12 + 4 * (first & 0x0f)
  const extended = (first & 0x10) !== 0
  if (first >> 6 !== 2 || end < length + (extended ? 4 : 0)) return -1
  const whole = extended ? length + 4 + 4 * packet.readUInt16BE(length + 2) : length
  return whole > end ? -1 : whole
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
  private readonly rtp: Session
  private readonly rtcp: Session
  private readonly streams = new Map<number, StreamIndex>()
  private readonly reports = new Map<number, StreamIndex>()
  private reportsSent = 0

  constructor(keys: SrtpKeys) {
    this.keys = keys
    this.rtp = sessionOf(keys, 0, keys.tag)
    this.rtcp = sessionOf(keys, 3, RTCP_TAG)
  }

  /** The packet sealed, in room of its own. */
  seal(packet: Buffer): Buffer {
    const ssrc = packet.readUInt32BE(8)
    const stream = this.streams.get(ssrc) ?? new StreamIndex()
    this.streams.set(ssrc, stream)
    const index = stream.guess(packet.readUInt16BE(2))
    stream.take(index)
    const { length } = packet
    const sealed = Buffer.allocUnsafe(length + this.keys.tag)
    packet.copy(sealed)
    this.rtp.stream.crypt(ssrc, index, sealed, headLength(packet, length), length)
    this.rtp.mac.make(sealed, length, Math.floor(index / 65_536))
    this.rtp.mac.code.copy(sealed, length, 0, this.keys.tag)
    return sealed
  }

  /** The packet in the clear, in the room of the datagram; null when its tag is wrong, it has been seen, or it is too old. */
  open(datagram: Buffer): Buffer | null {
    const length = datagram.length - this.keys.tag
    const head = headLength(datagram, length)
    if (head < 0) return null
    const ssrc = datagram.readUInt32BE(8)
    const stream = this.streams.get(ssrc) ?? new StreamIndex()
    const index = stream.guess(datagram.readUInt16BE(2))
    if (stream.isReplayed(index)) return null
    this.rtp.mac.make(datagram, length, Math.floor(index / 65_536))
    if (!this.rtp.mac.confirms(datagram)) return null
    this.keep(this.streams, ssrc, stream)
    stream.take(index)
    this.rtp.stream.crypt(ssrc, index, datagram, head, length)
    return datagram.subarray(0, length)
  }

  /** Seals a compound RTCP datagram (§3.4); the tag is always of 80 bits (RFC 4568 §6.2). */
  sealReport(report: Buffer): Buffer {
    const index = this.reportsSent++ & 0x7fff_ffff
    const { length } = report
    const sealed = Buffer.alloc(length + 4 + RTCP_TAG)
    report.copy(sealed)
    this.rtcp.stream.crypt(report.readUInt32BE(4), index, sealed, 8, length)
    sealed.writeUInt32BE((0x8000_0000 | index) >>> 0, length)
    this.rtcp.mac.make(sealed, length + 4, null)
    this.rtcp.mac.code.copy(sealed, length + 4, 0, RTCP_TAG)
    return sealed
  }

  /** The RTCP datagram in the clear, in the room of what came, or null. */
  openReport(datagram: Buffer): Buffer | null {
    const end = datagram.length - RTCP_TAG
    if (end < 12 || (datagram[0] ?? 0) >> 6 !== 2) return null
    const word = datagram.readUInt32BE(end - 4)
    const index = word & 0x7fff_ffff
    const ssrc = datagram.readUInt32BE(4)
    const stream = this.reports.get(ssrc) ?? new StreamIndex()
    if (stream.isReplayed(index)) return null
    this.rtcp.mac.make(datagram, end, null)
    if (!this.rtcp.mac.confirms(datagram)) return null
    this.keep(this.reports, ssrc, stream)
    stream.take(index)
    if (word >= 0x8000_0000) this.rtcp.stream.crypt(ssrc, index, datagram, 8, end - 4)
    return datagram.subarray(0, end - 4)
  }

  /** Only authentic streams are kept, and few: a far end that changes its SSRC again and again fills no memory. */
  private keep(streams: Map<number, StreamIndex>, ssrc: number, stream: StreamIndex): void {
    if (streams.has(ssrc)) return
    const oldest = streams.keys().next()
    if (streams.size >= MAX_STREAMS && !oldest.done) streams.delete(oldest.value)
    streams.set(ssrc, stream)
  }
}
