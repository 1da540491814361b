/* Carries out what the core decided, through the switchboard. Every command may be repeated. */
import type { Call, CallEvent, Effect } from '../../domain/call-state.ts'
import { SwitchboardError } from '../../telephony/switchboard-error.ts'
import type { Switchboard } from '../../telephony/switchboard.ts'
import { inHotline } from '../db/database.ts'
import { findSeats } from '../roster/roster.ts'
import { dialOutside } from './outside.ts'
import { findSealedNumber, recordingId } from './queries.ts'
import { toldOf, type Shell } from './shell.ts'

/** An effect with the sound files it needs. */
export interface Ready {
  effect: Effect
  files: string[]
}

/** The SIP header by which a seat's page knows that it is to answer by itself: it comes back to its own call. */
const rejoinHeader = 'X-Hearthline-Rejoin'
/** The SIP header that names the contact to the seat's page. */
const contactHeader = 'X-Hearthline-Contact'

/**
 * Carries out the effects in order. One that fails does not keep the rest from being done; what the failures mean for
 * the call is returned as events.
 */
export async function carry(
  shell: Shell,
  hotlineId: string,
  call: Call,
  ready: readonly Ready[],
): Promise<CallEvent[]> {
  const { switchboard } = shell
  const failures: CallEvent[] = []
  if (!switchboard) return failures
  for (const { effect, files } of ready) {
    try {
      await carryOne({ shell, switchboard, hotlineId, call, files }, effect)
    } catch (error) {
      const code = error instanceof SwitchboardError ? error.code : 'failed'
      // A link that is down is healed by reconciling when it is up again; a leg that is gone tells so by itself.
      if (code === 'node-down') continue
      if (code !== 'gone' && code !== 'offline') {
        shell.log('a command to the switchboard failed', { command: effect.do, ...toldOf(error) })
      }
      const event = meaningOf(effect)
      if (event) failures.push(event)
    }
  }
  return failures
}

/** What a command that failed means for the call. */
function meaningOf(effect: Effect): CallEvent | null {
  if (effect.do === 'dialSeat' || effect.do === 'dialNumber' || effect.do === 'dialCaller') {
    if (effect.do === 'dialCaller') return { type: 'callerHungUp' }
    return { type: 'legEnded', leg: effect.leg, cause: 'unreachable' }
  }
  return effect.do === 'play' ? { type: 'playEnded', play: effect.play } : null
}

interface Work {
  shell: Shell
  switchboard: Switchboard
  hotlineId: string
  call: Call
  files: string[]
}

type Command<D extends Effect['do']> = (work: Work, effect: Extract<Effect, { do: D }>) => Promise<void>

const commands: { [D in Effect['do']]?: Command<D> } = {
  answer: ({ switchboard }, { leg }) => switchboard.answer(leg),
  hangUp: ({ switchboard }, { leg }) => switchboard.hangup(leg),
  music: ({ switchboard }, { leg, on }) => switchboard.music({ leg }, on ? 'default' : null),
  openRoom: ({ switchboard, call }, { room }) =>
    switchboard.openRoom(room, 'talk', { contact: call.contact }, call.callerLeg),
  closeRoom: ({ switchboard }, { room }) => switchboard.closeRoom(room),
  join: ({ switchboard }, { leg, room }) => switchboard.join(leg, room),
  leave: ({ switchboard }, { leg }) => switchboard.leave(leg),
  mute: ({ switchboard }, { leg, on }) => switchboard.mute(leg, on),
  supervise: ({ switchboard }, { leg, target, mode }) => switchboard.supervise(leg, target, mode),
  stopPlay: ({ switchboard }, { play }) => switchboard.stopPlay(play),
  play: ({ switchboard, files }, { play, leg }) => {
    if (files.length === 0) throw new SwitchboardError('refused', 'there is no sound for these words')
    return switchboard.play(
      play,
      { leg },
      files.map((file) => ({ file })),
    )
  },
  startRecording: ({ switchboard, call, hotlineId }, { kind, leg, segment }) =>
    switchboard.record(recordingId(call.contact, kind), leg, { hotline: hotlineId, segment }),
  stopRecording: ({ switchboard, call }, { kind }) => switchboard.stopRecord(recordingId(call.contact, kind)),
  dialSeat: (work, effect) => dialSeat(work, effect),
  dialCaller: (work, effect) => dialCaller(work, effect),
  dialNumber: (work, effect) => dialNumber(work, effect),
}

async function carryOne(work: Work, effect: Effect): Promise<void> {
  // The table is keyed by the effect's own name, so command and effect always match; TypeScript cannot follow that.
  const command = commands[effect.do] as ((work: Work, effect: Effect) => Promise<void>) | undefined
  await command?.(work, effect)
}

async function dialSeat(
  { shell, switchboard, hotlineId, call }: Work,
  effect: Extract<Effect, { do: 'dialSeat' }>,
): Promise<void> {
  const known = shell.hotlines.get(hotlineId)?.seats.get(effect.seat)
  const sipUser =
    known?.sipUser ??
    (await inHotline(shell.db, hotlineId, findSeats)).find((each) => each.seatId === effect.seat)?.sipUser
  if (sipUser === undefined) throw new SwitchboardError('offline', 'no such seat')
  const number = callerNumber(switchboard, call)
  await switchboard.dial({
    leg: effect.leg,
    to: { seat: sipUser },
    timeoutMs: effect.for,
    headers: { [contactHeader]: call.contact, ...(effect.rejoin ? { [rejoinHeader]: '1' } : {}) },
    tags: { contact: call.contact },
    beside: call.callerLeg,
    ...(number === null ? {} : { from: { number } }),
  })
}

/** The caller's number goes along to desk phones and through every transfer (facts: a caller who could not be found). */
function callerNumber(switchboard: Switchboard, call: Call): string | null {
  const party = switchboard.snapshot().legs.find((leg) => leg.id === call.callerLeg)?.party
  return party?.kind === 'caller' ? party.number : null
}

async function dialNumber(
  { shell, switchboard, hotlineId, call }: Work,
  effect: Extract<Effect, { do: 'dialNumber' }>,
): Promise<void> {
  const number = shell.keys.open(hotlineId, Buffer.from(effect.number, 'base64'))
  const from = callerNumber(switchboard, call)
  await dialOutside(shell, {
    hotlineId,
    leg: effect.leg,
    number,
    timeoutMs: effect.for,
    tags: { contact: call.contact },
    beside: call.callerLeg,
    ...(from === null ? {} : { from }),
  })
}

/** A call-back: the number under which the caller once came, by a trunk that allows it; the hotline's number is shown. */
async function dialCaller(
  { shell, hotlineId, call }: Work,
  effect: Extract<Effect, { do: 'dialCaller' }>,
): Promise<void> {
  const sealed = await inHotline(shell.db, hotlineId, (tx) => findSealedNumber(tx, call.contact))
  const number = sealed ? shell.keys.open(hotlineId, sealed) : null
  if (number === null) throw new SwitchboardError('offline', 'no number to call back')
  const counsellor = call.talk?.leg
  await dialOutside(shell, {
    hotlineId,
    leg: effect.leg,
    number,
    timeoutMs: effect.for,
    tags: { contact: call.contact },
    ...(counsellor ? { beside: counsellor } : {}),
  })
}
