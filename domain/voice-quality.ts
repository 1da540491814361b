/** How well two people hear each other on one leg of a call, from what the packets tell (G24-3.2.2b). */

/** Figures of a leg over some time, the worse direction of each; null where the far end tells nothing. */
export interface VoiceFigures {
  lossPercent: number | null
  jitterMs: number | null
  rttMs: number | null
}

/**
 * What was counted on a leg up to an instant (ms since 1970): packets that came and those that never did, and what the far
 * end says of ours. Null where the switchboard cannot tell.
 */
export interface VoiceReading {
  at: number
  received: number
  lost: number | null
  sent: number | null
  /** Lost on the way to the far end, by its own reports. */
  peerLost: number | null
  jitterMs: number | null
  peerJitterMs: number | null
  rttMs: number | null
}

/**
 * Robustness of G.711 against single losses, `Bpl` of ITU-T G.113 (11/2007) table I.3 at Ie = 0: with the concealment of
 * G.711 appendix I, and without any.
 */
const lossRobustness = { concealed: 25.1, bare: 4.3 } as const

/** `Ro - Is` of ITU-T G.107 (06/2015) with all its default values: R of a clean narrow-band call without delay. */
const cleanR = 93.2
/** Up to this mouth-to-ear delay in ms nobody is disturbed (`mT`, G.107 §7.4). */
const unnoticedDelay = 100

/** Delay impairment `Idd` of ITU-T G.107 (06/2015) §7.4 for a mouth-to-ear delay in ms; echo is taken to be cancelled. */
export function delayImpairment(delayMs: number): number {
  if (delayMs <= unnoticedDelay) return 0
  const x = Math.log2(delayMs / unnoticedDelay)
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
}

/** Effective equipment impairment `Ie,eff` of ITU-T G.107 (06/2015) §7.5 for G.711 (Ie = 0) and random loss in percent. */
export const lossImpairment = (lossPercent: number, concealed: boolean): number =>
  (95 * lossPercent) / (lossPercent + (concealed ? lossRobustness.concealed : lossRobustness.bare))

/** The transmission rating R of ITU-T G.107, 0 (unusable) to 100. */
export function ratingOf(lossPercent: number, delayMs: number, concealed: boolean): number {
  const loss = Math.min(100, Math.max(0, lossPercent))
  return Math.max(0, Math.min(100, cleanR - delayImpairment(delayMs) - lossImpairment(loss, concealed)))
}

/** The opinion that people would have of a call with this R, 1 (bad) to 4.5 (ITU-T G.107 annex B); never below 1. */
export function opinionOf(rating: number): number {
  if (rating <= 0) return 1
  if (rating >= 100) return 4.5
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
}

/** A packet of 20 ms is spoken before it is sent, and as much lies ready to be played. */
const packingDelay = 40

/** Mouth-to-ear delay in ms as far as packets tell: half the round trip, the packing, and a playout buffer of twice the jitter. */
export const delayOf = ({ rttMs, jitterMs }: Pick<VoiceFigures, 'rttMs' | 'jitterMs'>): number =>
  (rttMs ?? 0) / 2 + packingDelay + 2 * (jitterMs ?? 0)

/** The opinion estimated for a leg with these figures; browsers and telephones conceal what is lost. */
export const opinionOfFigures = (figures: VoiceFigures, concealed = true): number =>
  opinionOf(ratingOf(figures.lossPercent ?? 0, delayOf(figures), concealed))

const shareLost = (lost: number, came: number): number | null =>
  lost + came <= 0 ? null : (100 * Math.max(0, lost)) / (Math.max(0, lost) + Math.max(0, came))

const worse = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other)

/** The figures between two readings of one leg; counters that ran backwards (a leg begun anew) count as nothing lost. */
export function figuresBetween(from: VoiceReading | null, to: VoiceReading): VoiceFigures {
  const grown = (value: (reading: VoiceReading) => number | null): number | null => {
    const now = value(to)
    return now === null ? null : now - ((from && value(from)) ?? 0)
  }
  const lost = grown((each) => each.lost)
  const peerLost = grown((each) => each.peerLost)
  const sent = grown((each) => each.sent)
  const heard = lost === null ? null : shareLost(lost, to.received - (from?.received ?? 0))
  // Packets sent include those that were lost on their way.
  const told = peerLost === null || sent === null ? null : shareLost(peerLost, sent - Math.max(0, peerLost))
  return {
    lossPercent: worse(heard, told),
    jitterMs: worse(to.jitterMs, to.peerJitterMs),
    rttMs: to.rttMs,
  }
}

/** A talk is judged over this long, so that one bad second raises nobody. */
export const judgedOver = 10_000
/** From this much silence on a seat is told on the board, or, when it never was heard, passed over. */
export const silentAfter = 3_000

/** What is remembered of a leg while it is up: readings of the last stretch, oldest first, and when it was heard last. */
export interface Listening {
  readings: readonly VoiceReading[]
  /** When the leg was first looked at. */
  since: number
  /** The last instant at which sound had come; null while none ever has. */
  heardAt: number | null
}

/** A leg that was just found up. */
export const startListening = (now: number): Listening => ({ readings: [], since: now, heardAt: null })

/** The memory after one more reading; of those longer ago than is judged, the latest one stays. */
export function listen(before: Listening, reading: VoiceReading): Listening {
  const last = before.readings.at(-1)
  const grew = reading.received > (last?.received ?? 0)
  const all = [...before.readings, reading]
  const old = all.findLastIndex((each) => each.at <= reading.at - judgedOver)
  return {
    readings: all.slice(Math.max(0, old)),
    since: before.since,
    heardAt: grew ? reading.at : before.heardAt,
  }
}

/** The figures of the last stretch, or null as long as the leg was not heard for as long as that. */
export function lately({ readings }: Listening): VoiceFigures | null {
  const [first] = readings
  const last = readings.at(-1)
  return !first || !last || last.at - first.at < judgedOver ? null : figuresBetween(first, last)
}

/** Whether nothing has come for long enough; `never` when nothing ever did. */
export function silenceOf({ since, heardAt }: Listening, now: number): 'never' | 'now' | null {
  if (now - (heardAt ?? since) < silentAfter) return null
  return heardAt === null ? 'never' : 'now'
}

/** The memory of a leg whose silence means nothing now: its caller is on hold, or it is put on hold by its own telephone. */
export const excuse = (listening: Listening, now: number): Listening =>
  listening.heardAt === null ? { ...listening, since: now } : { ...listening, heardAt: now }
