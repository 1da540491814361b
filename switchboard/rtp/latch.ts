/** A UDP address. */
export interface Address {
  address: string
  port: number
}

const PROBATION = 5
const SILENCE_MS = 2000

/**
 * Decides whose packets count (symmetric RTP, and the guard against RTP bleed). The address in the SDP is preferred; a far
 * end behind NAT is taken from another address only after five packets in a row with one SSRC and none from the SDP's.
 * Once latched, strangers are refused, until a new SDP loosens the latch.
 */
export class Latch {
  private expected: Address | null = null
  private latched: Address | null = null
  private byAddress = false
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
    this.byAddress = false
    this.suspect = null
  }

  /** True when a valid packet from `from` is the far end's. */
  admits(from: Address, ssrc: number, now: number): boolean {
    const { latched, expected } = this
    if (latched && latched.port === from.port && latched.address === from.address) {
      this.lastAt = now
      return true
    }
    const announced = expected?.address === from.address
    const silent = now - this.lastAt > SILENCE_MS
    if (announced && (!latched || !this.byAddress || (silent && expected.port === from.port))) {
      return this.close(from, true, now)
    }
    if (latched && !(silent && announced)) return false
    return this.passesProbation(from, ssrc) && this.close(from, announced, now)
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

  private close(from: Address, byAddress: boolean, now: number): boolean {
    this.latched = { address: from.address, port: from.port }
    this.byAddress = byAddress
    this.lastAt = now
    this.suspect = null
    return true
  }
}
