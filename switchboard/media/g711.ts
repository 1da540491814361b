/** The two laws of ITU-T G.711; every leg speaks one of them. */
export type Codec = 'PCMU' | 'PCMA'

function muLawOf(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const magnitude = Math.min(Math.abs(sample), 32635) + 132
  const exponent = 31 - Math.clz32(magnitude) - 7
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f
  return ~(sign | (exponent << 4) | mantissa) & 0xff
}

function aLawOf(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0
  const magnitude = Math.min(sample >= 0 ? sample >> 3 : ~sample >> 3, 4095)
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 4)
  const mantissa = exponent === 0 ? (magnitude >> 1) & 0x0f : (magnitude >> exponent) & 0x0f
  return (sign | (exponent << 4) | mantissa) ^ 0x55
}

function sampleOfMuLaw(byte: number): number {
  const bits = ~byte & 0xff
  const magnitude = (((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)
  return bits & 0x80 ? 132 - magnitude : magnitude - 132
}

function sampleOfALaw(byte: number): number {
  const bits = byte ^ 0x55
  const exponent = (bits >> 4) & 7
  const mantissa = ((bits & 0x0f) << 4) + 8
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

const toLinear: Record<Codec, Int16Array> = {
  PCMU: Int16Array.from({ length: 256 }, (_, byte) => sampleOfMuLaw(byte)),
  PCMA: Int16Array.from({ length: 256 }, (_, byte) => sampleOfALaw(byte)),
}

const fromLinear: Record<Codec, Uint8Array> = {
  PCMU: Uint8Array.from({ length: 65536 }, (_, bits) => muLawOf((bits << 16) >> 16)),
  PCMA: Uint8Array.from({ length: 65536 }, (_, bits) => aLawOf((bits << 16) >> 16)),
}

const across: Record<Codec, Uint8Array> = {
  PCMU: Uint8Array.from({ length: 256 }, (_, byte) => aLawOf(sampleOfMuLaw(byte))),
  PCMA: Uint8Array.from({ length: 256 }, (_, byte) => muLawOf(sampleOfALaw(byte))),
}

/** The byte that sounds as nothing. */
export const silentByte: Record<Codec, number> = { PCMU: 0xff, PCMA: 0xd5 }

/** The table from bytes of a law to 16-bit samples. */
export function decodingTable(codec: Codec): Int16Array {
  return toLinear[codec]
}

/** Writes samples as bytes of a law into `to` (as long as `samples`). */
export function encode(codec: Codec, samples: Int16Array, to: Uint8Array): void {
  const table = fromLinear[codec]
  for (let i = 0; i < samples.length; i++) to[i] = table[(samples[i] ?? 0) & 0xffff] ?? 0
}

/** Writes bytes of a law as samples into `to` (at least as long as `bytes`). */
export function decode(codec: Codec, bytes: Uint8Array, to: Int16Array): void {
  const table = toLinear[codec]
  for (let i = 0; i < bytes.length; i++) to[i] = table[bytes[i] ?? 0] ?? 0
}

/** Bytes of one law as bytes of the other, by a table of 256 entries; the same array when the laws are equal. */
export function translate(from: Codec, to: Codec, bytes: Uint8Array): Uint8Array {
  if (from === to) return bytes
  const table = across[from]
  const translated = Buffer.allocUnsafe(bytes.length)
  for (let i = 0; i < bytes.length; i++) translated[i] = table[bytes[i] ?? 0] ?? 0
  return translated
}
