import { createHash, type Hash } from 'node:crypto'
import { mkdir, open, rename, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Encrypter } from 'age-encryption'
import type { StreamRequest } from './request.ts'

/** Sound is handed on in pieces of about a second, so that 10,000 frames a second cost little. */
const batchBytes = 8_192
/** More than this waiting for the disk (about nine minutes) means that the disk is not keeping up. */
const mostWaiting = 4 * 1024 * 1024

/** Why a recording stopped before its stream did. */
export type FailureCode = 'disk-full' | 'disk-slow' | 'disk-error'

/** What is written beside a finished file. `sha256` is of the plain sound, `samples` at 8 kHz. */
export interface Summary {
  recording: string
  side: 'caller' | 'seat'
  segment: number
  samples: number
  sha256: string
  startedAt: string
  endedAt: string
  /** False when the sender vanished without a word; the file is whole all the same. */
  clean: boolean
}

/**
 * One encrypted file in the making: in it a line of JSON `{v, recording, side, segment, startedAt, format, rate}` and then
 * raw µ-law at 8 kHz, all in the age format to one public key. It is `.part` until finish(); plain sound is never on disk.
 */
export class SoundFile {
  /** Path without `.part`. */
  readonly path: string
  readonly segment: number
  private readonly request: StreamRequest
  private readonly folder: string
  private readonly handle: FileHandle
  private readonly input: WritableStreamDefaultWriter<Uint8Array>
  private readonly onFailure: (code: FailureCode) => void
  private readonly written: Promise<void>
  private readonly digest: Hash = createHash('sha256')
  private batch = Buffer.allocUnsafe(batchBytes)
  private used = 0
  private samples = 0
  private waiting = 0
  private startedAt: Date | null = null
  private failed = false

  private constructor(
    place: { path: string; folder: string; segment: number; handle: FileHandle },
    request: StreamRequest,
    pipe: { input: WritableStreamDefaultWriter<Uint8Array>; encrypted: AsyncIterable<Uint8Array> },
    onFailure: (code: FailureCode) => void,
  ) {
    this.path = place.path
    this.folder = place.folder
    this.segment = place.segment
    this.handle = place.handle
    this.request = request
    this.input = pipe.input
    this.onFailure = onFailure
    this.written = this.store(pipe.encrypted).catch((error: unknown) => this.fail(codeOf(error)))
  }

  /** Makes the file in its month's folder; rejects with the system's error when it cannot. */
  static async create(
    recordings: string,
    request: StreamRequest,
    publicKey: string,
    onFailure: (code: FailureCode) => void,
  ): Promise<SoundFile> {
    const encrypter = new Encrypter()
    encrypter.addRecipient(publicKey)
    const pipe = new TransformStream<Uint8Array, Uint8Array>()
    const encrypted = await encrypter.encrypt(pipe.readable)
    const place = await placeFor(recordings, request, new Date())
    return new SoundFile(place, request, { input: pipe.writable.getWriter(), encrypted }, onFailure)
  }

  /** Takes sound; never waits. */
  write(frame: Buffer): void {
    if (this.failed) return
    this.begin()
    this.samples += frame.length
    for (let at = 0; at < frame.length;) {
      const taken = frame.copy(this.batch, this.used, at)
      at += taken
      this.used += taken
      if (this.used === batchBytes) this.handOn()
    }
  }

  /** Ends the file: all is encrypted, on the disk, and under its final name. Null when it had failed before. */
  async finish(clean: boolean): Promise<Summary | null> {
    this.begin()
    this.handOn()
    await this.input.close().catch(() => undefined)
    await this.written
    if (this.failed) return null
    try {
      return await this.seal(clean)
    } catch (error) {
      this.fail(codeOf(error))
      return null
    }
  }

  private async seal(clean: boolean): Promise<Summary> {
    await this.handle.sync()
    await this.handle.close()
    const { recording, side } = this.request
    const summary: Summary = {
      recording,
      side,
      segment: this.segment,
      samples: this.samples,
      sha256: this.digest.digest('hex'),
      startedAt: (this.startedAt ?? new Date()).toISOString(),
      endedAt: new Date().toISOString(),
      clean,
    }
    await storeText(this.path.replace(/\.age$/, '.json'), `${JSON.stringify(summary)}\n`)
    await rename(`${this.path}.part`, this.path)
    await syncFolder(this.folder)
    return summary
  }

  /** The first sound sets the time by which the two sides are laid over each other. */
  private begin(): void {
    if (this.startedAt) return
    this.startedAt = new Date()
    const { recording, side } = this.request
    const about = {
      v: 1,
      recording,
      side,
      segment: this.segment,
      startedAt: this.startedAt.toISOString(),
      format: 'ulaw',
      rate: 8000,
    }
    this.push(Buffer.from(`${JSON.stringify(about)}\n`))
  }

  private handOn(): void {
    if (this.used === 0) return
    const sound = this.batch.subarray(0, this.used)
    this.batch = Buffer.allocUnsafe(batchBytes)
    this.used = 0
    this.digest.update(sound)
    this.push(sound)
  }

  private push(bytes: Buffer): void {
    this.waiting += bytes.length
    if (this.waiting > mostWaiting) return this.fail('disk-slow')
    this.input.write(bytes).then(
      () => (this.waiting -= bytes.length),
      () => undefined,
    )
  }

  private async store(encrypted: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of encrypted) await this.handle.appendFile(piece)
  }

  private fail(code: FailureCode): void {
    if (this.failed) return
    this.failed = true
    this.input.abort().catch(() => undefined)
    this.handle.close().catch(() => undefined)
    this.onFailure(code)
  }
}

/**
 * `<hotline>/<yyyy>/<mm>/<recording>.<side>.age`, pieces after the first `<recording>.<side>.<n>.age`; when a piece of that
 * number is there already (the sender connected anew) the next free number is taken. Months are UTC.
 */
async function placeFor(recordings: string, request: StreamRequest, now: Date) {
  const month = String(now.getUTCMonth() + 1).padStart(2, '0')
  const folder = join(recordings, request.hotline, String(now.getUTCFullYear()), month)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (let segment = request.segment; ; segment += 1) {
    const number = segment === 1 ? '' : `.${segment}`
    const path = join(folder, `${request.recording}.${request.side}${number}.age`)
    if (await exists(path)) continue
    try {
      return { path, folder, segment, handle: await open(`${path}.part`, 'wx', 0o600) }
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function storeText(path: string, text: string): Promise<void> {
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const systemCode = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

/** What an error of the file system means for the operator. */
export function codeOf(error: unknown): FailureCode {
  const code = systemCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? 'disk-full' : 'disk-error'
}
