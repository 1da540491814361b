const REPLAY_WINDOW = 128
const RESTART_JUMP = 3000

/**
 * What is known of one incoming RTP stream: replays and duplicates are refused by (ssrc, sequence), loss and jitter are
 * counted as RFC 3550 §6.4.1 and appendix A say.
 */
export class InStream {
  received = 0
  ssrc = -1
  private highest = 0
  private first = 0
  private cycles = 0
  private receivedOfThis = 0
  private lostBefore = 0
  private readonly seen = new Int32Array(REPLAY_WINDOW)
  private transit = NaN
  private jitter = 0
  private lastExpected = 0
  private lastReceived = 0

  /**
   * Counts a packet that arrived at `now`. `fresh`: first of a new stream (new SSRC or a jump of more than 3,000);
   * `taken`: goes on; `refused`: seen before or too old.
   */
  accept(ssrc: number, sequence: number, timestamp: number, now: number): 'fresh' | 'taken' | 'refused' {
    const ahead = ((sequence - this.highest) << 16) >> 16
    if (ssrc !== this.ssrc || Math.abs(ahead) > RESTART_JUMP) {
      this.begin(ssrc, sequence, timestamp, now)
      return 'fresh'
    }
    const slot = sequence % REPLAY_WINDOW
    if (ahead <= -REPLAY_WINDOW || this.seen[slot] === sequence) return 'refused'
    this.seen[slot] = sequence
    if (ahead > 0) {
      if (sequence < this.highest) this.cycles += 65_536
      this.highest = sequence
    }
    this.received += 1
    this.receivedOfThis += 1
    const transit = now * 8 - timestamp
    const change = Math.abs((transit - this.transit) | 0)
    this.transit = transit
    // A jump of more than 10 s is a new time line, not jitter.
    if (change < 80_000) this.jitter += (change - this.jitter) / 16
    return 'taken'
  }

  /** Packets that never came. */
  get lost(): number {
    return this.ssrc < 0 ? 0 : Math.max(0, this.lostBefore + this.expected - this.receivedOfThis)
  }

  /** Interarrival jitter in RTP units (1/8 ms). */
  get jitterUnits(): number {
    return Math.round(this.jitter)
  }

  /** The highest sequence number with its cycles, as a report block carries it. */
  get highestExtended(): number {
    return (this.cycles + this.highest) >>> 0
  }

  /** Fraction lost since the last call, of 256. */
  takeFractionLost(): number {
    const expected = this.expected - this.lastExpected
    const received = this.receivedOfThis - this.lastReceived
    this.lastExpected = this.expected
    this.lastReceived = this.receivedOfThis
    return expected <= 0 || received >= expected ? 0 : Math.floor(((expected - received) * 256) / expected)
  }

  private get expected(): number {
    return this.cycles + this.highest - this.first + 1
  }

  private begin(ssrc: number, sequence: number, timestamp: number, now: number): void {
    this.lostBefore = this.lost
    this.ssrc = ssrc
    this.highest = sequence
    this.first = sequence
    this.cycles = 0
    this.received += 1
    this.receivedOfThis = 1
    this.lastExpected = 0
    this.lastReceived = 0
    this.seen.fill(-1)
    this.seen[sequence % REPLAY_WINDOW] = sequence
    this.transit = now * 8 - timestamp
  }
}
