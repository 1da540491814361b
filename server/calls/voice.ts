/* How the legs of talks are heard (G24-3.2.2b): asked of the switchboard while they talk, kept with the contact, told. */
import type { Call } from '../../domain/call-state.ts'
import {
  excuse,
  figuresBetween,
  lately,
  listen,
  type Listening,
  opinionOfFigures,
  silenceOf,
  startListening,
  type VoiceFigures,
  type VoiceReading,
} from '../../domain/voice-quality.ts'
import { SwitchboardError } from '../../telephony/switchboard-error.ts'
import { inHotline } from '../db/database.ts'
import { type Shell, toldOf } from './shell.ts'
import { endForgottenVoices, saveVoice, type VoiceRow, type VoiceSide } from './voice-queries.ts'

/** Seats are asked about this often, others every fifth time: a seat's silence must be found within seconds. */
const roundMs = 1_000
const othersEvery = 5
/** Questions to the switchboard at once, so that a thousand talks do not crowd out what callers wait for. */
const atOnce = 16
/** A leg of which nothing new is to be told is written this often. */
const writtenEvery = 10_000
/** After this long without a word a leg that is said to be up is one that its process forgot. */
const forgottenAfter = 60_000

/** A leg under way, and what was heard of it. */
export interface Voice {
  hotlineId: string
  contactId: string
  leg: string
  side: VoiceSide
  seatId: string | null
  startedAt: number
  listening: Listening
  /** The latest reading; null until one came. */
  last: VoiceReading | null
  least: number | null
  /** Silence means nothing now. */
  excused: boolean
  writtenAt: number
  /** What the last row said of its state. */
  written: string
  /** The call was told that this seat is silent. */
  given: boolean
  /** What is being written of it; the end of a leg is written last. */
  writing: Promise<void>
}

type Wanted = Pick<Voice, 'leg' | 'side' | 'seatId'>

/** The legs of a call that talk, or are about to again. */
function legsOf(call: Call): Wanted[] {
  if (call.state !== 'talking' || call.phase === 'calling') return []
  const { talk, phase } = call
  const wanted: Wanted[] = [{ leg: call.callerLeg, side: 'caller', seatId: null }]
  if (talk?.leg && talk.seat && phase !== 'seat-lost')
    wanted.push({ leg: talk.leg, side: 'seat', seatId: talk.seat })
  for (const { leg, role, to, up } of talk?.guests ?? []) {
    const seatId = 'seat' in to ? to.seat : null
    if (up) wanted.push({ leg, side: role === 'supervisor' ? 'supervisor' : 'guest', seatId })
  }
  return wanted
}

/** A colleague who takes the talk over is its seat from then on; that nothing was heard before means nothing. */
function nowAs(voice: Voice, { side, seatId }: Wanted, now: number): Voice {
  if (voice.side === side && voice.seatId === seatId) return voice
  voice.side = side
  voice.seatId = seatId
  voice.listening = excuse(voice.listening, now)
  return voice
}

/** Takes over which legs of a call are to be listened to, and ends those that are no more. */
export function noteVoices(shell: Shell, hotlineId: string, call: Call): void {
  const wanted = legsOf(call)
  const known = shell.voices.get(call.contact) ?? []
  const now = shell.now()
  for (const voice of known) {
    if (voice.last && !wanted.some((each) => each.leg === voice.leg))
      write(shell, voice, rowOf(shell, voice, now))
  }
  const excused = call.phase !== 'together'
  const voices = wanted.map((each) => {
    const old = known.find(({ leg }) => leg === each.leg)
    const voice = old ? nowAs(old, each, now) : newVoice(hotlineId, call.contact, each, now)
    voice.excused = excused
    return voice
  })
  if (voices.length > 0) shell.voices.set(call.contact, voices)
  else shell.voices.delete(call.contact)
}

const newVoice = (hotlineId: string, contactId: string, wanted: Wanted, now: number): Voice => ({
  hotlineId,
  contactId,
  ...wanted,
  startedAt: now,
  listening: startListening(now),
  last: null,
  least: null,
  excused: false,
  writtenAt: -Infinity,
  written: '',
  given: false,
  writing: Promise.resolve(),
})

/** Asks about every leg again and again until stopped; one round at a time. */
export function keepListening(shell: Shell): { stop: () => Promise<void> } {
  let round = 0
  let underway: Promise<void> = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy || shell.stopped || !shell.switchboard?.up()) return
    busy = true
    underway = askAll(shell, round++)
      .catch((error: unknown) => shell.log('how calls are heard could not be asked', toldOf(error)))
      .finally(() => (busy = false))
  }, roundMs)
  return {
    async stop() {
      clearInterval(timer)
      await underway
      await Promise.all([...shell.voices.values()].flat().map((voice) => voice.writing))
    },
  }
}

async function askAll(shell: Shell, round: number): Promise<void> {
  const due = [...shell.voices.values()]
    .flat()
    .filter((voice) => voice.side === 'seat' || round % othersEvery === 0 || voice.last === null)
  const held = new Set(shell.switchboard?.snapshot().legs.flatMap((leg) => (leg.held ? [leg.id] : [])))
  for (let at = 0; at < due.length && !shell.stopped; at += atOnce) {
    await Promise.all(due.slice(at, at + atOnce).map((voice) => ask(shell, voice, held.has(voice.leg))))
  }
  if (round % 60 !== 0) return
  for (const hotlineId of shell.hotlines.keys()) {
    const before = new Date(shell.now() - forgottenAfter)
    await inHotline(shell.db, hotlineId, (tx) => endForgottenVoices(tx, hotlineId, before))
  }
}

async function ask(shell: Shell, voice: Voice, held: boolean): Promise<void> {
  try {
    const counted = await shell.switchboard?.quality(voice.leg)
    if (!counted || !shell.voices.get(voice.contactId)?.includes(voice)) return
    const now = shell.now()
    voice.last = { at: now, ...counted }
    voice.listening = listen(voice.listening, voice.last)
    if (voice.excused || held) voice.listening = excuse(voice.listening, now)
    judge(shell, voice, now)
  } catch (error) {
    // A leg or link that is gone tells so by itself.
    if (!(error instanceof SwitchboardError)) throw error
  }
}

/** Writes what is new of a leg, for the board, and gives a seat up that was never heard. */
function judge(shell: Shell, voice: Voice, now: number): void {
  const figures = lately(voice.listening)
  const opinion = figures && opinionOfFigures(figures)
  if (opinion !== null) voice.least = Math.min(voice.least ?? opinion, opinion)
  const silence = voice.side === 'seat' ? silenceOf(voice.listening, now) : null
  const state = JSON.stringify([
    silence,
    opinion !== null && opinion < tellBelow,
    lossOf(figures) > tellAbove,
  ])
  if (state !== voice.written || now - voice.writtenAt >= writtenEvery) {
    voice.written = state
    voice.writtenAt = now
    write(shell, voice, rowOf(shell, voice, null))
  }
  if (silence !== 'never' || voice.given) return
  voice.given = true
  shell.log('a seat that answered sends no sound')
  shell.seatSilent(voice.hotlineId, voice.contactId, voice.leg)
}

/** From these on a change is written at once; where the lights turn is the hotline's own to say. */
const tellBelow = 3.6
const tellAbove = 3

const lossOf = (figures: VoiceFigures | null): number => figures?.lossPercent ?? 0

function rowOf(shell: Shell, voice: Voice, endedAt: number | null): VoiceRow {
  const { hotlineId, contactId, leg, side, seatId, startedAt, listening, last, least } = voice
  const whole = last ? figuresBetween(null, last) : { lossPercent: null, jitterMs: null, rttMs: null }
  const now = endedAt === null ? lately(listening) : null
  const measuredAt = last?.at ?? startedAt
  const silent =
    endedAt === null && side === 'seat' && silenceOf(listening, measuredAt) !== null
      ? (listening.heardAt ?? listening.since)
      : null
  return {
    hotlineId,
    contactId,
    leg,
    side,
    seatId,
    trunk: seatId === null ? trunkOf(shell, leg) : null,
    startedAt,
    measuredAt,
    endedAt,
    ...whole,
    opinion: listening.heardAt === null ? null : opinionOfFigures(whole),
    leastOpinion: least,
    nowOpinion: now && opinionOfFigures(now),
    nowLossPercent: now?.lossPercent ?? null,
    silentSince: silent,
  }
}

/** The trunk by which a caller's or third party's leg goes; null for registered telephones and the public page. */
function trunkOf(shell: Shell, leg: string): string | null {
  const party = shell.switchboard?.snapshot().legs.find((each) => each.id === leg)?.party
  if (!party || party.kind === 'seat' || (party.kind === 'caller' && party.web)) return null
  return party.trunk
}

function write(shell: Shell, voice: Voice, row: VoiceRow): void {
  voice.writing = voice.writing
    .then(() => inHotline(shell.db, row.hotlineId, (tx) => saveVoice(tx, row)))
    .catch((error: unknown) => shell.log('how a call is heard could not be written', toldOf(error)))
}
