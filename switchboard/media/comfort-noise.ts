import { FRAME } from './inlet.ts'

/** Quieter than this it stays whatever a far end says: noise shall not drown a voice. */
const LOUDEST_DB = 35

/** The noise a far end that suppresses its silence wants to be heard instead (RFC 3389; its spectrum is not shaped). */
export class ComfortNoise {
  private readonly samples = new Int16Array(FRAME)
  private level: number | null = null
  private state = 0x2545_f491

  /** True while the far end is silent and has said how silent. */
  get on(): boolean {
    return this.level !== null
  }

  /** Its level in dB below overload. */
  begin(level: number): void {
    this.level = Math.max(level, LOUDEST_DB)
  }

  end(): void {
    this.level = null
  }

  /** The next 20 ms; null when the far end speaks. */
  next(): Int16Array | null {
    if (this.level === null) return null
    const peak = 32_767 * 10 ** (-this.level / 20) * Math.sqrt(3)
    for (let i = 0; i < FRAME; i++) {
      this.state ^= this.state << 13
      this.state ^= this.state >>> 17
      this.state ^= this.state << 5
      this.samples[i] = Math.round((this.state / 0x8000_0000) * peak)
    }
    return this.samples
  }
}
