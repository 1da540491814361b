import { expect, test } from 'vitest'
import { durationOf, promptWav } from './wav.ts'

type Shape = {
  code: number
  bits: number
  channels?: number
  rate: number
  extensible?: boolean
  open?: boolean
}

const writers: Record<string, (to: Buffer, at: number, value: number) => void> = {
  '1/8': (to, at, value) => void to.writeUInt8(Math.round(value * 127) + 128, at),
  '1/16': (to, at, value) => void to.writeInt16LE(Math.round(value * 32_767), at),
  '1/24': (to, at, value) => void to.writeIntLE(Math.round(value * 8_388_607), at, 3),
  '1/32': (to, at, value) => void to.writeInt32LE(Math.round(value * 2_147_483_647), at),
  '3/32': (to, at, value) => void to.writeFloatLE(value, at),
  '3/64': (to, at, value) => void to.writeDoubleLE(value, at),
  '7/8': (to, at, value) => void to.writeUInt8(muLaw(value), at),
  '6/8': (to, at, value) => void to.writeUInt8(aLaw(value), at),
}

/** Written from G.711's tables of thresholds, the other way round than the reader. */
function muLaw(value: number): number {
  const size = Math.min(32_635, Math.abs(Math.round(value * 32_767))) + 0x84
  const step = Math.floor(Math.log2(size)) - 7
  return ~((value < 0 ? 0x80 : 0) | (step << 4) | ((size >> (step + 3)) & 0x0f)) & 0xff
}
function aLaw(value: number): number {
  const size = Math.min(32_767, Math.abs(Math.round(value * 32_767)))
  const step = Math.max(0, Math.floor(Math.log2(Math.max(size, 1))) - 7)
  const low = (size >> (step === 0 ? 4 : step + 3)) & 0x0f
  return ((value < 0 ? 0 : 0x80) | (step << 4) | low) ^ 0x55
}

function wav(shape: Shape, seconds: number, sound: (t: number) => number): Buffer {
  const { code, bits, channels = 1, rate } = shape
  const write = writers[`${code}/${bits}`]
  if (!write) throw new Error('no such format')
  const frames = Math.round(seconds * rate)
  const body = Buffer.alloc((frames * channels * bits) / 8)
  for (let frame = 0; frame < frames; frame += 1)
    for (let channel = 0; channel < channels; channel += 1)
      write(body, ((frame * channels + channel) * bits) / 8, sound(frame / rate))
  const format = Buffer.alloc(shape.extensible ? 40 : 16)
  format.writeUInt16LE(shape.extensible ? 0xfffe : code, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(rate, 4)
  format.writeUInt16LE(bits, 14)
  if (shape.extensible) format.writeUInt16LE(code, 24)
  const chunk = (name: string, bytes: Buffer, size = bytes.length): Buffer => {
    const head = Buffer.alloc(8)
    head.write(name, 'latin1')
    head.writeUInt32LE(size, 4)
    return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)])
  }
  const data = chunk('data', body, shape.open ? 0xffffffff : body.length)
  const all = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('LIST', Buffer.from('odd')),
    chunk('fmt ', format),
    data,
  ])
  return chunk('RIFF', all)
}

const tone =
  (hertz: number, loudness = 0.5) =>
  (t: number): number =>
    loudness * Math.sin(2 * Math.PI * hertz * t)

/** Loudness of one frequency in a made prompt (Goertzel), without the filter's edges. */
function loudnessOf(prompt: Buffer, hertz: number): number {
  const samples = Array.from(
    { length: (prompt.length - 44) / 2 },
    (_, i) => prompt.readInt16LE(44 + i * 2) / 32_768,
  )
  const middle = samples.slice(800, -800)
  let [re, im] = [0, 0]
  middle.forEach((sample, i) => {
    re += sample * Math.cos((2 * Math.PI * hertz * i) / 8000)
    im += sample * Math.sin((2 * Math.PI * hertz * i) / 8000)
  })
  return (2 * Math.hypot(re, im)) / middle.length
}

test.each<Shape>([
  { code: 1, bits: 16, rate: 8000 },
  { code: 1, bits: 16, rate: 44_100, channels: 2 },
  { code: 1, bits: 24, rate: 48_000, channels: 2, extensible: true },
  { code: 1, bits: 32, rate: 96_000 },
  { code: 1, bits: 8, rate: 11_025 },
  { code: 3, bits: 32, rate: 48_000, open: true },
  { code: 3, bits: 64, rate: 22_050 },
  { code: 6, bits: 8, rate: 8000 },
  { code: 7, bits: 8, rate: 8000 },
  { code: 1, bits: 16, rate: 6000 },
])('a tone of 1 kHz stays one: format $code, $bits bits at $rate Hz', async (shape) => {
  const prompt = await promptWav(wav(shape, 0.6, tone(1000)))
  expect(prompt.readUInt32LE(24)).toBe(8000)
  expect(prompt.readUInt16LE(22)).toBe(1)
  expect(durationOf(prompt.length)).toBeGreaterThanOrEqual(599)
  expect(durationOf(prompt.length)).toBeLessThanOrEqual(600)
  expect(loudnessOf(prompt, 1000)).toBeGreaterThan(0.48)
  expect(loudnessOf(prompt, 1000)).toBeLessThan(0.52)
  expect(loudnessOf(prompt, 2500)).toBeLessThan(0.01)
})

test('what a telephone cannot carry does not come back as a whistle', async () => {
  for (const hertz of [4600, 5000, 7000, 15_000]) {
    const prompt = await promptWav(wav({ code: 1, bits: 16, rate: 48_000 }, 0.6, tone(hertz, 0.9)))
    const folded = Math.abs(hertz - 8000 * Math.round(hertz / 8000))
    expect(loudnessOf(prompt, folded)).toBeLessThan(0.002)
  }
})

test('what is too loud is cut at the top and does not turn over', async () => {
  const prompt = await promptWav(wav({ code: 3, bits: 32, rate: 8000 }, 0.2, () => 3))
  expect(prompt.readInt16LE(60)).toBe(32_767)
})

test('what is no sound is refused', async () => {
  const sound = wav({ code: 1, bits: 16, rate: 8000 }, 1, tone(500))
  const bad = [
    Buffer.alloc(0),
    Buffer.from('ID3 this is an mp3 file that somebody renamed to .wav, long enough'),
    sound.subarray(0, 40),
    Buffer.from(sound).fill(0, 12, 60),
    wav({ code: 1, bits: 16, rate: 8000 }, 0.05, tone(500)),
  ]
  for (const file of bad) await expect(promptWav(file)).rejects.toMatchObject({ code: 'prompt.notAudio' })
})

test('a file cut in the middle is taken as far as it goes', async () => {
  const sound = wav({ code: 1, bits: 16, rate: 8000 }, 1, tone(500))
  const prompt = await promptWav(sound.subarray(0, sound.length / 2))
  expect(durationOf(prompt.length)).toBeGreaterThan(480)
})

test('more than two minutes are refused', async () => {
  const long = wav({ code: 1, bits: 8, rate: 8000 }, 121, () => 0)
  await expect(promptWav(long)).rejects.toMatchObject({ code: 'prompt.tooLong' })
})
