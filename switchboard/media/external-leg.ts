import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { encode, silentByte } from './g711.ts'
import { FRAME, Inlet } from './inlet.ts'
import { Leg } from './leg.ts'
import type { MediaEvent } from './messages.ts'

/** Frames in one message: sent one by one they cost more than everything else that is done for a recorded call. */
const BATCH_FRAMES = 10
/** Messages kept while there is no connection: 2 s. */
const MAX_WAITING = 10
const MAX_BUFFERED = 1_000_000
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2000
const HANDSHAKE_MS = 3000
const MAX_MESSAGE = 65_536

/**
 * A virtual leg over an outgoing WebSocket, as Asterisk's chan_websocket speaks (µ-law). The first 20 ms go at once, for
 * they tell when the sound began; what follows goes in messages of 200 ms.
 */
export class ExternalLeg extends Leg {
  readonly needsMix = true
  override readonly keepsTime = true
  private readonly url: string
  private readonly channel: string
  private readonly emit: (event: MediaEvent) => void
  private readonly inlet = new Inlet()
  private readonly frame = new Int16Array(FRAME)
  private readonly waiting: Buffer[] = []
  private batch = Buffer.allocUnsafe(BATCH_FRAMES * FRAME)
  private filled = 0
  private begun = false
  private socket: WebSocket | null = null
  private retry: NodeJS.Timeout | null = null
  private attempt = 0
  private failures = 0
  private received = 0
  private closed = false

  constructor(id: string, url: string, channel: string, emit: (event: MediaEvent) => void) {
    super(id)
    this.url = url
    this.channel = channel
    this.emit = emit
    this.open()
  }

  contribute(): Int16Array | null {
    return this.inlet.read(this.frame) ? this.frame : null
  }

  restart(): void {
    this.inlet.reset()
  }

  /** Sends what it hears: while somebody else is in its bridge, a frame on every tick, silence where nothing came. */
  tick(): void {
    if (!this.bridge || this.bridge.size < 2) return this.flush()
    const bytes = this.batch.subarray(this.filled, this.filled + FRAME)
    if (this.offered) encode('PCMU', this.offered, bytes)
    else bytes.fill(silentByte.PCMU)
    this.filled += FRAME
    if (this.begun && this.filled < this.batch.length) return
    this.begun = true
    this.flush()
  }

  private flush(): void {
    if (this.filled === 0) return
    const bytes = this.batch.subarray(0, this.filled)
    this.batch = Buffer.allocUnsafe(BATCH_FRAMES * FRAME)
    this.filled = 0
    const { socket } = this
    if (socket?.readyState !== WebSocket.OPEN) {
      this.waiting.push(bytes)
      if (this.waiting.length > MAX_WAITING) this.waiting.shift()
    } else if (socket.bufferedAmount > MAX_BUFFERED) socket.terminate()
    else socket.send(bytes)
  }

  async close(): Promise<void> {
    this.flush()
    this.closed = true
    if (this.retry) clearTimeout(this.retry)
    const { socket } = this
    this.socket = null
    if (socket?.readyState === WebSocket.OPEN) socket.close(1000)
    else socket?.terminate()
  }

  private open(): void {
    this.attempt += 1
    let socket: WebSocket
    try {
      socket = new WebSocket(this.url, 'media', {
        perMessageDeflate: false,
        handshakeTimeout: HANDSHAKE_MS,
        maxPayload: MAX_MESSAGE,
        followRedirects: false,
      })
    } catch {
      this.closed = true
      this.emit({ type: 'externalDown', leg: this.id, reason: 'bad address', final: true })
      return
    }
    this.socket = socket
    socket.on('open', () => this.begin(socket))
    socket.on('message', (data: Buffer, binary: boolean) => this.take(data, binary))
    let reason = ''
    socket.on('error', (error) => {
      reason = error.message
    })
    socket.on('close', (code) => this.down(reason || `closed ${code}`))
  }

  private begin(socket: WebSocket): void {
    this.failures = 0
    this.inlet.reset()
    socket.send(
      `MEDIA_START connection_id:${randomUUID()} channel:${this.channel} channel_id:${this.id} ` +
        `format:ulaw optimal_frame_size:${FRAME} ptime:20`,
    )
    for (const bytes of this.waiting.splice(0)) socket.send(bytes)
    this.emit({ type: 'externalUp', leg: this.id, attempt: this.attempt })
  }

  private take(data: Buffer, binary: boolean): void {
    if (binary) {
      for (let at = 0; at < data.length; at += FRAME) {
        const part = data.subarray(at, at + FRAME)
        this.inlet.write('PCMU', part, this.received >>> 0)
        this.received += part.length
      }
    } else if (data.toString('utf8', 0, 16).trim() === 'HANGUP') {
      this.closed = true
      this.socket?.close(1000)
      this.emit({ type: 'externalDown', leg: this.id, reason: 'HANGUP', final: true })
    }
  }

  private down(reason: string): void {
    if (this.closed) return
    this.emit({ type: 'externalDown', leg: this.id, reason, final: false })
    const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures)
    this.failures += 1
    this.retry = setTimeout(() => this.open(), delay)
  }
}
