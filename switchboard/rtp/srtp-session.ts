import { type Cipheriv, createCipheriv, hash, timingSafeEqual } from 'node:crypto'

const BLOCK = 16
/** How many packets' key stream is made at once: a call into the cipher costs more than what it does for one packet. */
const AHEAD = 8
const HASH_BLOCK = 64
const HASH_LENGTH = 20

/** Room for counters, shared by all streams: it is read before anybody writes to it again. */
let counters = new DataView(new ArrayBuffer(1024 * BLOCK))

/**
 * The key stream of one direction by AES in counter mode, the same for sealing and opening (RFC 3711 §4.1.1). One cipher of
 * the plain block function lives as long as the key, and a stream that goes on has its next packets' made with this one's.
 */
export class KeyStream {
  private readonly blocks: Cipheriv
  private readonly salt: DataView
  private made: Uint8Array = new Uint8Array(0)
  private ssrc = -1
  private first = -1
  private packets = 0
  private width = 0

  constructor(key: Buffer, salt: Buffer) {
    this.blocks = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
    this.salt = new DataView(new ArrayBuffer(BLOCK))
    salt.forEach((byte, at) => this.salt.setUint8(at, byte))
  }

  /** Crypts `data` in its place from byte `from` up to `end`, as the packet of an SSRC with this index of 48 bits. */
  crypt(ssrc: number, index: number, data: Uint8Array, from: number, end: number): void {
    const at = this.reach(ssrc, index, Math.ceil((end - from) / BLOCK)) - from
    const { made } = this
    for (let here = from; here < end; here += 1) data[here] = (data[here] ?? 0) ^ (made[at + here] ?? 0)
  }

  /** Where in `made` a packet's key stream begins; makes it when it is not there. */
  private reach(ssrc: number, index: number, width: number): number {
    const goesOn = ssrc === this.ssrc && index === this.first + this.packets
    const ahead = index - this.first
    if (ssrc !== this.ssrc || width > this.width || ahead < 0 || ahead >= this.packets) {
      this.make(ssrc, index, goesOn ? AHEAD : 1, width)
      return 0
    }
    return ahead * this.width * BLOCK
  }

  private make(ssrc: number, first: number, packets: number, width: number): void {
    const length = packets * width * BLOCK
    if (length > counters.byteLength) counters = new DataView(new ArrayBuffer(length))
    const { salt } = this
    const [start, own] = [salt.getUint32(0), salt.getUint32(4) ^ ssrc]
    for (let packet = 0, at = 0; packet < packets; packet += 1) {
      const index = first + packet
      const high = salt.getUint32(8) ^ Math.floor(index / 65_536)
      const low = (salt.getUint16(12) ^ (index & 0xffff)) << 16
      for (let block = 0; block < width; block += 1, at += BLOCK) {
        counters.setUint32(at, start)
        counters.setUint32(at + 4, own)
        counters.setUint32(at + 8, high)
        counters.setUint32(at + 12, low | block)
      }
    }
    this.made = this.blocks.update(new Uint8Array(counters.buffer, 0, length))
    this.ssrc = ssrc
    this.first = first
    this.packets = packets
    this.width = width
  }
}

/** HMAC-SHA1 (RFC 2104) by two whole hashes in room of its own: a fresh HMAC for every packet costs several times that. */
export class Authenticator {
  /** The code that was made last, 20 bytes. */
  readonly code = Buffer.alloc(HASH_LENGTH)
  private readonly tag: Buffer
  private inner: Buffer
  private readonly outer = Buffer.alloc(HASH_BLOCK + HASH_LENGTH)

  /** `tag`: how many bytes of a code stand in a datagram. */
  constructor(key: Buffer, tag: number) {
    this.tag = this.code.subarray(0, tag)
    this.inner = Buffer.alloc(HASH_BLOCK + 2048)
    for (let at = 0; at < HASH_BLOCK; at += 1) {
      this.inner[at] = 0x36 ^ (key[at] ?? 0)
      this.outer[at] = 0x5c ^ (key[at] ?? 0)
    }
  }

  /** Makes the code of the first `length` bytes of `data`, and of a number of 32 bits behind them unless that is null. */
  make(data: Buffer, length: number, number: number | null): void {
    const end = HASH_BLOCK + length
    if (end + 4 > this.inner.length) this.inner = Buffer.concat([this.inner, Buffer.alloc(length)])
    data.copy(this.inner, HASH_BLOCK, 0, length)
    if (number !== null) this.inner.writeUInt32BE(number >>> 0, end)
    // As strings: a buffer made for each result costs more than the hash.
    const within = this.inner.subarray(0, number === null ? end : end + 4)
    this.outer.write(hash('sha1', within, 'binary'), HASH_BLOCK, 'binary')
    this.code.write(hash('sha1', this.outer, 'binary'), 'binary')
  }

  /** True when the code that was made last stands, cut to the tag, at the end of `datagram`. */
  confirms(datagram: Buffer): boolean {
    return timingSafeEqual(this.tag, datagram.subarray(-this.tag.length))
  }
}
