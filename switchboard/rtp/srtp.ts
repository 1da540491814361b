import { type Cipheriv, createCipheriv, hash, timingSafeEqual } from 'node:crypto'

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
const BLOCK = 16
const HASH_BLOCK = 64
const HASH_LENGTH = 20

/**
 * AES in counter mode, the same for sealing and opening (§4.1.1). One cipher of the plain block function lives as long as
 * the key: making one for every packet costs ten times what the packet does.
 */
class CounterMode {
  private readonly blocks: Cipheriv
  private counters = Buffer.alloc(16 * BLOCK)

  constructor(key: Buffer) {
    this.blocks = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
  }

  /** Writes `data` from `from` on, crypted, into `to` at the same places; the last two bytes of `iv` count. */
  crypt(iv: Buffer, data: Uint8Array, from: number, to: Uint8Array): void {
    const length = data.length - from
    const count = Math.ceil(length / BLOCK)
    if (count * BLOCK > this.counters.length) this.counters = Buffer.alloc(count * BLOCK)
    for (let block = 0, at = 0; block < count; block += 1, at += BLOCK) {
      this.counters.set(iv, at)
      this.counters[at + 14] = block >> 8
      this.counters[at + 15] = block
    }
    const stream = this.blocks.update(this.counters.subarray(0, count * BLOCK))
    for (let at = 0; at < length; at += 1) to[from + at] = (data[from + at] ?? 0) ^ (stream[at] ?? 0)
  }
}

/** HMAC-SHA1 (RFC 2104) by two whole hashes in room of its own: a fresh HMAC for every packet costs several times that. */
class Authenticator {
  private inner: Buffer
  private readonly outer = Buffer.alloc(HASH_BLOCK + HASH_LENGTH)

  constructor(key: Buffer) {
    this.inner = Buffer.alloc(HASH_BLOCK + 2048)
    for (let at = 0; at < HASH_BLOCK; at += 1) {
      this.inner[at] = 0x36 ^ (key[at] ?? 0)
      this.outer[at] = 0x5c ^ (key[at] ?? 0)
    }
  }

  /** The code of `data`, and of a number of 32 bits behind it unless that is null. */
  codeOf(data: Buffer, number: number | null): Buffer {
    const end = HASH_BLOCK + data.length
    if (end + 4 > this.inner.length) this.inner = Buffer.concat([this.inner, Buffer.alloc(data.length)])
    data.copy(this.inner, HASH_BLOCK)
    if (number !== null) this.inner.writeUInt32BE(number >>> 0, end)
    const within = this.inner.subarray(0, number === null ? end : end + 4)
    hash('sha1', within, 'buffer').copy(this.outer, HASH_BLOCK)
    return hash('sha1', this.outer, 'buffer')
  }
}

/** Session keys by label from the master key, without a key derivation rate (§4.3). */
function derive({ key, salt }: SrtpKeys, label: number, length: number): Buffer {
  const iv = Buffer.alloc(16)
  salt.copy(iv)
  iv[7] = (iv[7] ?? 0) ^ label
  const derived = Buffer.alloc(length)
  new CounterMode(key).crypt(iv, zeros.subarray(0, length), 0, derived)
  return derived
}

interface Session {
  readonly cipher: CounterMode
  readonly salt: Buffer
  readonly mac: Authenticator
}

const sessionOf = (keys: SrtpKeys, label: number): Session => ({
  cipher: new CounterMode(derive(keys, label, 16)),
  mac: new Authenticator(derive(keys, label + 1, HASH_LENGTH)),
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
  private readonly rtp: Session
  private readonly rtcp: Session
  private readonly streams = new Map<number, StreamIndex>()
  private readonly reports = new Map<number, StreamIndex>()
  private reportsSent = 0

  constructor(keys: SrtpKeys) {
    this.keys = keys
    this.rtp = sessionOf(keys, 0)
    this.rtcp = sessionOf(keys, 3)
  }

  seal(packet: Buffer): Buffer {
    const ssrc = packet.readUInt32BE(8)
    const stream = this.streams.get(ssrc) ?? new StreamIndex()
    this.streams.set(ssrc, stream)
    const index = stream.guess(packet.readUInt16BE(2))
    stream.take(index)
    const sealed = Buffer.allocUnsafe(packet.length + this.keys.tag)
    this.crypt(packet, headLength(packet), index, sealed)
    const code = this.codeOf(sealed.subarray(0, packet.length), index)
    code.copy(sealed, packet.length, 0, this.keys.tag)
    return sealed
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
    const code = this.codeOf(sealed, index).subarray(0, this.keys.tag)
    if (!timingSafeEqual(code, datagram.subarray(-this.keys.tag))) return null
    this.keep(this.streams, ssrc, stream)
    stream.take(index)
    const clear = Buffer.allocUnsafe(sealed.length)
    this.crypt(sealed, head, index, clear)
    return clear
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

  private crypt(packet: Buffer, head: number, index: number, to: Buffer): void {
    const iv = ivOf(this.rtp.salt, packet.readUInt32BE(8), Math.floor(index / 65_536), index & 0xffff)
    packet.copy(to, 0, 0, head)
    this.rtp.cipher.crypt(iv, packet, head, to)
  }

  private cryptReport(report: Buffer, index: number): Buffer {
    const iv = ivOf(this.rtcp.salt, report.readUInt32BE(4), index >>> 16, index & 0xffff)
    const crypted = Buffer.allocUnsafe(report.length)
    report.copy(crypted, 0, 0, 8)
    this.rtcp.cipher.crypt(iv, report, 8, crypted)
    return crypted
  }

  private codeOf(sealed: Buffer, index: number): Buffer {
    return this.rtp.mac.codeOf(sealed, Math.floor(index / 65_536))
  }

  private reportTag(body: Buffer): Buffer {
    return this.rtcp.mac.codeOf(body, null).subarray(0, RTCP_TAG)
  }
}
