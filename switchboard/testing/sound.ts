/** A phone's sound in tests: one RTP socket that says a tone, presses keys, and measures what it hears. */
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'

const frame = 160

function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const magnitude = Math.min(Math.abs(sample), 32635) + 132
  const exponent = 31 - Math.clz32(magnitude) - 7
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff
}

function linear(byte: number): number {
  const bits = ~byte & 0xff
  const magnitude = (((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)
  return bits & 0x80 ? 132 - magnitude : magnitude - 132
}

/** Level of a tone in µ-law sound, in dB below full scale (Goertzel). -99 when there is nothing. */
export function levelOf(heard: Uint8Array, hz: number): number {
  if (!heard.length) return -99
  const step = 2 * Math.cos((2 * Math.PI * hz) / 8000)
  let last = 0
  let before = 0
  for (const byte of heard) {
    const next = linear(byte) / 32768 + step * last - before
    before = last
    last = next
  }
  const power = last * last + before * before - step * last * before
  return Math.max(-99, 10 * Math.log10((4 * power) / (heard.length * heard.length) + 1e-12))
}

/** Sound of one call, seen from the phone. */
export class PhoneSound {
  readonly port: number
  /** Tone it says, 0 for silence. */
  hz = 0
  /** False: it sends nothing at all. */
  speaking = true
  /** Of so many packets one is lost on its way; 0 for none. */
  loses = 0
  packets = 0
  /** Keys pressed by the other side. */
  keys = ''
  private readonly socket: Socket
  private readonly timer: NodeJS.Timeout
  private heard: number[] = []
  private remote: { host: string; port: number } | null = null
  private sequence = 1
  private stamp = 0
  private phase = 0
  private keyUntil = 0
  private keyStamp = -1
  private closed = false

  private constructor(socket: Socket) {
    this.socket = socket
    this.port = socket.address().port
    socket.on('error', () => undefined)
    socket.on('message', (packet) => this.take(packet))
    this.timer = setInterval(() => this.send(), 20)
  }

  /** Opens one on a free port. */
  static async open(): Promise<PhoneSound> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    return new PhoneSound(socket)
  }

  /** Our SDP; `hold` says sendonly. */
  sdp(hold = false): string {
    const lines = [
      'v=0',
      `o=- 1 ${hold ? 2 : 1} IN IP4 127.0.0.1`,
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${this.port} RTP/AVP 0 101`,
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      hold ? 'a=sendonly' : 'a=sendrecv',
    ]
    return lines.map((line) => `${line}\r\n`).join('')
  }

  /** Takes the other side's SDP. */
  connect(sdp: string): void {
    const host = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1] ?? ''
    const port = Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0)
    if (port > 0) this.remote = { host, port }
  }

  /** Level in dB of a tone in the last `ms` heard. */
  level(hz: number, ms = 400): number {
    return levelOf(Uint8Array.from(this.heard.slice(-8 * ms)), hz)
  }

  /** Forgets what was heard so far. */
  forget(): void {
    this.heard = []
  }

  /** Presses a key for 100 ms (RFC 4733): a start, some in between, and the end three times. */
  async press(digit: string): Promise<void> {
    const event = '0123456789*#ABCD'.indexOf(digit)
    const stamp = this.stamp
    this.keyUntil = Date.now() + 200
    for (const [at, duration] of [160, 320, 480, 640, 800, 800, 800].entries()) {
      const body = Buffer.from([event, at >= 4 ? 0x8a : 0x0a, duration >> 8, duration & 0xff])
      this.write(101, stamp, body, at === 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    clearInterval(this.timer)
    this.socket.close()
  }

  private send(): void {
    this.stamp += frame
    if (!this.speaking || Date.now() < this.keyUntil) return
    const body = Buffer.alloc(frame)
    for (let i = 0; i < frame; i += 1) {
      this.phase += (2 * Math.PI * this.hz) / 8000
      body[i] = muLaw(this.hz === 0 ? 0 : Math.round(8000 * Math.sin(this.phase)))
    }
    if (this.loses > 0 && this.sequence % this.loses === 0) this.sequence += 1
    else this.write(0, this.stamp, body, false)
  }

  private write(type: number, stamp: number, body: Buffer, marker: boolean): void {
    if (!this.remote) return
    const head = Buffer.alloc(12)
    head[0] = 0x80
    head[1] = type | (marker ? 0x80 : 0)
    head.writeUInt16BE(this.sequence & 0xffff, 2)
    head.writeUInt32BE(stamp >>> 0, 4)
    head.writeUInt32BE(this.port, 8)
    this.sequence += 1
    this.socket.send(Buffer.concat([head, body]), this.remote.port, this.remote.host)
  }

  /** A key is one by its timestamp, however often its end is repeated. */
  private takeKey(packet: Buffer): void {
    const stamp = packet.readUInt32BE(4)
    if (((packet[13] ?? 0) & 0x80) === 0 || stamp === this.keyStamp) return
    this.keyStamp = stamp
    this.keys += '0123456789*#ABCD'[packet[12] ?? 0] ?? '?'
  }

  private take(packet: Buffer): void {
    if (packet.length >= 16 && ((packet[1] ?? 0) & 0x7f) === 101) this.takeKey(packet)
    if (packet.length < 13 || ((packet[1] ?? 0) & 0x7f) !== 0) return
    this.packets += 1
    for (const byte of packet.subarray(12)) this.heard.push(byte)
    if (this.heard.length > 80_000) this.heard.splice(0, 40_000)
  }
}
