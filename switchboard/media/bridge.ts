import type { Codec } from './g711.ts'
import { decode } from './g711.ts'
import { FRAME } from './inlet.ts'
import type { BridgeView, Leg } from './leg.ts'
import { add } from './leg.ts'
import type { MediaEvent } from './messages.ts'
import type { Cursor } from './player.ts'
import { bytesAt, Loop, Player } from './player.ts'
import type { Recording } from './recording.ts'

/**
 * Legs together. `holding`: all hear the same playback or music, nobody hears another. `mixing`: two plain members relay
 * packets untouched; with a third, a virtual member, a whisper, a playback or a recording, all is mixed on the tick.
 */
export class Bridge implements BridgeView {
  readonly id: string
  readonly kind: 'mixing' | 'holding'
  readonly player: Player
  readonly music = new Loop()
  readonly recordings = new Set<Recording>()
  relaying = false
  private members: Leg[] = []
  private sounding: Cursor | null = null
  private readonly sum = new Int32Array(FRAME)
  private readonly played = new Int16Array(FRAME)

  constructor(id: string, kind: 'mixing' | 'holding', emit: (event: MediaEvent) => void) {
    this.id = id
    this.kind = kind
    this.player = new Player(emit, () => this.arrange())
  }

  get size(): number {
    return this.members.length
  }

  /** Adds a leg that is in no bridge. */
  add(leg: Leg, mute: boolean): void {
    if (this.members.includes(leg)) {
      leg.mutedAsMember = mute
      return
    }
    leg.bridge = this
    leg.mutedAsMember = mute
    this.members = [...this.members, leg]
    leg.restart()
    this.arrange()
  }

  remove(leg: Leg): void {
    if (!this.members.includes(leg)) return
    this.members = this.members.filter((member) => member !== leg)
    leg.bridge = null
    leg.mutedAsMember = false
    leg.offered = null
    leg.restart()
    this.arrange()
  }

  /** Lets all members go and stops what plays. */
  close(): void {
    this.player.stopAll()
    for (const member of this.members) this.remove(member)
  }

  partnerOf(leg: Leg): Leg | null {
    return this.members.find((member) => member !== leg) ?? null
  }

  talksIn(leg: Leg): boolean {
    return this.kind === 'mixing' && this.members.some((member) => member !== leg && !member.held)
  }

  shared(codec: Codec): Uint8Array | null {
    return this.sounding ? bytesAt(this.sounding, codec) : null
  }

  arrange(): void {
    const relaying =
      this.kind === 'mixing' &&
      this.members.length === 2 &&
      !this.player.active &&
      this.recordings.size === 0 &&
      !this.members.some((member) => member.needsMix)
    if (relaying === this.relaying) return
    this.relaying = relaying
    for (const member of this.members) {
      member.offered = null
      member.restart()
    }
  }

  /** One tick: advances the playback or the music, and mixes when it must. */
  tick(): void {
    const playing = this.player.next()
    if (this.kind === 'holding') {
      this.sounding = playing ?? (this.members.length > 0 ? this.music.next() : null)
      return
    }
    const alone = this.members.length === 1 && !playing
    this.sounding = alone ? this.music.next() : null
    if (!this.relaying) this.mix(playing)
  }

  /** A tick for what must keep wall-clock length, when the others are spared one. */
  keepTime(): void {
    const keepers = this.members.filter((member) => member.keepsTime)
    if (keepers.length === 0) return this.letPass()
    this.tick()
    for (const member of keepers) member.tick(0)
  }

  /** What was said while the clock stood still is heard by nobody: it would delay the talk by as much, long afterwards. */
  private letPass(): void {
    if (this.kind === 'mixing' && !this.relaying) for (const member of this.members) member.contribute()
  }

  private mix(playing: Cursor | null): void {
    const frames: (Int16Array | null)[] = []
    let voices = 0
    let only: Int16Array | null = null
    for (const member of this.members) {
      // Read in any case, so that what was said while muted is not heard later.
      const contributed = member.contribute()
      const frame = member.audible ? contributed : null
      frames.push(frame)
      if (frame) {
        voices += 1
        only = frame
      }
    }
    if (playing) {
      decode('PCMU', bytesAt(playing, 'PCMU'), this.played)
      voices += 1
      only = this.played
    }
    if (voices > 1) this.addUp(frames, playing !== null)
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i]
      if (member) member.offered = this.without(frames[i] ?? null, voices, only, member)
    }
    for (const recording of this.recordings) recording.write(this.all(voices, only))
  }

  private addUp(frames: (Int16Array | null)[], withPlayed: boolean): void {
    this.sum.fill(0)
    for (const frame of frames) if (frame) add(this.sum, frame)
    if (withPlayed) add(this.sum, this.played)
  }

  /** What one member hears: all but itself. A single voice is passed on as it is. */
  private without(
    own: Int16Array | null,
    voices: number,
    only: Int16Array | null,
    to: Leg,
  ): Int16Array | null {
    const others = voices - (own ? 1 : 0)
    if (others === 0 || to.mutedOut) return null
    if (voices === 1) return only
    for (let i = 0; i < FRAME; i++) {
      const value = (this.sum[i] ?? 0) - (own?.[i] ?? 0)
      to.room[i] = value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value
    }
    return to.room
  }

  private all(voices: number, only: Int16Array | null): Int16Array | null {
    if (voices < 2) return only
    const whole = new Int16Array(FRAME)
    for (let i = 0; i < FRAME; i++) whole[i] = Math.max(-32_768, Math.min(32_767, this.sum[i] ?? 0))
    return whole
  }
}
