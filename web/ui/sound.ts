/** The few sounds of the app, made in the browser: one soft ring, one clear alarm, a test tone. */
let context: AudioContext | null = null

function open(): AudioContext {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume()
  return context
}

/** Whether the browser lets us sound without a click first. */
export const maySound = (): boolean => open().state === 'running'

/** Names of the volumes a person sets in this browser. */
export type VolumeName = 'ring' | 'alarm'

/** A volume, 0-100; 0 is silent. */
export function readVolume(name: VolumeName): number {
  const kept = Number(localStorage.getItem(`hearthline.volume.${name}`) ?? 60)
  return Number.isFinite(kept) ? Math.min(100, Math.max(0, kept)) : 60
}

/** Keeps a volume in this browser. */
export const keepVolume = (name: VolumeName, volume: number): void =>
  localStorage.setItem(`hearthline.volume.${name}`, String(volume))

interface Note {
  hertz: number
  /** Seconds after now. */
  at: number
  /** Seconds. */
  for: number
  shape: OscillatorType
}

function play(notes: readonly Note[], volume: number): void {
  const audio = open()
  for (const note of notes) {
    const start = audio.currentTime + note.at
    const oscillator = audio.createOscillator()
    const gain = audio.createGain()
    oscillator.type = note.shape
    oscillator.frequency.value = note.hertz
    // Soft edges: a click at 3 a.m. in a headset hurts.
    gain.gain.setValueAtTime(0, start)
    gain.gain.linearRampToValueAtTime((volume / 100) * 0.5, start + 0.04)
    gain.gain.setValueAtTime((volume / 100) * 0.5, start + note.for - 0.08)
    gain.gain.linearRampToValueAtTime(0, start + note.for)
    oscillator.connect(gain).connect(audio.destination)
    oscillator.start(start)
    oscillator.stop(start + note.for)
  }
}

/** One ring: two soft notes. */
export const playRing = (): void =>
  play(
    [
      { hertz: 523, at: 0, for: 0.5, shape: 'sine' },
      { hertz: 659, at: 0.45, for: 0.7, shape: 'sine' },
    ],
    readVolume('ring'),
  )

/** The alarm for danger to life: three clear pairs; nothing else in the app sounds like it. */
export const playAlarm = (): void =>
  play(
    [0, 0.5, 1].flatMap((at): Note[] => [
      { hertz: 880, at, for: 0.2, shape: 'triangle' },
      { hertz: 1175, at: at + 0.2, for: 0.25, shape: 'triangle' },
    ]),
    readVolume('alarm'),
  )

/** A second of test tone for the headset. */
export const playTestTone = (): void => play([{ hertz: 440, at: 0, for: 1, shape: 'sine' }], 60)

/** Rings every three seconds until the returned function is called. */
export function ringOn(): () => void {
  playRing()
  const timer = setInterval(playRing, 3000)
  return () => clearInterval(timer)
}
