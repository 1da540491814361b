/** The largest packet we make, 60 ms. */
const MOST = 480

/** Cuts frames of 20 ms into packets of the length the far end asked for, and keeps what is left over for the next. */
export class Packing {
  private readonly waiting = new Uint8Array(MOST + 160)
  private filled = 0

  /** Takes a frame; gives every packet of `length` bytes that has become whole. */
  push(frame: Uint8Array, length: number, send: (payload: Uint8Array) => void): void {
    this.waiting.set(frame, this.filled)
    this.filled += frame.length
    let at = 0
    for (; this.filled - at >= length; at += length) send(this.waiting.slice(at, at + length))
    this.waiting.copyWithin(0, at, this.filled)
    this.filled -= at
  }

  /** Forgets what is left over. */
  clear(): void {
    this.filled = 0
  }
}
