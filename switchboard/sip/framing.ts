import { SipParseError } from './parse-error.ts'

const contentLength = /^(?:content-length|l)[ \t]*:[ \t]*(?:\r\n[ \t]+)?(\d{1,9})[ \t]*$/im

/** Cuts a byte stream into SIP messages by Content-Length (RFC 3261 §18.3), wherever the stream is split. */
export class StreamFramer {
  private pending: Buffer = Buffer.alloc(0)
  private readonly limit: number
  /** End of the headers of the message that is arriving, if already found. */
  private headersEnd = -1
  private bodyLength = 0
  private blankLines = 0

  /** `limit` is the largest message in bytes. */
  constructor(limit: number) {
    this.limit = limit
  }

  /**
   * Takes the next bytes; returns the whole messages and how many keep-alive pings (double CRLF, RFC 5626 §3.5.1) they
   * complete. Throws SipParseError when the stream cannot be followed any more: close it then.
   */
  push(bytes: Buffer): { messages: Buffer[]; pings: number } {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes])
    const messages: Buffer[] = []
    let pings = 0
    for (;;) {
      pings += this.skipBlankLines()
      const message = this.next()
      if (message === null) break
      messages.push(message)
    }
    return { messages, pings }
  }

  private skipBlankLines(): number {
    if (this.headersEnd >= 0) return 0
    let at = 0
    let pings = 0
    while (this.pending[at] === 13 && this.pending[at + 1] === 10) {
      at += 2
      this.blankLines += 1
      if (this.blankLines % 2 === 0) pings += 1
    }
    this.pending = this.pending.subarray(at)
    if (this.pending.length > 1 || (this.pending.length === 1 && this.pending[0] !== 13)) this.blankLines = 0
    return pings
  }

  private next(): Buffer | null {
    if (this.headersEnd < 0) {
      const end = this.pending.indexOf('\r\n\r\n', 0, 'latin1')
      if (end < 0) {
        if (this.pending.length > this.limit) throw new SipParseError('headers too long')
        return null
      }
      const length = contentLength.exec(this.pending.toString('latin1', 0, end))?.[1]
      if (length === undefined) throw new SipParseError('stream without Content-Length')
      this.headersEnd = end + 4
      this.bodyLength = Number(length)
      if (this.headersEnd + this.bodyLength > this.limit) throw new SipParseError('message too long')
    }
    const total = this.headersEnd + this.bodyLength
    if (this.pending.length < total) return null
    const message = this.pending.subarray(0, total)
    this.pending = this.pending.subarray(total)
    this.headersEnd = -1
    return message
  }
}
