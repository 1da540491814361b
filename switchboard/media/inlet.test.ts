import { expect, test } from 'vitest'
import { decode, encode, translate } from './g711.ts'
import { FRAME, Inlet } from './inlet.ts'
import { soundOf, SoundError } from './sound.ts'
import { levelOf, tone, wavOf } from './tone.ts'

const frame = new Int16Array(FRAME)
const packet = new Uint8Array(FRAME)
encode('PCMU', tone(440, 20), packet)

/** Feeds an inlet by a sender's clock that runs `ppm` fast, reads it by ours; returns the deepest of the last quarter. */
function deepest(inlet: Inlet, ppm: number, seconds: number, jitterMs: (n: number) => number): number {
  const step = 20 / (1 + ppm / 1e6)
  let sent = 0
  let deep = 0
  const arrivals: { at: number; timestamp: number }[] = []
  for (let tick = 0; tick * 20 < seconds * 1000; tick++) {
    for (; sent * step <= tick * 20; sent++)
      arrivals.push({ at: sent * step + jitterMs(sent), timestamp: sent * FRAME })
    for (let i = arrivals.length - 1; i >= 0; i--) {
      const due = arrivals[i]
      if (!due || due.at > tick * 20) continue
      inlet.write('PCMU', packet, due.timestamp)
      arrivals.splice(i, 1)
    }
    inlet.read(frame)
    if (tick * 20 > seconds * 750) deep = Math.max(deep, inlet.depth)
  }
  return deep / 8
}

test('a clock 100 ppm fast or slow for an hour never delays the mix by more than 120 ms', () => {
  for (const ppm of [100, -100, 0]) expect(deepest(new Inlet(), ppm, 3600, () => 0)).toBeLessThan(120)
})

test('bursts and jitter leave no lasting delay', () => {
  const inlet = new Inlet()
  expect(deepest(inlet, 0, 60, (n) => (n * 7919) % 60)).toBeLessThan(180)
  const burst = new Inlet()
  deepest(burst, 0, 30, (n) => (n > 500 && n < 510 ? 200 : 0))
  expect(burst.depth / 8).toBeLessThan(120)
})

test('a burst that comes late as a whole is dropped, and does not delay what follows', () => {
  const inlet = new Inlet()
  const live = (n: number): void => {
    inlet.write('PCMU', packet, n * FRAME)
    inlet.read(frame)
  }
  for (let n = 0; n < 50; n++) live(n)
  const before = inlet.depth
  for (let missed = 0; missed < 40; missed++) inlet.read(frame)
  for (let n = 50; n < 90; n++) inlet.write('PCMU', packet, n * FRAME)
  for (let n = 90; n < 150; n++) live(n)
  expect(inlet.depth).toBe(before)
})

test('lost packets are silence of their length, and what comes after is where it belongs', () => {
  const inlet = new Inlet()
  const present: boolean[] = []
  for (let n = 0; n < 50; n++) {
    if (n !== 20 && n !== 21) inlet.write('PCMU', packet, n * FRAME)
    inlet.read(frame)
    present.push(levelOf(frame, 440) > 1500)
  }
  expect(present.filter((loud) => !loud)).toHaveLength(2 + 2)
  expect(present.slice(2, 22).every(Boolean)).toBe(true)
  expect(present.slice(24).every(Boolean)).toBe(true)
})

test('a stream that stopped reads as silence, and a new one is not taken for its continuation', () => {
  const inlet = new Inlet()
  for (let n = 0; n < 5; n++) inlet.write('PCMU', packet, n * FRAME)
  for (let n = 0; n < 60; n++) inlet.read(frame)
  expect(inlet.read(frame)).toBe(false)
  inlet.restart()
  inlet.write('PCMU', packet, 4_000_000_000)
  expect([inlet.read(frame), inlet.read(frame), inlet.read(frame)].every(Boolean)).toBe(true)
  expect(levelOf(frame, 440)).toBeGreaterThan(1500)
})

test('G.711: every byte survives decoding and encoding, and one law becomes the other and back within a step', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  for (const codec of ['PCMU', 'PCMA'] as const) {
    const samples = new Int16Array(256)
    decode(codec, bytes, samples)
    const again = new Uint8Array(256)
    encode(codec, samples, again)
    // µ-law has two zeroes; all other bytes come back.
    expect([...again].filter((byte, i) => byte !== i)).toHaveLength(codec === 'PCMU' ? 1 : 0)
  }
  const samples = tone(440, 200)
  const law = new Uint8Array(samples.length)
  encode('PCMU', samples, law)
  const back = translate('PCMA', 'PCMU', translate('PCMU', 'PCMA', law))
  const heard = new Int16Array(samples.length)
  decode('PCMU', back, heard)
  expect(levelOf(heard, 440)).toBeGreaterThan(11_500)
  expect(levelOf(heard, 1320)).toBeLessThan(200)
})

test('G.711: reference values of the recommendation', () => {
  const values: [number, number, number][] = [
    [0, 0xff, 0xd5],
    [32_767, 0x80, 0xaa],
    [-32_768, 0x00, 0x2a],
    [1000, 0xce, 0xfa],
    [-1000, 0x4e, 0x7a],
  ]
  for (const [sample, mu, a] of values) {
    const byte = new Uint8Array(1)
    encode('PCMU', Int16Array.of(sample), byte)
    expect(byte[0]).toBe(mu)
    encode('PCMA', Int16Array.of(sample), byte)
    expect(byte[0]).toBe(a)
  }
})

test('WAV files: what is played, and what is refused with its reason', () => {
  const wav = wavOf(tone(440, 25))
  expect(soundOf(wav).frames).toBe(2)
  const broken = (change: (bytes: Buffer) => Buffer): string => {
    try {
      soundOf(change(Buffer.from(wav)))
      return 'played'
    } catch (error) {
      return error instanceof SoundError ? error.message : 'another error'
    }
  }
  expect(broken((bytes) => bytes.subarray(0, 8))).toBe('not a WAV file')
  expect(broken((bytes) => bytes.subarray(0, 30))).toBe('WAV format chunk is cut short')
  expect(broken((bytes) => bytes.subarray(0, 36))).toBe('WAV without format or data')
  expect(broken((bytes) => (bytes.writeUInt32LE(44_100, 24), bytes))).toBe('not 8 kHz mono')
  expect(broken((bytes) => (bytes.writeUInt16LE(3, 20), bytes))).toBe('not 16-bit PCM and not G.711')
  expect(broken((bytes) => (bytes.writeUInt32LE(0xffff_ffff, 40), bytes))).toBe('played')
})
