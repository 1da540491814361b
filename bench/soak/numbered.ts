/** A stream of numbered packets from a clock that is fast or slow, and what became of another's: how long, how many. */
import type { Socket } from 'node:dgram'
import { decode, encode, translate } from '../../switchboard/media/g711.ts'
import { readRtp, writeRtp } from '../../switchboard/rtp/packet.ts'
import { percentile } from '../figure.ts'
import { every } from './clock.ts'
import { openSocket } from './voice.ts'

const frame = 160
const frameMs = 20
const remembered = 8192
const lateMs = 150
const places = 8

/** True of a byte that comes back as it was from A-law and from a mix with silence. */
function survives(byte: number): boolean {
  const bytes = Uint8Array.of(byte)
  const samples = new Int16Array(1)
  decode('PCMU', bytes, samples)
  const mixed = new Uint8Array(1)
  encode('PCMU', samples, mixed)
  const [across = -1] = translate('PCMA', 'PCMU', translate('PCMU', 'PCMA', bytes))
  return mixed[0] === byte && across === byte
}

const surviving = Array.from({ length: 256 }, (_, byte) => byte).filter(survives)
/** Sixteen of them write numbers, two more say that here is one. */
const figures = surviving.slice(20, 36)
const mark = Buffer.from([40, 45, 40, 45].map((at) => surviving[at] ?? 0))

function payloadOf(number: number): Buffer {
  const payload = Buffer.alloc(frame, 0xff)
  mark.copy(payload)
  for (let place = 0; place < places; place += 1)
    payload[mark.length + place] = figures[(number >>> (4 * place)) & 15] ?? 0
  return payload
}

/** The number in a payload, or null when there is none. */
function numberIn(payload: Uint8Array): number | null {
  if (payload.length < mark.length + places || !mark.equals(payload.subarray(0, mark.length))) return null
  let number = 0
  for (let place = 0; place < places; place += 1) {
    const value = figures.indexOf(payload[mark.length + place] ?? -1)
    if (value < 0) return null
    number += value * 16 ** place
  }
  return number
}

/** How it was with one stream in a stretch of time. */
export interface Passage {
  /** A tenth was quicker: what remains when the machine is left out. */
  tenthMs: number
  medianMs: number
  p99Ms: number
  packets: number
}

/** A phone that sends numbers by its own clock, and measures those that another sent. */
export class NumberedPhone {
  readonly port: number
  sent = 0
  /** One more than the last number. */
  next = 0
  heard = 0
  /** Heard, but under way for more than 150 ms. */
  late = 0
  /** Whose numbers are heard here. */
  other: NumberedPhone = this
  private readonly sentAt = new Float64Array(remembered)
  private readonly socket: Socket
  private delays: number[] = []
  private stopSpeaking: () => void = () => undefined

  private constructor(socket: Socket) {
    this.socket = socket
    this.port = socket.address().port
    socket.on('message', (datagram) => this.take(datagram, performance.now()))
  }

  static async open(): Promise<NumberedPhone> {
    return new NumberedPhone(await openSocket())
  }

  /** Sends 50 packets a second by a clock that is `ppm` fast (slow when negative). */
  speakTo(port: number, ppm: number): void {
    this.stopSpeaking()
    this.stopSpeaking = every(frameMs / (1 + ppm / 1e6), (leftOut) => {
      const number = this.next + leftOut
      const at = { sequence: this.sent & 0xffff, timestamp: (number * frame) >>> 0 }
      const ssrc = 0x50_00_00_00 + this.port
      const packet = { payloadType: 0, marker: leftOut > 0, ...at, ssrc, payload: payloadOf(number) }
      this.sentAt[number % remembered] = performance.now()
      this.next = number + 1
      this.sent += 1
      this.socket.send(writeRtp(packet), port, '127.0.0.1')
    })
  }

  /** How long packets took since this was asked before. */
  passage(): Passage {
    const { delays } = this
    this.delays = []
    const [tenthMs, medianMs, p99Ms] = [0.1, 0.5, 0.99].map((share) => percentile(delays, share))
    const none = Number.NaN
    return {
      tenthMs: tenthMs ?? none,
      medianMs: medianMs ?? none,
      p99Ms: p99Ms ?? none,
      packets: delays.length,
    }
  }

  hush(): void {
    this.stopSpeaking()
  }

  close(): void {
    this.hush()
    this.socket.close()
  }

  private take(datagram: Buffer, now: number): void {
    const packet = readRtp(datagram)
    const number = packet && numberIn(packet.payload)
    if (number === null || number < this.other.next - remembered || number >= this.other.next) return
    const delay = now - (this.other.sentAt[number % remembered] ?? Number.NaN)
    this.heard += 1
    if (delay > lateMs) this.late += 1
    this.delays.push(delay)
  }
}
