import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { MediaError } from './failure.ts'
import type {
  FromWorker,
  LegKind,
  LegStats,
  MediaCounts,
  MediaEvent,
  MediaOptions,
  Order,
  Question,
  Sides,
  SnoopSides,
  Target,
  ToWorker,
} from './messages.ts'

/**
 * The main-thread front of the media engine: everything that sounds happens in one worker thread. Ids are the user's.
 * Methods without a promise are orders: obeyed in sequence, ignored when the id is unknown, so they may be repeated.
 */
export interface MediaEngine {
  /**
   * Opens a leg for an SDP offer and returns the answer. Kind by the offer: RTP/AVP or UDP/TLS/RTP/SAVPF (WebRTC).
   * The leg may be bridged and played to at once. `address` stands in its SDP instead of the usual one. Throws MediaError not-acceptable, no-ports, malformed, exists.
   */
  answerOffer(leg: string, offerSdp: string, how?: { address?: string | null }): Promise<string>
  /**
   * Opens a leg and returns its SDP offer (ICE candidates complete, no trickle); `codecsLike` puts the codec of that leg
   * first. For an open plain leg (offerless re-INVITE) it returns a fresh offer of the same session.
   */
  makeOffer(
    leg: string,
    kind: LegKind,
    how?: { codecsLike?: string; address?: string | null },
  ): Promise<string>
  /** The answer to `makeOffer`. May come twice (183, then 200): the later one counts. */
  acceptAnswer(leg: string, answerSdp: string): Promise<void>
  /**
   * A re-INVITE's offer: hold and retrieval (events held, unheld), new address (the latch is loosened). Returns the answer.
   * On MediaError the leg goes on as it was.
   */
  renegotiate(leg: string, offerSdp: string): Promise<string>
  /** Closes a leg of any kind, leaves its bridge, stops its playbacks (`playFinished` stopped), returns its ports. */
  closeLeg(leg: string): void

  /**
   * A virtual leg that hears (`spy`) and speaks into (`whisper`) a target leg, to be bridged with a supervisor or an
   * external leg. spy in: what comes from the target; spy out: what the target hears (without what this snoop whispers).
   * whisper out: the target hears what the snoop's bridge says; whisper in: it is added to what comes from the target.
   * Nothing that sounded before it was opened flows into it (G24-7.5a). Ends with its target (event legLost).
   */
  openSnoop(leg: string, target: string, sides: SnoopSides): void
  /**
   * A virtual leg over an outgoing WebSocket, as Asterisk's chan_websocket speaks: first the text
   * `MEDIA_START connection_id:.. channel:.. format:ulaw optimal_frame_size:160 ptime:20`, then 160-byte µ-law frames
   * each 20 ms both ways. While connecting, the last 2 s are kept. `channel` is what MEDIA_START says (default: the leg's id).
   * `format` is ulaw, the only one.
   */
  openExternal(leg: string, wsUrl: string, how?: { format?: 'ulaw'; channel?: string }): void

  /** `mixing`: members hear each other. `holding`: members hear only the bridge's music and playbacks. */
  createBridge(bridge: string, kind: 'mixing' | 'holding'): void
  /** Adds a leg (it leaves its former bridge); `mute`: nobody hears it. */
  addToBridge(bridge: string, leg: string, how?: { mute?: boolean }): void
  /** Takes a leg out; it stays open and hears its own music, or silence. */
  removeFromBridge(bridge: string, leg: string): void
  /** Ends a bridge; its members stay open, its playbacks are stopped. */
  destroyBridge(bridge: string): void
  /** `in`: nobody hears the leg (its digits still count); `out`: the leg hears nothing of its bridge. */
  muteLeg(leg: string, sides: Sides, on: boolean): void

  /**
   * Plays WAV files (8 kHz mono, s16 or G.711) one after the other to a leg (instead of what it would hear) or into a
   * bridge (added to the talk). A second playback on the same target waits for the first, as in Asterisk.
   */
  play(playback: string, target: Target, files: string[]): void
  /** Ends a playback; `playFinished` (stopped) follows if it was running or waiting. */
  stopPlay(playback: string): void
  /** Holds a playback where it is (the target hears silence or music meanwhile), or lets it go on. */
  pausePlay(playback: string, on: boolean): void
  /**
   * Looped audio: for a leg whenever it talks to nobody (alone, or all others on hold), for members of a holding bridge,
   * for the only member of a mixing bridge. A playback interrupts it and it goes on. null ends it.
   */
  music(target: Target, path: string | null): void
  /** Ring-back tone (450 Hz, 1 s on, 4 s off) as early media, below music and playbacks in rank. */
  ringback(leg: string, on: boolean): void
  /** Sends keys (0-9 * # A-D) as RFC 4733 events; audio to the leg pauses meanwhile. Silently nothing if not negotiated. */
  sendDigits(leg: string, digits: string, how?: { digitMs?: number; gapMs?: number }): void

  /** Writes what a leg says, or the mix of a bridge, to a WAV file (8 kHz s16); only for ARI's own record operation. */
  record(recording: string, target: Target, path: string): void
  /** What is said while a recording is paused is not in it. */
  pauseRecord(recording: string, on: boolean): void
  /** Ends a recording; `recordFinished` says when the file is whole. */
  stopRecord(recording: string): void

  /** Figures of a leg; throws MediaError no-leg. */
  stats(leg: string): Promise<LegStats>
  /** What is open right now. */
  counts(): Promise<MediaCounts>
  /** Closes everything and ends the worker. */
  close(): Promise<void>
}

/** How long the worker may take to end by itself: timers of a connection that never came about hold it. */
const LINGER_MS = 500

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/** The link to one worker: numbers the questions, hands out the answers, and remembers what would be lost with it. */
class WorkerLink {
  private readonly options: MediaOptions
  private readonly onEvent: (event: MediaEvent) => void
  private readonly waiting = new Map<number, Waiting>()
  private readonly legs = new Set<string>()
  private readonly playbacks = new Set<string>()
  private outgoing: ToWorker[] = []
  private worker: Worker
  private lastAsk = 0
  private closing = false
  private started = false

  constructor(options: MediaOptions, onEvent: (event: MediaEvent) => void) {
    this.options = options
    this.onEvent = onEvent
    this.worker = this.spawn()
  }

  /** Resolves when the worker answers for the first time; throws MediaError lost when it cannot start. */
  async ready(): Promise<void> {
    const controller = new AbortController()
    const { signal } = controller
    const started = once(this.worker, 'message', { signal }).then(() => true)
    const died = once(this.worker, 'exit', { signal }).then(() => false)
    started.catch(() => undefined)
    died.catch(() => undefined)
    this.started = await Promise.race([started, died])
    controller.abort()
    if (!this.started) throw new MediaError('lost', 'the media worker did not start')
  }

  ask<T>(command: Question): Promise<T> {
    const ask = ++this.lastAsk
    if (command.do === 'answerOffer' || command.do === 'makeOffer') this.legs.add(command.leg)
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(ask, { resolve: (value) => resolve(value as T), reject })
      this.post({ kind: 'question', ask, command })
    })
  }

  tell(command: Order): void {
    if (command.do === 'closeLeg') this.legs.delete(command.leg)
    else if (command.do === 'openSnoop' || command.do === 'openExternal') this.legs.add(command.leg)
    else if (command.do === 'play') this.playbacks.add(command.playback)
    this.post({ kind: 'order', command })
  }

  async close(): Promise<void> {
    if (this.closing) return
    this.closing = true
    // What fails meanwhile has been said; its end comes after it.
    const ended = new Promise((resolve) => this.worker.once('exit', resolve))
    await this.ask({ do: 'close' }).catch(() => undefined)
    // A thread that is ended from outside may take the process with it (nodejs/node issue 56312): only one that lingers is.
    const lingering = setTimeout(() => void this.worker.terminate(), LINGER_MS)
    await ended
    clearTimeout(lingering)
  }

  /** What is said at one moment goes together, for each message wakes the worker; as text, which is read faster than a clone. */
  private post(message: ToWorker): void {
    this.outgoing.push(message)
    if (this.outgoing.length > 1) return
    setImmediate(() => {
      this.worker.postMessage(JSON.stringify(this.outgoing))
      this.outgoing = []
    })
  }

  private spawn(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: this.options })
    worker.on('message', (message: FromWorker) => this.take(message))
    worker.on('error', (error) =>
      process.stderr.write(`media worker failed: ${error.stack ?? error.message}\n`),
    )
    worker.on('exit', () => this.lost())
    return worker
  }

  private take(message: FromWorker): void {
    if (message.kind === 'event') {
      const { event } = message
      if (event.type === 'playFinished' || event.type === 'playFailed') this.playbacks.delete(event.playback)
      this.onEvent(event)
    } else if (message.kind !== 'ready') {
      const waiting = this.waiting.get(message.ask)
      this.waiting.delete(message.ask)
      if (message.kind === 'answer') waiting?.resolve(message.value)
      else waiting?.reject(new MediaError(message.code, message.detail))
    }
  }

  /** The worker died: what it carried is reported lost, and a new one takes its place. */
  private lost(): void {
    for (const { reject } of this.waiting.values()) reject(new MediaError('lost'))
    this.waiting.clear()
    this.outgoing.length = 0
    if (this.closing || !this.started) return
    const legs = [...this.legs]
    const playbacks = [...this.playbacks]
    this.legs.clear()
    this.playbacks.clear()
    this.worker = this.spawn()
    for (const playback of playbacks)
      this.onEvent({ type: 'playFailed', playback, reason: 'media worker died' })
    for (const leg of legs) this.onEvent({ type: 'legLost', leg, reason: 'media worker died' })
  }
}

/** Starts the media worker and resolves when its clock runs; `onEvent` gets every event, on the main thread. */
export async function startMediaEngine(
  options: MediaOptions,
  onEvent: (event: MediaEvent) => void,
): Promise<MediaEngine> {
  const link = new WorkerLink(options, onEvent)
  await link.ready()
  return {
    answerOffer: (leg, sdp, how) => link.ask({ do: 'answerOffer', leg, sdp, address: how?.address ?? null }),
    makeOffer: (leg, kind, how) =>
      link.ask({
        do: 'makeOffer',
        leg,
        kind,
        codecsLike: how?.codecsLike ?? null,
        address: how?.address ?? null,
      }),
    acceptAnswer: (leg, sdp) => link.ask({ do: 'acceptAnswer', leg, sdp }),
    renegotiate: (leg, sdp) => link.ask({ do: 'renegotiate', leg, sdp }),
    closeLeg: (leg) => link.tell({ do: 'closeLeg', leg }),
    openSnoop: (leg, target, sides) => link.tell({ do: 'openSnoop', leg, target, sides }),
    openExternal: (leg, url, how) =>
      link.tell({ do: 'openExternal', leg, url, channel: how?.channel ?? leg }),
    createBridge: (bridge, kind) => link.tell({ do: 'createBridge', bridge, kind }),
    addToBridge: (bridge, leg, how) =>
      link.tell({ do: 'addToBridge', bridge, leg, mute: how?.mute ?? false }),
    removeFromBridge: (bridge, leg) => link.tell({ do: 'removeFromBridge', bridge, leg }),
    destroyBridge: (bridge) => link.tell({ do: 'destroyBridge', bridge }),
    muteLeg: (leg, sides, on) => link.tell({ do: 'muteLeg', leg, sides, on }),
    play: (playback, target, files) => link.tell({ do: 'play', playback, target, files }),
    stopPlay: (playback) => link.tell({ do: 'stopPlay', playback }),
    pausePlay: (playback, on) => link.tell({ do: 'pausePlay', playback, on }),
    music: (target, path) => link.tell({ do: 'music', target, path }),
    ringback: (leg, on) => link.tell({ do: 'ringback', leg, on }),
    sendDigits: (leg, digits, how) =>
      link.tell({ do: 'sendDigits', leg, digits, digitMs: how?.digitMs ?? 100, gapMs: how?.gapMs ?? 80 }),
    record: (recording, target, path) => link.tell({ do: 'record', recording, target, path }),
    pauseRecord: (recording, on) => link.tell({ do: 'pauseRecord', recording, on }),
    stopRecord: (recording) => link.tell({ do: 'stopRecord', recording }),
    stats: (leg) => link.ask({ do: 'stats', leg }),
    counts: () => link.ask({ do: 'counts' }),
    close: () => link.close(),
  }
}
