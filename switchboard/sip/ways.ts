import type { Flow } from './flow.ts'
import type { Endpoint } from './resolve.ts'

/** The ways to one far end, best first; one after the other, each when the one before led nowhere (RFC 3263 §4.3). */
export class Ways {
  private readonly left: Endpoint[]
  private readonly open: (endpoint: Endpoint) => Promise<Flow>
  private readonly lost: (endpoint: Endpoint) => void
  private current: Endpoint | null = null

  /** `lost` is told of each that led nowhere. */
  constructor(
    endpoints: readonly Endpoint[],
    open: (endpoint: Endpoint) => Promise<Flow>,
    lost: (endpoint: Endpoint) => void = () => {},
  ) {
    this.left = [...endpoints]
    this.open = open
    this.lost = lost
  }

  /** True while there is one that has not been tried. */
  get hasMore(): boolean {
    return this.left.length > 0
  }

  /** The next that opens; null when none is left. To ask again says that the one before led nowhere. */
  async next(): Promise<Flow | null> {
    for (;;) {
      if (this.current) this.lost(this.current)
      this.current = this.left.shift() ?? null
      if (!this.current) return null
      const flow = await this.open(this.current).catch(() => null)
      if (flow) return flow
    }
  }
}
