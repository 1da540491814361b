import { readFile, stat } from 'node:fs/promises'
import type { Codec } from './g711.ts'
import { decode, encode, silentByte } from './g711.ts'
import { FRAME } from './inlet.ts'

const MAX_FILE = 64 * 1024 * 1024
const MAX_CACHE = 128 * 1024 * 1024

/** One audio file in both laws, padded with silence to whole frames of 160 bytes. */
export interface Sound {
  frames: number
  bytes: Record<Codec, Uint8Array>
}

/** A file that cannot be played; the message says why and names no path. */
export class SoundError extends Error {}

interface Chunk {
  id: string
  body: Buffer
}

function* chunksOf(wav: Buffer): Generator<Chunk> {
  let at = 12
  while (at + 8 <= wav.length) {
    const length = wav.readUInt32LE(at + 4)
    yield { id: wav.toString('latin1', at, at + 4), body: wav.subarray(at + 8, at + 8 + length) }
    at += 8 + length + (length & 1)
  }
}

function formatOf(body: Buffer): { tag: number; channels: number; rate: number; bits: number } {
  if (body.length < 16) throw new SoundError('WAV format chunk is cut short')
  const tag = body.readUInt16LE(0)
  const real = tag === 0xfffe && body.length >= 26 ? body.readUInt16LE(24) : tag
  return {
    tag: real,
    channels: body.readUInt16LE(2),
    rate: body.readUInt32LE(4),
    bits: body.readUInt16LE(14),
  }
}

function samplesOf(tag: number, bits: number, data: Buffer): Int16Array {
  if (tag === 1 && bits === 16) {
    return Int16Array.from({ length: data.length >> 1 }, (_, i) => data.readInt16LE(2 * i))
  }
  const codec = tag === 7 ? 'PCMU' : tag === 6 ? 'PCMA' : null
  if (codec === null || bits !== 8) throw new SoundError('not 16-bit PCM and not G.711')
  const samples = new Int16Array(data.length)
  decode(codec, data, samples)
  return samples
}

/** Reads a WAV file's bytes: 8 kHz mono, 16-bit PCM or G.711. Throws SoundError. */
export function soundOf(wav: Buffer): Sound {
  if (
    wav.length < 12 ||
    wav.toString('latin1', 0, 4) !== 'RIFF' ||
    wav.toString('latin1', 8, 12) !== 'WAVE'
  ) {
    throw new SoundError('not a WAV file')
  }
  let format: ReturnType<typeof formatOf> | null = null
  let data: Buffer | null = null
  for (const chunk of chunksOf(wav)) {
    if (chunk.id === 'fmt ') format = formatOf(chunk.body)
    else if (chunk.id === 'data') data ??= chunk.body
  }
  if (!format || !data) throw new SoundError('WAV without format or data')
  if (format.rate !== 8000 || format.channels !== 1) throw new SoundError('not 8 kHz mono')
  const samples = samplesOf(format.tag, format.bits, data)
  const frames = Math.ceil(samples.length / FRAME)
  const inLaw = (codec: Codec): Uint8Array => {
    const bytes = new Uint8Array(frames * FRAME).fill(silentByte[codec])
    encode(codec, samples, bytes)
    return bytes
  }
  return { frames, bytes: { PCMU: inLaw('PCMU'), PCMA: inLaw('PCMA') } }
}

interface Cached {
  sound: Sound
  changed: number
  size: number
}

/** Files read so far; a file that changed on disk is read again, and the oldest are forgotten above 128 MB. */
export class SoundCache {
  private readonly cached = new Map<string, Cached>()
  private held = 0

  /** The sound of a file. Throws SoundError when it is missing or cannot be played. */
  async load(path: string): Promise<Sound> {
    const about = await stat(path).catch(() => null)
    if (!about?.isFile()) throw new SoundError('no such file')
    if (about.size > MAX_FILE) throw new SoundError('file is too large')
    const known = this.cached.get(path)
    if (known && known.changed === about.mtimeMs && known.size === about.size) return known.sound
    const wav = await readFile(path).catch(() => null)
    if (!wav) throw new SoundError('file cannot be read')
    const sound = soundOf(wav)
    this.keep(path, { sound, changed: about.mtimeMs, size: about.size })
    return sound
  }

  private keep(path: string, entry: Cached): void {
    this.forget(path)
    this.cached.set(path, entry)
    this.held += entry.size
    for (const oldest of this.cached.keys()) {
      if (this.held <= MAX_CACHE || oldest === path) break
      this.forget(oldest)
    }
  }

  private forget(path: string): void {
    this.held -= this.cached.get(path)?.size ?? 0
    this.cached.delete(path)
  }
}
