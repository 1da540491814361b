import type { RtpPacket } from '../rtp/packet.ts'
import type { Codec } from './g711.ts'
import { FRAME } from './inlet.ts'

/** A bridge as its members see it. */
export interface BridgeView {
  readonly kind: 'mixing' | 'holding'
  /** Two members exchange packets as they come; nothing is decoded. */
  readonly relaying: boolean
  readonly size: number
  /** The other one of two who relay. */
  partnerOf(leg: Leg): Leg | null
  /** True when somebody else is there who is not on hold. */
  talksIn(leg: Leg): boolean
  /** What everybody without a talk hears on this tick: the playback or the music of the bridge; null when neither sounds. */
  shared(codec: Codec): Uint8Array | null
  /** Decides anew between relay and mix; called whenever a member changes. */
  arrange(): void
}

let legsMade = 0

/** What every leg is to its bridge: it contributes a frame on each tick and is offered one. */
export abstract class Leg {
  readonly id: string
  /** Numbers this leg as a source of relayed packets. */
  readonly source: number
  bridge: BridgeView | null = null
  /** Nobody hears it: muted as a leg, or as a member of its bridge. */
  mutedIn = false
  mutedAsMember = false
  /** It hears nothing of its bridge. */
  mutedOut = false
  /** The far end put us on hold. */
  held = false
  /** What a mixing bridge wants it to hear on this tick; null is silence. */
  offered: Int16Array | null = null
  /** Room for `offered`, so that mixing allocates nothing. */
  readonly room = new Int16Array(FRAME)

  constructor(id: string) {
    this.id = id
    this.source = 16 + legsMade++
  }

  /** True when the others may hear it. */
  get audible(): boolean {
    return !this.mutedIn && !this.mutedAsMember && !this.held
  }

  /** True when what it is sent must be as long as the wall clock says. */
  readonly keepsTime: boolean = false
  /** True when only a mix will do: it is virtual, or somebody whispers. */
  abstract readonly needsMix: boolean
  /** The next 20 ms that come from it; null is silence. Called once a tick by a mixing bridge. */
  abstract contribute(): Int16Array | null
  /** Sends what it should hear; called once a tick, after the bridges. */
  abstract tick(now: number): void
  /** Forgets audio that waits: another arrangement begins. */
  abstract restart(): void
  /** A packet of the partner, to be forwarded as it is. Virtual legs are never relayed to. */
  relay(_from: Leg, _packet: RtpPacket, _codec: Codec, _now: number): void {}
  /** A packet of the partner that is not forwarded. */
  relaySkipped(_from: Leg, _sequence: number): void {}
  /** Noise to be heard while the far end suppresses its silence; null when it speaks. */
  comfort(): Int16Array | null {
    return null
  }
  abstract close(): Promise<void>
}

/** Adds `frame` to `sum`, without clipping. */
export function add(sum: Int32Array | Int16Array, frame: Int16Array): void {
  for (let i = 0; i < FRAME; i++) sum[i] = (sum[i] ?? 0) + (frame[i] ?? 0)
}

/** Adds `frame` to `to` within 16 bits. */
export function addClipped(to: Int16Array, frame: Int16Array): void {
  for (let i = 0; i < FRAME; i++) {
    const sum = (to[i] ?? 0) + (frame[i] ?? 0)
    to[i] = sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : sum
  }
}
