import { FRAME } from './inlet.ts'
import type { Sound } from './sound.ts'
import { soundOf } from './sound.ts'
import { tone, wavOf } from './tone.ts'

let made: Sound | null = null

/** The ring-back tone of the Chinese network (YD/T 1040: 450 Hz, 1 s on, 4 s off), made once. */
export function ringbackSound(): Sound {
  if (made) return made
  const samples = new Int16Array(250 * FRAME)
  samples.set(tone(450, 1000, 6000))
  made = soundOf(wavOf(samples))
  return made
}
