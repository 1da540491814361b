/** Samples of a sine at 8 kHz. `level` is the peak, of 32,767. */
export function tone(hz: number, ms: number, level = 12_000): Int16Array {
  return Int16Array.from({ length: Math.round(ms * 8) }, (_, i) =>
    Math.round(level * Math.sin((2 * Math.PI * hz * i) / 8000)),
  )
}

/** The peak level of one frequency in samples at 8 kHz (Goertzel), 0 to about 32,767. */
export function levelOf(samples: ArrayLike<number>, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / 8000)
  let last = 0
  let before = 0
  for (let i = 0; i < samples.length; i++) {
    const next = (samples[i] ?? 0) + coefficient * last - before
    before = last
    last = next
  }
  const power = last * last + before * before - coefficient * last * before
  return samples.length === 0 ? 0 : (2 * Math.sqrt(Math.max(0, power))) / samples.length
}

/** A WAV file (8 kHz mono, 16 bit) of samples. */
export function wavOf(samples: Int16Array): Buffer {
  const wav = Buffer.alloc(44 + samples.length * 2)
  wav.write('RIFF', 0, 'latin1')
  wav.writeUInt32LE(36 + samples.length * 2, 4)
  wav.write('WAVEfmt ', 8, 'latin1')
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(8000, 24)
  wav.writeUInt32LE(16_000, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36, 'latin1')
  wav.writeUInt32LE(samples.length * 2, 40)
  for (let i = 0; i < samples.length; i++) wav.writeInt16LE(samples[i] ?? 0, 44 + 2 * i)
  return wav
}
