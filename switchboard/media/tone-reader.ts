const LOW = [697, 770, 852, 941]
const HIGH = [1209, 1336, 1477, 1633]
const KEYS = '123A456B789C*0#D'
/** 12.75 ms: the spacing of the eight tones is just told apart, and 40 ms of a key hold two whole blocks. */
const BLOCK = 102
const BLOCK_MS = BLOCK / 8
/** Peak of the weakest tone taken, about -30 dBm0. */
const WEAKEST = 700
/** 8 dB between the two tones of a key, either way (ITU-T Q.24). */
const TWIST = 6.3
/** 8 dB above every other tone of its group. */
const CLEAR = 6.3
/** Share of all energy that the two tones hold: voices seldom reach it. */
const PURE = 0.8

const coefficients = [...LOW, ...HIGH].map((hz) => 2 * Math.cos((2 * Math.PI * hz) / 8000))

/** The two tones of a key, Hz; null for what is no key. */
export function tonesOf(key: string): readonly [number, number] | null {
  const at = KEYS.indexOf(key)
  const [low, high] = [LOW[at >> 2], HIGH[at & 3]]
  return at < 0 || low === undefined || high === undefined ? null : [low, high]
}

/** The strongest of four powers, if it stands out. */
function strongest(powers: Float64Array, from: number): number {
  let best = from
  for (let i = from + 1; i < from + 4; i++) if ((powers[i] ?? 0) > (powers[best] ?? 0)) best = i
  for (let i = from; i < from + 4; i++) {
    if (i !== best && (powers[i] ?? 0) * CLEAR > (powers[best] ?? 0)) return -1
  }
  return best
}

/**
 * Hears keys as tones (ITU-T Q.23, Q.24) in the sound of a far end that knows no telephone events. A key counts once two
 * blocks in a row agree on it, and is over when two in a row do not; lost packets neither end nor double it.
 */
export class ToneReader {
  private readonly block = new Float64Array(BLOCK)
  private readonly powers = new Float64Array(8)
  private filled = 0
  private nextTimestamp = -1
  private last = ''
  private current = ''
  private misses = 0

  /** Takes the samples of one packet; returns the key that began in it, or null. */
  read(samples: Int16Array, length: number, timestamp: number): { digit: string; durationMs: number } | null {
    const gap = this.nextTimestamp < 0 ? 1 : (timestamp - this.nextTimestamp) | 0
    // An older packet is of no use any more; a jump of a second is another time line.
    if (gap < 0 && gap > -8000) return null
    if (gap !== 0) this.filled = 0
    this.nextTimestamp = (timestamp + length) >>> 0
    let found: string | null = null
    for (let i = 0; i < length; i++) {
      this.block[this.filled++] = samples[i] ?? 0
      if (this.filled < BLOCK) continue
      this.filled = 0
      found = this.step(this.keyInBlock()) ?? found
    }
    return found === null ? null : { digit: found, durationMs: Math.round(2 * BLOCK_MS) }
  }

  private step(key: string): string | null {
    const agreed = key === this.last
    this.last = key
    if (key === this.current) {
      this.misses = 0
      return null
    }
    this.misses += 1
    if (this.misses >= 2) this.current = ''
    if (!agreed || key === '') return null
    this.current = key
    this.misses = 0
    return key
  }

  private keyInBlock(): string {
    const energy = this.measure()
    const low = strongest(this.powers, 0)
    const high = strongest(this.powers, 4)
    if (low < 0 || high < 0) return ''
    const [lower = 0, upper = 0] = [this.powers[low], this.powers[high]]
    const weakest = (WEAKEST * BLOCK) / 2
    if (Math.min(lower, upper) < weakest * weakest) return ''
    if (lower > upper * TWIST || upper > lower * TWIST) return ''
    if ((lower + upper) * (2 / BLOCK) < PURE * energy) return ''
    return KEYS[low * 4 + high - 4] ?? ''
  }

  /** Goertzel at the eight frequencies; returns the energy of the block. */
  private measure(): number {
    const { block, powers } = this
    let energy = 0
    for (let i = 0; i < BLOCK; i++) energy += (block[i] ?? 0) ** 2
    for (let tone = 0; tone < 8; tone++) {
      const coefficient = coefficients[tone] ?? 0
      let last = 0
      let before = 0
      for (let i = 0; i < BLOCK; i++) {
        const next = (block[i] ?? 0) + coefficient * last - before
        before = last
        last = next
      }
      powers[tone] = last * last + before * before - coefficient * last * before
    }
    return energy
  }
}
