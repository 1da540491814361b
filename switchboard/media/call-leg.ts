import type { Carrier, CarrierEvents } from '../rtp/carrier.ts'
import { DigitWriter } from '../rtp/digits.ts'
import { OutStream } from '../rtp/out-stream.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import { ComfortNoise } from './comfort-noise.ts'
import type { Codec } from './g711.ts'
import { decode, encode, silentByte, translate } from './g711.ts'
import { FRAME, Inlet } from './inlet.ts'
import { writeKeyTone } from './key-tones.ts'
import type { BridgeView } from './leg.ts'
import { addClipped, Leg } from './leg.ts'
import type { LegStats, MediaEvent } from './messages.ts'
import { bytesAt, Loop, Player } from './player.ts'
import { Reception } from './reception.ts'
import { ringbackSound } from './ringback.ts'
import { ToneReader } from './tone-reader.ts'

const PLAYBACK = 1
const MIX = 2
const MUSIC = 3
const SILENCE = 4
const RINGBACK = 5
const DIGIT = 6
/** A relay that is mute for so long gets a frame of silence, so that the far end and its NAT do not give us up (RFC 6263). */
const RELAY_GAP_MS = 1000
const FRAME_MS = 20
const REPORT_TICKS = 250
/** A browser that hangs up closes its connection at once, often before its BYE is here: the BYE gets 1 s to come first. */
const LOSS_GRACE_TICKS = 50

const quiet: Record<Codec, Uint8Array> = {
  PCMU: new Uint8Array(FRAME).fill(silentByte.PCMU),
  PCMA: new Uint8Array(FRAME).fill(silentByte.PCMA),
}

/** Somebody who whispers into a leg: what was said on this tick, once. */
export interface Whisperer {
  takeWhisper(side: 'in' | 'out'): Int16Array | null
}

/** How a leg sends, as negotiated. */
export interface Sending {
  codec: Codec
  payloadType: number
  eventType: number | null
  /** False while the far end wants to hear nothing. */
  allowed: boolean
  held: boolean
  /** How much audio a packet carries. */
  packetMs: number
}

/** A leg with somebody at the far end: RTP or WebRTC. */
export class CallLeg extends Leg {
  readonly out: OutStream
  readonly reception = new Reception()
  readonly player: Player
  readonly music = new Loop()
  readonly digits = new DigitWriter()
  /** Where its incoming audio, and what it hears, is copied to. */
  readonly inTaps: Inlet[] = []
  readonly outTaps: Inlet[] = []
  readonly whisperers = new Set<Whisperer>()
  carrier: Carrier | null = null
  closed = false
  private readonly emit: (event: MediaEvent) => void
  private readonly silentAfterMs: number
  private readonly inlet = new Inlet()
  private readonly said = new Int16Array(FRAME)
  private readonly heard = new Int16Array(FRAME)
  private readonly bytes = new Uint8Array(FRAME)
  private readonly ringing = new Loop()
  private readonly noise = new ComfortNoise()
  /** Hears keys in the sound of a far end that knows no telephone events. */
  private tones: ToneReader | null = null
  private readonly toned = new Int16Array(960)
  private sending: Sending = {
    codec: 'PCMA',
    payloadType: 8,
    eventType: null,
    allowed: false,
    held: false,
    packetMs: FRAME_MS,
  }
  private connected = false
  private lastHeardAt = 0
  private silent = false
  private relayedAt = -Infinity
  private loss: { reason: string; ticks: number } | null = null
  private ticks: number

  constructor(id: string, silentAfterMs: number, emit: (event: MediaEvent) => void) {
    super(id)
    this.silentAfterMs = silentAfterMs
    this.emit = emit
    this.player = new Player(emit, () => undefined)
    this.out = new OutStream((packet) => this.carrier?.send(packet))
    this.ticks = (this.source * 7) % REPORT_TICKS
  }

  /** What its carrier calls. */
  readonly carrierEvents: CarrierEvents = {
    rtp: (packet) => this.take(packet),
    reports: (reports) => this.reception.takeReports(reports, this.out.ssrc, Date.now()),
    dropped: () => {
      this.reception.dropped += 1
    },
    lost: (reason) => {
      this.loss ??= { reason, ticks: LOSS_GRACE_TICKS }
    },
  }

  get codec(): Codec {
    return this.sending.codec
  }

  /** Packets of another length than a frame cannot be handed on as they came. */
  get needsMix(): boolean {
    return this.whisperers.size > 0 || this.sending.packetMs !== FRAME_MS
  }

  /** Takes a new agreement; holding and retrieving are reported. */
  agree(sending: Sending): void {
    const { held: before, packetMs } = this.sending
    this.sending = sending
    this.tones = sending.eventType === null ? (this.tones ?? new ToneReader()) : null
    if (sending.packetMs !== packetMs) {
      this.out.packetsOf(sending.packetMs)
      this.bridge?.arrange()
    }
    if (sending.held === before) return
    this.held = sending.held
    // After a hold the far end needs a moment to speak again.
    this.lastHeardAt = performance.now()
    this.emit({ type: sending.held ? 'held' : 'unheld', leg: this.id })
    this.bridge?.arrange()
  }

  /** The far end is there: its first packet came, or DTLS is up. */
  connect(): void {
    if (this.connected || this.closed) return
    this.connected = true
    this.emit({ type: 'connected', leg: this.id })
  }

  ringback(on: boolean): void {
    this.ringing.loop(on ? ringbackSound() : null)
  }

  stats(): LegStats {
    return this.reception.stats(this.out)
  }

  override comfort(): Int16Array | null {
    return this.noise.next()
  }

  restart(): void {
    this.inlet.reset()
    this.relayedAt = -Infinity
  }

  contribute(): Int16Array | null {
    let present = this.inlet.read(this.said)
    const noise = present ? null : this.noise.next()
    if (noise) {
      this.said.set(noise)
      present = true
    }
    for (const whisperer of this.whisperers) {
      const whisper = whisperer.takeWhisper('in')
      if (!whisper) continue
      addClipped(this.said, whisper)
      present = true
    }
    return present ? this.said : null
  }

  override relay(from: Leg, packet: RtpPacket, codec: Codec, now: number): void {
    if (!this.mayRelay()) return
    const payload = translate(codec, this.sending.codec, packet.payload)
    this.out.relayed(from.source, this.sending.payloadType, packet, payload, now)
    this.relayedAt = now
    for (const tap of this.outTaps) tap.write(this.sending.codec, payload, this.out.lastTimestamp)
  }

  override relaySkipped(from: Leg, sequence: number): void {
    this.out.skip(from.source, sequence)
  }

  tick(now: number): void {
    this.watch(now)
    if (!this.carrier?.up) return
    const { eventType, codec } = this.sending
    const playing = this.player.next()
    if (!this.sending.allowed) return
    if (eventType !== null && this.digits.tick(this.out, DIGIT, eventType, now)) return
    if (eventType === null && this.soundKey(codec, now)) return
    if (playing) this.say(PLAYBACK, bytesAt(playing, codec), now)
    else this.hear(now)
  }

  async close(): Promise<void> {
    this.closed = true
    this.player.stopAll()
    await this.carrier?.close()
  }

  private mayRelay(): boolean {
    const { player, digits, sending, mutedOut } = this
    return sending.allowed && !mutedOut && !player.active && !digits.busy && this.carrier?.up === true
  }

  private take(packet: RtpPacket): void {
    const now = performance.now()
    const received = this.reception.take(packet, now)
    if (received.kind === 'refused') return
    this.lastHeardAt = now
    this.connect()
    if (this.silent) {
      this.silent = false
      this.emit({ type: 'heard', leg: this.id })
    }
    if (received.kind === 'audio') {
      this.noise.end()
      if (this.tones) this.hearKeys(this.tones, packet, received.codec)
      this.pass(packet, received.codec, received.fresh, now)
    } else {
      if (received.kind === 'noise') this.noise.begin(received.level)
      if (this.bridge?.relaying) this.bridge.partnerOf(this)?.relaySkipped(this, packet.sequence)
      if (received.kind === 'digit' && received.digit) {
        this.emit({ type: 'digit', leg: this.id, ...received.digit })
      }
    }
  }

  private hearKeys(tones: ToneReader, packet: RtpPacket, codec: Codec): void {
    decode(codec, packet.payload, this.toned)
    const key = tones.read(this.toned, packet.payload.length, packet.timestamp)
    if (key) this.emit({ type: 'digit', leg: this.id, ...key })
  }

  /** Sends a key as its tones; true when this tick belonged to one. */
  private soundKey(codec: Codec, now: number): boolean {
    const tone = this.digits.toneTick()
    if (!tone) return false
    writeKeyTone(tone.key, tone.frame, this.heard)
    this.say(DIGIT, this.bytesOf(this.heard, codec), now)
    return true
  }

  /** Incoming audio: to the taps, and to the partner as it is or to the mix. */
  private pass(packet: RtpPacket, codec: Codec, fresh: boolean, now: number): void {
    for (const tap of this.inTaps) {
      if (fresh) tap.restart()
      tap.write(codec, packet.payload, packet.timestamp)
    }
    const { bridge } = this
    if (!bridge || bridge.kind === 'holding' || !this.audible) return
    if (bridge.relaying) {
      bridge.partnerOf(this)?.relay(this, packet, codec, now)
    } else if (bridge.size > 1) {
      if (fresh) this.inlet.restart()
      this.inlet.write(codec, packet.payload, packet.timestamp)
    }
  }

  /** What it hears when nothing is played to it alone. */
  private hear(now: number): void {
    const { bridge } = this
    const { codec } = this.sending
    if (bridge?.relaying && bridge.talksIn(this)) {
      const partner = bridge.partnerOf(this)
      const heard = partner?.audible === true && !this.mutedOut
      const noise = heard ? partner.comfort() : null
      if (noise) this.say(SILENCE, this.bytesOf(noise, codec), now)
      else if (!heard) this.say(SILENCE, quiet[codec], now)
      else if (now - this.relayedAt >= RELAY_GAP_MS) {
        this.relayedAt = now
        this.say(SILENCE, quiet[codec], now)
      }
    } else if (bridge && this.offered) {
      encode(codec, this.offered, this.bytes)
      this.say(MIX, this.bytes, now)
    } else if (bridge?.talksIn(this)) this.say(MIX, quiet[codec], now)
    else this.hearNobody(bridge, codec, now)
  }

  private hearNobody(bridge: BridgeView | null, codec: Codec, now: number): void {
    const shared = this.mutedOut ? null : bridge?.shared(codec)
    const music = shared ? null : this.music.next()
    const ringing = shared || music ? null : this.ringing.next()
    if (shared) this.say(MUSIC, shared, now)
    else if (music) this.say(MUSIC, bytesAt(music, codec), now)
    else if (ringing) this.say(RINGBACK, bytesAt(ringing, codec), now)
    else this.say(SILENCE, quiet[codec], now)
  }

  /** Sends a frame of our own clock, with what is whispered on top. Taps get it without the whisper. */
  private say(source: number, bytes: Uint8Array, now: number): void {
    const { codec, payloadType } = this.sending
    let payload = bytes
    for (const whisperer of this.whisperers) {
      const whisper = whisperer.takeWhisper('out')
      if (!whisper) continue
      decode(codec, payload, this.heard)
      addClipped(this.heard, whisper)
      payload = this.bytesOf(this.heard, codec)
    }
    this.out.paced(source, payloadType, payload, now)
    for (const tap of this.outTaps) tap.write(codec, bytes, this.out.lastTimestamp)
  }

  private bytesOf(samples: Int16Array, codec: Codec): Uint8Array {
    const bytes = new Uint8Array(FRAME)
    encode(codec, samples, bytes)
    return bytes
  }

  /** Sends reports every 5 s, and notices when the far end falls silent or is gone. */
  private watch(now: number): void {
    this.ticks += 1
    if (this.ticks % REPORT_TICKS === 0 && this.carrier?.up) {
      this.carrier.sendReport(this.reception.report(this.out, now, Date.now()))
    }
    if (this.loss && this.loss.ticks-- === 0)
      this.emit({ type: 'legLost', leg: this.id, reason: this.loss.reason })
    if (!this.connected || this.silent || this.held || this.lastHeardAt === 0) return
    if (now - this.lastHeardAt < this.silentAfterMs) return
    this.silent = true
    this.emit({ type: 'silent', leg: this.id, sinceMs: Math.round(now - this.lastHeardAt) })
  }
}
