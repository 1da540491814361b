import type { Socket } from 'node:dgram'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { RTCCertificate } from 'werift'
import type { RtpPacket } from '../rtp/packet.ts'
import { readRtp, writeRtp } from '../rtp/packet.ts'
import { DtlsHandshake, fingerprintOf, ownCertificate } from '../dtls/handshake.ts'
import { Seal } from '../rtp/seal.ts'
import type { SrtpKeys } from '../rtp/srtp.ts'
import { readAudio } from '../sdp/audio.ts'
import { writeCrypto } from '../sdp/crypto.ts'
import type { OwnDtls } from '../sdp/writing.ts'
import type { Codec } from './g711.ts'
import { decode, encode } from './g711.ts'
import { levelOf, tone } from './tone.ts'

const FRAME = 160

/** A received packet and when it came (performance.now). */
export interface Arrival extends RtpPacket {
  at: number
}

/** For tests: a phone on a real UDP socket that sends a tone and remembers what it hears. */
export class TestPhone {
  readonly arrivals: Arrival[] = []
  /** Every datagram it sent, as an eavesdropper has it. */
  readonly sent: Buffer[] = []
  readonly port: number
  readonly host: string
  /** Its keys, where it offers SRTP by SDES. */
  keys: SrtpKeys | null = null
  /** It can do without them (RFC 8643). */
  optional = false
  /** Its certificate as its SDP names it and who begins, where it secures by DTLS (RTCP by the same port). */
  dtls: OwnDtls | null = null
  /** It asks for a handshake and never begins it. */
  mute = false
  codec: Codec = 'PCMA'
  eventType = 101
  sequence = 1000
  timestamp = 5000
  ssrc = 0x1234_5678
  target: { address: string; port: number } | null = null
  private readonly socket: Socket
  private timer: NodeJS.Timeout | null = null
  private seal = new Seal()
  private certificate: RTCCertificate | null = null

  private constructor(socket: Socket) {
    this.socket = socket
    this.port = socket.address().port
    this.host = socket.address().address
    socket.on('message', (datagram, from) => {
      if (this.seal.takes(datagram, from)) return
      const clear = this.seal.open(Buffer.from(datagram))
      const packet = clear && readRtp(clear)
      if (packet) this.arrivals.push({ ...packet, at: performance.now() })
    })
  }

  static async open(codec: Codec = 'PCMA', host = '127.0.0.1'): Promise<TestPhone> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.bind(0, host)
    await once(socket, 'listening')
    const phone = new TestPhone(socket)
    phone.codec = codec
    phone.ssrc = phone.port * 65_537
    return phone
  }

  /** Its SDP; `extra` lines go to the audio part. */
  sdp(direction = 'sendrecv', extra: string[] = []): string {
    const address = `IN IP${this.host.includes(':') ? 6 : 4} ${this.host}`
    const [first, second] = this.codec === 'PCMA' ? ['8', '0'] : ['0', '8']
    return [
      'v=0',
      `o=- 1 1 ${address}`,
      's=-',
      `c=${address}`,
      't=0 0',
      `m=audio ${this.port} ${this.protocol()} ${first} ${second} ${this.eventType}`,
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:8 PCMA/8000',
      `a=rtpmap:${this.eventType} telephone-event/8000`,
      `a=${direction}`,
      ...(this.keys ? [`a=crypto:${writeCrypto({ tag: '1', keys: this.keys })}`] : []),
      ...(this.dtls ? [`a=fingerprint:sha-256 ${this.dtls.fingerprint}`, `a=setup:${this.dtls.setup}`, 'a=rtcp-mux'] : []), // prettier-ignore
      ...extra,
      '',
    ].join('\r\n')
  }

  /** Sends to where the engine's SDP says. */
  follow(sdp: string): void {
    const { address, port, crypto, dtls } = readAudio(sdp)
    const to = { address, port }
    this.target = to
    this.seal = new Seal()
    if (this.keys && crypto) this.seal.secure(this.keys, crypto.keys)
    if (!this.certificate || !dtls || this.mute) return
    const terms = { certificate: this.certificate, active: dtls.setup !== 'active', far: to }
    this.seal.shake(
      (own) => new DtlsHandshake({ ...terms, fingerprints: dtls.fingerprints }, own),
      (datagram) => this.sendRaw(datagram),
    )
  }

  /** Secures by DTLS from now on, with the certificate of this process where none is given. */
  async wantDtls(setup: OwnDtls['setup'], certificate?: RTCCertificate): Promise<void> {
    this.certificate = certificate ?? (await ownCertificate())
    this.dtls = { fingerprint: fingerprintOf(this.certificate), setup }
  }

  private protocol(): string {
    if (this.dtls) return 'UDP/TLS/RTP/SAVP'
    return this.keys && !this.optional ? 'RTP/SAVP' : 'RTP/AVP'
  }

  /** Sends one packet as it is. */
  send(packet: Partial<RtpPacket> & { payload: Uint8Array }): void {
    const { sequence, timestamp, ssrc } = this
    const full = {
      payloadType: this.codec === 'PCMA' ? 8 : 0,
      marker: false,
      sequence,
      timestamp,
      ssrc,
      ...packet,
    }
    if (this.seal.ready) this.sendRaw(this.seal.seal(writeRtp(full)))
  }

  /** Sends raw bytes. */
  sendRaw(bytes: Buffer): void {
    this.sent.push(bytes)
    if (this.target) this.socket.send(bytes, this.target.port, this.target.address)
  }

  /** Speaks one frequency from now on, on an absolute 20 ms schedule; 0 is silence by G.711. */
  speak(hz: number): void {
    this.hush()
    const samples = tone(hz, 1000)
    const bytes = new Uint8Array(samples.length)
    encode(this.codec, samples, bytes)
    const begun = performance.now()
    let sent = 0
    this.timer = setInterval(() => {
      while (begun + sent * 20 <= performance.now()) {
        const at = (sent * FRAME) % bytes.length
        this.send({ payload: bytes.subarray(at, at + FRAME) })
        this.sequence = (this.sequence + 1) & 0xffff
        this.timestamp += FRAME
        sent += 1
      }
    }, 5)
  }

  hush(): void {
    if (this.timer) clearInterval(this.timer)
    this.timer = null
  }

  /** Audio it heard in the last `ms`, of packets of G.711. */
  heard(ms: number): Int16Array {
    const since = performance.now() - ms
    const packets = this.arrivals.filter((packet) => packet.at >= since && (packet.payloadType & 0x77) === 0)
    const samples = new Int16Array(packets.reduce((sum, packet) => sum + packet.payload.length, 0))
    let at = 0
    for (const packet of packets) {
      decode(packet.payloadType === 0 ? 'PCMU' : 'PCMA', packet.payload, samples.subarray(at))
      at += packet.payload.length
    }
    return samples
  }

  /** Which of the frequencies it heard clearly in the last `ms`. */
  hears(frequencies: number[], ms = 200): number[] {
    const samples = this.heard(ms)
    return frequencies.filter((hz) => levelOf(samples, hz) > 1500)
  }

  async close(): Promise<void> {
    this.hush()
    this.socket.close()
    await once(this.socket, 'close')
  }
}
