import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { FRAME, Inlet } from './inlet.ts'
import type { MediaEvent } from './messages.ts'
import { wavOf } from './tone.ts'

const BATCH_FRAMES = 50

function headerOf(bytes: number): Buffer {
  const header = wavOf(new Int16Array(0))
  header.writeUInt32LE(36 + bytes, 4)
  header.writeUInt32LE(bytes, 40)
  return header
}

/**
 * A WAV file (8 kHz mono, 16 bit) being written, a second at a time and never in the way of the clock. Length is wall
 * clock: silence is written as such. The header is rewritten with every second, so that it is true also after a crash.
 */
export class Recording {
  readonly id: string
  /** The tap of a leg that is recorded; null for a bridge, which writes its mix itself. */
  readonly inlet: Inlet | null
  private readonly emit: (event: MediaEvent) => void
  private batch = new Int16Array(BATCH_FRAMES * FRAME)
  private filled = 0
  private frames = 0
  private written = 0
  private readonly file: Promise<FileHandle>
  private writing: Promise<void>
  private failed = false
  private paused = false

  constructor(id: string, path: string, ofLeg: boolean, emit: (event: MediaEvent) => void) {
    this.id = id
    this.inlet = ofLeg ? new Inlet() : null
    this.emit = emit
    this.file = open(path, 'w')
    this.writing = this.begin().catch(() => this.fail())
  }

  /** While on, what is written is left out, and the file goes on behind it as if it had not been. */
  pause(on: boolean): void {
    this.paused = on
  }

  /** The next 20 ms; null is silence. */
  write(frame: Int16Array | null): void {
    if (this.paused) return
    if (frame) this.batch.set(frame, this.filled)
    this.filled += FRAME
    this.frames += 1
    if (this.filled === this.batch.length) this.flush()
  }

  /** Called on every tick while a leg is recorded. */
  tick(): void {
    if (!this.inlet) return
    const frame = new Int16Array(FRAME)
    this.write(this.inlet.read(frame) ? frame : null)
  }

  /** Writes what is left; the file is whole when this resolves. */
  async close(): Promise<void> {
    this.flush()
    await this.writing
    await this.file.then((file) => file.close()).catch(() => undefined)
    if (!this.failed) this.emit({ type: 'recordFinished', recording: this.id, durationMs: this.frames * 20 })
  }

  private async begin(): Promise<void> {
    const file = await this.file
    await file.write(headerOf(0), 0, 44, 0)
  }

  private flush(): void {
    const samples = this.batch.subarray(0, this.filled)
    const data = Buffer.from(samples.buffer, 0, samples.length * 2)
    this.batch = new Int16Array(BATCH_FRAMES * FRAME)
    this.filled = 0
    const at = this.written
    this.written += data.length
    this.writing = this.writing.then(() => this.append(data, at)).catch(() => this.fail())
  }

  private async append(data: Buffer, at: number): Promise<void> {
    if (this.failed) return
    const file = await this.file
    await file.write(data, 0, data.length, 44 + at)
    await file.write(headerOf(at + data.length), 0, 44, 0)
  }

  private fail(): void {
    if (this.failed) return
    this.failed = true
    this.emit({ type: 'recordFailed', recording: this.id, reason: 'file cannot be written' })
  }
}
