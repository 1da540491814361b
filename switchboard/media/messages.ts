import type { MediaErrorCode } from './failure.ts'

/** A leg or a bridge, by the id its owner chose. */
export type Target = { leg: string } | { bridge: string }

/** Directions as Asterisk means them: `in` is what comes from the leg, `out` is what the leg hears. */
export type Sides = 'none' | 'in' | 'out' | 'both'

/**
 * What travels over a leg: plain RTP (RTP/AVP), SRTP by SDES (RTP/SAVP), by DTLS without ICE (UDP/TLS/RTP/SAVP), or WebRTC
 * (UDP/TLS/RTP/SAVPF).
 */
export type LegKind = 'rtp' | 'srtp' | 'dtls' | 'webrtc'

/** Where the engine binds, what it writes into SDP, and which UDP ports it may use (inclusive). */
export interface MediaOptions {
  /** Address the sockets bind to. */
  bind: string
  /** Address written into `c=` and ICE candidates. */
  publicAddress: string
  ports: { from: number; to: number }
  /** A leg that sent no RTP for so long is reported `silent`; 2,000 by default. */
  silentAfterMs?: number
}

/** Reception and transmission figures of one leg (RFC 3550 §6.4). */
export interface LegStats {
  rxPackets: number
  /** Packets that never came, by sequence numbers. */
  lost: number
  jitterMs: number
  /** Round trip by RTCP; null until the far end has sent a report. */
  rttMs: number | null
  txPackets: number
  /** Packets refused: strangers, replays, malformed. */
  dropped: number
  rxOctets: number
  txOctets: number
  /** What the far end's reports say of our stream; null until one came. */
  txLost: number | null
  txJitterMs: number | null
  ssrc: number
  /** Null until the far end's first packet. */
  remoteSsrc: number | null
}

/** What is open in the engine; all zero (ports included) when every leg and bridge is closed. */
export interface MediaCounts {
  legs: number
  bridges: number
  /** UDP ports taken from the pool. */
  ports: number
  playbacks: number
  externals: number
  /** Lateness of the worst of the last 500 ticks of the 20 ms clock. */
  worstTickLateMs: number
}

/** What happens in the engine. Every event is a fact; nothing is asked back. */
export type MediaEvent =
  /** First media from the far end: the first valid RTP packet, or ICE and DTLS are up (WebRTC). Once a leg. */
  | { type: 'connected'; leg: string }
  /**
   * One key pressed (RFC 4733), reported at its first packet, so `durationMs` is only what was known then (often 20).
   * Fired in bridges too; the engine does not pass keys on to other legs (`sendDigits` does).
   */
  | { type: 'digit'; leg: string; digit: string; durationMs: number }
  | { type: 'playStarted'; playback: string }
  /** `stopped` tells a playback ended by `stopPlay`, by the closing of its target or by a newer one. */
  | { type: 'playFinished'; playback: string; outcome: 'done' | 'stopped' }
  /** The file is missing or is not 8 kHz mono WAV; nothing more of this playback is heard. */
  | { type: 'playFailed'; playback: string; reason: string }
  /** The far end put us on hold (sendonly, inactive or 0.0.0.0), or took us back. */
  | { type: 'held'; leg: string }
  | { type: 'unheld'; leg: string }
  | { type: 'externalUp'; leg: string; attempt: number }
  /** The WebSocket is gone or was refused; it is tried again until the leg is closed, unless `final`. */
  | { type: 'externalDown'; leg: string; reason: string; final: boolean }
  /** No RTP came for `silentAfterMs` (held legs are not reported), and it came again. */
  | { type: 'silent'; leg: string; sinceMs: number }
  | { type: 'heard'; leg: string }
  | { type: 'recordFinished'; recording: string; durationMs: number }
  | { type: 'recordFailed'; recording: string; reason: string }
  /**
   * The leg can carry nothing more (browser closed its connection, DTLS or ICE failed, snoop's target closed, worker died).
   * A closing browser's comes 1 s after the fact, so that its BYE comes first. Its owner closes the leg.
   */
  | { type: 'legLost'; leg: string; reason: string }

/** What a snoop does to its target. */
export interface SnoopSides {
  spy: Sides
  whisper: Sides
}

/** Commands that are answered. */
export type Question =
  | { do: 'answerOffer'; leg: string; sdp: string; address: string | null }
  | { do: 'makeOffer'; leg: string; kind: LegKind; codecsLike: string | null; address: string | null }
  | { do: 'acceptAnswer'; leg: string; sdp: string }
  | { do: 'renegotiate'; leg: string; sdp: string }
  | { do: 'stats'; leg: string }
  | { do: 'counts' }
  | { do: 'close' }

/** Commands that are only obeyed, in the order given; unknown ids are ignored. */
export type Order =
  | { do: 'closeLeg'; leg: string }
  | { do: 'openSnoop'; leg: string; target: string; sides: SnoopSides }
  | { do: 'openExternal'; leg: string; url: string; channel: string }
  | { do: 'createBridge'; bridge: string; kind: 'mixing' | 'holding' }
  | { do: 'addToBridge'; bridge: string; leg: string; mute: boolean }
  | { do: 'removeFromBridge'; bridge: string; leg: string }
  | { do: 'destroyBridge'; bridge: string }
  | { do: 'muteLeg'; leg: string; sides: Sides; on: boolean }
  | { do: 'play'; playback: string; target: Target; files: string[] }
  | { do: 'stopPlay'; playback: string }
  | { do: 'pausePlay'; playback: string; on: boolean }
  | { do: 'music'; target: Target; path: string | null }
  | { do: 'ringback'; leg: string; on: boolean }
  | { do: 'sendDigits'; leg: string; digits: string; digitMs: number; gapMs: number }
  | { do: 'record'; recording: string; target: Target; path: string }
  | { do: 'stopRecord'; recording: string }
  | { do: 'pauseRecord'; recording: string; on: boolean }

/** From the front to the worker, several at a time as JSON; `ask` numbers a question. */
export type ToWorker =
  { kind: 'question'; ask: number; command: Question } | { kind: 'order'; command: Order }

/** From the worker to the front. */
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'answer'; ask: number; value: unknown }
  | { kind: 'refusal'; ask: number; code: MediaErrorCode; detail: string }
  | { kind: 'event'; event: MediaEvent }
