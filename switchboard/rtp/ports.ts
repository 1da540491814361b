/** The even ports of a range, each standing for itself (RTP) and the next one (RTCP). */
export class PortPool {
  private readonly free: number[] = []
  private readonly taken = new Set<number>()

  constructor(from: number, to: number) {
    for (let port = from + (from & 1); port + 1 <= to; port += 2) this.free.push(port)
  }

  /** UDP ports that are taken: two for each pair. */
  get used(): number {
    return this.taken.size * 2
  }

  /** The even port that has been free longest, so that late packets of an earlier call meet nobody; null when none is. */
  take(): number | null {
    const port = this.free.shift()
    if (port === undefined) return null
    this.taken.add(port)
    return port
  }

  /** Gives a port back; twice is once. */
  release(port: number): void {
    if (this.taken.delete(port)) this.free.push(port)
  }
}
