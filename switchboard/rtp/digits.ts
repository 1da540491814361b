import type { OutStream } from './out-stream.ts'
import type { RtpPacket } from './packet.ts'

const KEYS = '0123456789*#ABCD'
const FRAME_MS = 20

/** A key that was pressed, with what is known of its length when its first packet came. */
export interface Digit {
  digit: string
  durationMs: number
}

/**
 * Reads telephone events (RFC 4733): a key fires once, on the first packet of a new timestamp, be it the start or, when
 * packets were lost, an update or an end; repeated ends and late packets of earlier keys fire nothing.
 */
export class DigitReader {
  private ssrc = -1
  private timestamp = 0
  private event = -1
  private duration = 0

  /** The key this packet announces, or null. */
  read(packet: RtpPacket): Digit | null {
    const { payload } = packet
    const event = payload[0] ?? 255
    if (payload.length < 4 || event >= KEYS.length) return null
    const duration = ((payload[2] ?? 0) << 8) | (payload[3] ?? 0)
    const later = (packet.timestamp - this.timestamp) | 0
    const known = packet.ssrc === this.ssrc
    if (known && later <= 0) {
      if (later === 0) this.duration = Math.max(this.duration, duration)
      return null
    }
    // A key held for more than 8 s goes on in a new segment (RFC 4733 §2.5.1.3): same event, next timestamp, no marker.
    const goesOn =
      known && event === this.event && !packet.marker && later === this.duration && later >= 0xff00
    this.ssrc = packet.ssrc
    this.timestamp = packet.timestamp
    this.event = event
    this.duration = duration
    return goesOn ? null : { digit: KEYS[event] ?? '', durationMs: Math.round(duration / 8) }
  }
}

interface Sending {
  event: number
  timestamp: number
  frames: number
  frame: number
}

/** Sends keys as telephone events, one packet a tick, the end three times (RFC 4733 §2.5). */
export class DigitWriter {
  private readonly waiting: { event: number; frames: number; gap: number }[] = []
  private sending: Sending | null = null
  private gap = 0

  /** Queues keys; what is no key is left out. */
  push(digits: string, digitMs: number, gapMs: number): void {
    const frames = Math.max(2, Math.min(300, Math.round(digitMs / FRAME_MS)))
    const gap = Math.max(1, Math.min(300, Math.round(gapMs / FRAME_MS)))
    for (const key of digits.toUpperCase()) {
      const event = KEYS.indexOf(key)
      if (event >= 0 && this.waiting.length < 64) this.waiting.push({ event, frames, gap })
    }
  }

  /** True while a key sounds: audio is withheld. */
  get busy(): boolean {
    return this.sending !== null
  }

  /** Called on every tick; true when this tick belonged to a key. */
  tick(out: OutStream, source: number, payloadType: number, now: number): boolean {
    if (!this.sending) {
      if (this.gap > 0) {
        this.gap -= 1
        return false
      }
      const next = this.waiting[0]
      if (!next) return false
      this.sending = {
        event: next.event,
        timestamp: out.beginEvent(source, now),
        frames: next.frames,
        frame: 0,
      }
    }
    this.step(this.sending, out, payloadType)
    return true
  }

  /** Called on every tick where no events are agreed: the key that sounds, and how many frames of it did; or null. */
  toneTick(): { key: string; frame: number } | null {
    if (!this.sending) {
      if (this.gap > 0) {
        this.gap -= 1
        return null
      }
      const next = this.waiting[0]
      if (!next) return null
      this.sending = { event: next.event, timestamp: 0, frames: next.frames, frame: 0 }
    }
    const { event, frame, frames } = this.sending
    this.sending.frame += 1
    if (frame + 1 >= frames) {
      this.gap = this.waiting.shift()?.gap ?? 0
      this.sending = null
    }
    return { key: KEYS[event] ?? '', frame }
  }

  private step(sending: Sending, out: OutStream, payloadType: number): void {
    sending.frame += 1
    const over = sending.frame >= sending.frames
    const duration = sending.frame * FRAME_MS * 8
    for (let copy = 0; copy < (over ? 3 : 1); copy++) {
      const payload = Uint8Array.of(sending.event, over ? 0x8a : 0x0a, duration >> 8, duration & 0xff)
      out.event(payloadType, sending.frame === 1, sending.timestamp, payload)
    }
    if (!over) return
    this.gap = this.waiting.shift()?.gap ?? 0
    this.sending = null
  }
}
