import { PortPool } from '../rtp/ports.ts'
import { Bridge } from './bridge.ts'
import { CallLeg } from './call-leg.ts'
import { ExternalLeg } from './external-leg.ts'
import { MediaError } from './failure.ts'
import type { Leg } from './leg.ts'
import type { MediaCounts, MediaEvent, MediaOptions, Order, Question, Sides, Target } from './messages.ts'
import { Negotiation } from './negotiation.ts'
import { Pacer } from './pacer.ts'
import type { Loop, Player } from './player.ts'
import { Recording } from './recording.ts'
import { SnoopLeg } from './snoop-leg.ts'
import { SoundCache } from './sound.ts'

const SILENT_AFTER_MS = 2000
/** 10 s: what a recording is filled up with at most after a stall. */
const MAX_MADE_UP = 500

/** So many frames (a second's) a leg, bridge or recording may fail at before it is given up. */
const MAX_FAULTS = 50

interface Sounding {
  player: Player
  music: Loop
}

interface RecordingOf {
  recording: Recording
  stop: () => void
}

/** Everything that is open in the worker, by id, and the tick that drives it. */
export class Switchroom {
  private readonly options: MediaOptions
  private readonly emit: (event: MediaEvent) => void
  private readonly pool: PortPool
  private readonly cache = new SoundCache()
  private readonly legs = new Map<string, Leg>()
  private readonly negotiations = new Map<string, Negotiation>()
  private readonly bridges = new Map<string, Bridge>()
  private readonly recordings = new Map<string, RecordingOf>()
  private readonly closing = new Set<Promise<void>>()
  private readonly faults = new WeakMap<object, number>()
  private readonly pacer = new Pacer(
    (now) => this.tick(now),
    (frames) => this.makeUp(frames),
  )

  constructor(options: MediaOptions, emit: (event: MediaEvent) => void) {
    this.options = options
    this.emit = emit
    this.pool = new PortPool(options.ports.from, options.ports.to)
  }

  /** Answers a question; throws MediaError. */
  async ask(question: Question): Promise<unknown> {
    switch (question.do) {
      case 'answerOffer':
        return this.opening(question.leg, question.address, (negotiation) => negotiation.answer(question.sdp))
      case 'makeOffer':
        return this.makeOffer(question)
      case 'acceptAnswer':
        return this.negotiationOf(question.leg).accept(question.sdp)
      case 'renegotiate':
        return this.negotiationOf(question.leg).renegotiate(question.sdp)
      case 'stats':
        return this.callLeg(question.leg).stats()
      case 'counts':
        return this.counts()
      case 'close':
        return this.closeAll()
    }
  }

  /** Obeys an order; unknown ids are ignored. */
  obey(order: Order): void {
    switch (order.do) {
      case 'closeLeg':
        return this.closeLeg(order.leg)
      case 'openSnoop':
        return this.openSnoop(order)
      case 'openExternal':
        return this.openExternal(order)
      case 'createBridge':
      case 'addToBridge':
      case 'removeFromBridge':
      case 'destroyBridge':
        return this.obeyBridge(order)
      case 'muteLeg':
        return this.mute(order.leg, order.sides, order.on)
      case 'record':
        return this.record(order.recording, order.target, order.path)
      case 'pauseRecord':
        return this.recordings.get(order.recording)?.recording.pause(order.on)
      case 'stopRecord':
        return this.recordings.get(order.recording)?.stop()
      default:
        return this.obeySound(order)
    }
  }

  private obeyBridge(order: Extract<Order, { bridge: string }>): void {
    const bridge = this.bridges.get(order.bridge)
    if (order.do === 'createBridge') {
      if (!bridge) this.bridges.set(order.bridge, new Bridge(order.bridge, order.kind, this.emit))
      this.pacer.start()
    } else if (order.do === 'destroyBridge') {
      for (const { recording } of this.recordingsOf(bridge)) this.recordings.get(recording.id)?.stop()
      bridge?.close()
      this.bridges.delete(order.bridge)
    } else {
      const leg = this.legs.get(order.leg)
      if (!leg || !bridge) return
      if (order.do === 'removeFromBridge') return bridge.remove(leg)
      if (leg.bridge !== bridge) this.leave(leg)
      bridge.add(leg, order.mute)
    }
  }

  private obeySound(
    order: Extract<Order, { do: 'play' | 'stopPlay' | 'pausePlay' | 'music' | 'ringback' | 'sendDigits' }>,
  ): void {
    if (order.do === 'play') {
      const player = this.soundingOf(order.target)?.player
      if (player) player.play(order.playback, order.files, this.cache)
      else this.emit({ type: 'playFailed', playback: order.playback, reason: 'no such target' })
    } else if (order.do === 'stopPlay') {
      for (const player of this.players()) if (player.stop(order.playback)) return
    } else if (order.do === 'pausePlay') {
      for (const player of this.players()) player.pause(order.playback, order.on)
    } else if (order.do === 'music') {
      this.soundingOf(order.target)
        ?.music.set(order.path, this.cache)
        .catch(() => undefined)
    } else {
      const leg = this.legs.get(order.leg)
      if (!(leg instanceof CallLeg)) return
      if (order.do === 'ringback') leg.ringback(order.on)
      else leg.digits.push(order.digits, order.digitMs, order.gapMs)
    }
  }

  private async opening(
    id: string,
    address: string | null,
    work: (negotiation: Negotiation) => Promise<string>,
  ): Promise<string> {
    if (this.legs.has(id)) throw new MediaError('exists')
    const leg = new CallLeg(id, this.options.silentAfterMs ?? SILENT_AFTER_MS, this.emit)
    const negotiation = new Negotiation(leg, {
      ...this.options,
      told: address,
      pool: this.pool,
    })
    this.keep(leg)
    this.negotiations.set(id, negotiation)
    try {
      return await work(negotiation)
    } catch (error) {
      if (this.legs.get(id) === leg) this.closeLeg(id)
      throw error
    }
  }

  private async makeOffer(question: Extract<Question, { do: 'makeOffer' }>): Promise<string> {
    const { leg: id, kind, codecsLike, address } = question
    const model = codecsLike === null ? undefined : this.legs.get(codecsLike)
    const first = model instanceof CallLeg ? model.codec : 'PCMA'
    const open = this.negotiations.get(id)
    if (open) return open.offer(kind, first)
    return this.opening(id, address, (negotiation) => negotiation.offer(kind, first))
  }

  private openSnoop(order: Extract<Order, { do: 'openSnoop' }>): void {
    if (this.legs.has(order.leg)) return
    const target = this.legs.get(order.target)
    if (target instanceof CallLeg) this.keep(new SnoopLeg(order.leg, target, order.sides))
    else this.emit({ type: 'legLost', leg: order.leg, reason: 'no such target' })
  }

  private openExternal(order: Extract<Order, { do: 'openExternal' }>): void {
    if (this.legs.has(order.leg)) return
    this.keep(new ExternalLeg(order.leg, order.url, order.channel, this.emit))
  }

  private keep(leg: Leg): void {
    this.legs.set(leg.id, leg)
    this.pacer.start()
  }

  private closeLeg(id: string): void {
    const leg = this.legs.get(id)
    if (!leg) return
    this.leave(leg)
    this.legs.delete(id)
    this.negotiations.delete(id)
    for (const entry of this.recordings.values()) {
      if (leg instanceof CallLeg && entry.recording.inlet && leg.inTaps.includes(entry.recording.inlet))
        entry.stop()
    }
    const closed = leg.close().catch(() => undefined)
    this.closing.add(closed)
    void closed.then(() => this.closing.delete(closed))
    for (const other of this.legs.values()) {
      if (!(other instanceof SnoopLeg) || other.target !== leg) continue
      this.emit({ type: 'legLost', leg: other.id, reason: 'target closed' })
      this.closeLeg(other.id)
    }
  }

  private leave(leg: Leg): void {
    for (const bridge of this.bridges.values()) if (leg.bridge === bridge) bridge.remove(leg)
  }

  private mute(id: string, sides: Sides, on: boolean): void {
    const leg = this.legs.get(id)
    if (!leg) return
    if (sides === 'in' || sides === 'both') leg.mutedIn = on
    if (sides === 'out' || sides === 'both') leg.mutedOut = on
  }

  private record(id: string, target: Target, path: string): void {
    const of = 'leg' in target ? this.legs.get(target.leg) : this.bridges.get(target.bridge)
    if (this.recordings.has(id) || !(of instanceof CallLeg || of instanceof Bridge)) {
      this.emit({ type: 'recordFailed', recording: id, reason: 'no such target' })
      return
    }
    const recording = new Recording(id, path, of instanceof CallLeg, this.emit)
    const stop = (): void => {
      this.recordings.delete(id)
      if (of instanceof Bridge) {
        of.recordings.delete(recording)
        of.arrange()
      } else if (recording.inlet) of.inTaps.splice(of.inTaps.indexOf(recording.inlet), 1)
      const closed = recording.close()
      this.closing.add(closed)
      void closed.then(() => this.closing.delete(closed))
    }
    this.recordings.set(id, { recording, stop })
    if (of instanceof Bridge) {
      of.recordings.add(recording)
      of.arrange()
    } else if (recording.inlet) of.inTaps.push(recording.inlet)
  }

  private recordingsOf(bridge: Bridge | undefined): RecordingOf[] {
    return [...this.recordings.values()].filter(({ recording }) => bridge?.recordings.has(recording))
  }

  private soundingOf(target: Target): Sounding | null {
    if ('bridge' in target) return this.bridges.get(target.bridge) ?? null
    const leg = this.legs.get(target.leg)
    return leg instanceof CallLeg ? leg : null
  }

  private *players(): Generator<Player> {
    for (const leg of this.legs.values()) if (leg instanceof CallLeg) yield leg.player
    for (const bridge of this.bridges.values()) yield bridge.player
  }

  private callLeg(id: string): CallLeg {
    const leg = this.legs.get(id)
    if (!(leg instanceof CallLeg)) throw new MediaError('no-leg')
    return leg
  }

  private negotiationOf(id: string): Negotiation {
    const negotiation = this.negotiations.get(id)
    if (!negotiation) throw new MediaError('no-leg')
    return negotiation
  }

  private counts(): MediaCounts {
    let playbacks = 0
    let externals = 0
    for (const player of this.players()) playbacks += player.ids().length
    for (const leg of this.legs.values()) if (leg instanceof ExternalLeg) externals += 1
    return {
      legs: this.legs.size,
      bridges: this.bridges.size,
      ports: this.pool.used,
      playbacks,
      externals,
      worstTickLateMs: this.pacer.worstLateMs,
    }
  }

  private async closeAll(): Promise<void> {
    for (const { stop } of this.recordings.values()) stop()
    for (const id of this.legs.keys()) this.closeLeg(id)
    for (const bridge of this.bridges.values()) bridge.close()
    this.bridges.clear()
    this.pacer.stop()
    await Promise.all(this.closing)
  }

  private tick(now: number): void {
    for (const bridge of this.bridges.values()) {
      try {
        bridge.tick()
      } catch (error) {
        if (this.isLost(bridge, error)) this.giveUp((leg) => leg.bridge === bridge)
      }
    }
    for (const leg of this.legs.values()) {
      try {
        leg.tick(now)
      } catch (error) {
        if (this.isLost(leg, error)) this.giveUp((one) => one === leg)
      }
    }
    for (const { recording, stop } of this.recordings.values()) {
      try {
        recording.tick()
      } catch (error) {
        if (this.isLost(recording, error)) stop()
      }
    }
    if (this.legs.size === 0 && this.bridges.size === 0) this.pacer.stop()
  }

  /** Counts a fault, which costs its own frame and nobody else's; true when there were too many. */
  private isLost(thing: object, error: unknown): boolean {
    const times = (this.faults.get(thing) ?? 0) + 1
    this.faults.set(thing, times)
    if (times === 1) process.stderr.write(`media: ${String(error)}\n`)
    return times >= MAX_FAULTS
  }

  private giveUp(whom: (leg: Leg) => boolean): void {
    for (const leg of [...this.legs.values()].filter(whom)) {
      this.emit({ type: 'legLost', leg: leg.id, reason: 'it failed again and again' })
      this.closeLeg(leg.id)
    }
  }

  /** The clock stood still: phones are spared the burst, but recordings get every frame of the time that passed. */
  private makeUp(frames: number): void {
    for (let i = 0; i < Math.min(frames, MAX_MADE_UP); i++) {
      for (const bridge of this.bridges.values()) bridge.keepTime()
      for (const { recording } of this.recordings.values()) recording.tick()
    }
  }
}
