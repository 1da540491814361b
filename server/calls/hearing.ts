/* What the switchboard tells, put to the calls it is about. */
import type { Call, LegEnd } from '../../domain/call-state.ts'
import type { EndCause, SwitchboardEvent } from '../../telephony/switchboard.ts'
import { arrive } from './intake.ts'
import { inLane, isOurs, memoryOf, ownerOf, type Shell } from './shell.ts'
import { happenSurely, type Outcome, type Wanted } from './stepping.ts'

const ends: Record<EndCause, LegEnd> = {
  hangup: 'hangup',
  busy: 'busy',
  'no-answer': 'no-answer',
  declined: 'declined',
  offline: 'unreachable',
  unreachable: 'lost',
  cancelled: 'hangup',
  error: 'lost',
}

/** Puts one fact to the call it is about; what is about no call of ours is left alone. */
export function hear(shell: Shell, event: SwitchboardEvent): void {
  switch (event.type) {
    case 'call.offered':
      return arrive(shell, event.leg, event.at)
    case 'leg.up':
      return legUp(shell, event.leg, event.at)
    case 'leg.held':
    case 'leg.unheld':
      return tell(shell, event.leg, event.at, {
        type: 'legHeld',
        leg: event.leg,
        on: event.type === 'leg.held',
      })
    case 'leg.digit':
      return tell(shell, event.leg, event.at, (call) =>
        call.callerLeg === event.leg ? { type: 'digit', digit: event.digit } : null,
      )
    case 'leg.ended':
      return legEnded(shell, event)
    case 'play.ended':
      return tell(shell, event.play, event.at, { type: 'playEnded', play: event.play })
    case 'rec.ended':
      return event.outcome === 'broken' ? recordAgain(shell, event) : undefined
    default:
      return undefined
  }
}

/** A recorder that is away is asked again, but not without a pause. */
const recordAgainAfter = 1_000

function recordAgain(shell: Shell, event: Extract<SwitchboardEvent, { type: 'rec.ended' }>): void {
  setTimeout(() => {
    if (shell.stopped) return
    tell(shell, event.leg, shell.now(), { type: 'recordingBroken', segment: event.segment })
  }, recordAgainAfter)
}

const knows = (call: Call, leg: string): boolean =>
  call.offer?.leg === leg ||
  call.talk?.leg === leg ||
  (call.talk?.guests.some((each) => each.leg === leg) ?? false)

/** A seat that answers what was taken back meanwhile is put down, so that nobody sits in an empty line. */
function legUp(shell: Shell, leg: string, at: number): void {
  const putDown = async (): Promise<void> => shell.switchboard?.hangup(leg)
  if (!ownerOf(shell, leg)) {
    if (isOurs(leg)) putDown().catch(() => undefined)
    return
  }
  tell(
    shell,
    leg,
    at,
    (call) => (call.callerLeg === leg && call.phase !== 'calling' ? null : { type: 'legUp', leg }),
    async (outcome) => {
      if (outcome.refused && outcome.call.callerLeg !== leg && !knows(outcome.call, leg)) await putDown()
    },
  )
}

function legEnded(shell: Shell, event: Extract<SwitchboardEvent, { type: 'leg.ended' }>): void {
  const { leg } = event
  const wanted: Wanted = (call) =>
    call.callerLeg === leg ? { type: 'callerHungUp' } : { type: 'legEnded', leg, cause: ends[event.cause] }
  tell(shell, leg, event.at, wanted, async ({ refused, call }, hotlineId) => {
    const seat = call.talk?.seat
    if (refused || !seat || call.phase !== 'seat-lost') return
    // The page may have come back before the switchboard gave the old connection up.
    const sipUser = memoryOf(shell, hotlineId).seats.get(seat)?.sipUser
    if (sipUser === undefined || !shell.online.has(sipUser)) return
    await happenSurely(shell, hotlineId, call.contact, { type: 'seatReturned', seat })
  })
}

/** G24-3.2.2b: a seat that answered was never heard, so its caller goes on to the next one. */
export function seatSilent(shell: Shell, hotlineId: string, contactId: string, leg: string): void {
  void inLane(shell, contactId, async () => {
    await happenSurely(shell, hotlineId, contactId, { type: 'seatSilent', leg })
  })
}

function tell(
  shell: Shell,
  id: string,
  at: number,
  wanted: Wanted,
  then?: (outcome: Outcome, hotlineId: string) => Promise<void>,
): void {
  const owner = ownerOf(shell, id)
  if (!owner) return
  void inLane(shell, owner.contactId, async () => {
    if (owner.hotlineId === null) return
    const outcome = await happenSurely(shell, owner.hotlineId, owner.contactId, wanted, at)
    if (outcome) await then?.(outcome, owner.hotlineId)
  })
}
