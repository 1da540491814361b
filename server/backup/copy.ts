/* PostgreSQL's COPY through the client library: rows leave and enter in the server's own exact text form. */
import type { Readable } from 'node:stream'
import type pg from 'pg'

/** What the library hands to a command of one's own; its published types leave the COPY messages out. */
interface CopyConnection {
  stream: Readable
  query(text: string): void
  sendCopyFromChunk(bytes: Buffer): void
  endCopyFrom(): void
}

type Outcome = { rows: number } | { error: Error }

/** One COPY on its way; the library calls the handle… methods. */
class Copy {
  protected readonly text: string
  protected connection: CopyConnection | null = null
  protected outcome: Outcome | null = null
  private count = 0

  constructor(text: string) {
    this.text = text
  }

  submit(connection: pg.Connection): void {
    this.connection = connection as unknown as CopyConnection
    this.connection.query(this.text)
  }

  handleCommandComplete(message: { text: string }): void {
    this.count = Number(/^COPY (\d+)$/.exec(message.text)?.[1] ?? 0)
  }

  handleError(error: Error): void {
    this.finish({ error })
  }

  handleReadyForQuery(): void {
    this.finish(this.outcome ?? { rows: this.count })
  }

  protected finish(outcome: Outcome): void {
    this.outcome = outcome
  }
}

class CopyOut extends Copy {
  private readonly partBytes: number
  private readonly full: Buffer[] = []
  private held: Buffer
  private filled = 0
  private wake: () => void = () => undefined

  constructor(text: string, partBytes: number) {
    super(text)
    this.partBytes = partBytes
    this.held = Buffer.allocUnsafe(partBytes)
  }

  /** Each message is one row; its bytes are the library's own and are gone after this call. */
  handleCopyData(message: { chunk: Buffer }): void {
    const { chunk } = message
    if (this.filled + chunk.length > this.held.length) this.put(Math.max(this.partBytes, chunk.length))
    this.filled += chunk.copy(this.held, this.filled)
  }

  protected override finish(outcome: Outcome): void {
    super.finish(outcome)
    this.put(0)
    this.connection?.stream.resume()
  }

  async *parts(seen: { rows: number }): AsyncGenerator<Buffer> {
    for (;;) {
      for (let part = this.full.shift(); part; part = this.full.shift()) yield part
      if (this.outcome) {
        if ('error' in this.outcome) throw this.outcome.error
        seen.rows += this.outcome.rows
        return
      }
      const more = new Promise<void>((resolve) => (this.wake = resolve))
      this.connection?.stream.resume()
      await more
    }
  }

  /** Hands the rows over and lets the server wait until they were taken. */
  private put(next: number): void {
    if (this.filled > 0) this.full.push(this.held.subarray(0, this.filled))
    this.held = Buffer.allocUnsafe(next)
    this.filled = 0
    if (!this.outcome) this.connection?.stream.pause()
    this.wake()
  }
}

class CopyIn extends Copy {
  private readonly bytes: Buffer
  private readonly settle: (outcome: Outcome) => void

  constructor(text: string, bytes: Buffer, settle: (outcome: Outcome) => void) {
    super(text)
    this.bytes = bytes
    this.settle = settle
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.bytes)
    connection.endCopyFrom()
  }

  protected override finish(outcome: Outcome): void {
    super.finish(outcome)
    this.settle(outcome)
  }
}

/**
 * Runs `COPY … TO STDOUT` and yields whole rows in parts of about `partBytes` (more only when a single row is longer);
 * `seen.rows` has the server's own count afterwards.
 */
export async function* copyOut(
  client: pg.Client,
  text: string,
  partBytes: number,
  seen: { rows: number },
): AsyncGenerator<Buffer> {
  yield* client.query(new CopyOut(text, partBytes)).parts(seen)
}

/** Runs `COPY … FROM STDIN` with whole rows and returns how many the server took. */
export async function copyIn(client: pg.Client, text: string, bytes: Buffer): Promise<number> {
  const outcome = await new Promise<Outcome>((resolve) => {
    client.query(new CopyIn(text, bytes, resolve))
  })
  if ('error' in outcome) throw outcome.error
  return outcome.rows
}
