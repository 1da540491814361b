import type { MediaEvent } from './messages.ts'
import type { Codec } from './g711.ts'
import { FRAME } from './inlet.ts'
import type { Sound, SoundCache } from './sound.ts'
import { SoundError } from './sound.ts'

const MAX_FILES = 100
const nothing: Sound = { frames: 0, bytes: { PCMA: new Uint8Array(), PCMU: new Uint8Array() } }

/** A frame of a sound; the bytes of a law are taken only when needed. */
export interface Cursor {
  sound: Sound
  frame: number
}

/** The 160 bytes of a frame in one law. */
export function bytesAt(cursor: Cursor, codec: Codec): Uint8Array {
  return cursor.sound.bytes[codec].subarray(cursor.frame * FRAME, (cursor.frame + 1) * FRAME)
}

interface Playback {
  id: string
  sounds: Sound[] | null
  index: number
  frame: number
  started: boolean
  paused: boolean
}

/** Plays one playback after the other on one target; `changed` is called when it begins or ceases to sound. */
export class Player {
  private readonly queue: Playback[] = []
  private readonly emit: (event: MediaEvent) => void
  private readonly changed: () => void
  private readonly cursor: Cursor = { sound: nothing, frame: 0 }

  constructor(emit: (event: MediaEvent) => void, changed: () => void) {
    this.emit = emit
    this.changed = changed
  }

  /** True when the next tick has something to play. */
  get active(): boolean {
    const head = this.queue[0]
    return head !== undefined && head.sounds !== null && !head.paused
  }

  /** Queues files; a missing or unplayable one fails the whole playback. */
  play(id: string, files: string[], cache: SoundCache): void {
    const playback: Playback = { id, sounds: null, index: 0, frame: 0, started: false, paused: false }
    this.queue.push(playback)
    void this.load(playback, files, cache)
  }

  /** Ends a playback; false when it is not here. */
  stop(id: string): boolean {
    const index = this.queue.findIndex((playback) => playback.id === id)
    if (index < 0) return false
    this.queue.splice(index, 1)
    this.emit({ type: 'playFinished', playback: id, outcome: 'stopped' })
    this.changed()
    return true
  }

  /** Ends all. */
  stopAll(): void {
    while (this.queue[0]) this.stop(this.queue[0].id)
  }

  pause(id: string, on: boolean): void {
    const playback = this.queue.find((entry) => entry.id === id)
    if (playback) playback.paused = on
    this.changed()
  }

  /** Ids of what plays and waits. */
  ids(): string[] {
    return this.queue.map((playback) => playback.id)
  }

  /** The next frame; null when nothing plays. Called once a tick; the cursor is reused. */
  next(): Cursor | null {
    for (let head = this.queue[0]; head?.sounds && !head.paused; head = this.queue[0]) {
      if (!head.started) {
        head.started = true
        this.emit({ type: 'playStarted', playback: head.id })
      }
      const sound = head.sounds[head.index]
      if (!sound) {
        this.queue.shift()
        this.emit({ type: 'playFinished', playback: head.id, outcome: 'done' })
        this.changed()
      } else if (head.frame >= sound.frames) {
        head.index += 1
        head.frame = 0
      } else {
        this.cursor.sound = sound
        this.cursor.frame = head.frame++
        return this.cursor
      }
    }
    return null
  }

  private async load(playback: Playback, files: string[], cache: SoundCache): Promise<void> {
    try {
      if (files.length > MAX_FILES) throw new SoundError('too many files')
      const sounds = await Promise.all(files.map((file) => cache.load(file)))
      playback.sounds = sounds
    } catch (error) {
      const index = this.queue.indexOf(playback)
      if (index < 0) return
      this.queue.splice(index, 1)
      const reason = error instanceof SoundError ? error.message : 'cannot be played'
      this.emit({ type: 'playFailed', playback: playback.id, reason })
    }
    if (this.queue.length === 0 || this.queue.includes(playback)) this.changed()
  }
}

/** A sound over and over: music, ring-back. It stands still while something else sounds, and then goes on. */
export class Loop {
  private path: string | null = null
  private readonly cursor: Cursor = { sound: nothing, frame: 0 }

  /** Sets the file; null ends it. The file that plays already goes on where it is. A bad file is silence. */
  async set(path: string | null, cache: SoundCache): Promise<void> {
    if (path === this.path) return
    this.path = path
    this.cursor.sound = nothing
    this.cursor.frame = -1
    if (path === null) return
    const sound = await cache.load(path)
    if (this.path === path) this.cursor.sound = sound
  }

  /** Loops a sound that is there already; null ends it. */
  loop(sound: Sound | null): void {
    if (this.cursor.sound === (sound ?? nothing)) return
    this.path = null
    this.cursor.sound = sound ?? nothing
    this.cursor.frame = -1
  }

  /** The next frame; null when there is none. The cursor is reused. */
  next(): Cursor | null {
    const { cursor } = this
    if (cursor.sound.frames === 0) return null
    cursor.frame = (cursor.frame + 1) % cursor.sound.frames
    return cursor
  }
}
