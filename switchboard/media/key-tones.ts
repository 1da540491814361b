import { FRAME } from './inlet.ts'
import { tonesOf } from './tone-reader.ts'

/** Each tone at -7 dBm0, so that the pair does not overload. */
const PEAK = 10_000

/** Writes 20 ms of a key's two tones, `frame` frames after it began, for a far end that knows no telephone events. */
export function writeKeyTone(key: string, frame: number, into: Int16Array): void {
  const [low, high] = tonesOf(key) ?? [0, 0]
  for (let i = 0; i < FRAME; i++) {
    const at = (2 * Math.PI * (frame * FRAME + i)) / 8000
    into[i] = Math.round(PEAK * (Math.sin(low * at) + Math.sin(high * at)))
  }
}
