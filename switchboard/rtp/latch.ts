/** A UDP address. */
export interface Address {
  address: string
  port: number
}

const PROBATION = 5
const SILENCE_MS = 2000

/** How well a source fits the SDP: another address, the address, the address and the port. */
const ELSEWHERE = 0
const ADDRESS = 1
const EXACT = 2

/**
 * Decides whose packets count (symmetric RTP, and the guard against RTP bleed). What fits the SDP better is preferred and
 * takes over; a far end behind NAT is taken from another address only after five packets in a row with one SSRC while
 * nobody is latched. Others are strangers, until a new SDP loosens the latch, or the announced address speaks after 2 s
 * of silence.
 */
export class Latch {
  private expected: Address | null = null
  private latched: Address | null = null
  private fit = -1
  private lastAt = 0
  private suspect: (Address & { ssrc: number; count: number }) | null = null

  /** Where to send: the latched address, or the SDP's before anything came. */
  get target(): Address | null {
    return this.latched ?? this.expected
  }

  /** The SDP names an address; another one than before loosens the latch. */
  expect(address: Address): void {
    const same = this.expected?.address === address.address && this.expected.port === address.port
    this.expected = address
    if (same) return
    this.latched = null
    this.fit = -1
    this.suspect = null
  }

  /** True when a valid packet from `from` is the far end's. */
  admits(from: Address, ssrc: number, now: number): boolean {
    const { latched } = this
    if (latched && latched.port === from.port && latched.address === from.address) {
      this.lastAt = now
      return true
    }
    const fit = this.fitOf(from)
    const mayMove = fit > this.fit || (fit >= ADDRESS && now - this.lastAt > SILENCE_MS)
    if (!mayMove || (fit === ELSEWHERE && !this.passesProbation(from, ssrc))) return false
    this.latched = { address: from.address, port: from.port }
    this.fit = fit
    this.lastAt = now
    this.suspect = null
    return true
  }

  private fitOf(from: Address): number {
    if (from.address !== this.expected?.address) return ELSEWHERE
    return from.port === this.expected.port ? EXACT : ADDRESS
  }

  private passesProbation(from: Address, ssrc: number): boolean {
    const { suspect } = this
    if (suspect && suspect.port === from.port && suspect.address === from.address && suspect.ssrc === ssrc) {
      suspect.count += 1
      return suspect.count >= PROBATION
    }
    this.suspect = { address: from.address, port: from.port, ssrc, count: 1 }
    return false
  }
}
