/* Any WAV an administrator uploads, made into what telephones carry: 8 kHz, one channel, 16 bits. */
import { Problem } from '../../domain/problem.ts'

/** Samples a second of every prompt. */
const promptRate = 8000
/** The longest prompt. */
const longestPromptMs = 120_000
const shortestMs = 100
/** Half the width of the low-pass filter, in zero crossings: 90 dB is more than 16 bits of a telephone need. */
const crossings = 24
/** The filter's edge as a share of half the output's rate: telephones end at 3.4 kHz of 4. */
const edge = 0.9

/** Makes prompt sound of any PCM, float, A-law or mu-law WAV. `prompt.notAudio`, `prompt.tooLong`. */
export async function promptWav(file: Buffer): Promise<Buffer> {
  const { samples, rate } = readWav(file)
  const durationMs = (samples.length / rate) * 1000
  if (durationMs < shortestMs) throw new Problem('prompt.notAudio')
  if (durationMs > longestPromptMs) throw new Problem('prompt.tooLong', { longestMs: longestPromptMs })
  return writeWav(rate === promptRate ? samples : await resample(samples, rate, promptRate))
}

/** How long a prompt made by us sounds. */
export const durationOf = (bytes: number): number =>
  Math.max(0, Math.round((bytes - 44) / (promptRate / 500)))

interface Format {
  code: number
  channels: number
  rate: number
  bits: number
}

/** Reads a WAV into one channel of samples between -1 and 1. */
function readWav(file: Buffer): { samples: Float64Array; rate: number } {
  if (
    file.length < 44 ||
    file.toString('latin1', 0, 4) !== 'RIFF' ||
    file.toString('latin1', 8, 12) !== 'WAVE'
  )
    throw new Problem('prompt.notAudio')
  let format: Format | null = null
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString('latin1', at, at + 4)
    const size = file.readUInt32LE(at + 4)
    const body = file.subarray(at + 8, at + 8 + size)
    if (name === 'fmt ') format = readFormat(body)
    // Programs that stream leave the size open; the sound then goes to the end of the file.
    if (name === 'data' && format) return { samples: mixDown(body, format), rate: format.rate }
    at += 8 + size + (size % 2)
  }
  throw new Problem('prompt.notAudio')
}

function readFormat(body: Buffer): Format {
  if (body.length < 16) throw new Problem('prompt.notAudio')
  const plain = body.readUInt16LE(0)
  const code = plain === 0xfffe && body.length >= 26 ? body.readUInt16LE(24) : plain
  const format = {
    code,
    channels: body.readUInt16LE(2),
    rate: body.readUInt32LE(4),
    bits: body.readUInt16LE(14),
  }
  const known = format.channels >= 1 && format.channels <= 8 && format.rate >= 4000 && format.rate <= 384_000
  if (!known || !readers[`${format.code}/${format.bits}`]) throw new Problem('prompt.notAudio')
  return format
}

type Reader = (body: Buffer, at: number) => number

/** By format code and bits (RFC 2361 appendix A: 1 PCM, 3 float, 6 A-law, 7 mu-law). */
const readers: Readonly<Record<string, Reader>> = {
  '1/8': (body, at) => (body.readUInt8(at) - 128) / 128,
  '1/16': (body, at) => body.readInt16LE(at) / 32_768,
  '1/24': (body, at) => body.readIntLE(at, 3) / 8_388_608,
  '1/32': (body, at) => body.readInt32LE(at) / 2_147_483_648,
  '3/32': (body, at) => finite(body.readFloatLE(at)),
  '3/64': (body, at) => finite(body.readDoubleLE(at)),
  '6/8': (body, at) => fromALaw(body.readUInt8(at)),
  '7/8': (body, at) => fromMuLaw(body.readUInt8(at)),
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0)

/** ITU-T G.711, mu-law. */
function fromMuLaw(byte: number): number {
  const code = ~byte & 0xff
  const size = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
  return (code & 0x80 ? -size : size) / 32_768
}

/** ITU-T G.711, A-law. */
function fromALaw(byte: number): number {
  const code = byte ^ 0x55
  const step = (code & 0x70) >> 4
  const low = ((code & 0x0f) << 4) + 8
  const size = step === 0 ? low : (low + 0x100) << (step - 1)
  return (code & 0x80 ? size : -size) / 32_768
}

function mixDown(body: Buffer, { code, channels, bits }: Format): Float64Array {
  const read = readers[`${code}/${bits}`]
  if (!read) throw new Problem('prompt.notAudio')
  const width = bits / 8
  const frames = Math.floor(body.length / (width * channels))
  const samples = new Float64Array(frames)
  for (let frame = 0; frame < frames; frame += 1) {
    let sum = 0
    for (let channel = 0; channel < channels; channel += 1)
      sum += read(body, (frame * channels + channel) * width)
    samples[frame] = sum / channels
  }
  return samples
}

/**
 * Changes the rate by a windowed sinc (Blackman window), which is also the low-pass that keeps what telephones cannot
 * carry from coming back as a whistle. Gives way to other work after each second of sound.
 */
async function resample(samples: Float64Array, from: number, to: number): Promise<Float64Array> {
  const cutoff = Math.min(1, to / from) * edge
  const half = Math.ceil(crossings / cutoff)
  const result = new Float64Array(Math.max(1, Math.floor((samples.length * to) / from)))
  for (let i = 0; i < result.length; i += 1) {
    if (i % to === to - 1) await new Promise((resolve) => setImmediate(resolve))
    result[i] = filtered(samples, (i * from) / to, cutoff, half)
  }
  return result
}

function filtered(samples: Float64Array, centre: number, cutoff: number, half: number): number {
  let sum = 0
  let weight = 0
  const first = Math.ceil(centre - half)
  const last = Math.floor(centre + half)
  for (let at = first; at <= last; at += 1) {
    const distance = at - centre
    const turn = Math.PI * distance * cutoff
    const phase = (Math.PI * distance) / half
    const window = 0.42 + 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase)
    const tap = (Math.abs(turn) < 1e-9 ? 1 : Math.sin(turn) / turn) * window
    weight += tap
    sum += tap * (samples[at] ?? 0)
  }
  return weight === 0 ? 0 : sum / weight
}

function writeWav(samples: Float64Array): Buffer {
  const file = Buffer.alloc(44 + samples.length * 2)
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(16, 16)
  file.writeUInt16LE(1, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(promptRate, 24)
  file.writeUInt32LE(promptRate * 2, 28)
  file.writeUInt16LE(2, 32)
  file.writeUInt16LE(16, 34)
  file.write('data', 36, 'latin1')
  file.writeUInt32LE(samples.length * 2, 40)
  for (const [i, sample] of samples.entries())
    file.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))), 44 + i * 2)
  return file
}
