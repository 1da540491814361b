import type { Clock, SipLimits } from './contract.ts'

interface Level {
  tokens: number
  filledAt: number
}

interface Bucket extends Level {
  known: boolean
  /** Who is known changes rarely; it is looked up once a second and source. */
  knownAt: number
}

/** What the limits are unless the owner says otherwise. */
export const defaultLimits: SipLimits = {
  strangerRate: 50,
  strangerBurst: 200,
  knownRate: 4000,
  knownBurst: 8000,
  strangerHalfOpen: 20,
  halfOpen: 1000,
  strangersRate: 1000,
  strangersBurst: 2000,
  connections: 2000,
  strangerConnections: 50,
  messageBytes: 65_536,
  minExpiresSeconds: 60,
  maxExpiresSeconds: 3600,
}

/** Takes one token; false when none is left. The wall clock may jump back: then nothing is added, and nothing lost. */
function take(bucket: Level, rate: number, burst: number, now: number): boolean {
  const elapsed = Math.max(0, now - bucket.filledAt)
  bucket.tokens = Math.min(burst, bucket.tokens + (elapsed * rate) / 1000)
  bucket.filledAt = now
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}

/** One token bucket a source address, and one for all strangers: a flood is refused before its messages are read. */
export class RateGuard {
  /** Messages refused so far. */
  refused = 0
  private readonly strangers: Level
  private readonly buckets = new Map<string, Bucket>()
  private readonly limits: SipLimits
  private readonly clock: Clock
  private readonly isKnown: (host: string) => boolean

  constructor(limits: SipLimits, clock: Clock, isKnown: (host: string) => boolean) {
    this.limits = limits
    this.clock = clock
    this.isKnown = isKnown
    this.strangers = { tokens: limits.strangersBurst, filledAt: clock.now() }
  }

  /** True when one more message from this source may be read. */
  admit(host: string): boolean {
    const now = this.clock.now()
    const bucket = this.buckets.get(host) ?? this.newBucket(host, now)
    const { strangers, limits } = this
    if (Math.abs(now - bucket.knownAt) > 1000) {
      bucket.known = this.isKnown(host)
      bucket.knownAt = now
    }
    const admitted = bucket.known
      ? take(bucket, limits.knownRate, limits.knownBurst, now)
      : // Many strangers together are a flood as well; those we know have their own share untouched.
        take(bucket, limits.strangerRate, limits.strangerBurst, now) &&
        take(strangers, limits.strangersRate, limits.strangersBurst, now)
    if (!admitted) this.refused += 1
    return admitted
  }

  private newBucket(host: string, now: number): Bucket {
    if (this.buckets.size > 10_000) this.forgetIdle(now)
    const known = this.isKnown(host)
    const tokens = known ? this.limits.knownBurst : this.limits.strangerBurst
    const bucket = { tokens, filledAt: now, known, knownAt: now }
    this.buckets.set(host, bucket)
    return bucket
  }

  /** Sources silent for a minute have a full bucket again; forged ones must not fill the memory. */
  private forgetIdle(now: number): void {
    for (const [host, bucket] of this.buckets) if (now - bucket.filledAt > 60_000) this.buckets.delete(host)
    if (this.buckets.size > 50_000) this.buckets.clear()
  }
}
