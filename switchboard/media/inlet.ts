import type { Codec } from './g711.ts'
import { decodingTable } from './g711.ts'

/** Samples in one frame of 20 ms at 8 kHz. */
export const FRAME = 160

const RING = 8192
const TARGET = 2 * FRAME
const DEPTH_SPARE = 2 * FRAME
const DEPTH_WINDOW = 100
const QUIET = 200
const LATE_MANY = 10
const nothing = new Int16Array(0)

/**
 * The playout buffer of one incoming stream: packets go in when they come, by RTP timestamp, and one frame of 20 ms is
 * read on every tick. Lost and missing audio reads as silence, so the output keeps wall-clock length; clock skew and
 * bursts cannot grow the delay: a frame is skipped when the buffer stays over 80 ms for 2 s (facts: 40 ms target).
 */
export class Inlet {
  /** Made for the first packet: two who are only relayed to each other never need it. */
  private ring = nothing
  private readAt = 0
  private head = 0
  private anchorTs = 0
  private anchorAt = -1
  private late = 0
  private lateAt = -1
  private shallowest = RING
  private reads = 0

  /** Samples that wait to be read. */
  get depth(): number {
    return Math.max(0, this.head - this.readAt)
  }

  /** Forgets everything that waits; the next packet starts anew. */
  reset(): void {
    this.ring.fill(0)
    this.head = this.readAt
    this.anchorAt = -1
    this.late = 0
  }

  /** Another stream begins (new source or SSRC): its timestamps have nothing to do with those before. */
  restart(): void {
    this.anchorAt = -1
  }

  /** Puts the audio of one packet where its timestamp says. */
  write(codec: Codec, payload: Uint8Array, timestamp: number): void {
    const start = this.placeOf(timestamp, payload.length)
    if (start < 0) return
    if (this.ring === nothing) this.ring = new Int16Array(RING)
    const table = decodingTable(codec)
    for (let i = Math.max(0, this.readAt - start); i < payload.length; i++) {
      this.ring[(start + i) & (RING - 1)] = table[payload[i] ?? 0] ?? 0
    }
    this.head = Math.max(this.head, start + payload.length)
  }

  /** Reads the next 20 ms into `frame`; false when nothing was there (the frame is silent then). */
  read(frame: Int16Array): boolean {
    this.keepShallow()
    const present = this.head > this.readAt
    if (present) this.take(frame)
    else frame.fill(0)
    this.readAt += FRAME
    return present
  }

  /** Where a packet belongs, -1 when it came too late. Many late ones, or a jump, set a new anchor. */
  private placeOf(timestamp: number, length: number): number {
    if (this.anchorAt < 0) return this.anchor(timestamp)
    const start = this.anchorAt + ((timestamp - this.anchorTs) | 0)
    if (start + length > this.readAt + RING - FRAME || start < this.readAt - RING)
      return this.anchor(timestamp)
    if (start >= this.readAt) {
      this.late = Math.max(0, this.late - 0.05)
      this.anchorTs = timestamp
      this.anchorAt = start
      return start
    }
    // A burst after a stall is dropped where it is late; only what stays late moves the time line.
    // So all that come between two reads are one.
    if (this.lateAt !== this.readAt) this.late += 1
    this.lateAt = this.readAt
    if (this.late >= LATE_MANY) return this.anchor(timestamp, this.readAt)
    return start + length > this.readAt ? start : -1
  }

  /** A new time line: the packet is read after the target delay, or after what waits. */
  private anchor(timestamp: number, after = this.head): number {
    const start = this.readAt + TARGET
    this.late = 0
    this.anchorTs = timestamp
    this.anchorAt = after > start && after < start + RING / 2 ? after : start
    return this.anchorAt
  }

  private take(frame: Int16Array): void {
    const at = this.readAt & (RING - 1)
    const first = Math.min(FRAME, RING - at)
    frame.set(this.ring.subarray(at, at + first))
    this.ring.fill(0, at, at + first)
    if (first < FRAME) {
      frame.set(this.ring.subarray(0, FRAME - first), first)
      this.ring.fill(0, 0, FRAME - first)
    }
  }

  /** Depth control: after 2 s too deep, skips one frame, a quiet one if such comes within another 2 s. */
  private keepShallow(): void {
    const depth = this.head - this.readAt
    if (depth < this.shallowest) this.shallowest = depth
    this.reads += 1
    if (this.reads < DEPTH_WINDOW) return
    if (this.shallowest <= TARGET + DEPTH_SPARE) {
      this.reads = 0
      this.shallowest = RING
    } else if (this.reads >= 2 * DEPTH_WINDOW || this.nextIsQuiet()) {
      for (let i = 0; i < FRAME; i++) this.ring[(this.readAt + i) & (RING - 1)] = 0
      this.readAt += FRAME
      this.reads = 0
      this.shallowest = RING
    }
  }

  private nextIsQuiet(): boolean {
    for (let i = 0; i < FRAME; i++) {
      if (Math.abs(this.ring[(this.readAt + i) & (RING - 1)] ?? 0) > QUIET) return false
    }
    return true
  }
}
