/* What counsellors want done at the live call: from the desk, or by the transfer key of a desk phone. */
import type { CallCommand, TransferTarget } from '../../api/desk.ts'
import type { Call, CallEvent, TransferTo } from '../../domain/call-state.ts'
import { Problem } from '../../domain/problem.ts'
import type { RiskLevel } from '../../domain/risk.ts'
import type { SwitchboardEvent } from '../../telephony/switchboard.ts'
import { inHotline } from '../db/database.ts'
import { findStaffed, happenAtSeat, seatOf, type StaffedSeat } from '../roster/roster.ts'
import { rememberSeat } from './memory.ts'
import { findSealedNumber, lineOfNumber } from './queries.ts'
import { countOutside, refuseOutside, type OutsideWish } from './outside.ts'
import { inLane, inLaneNow, memoryOf, ownerOf, type Shell } from './shell.ts'
import { happen, happenSurely, type Outcome } from './stepping.ts'

/** How much longer a wrap-up lasts each time it is extended. */
const extendBy = 5 * 60_000

const plain = {
  decline: { type: 'decline' },
  'hang-up': { type: 'hangUp' },
  hold: { type: 'hold', on: true },
  unhold: { type: 'hold', on: false },
  'complete-transfer': { type: 'completeTransfer' },
  'cancel-transfer': { type: 'cancelTransfer' },
  'withdraw-consent': { type: 'consentWithdrawn' },
  'give-consent': { type: 'consentGiven' },
} as const satisfies Partial<Record<CallCommand['command'], CallEvent>>

const isPlain = (name: CallCommand['command']): name is keyof typeof plain => name in plain

function eventOf(shell: Shell, hotlineId: string, command: CallCommand): CallEvent | null {
  switch (command.command) {
    case 'mute':
      return { type: 'mute', on: command.on }
    case 'invite':
      return { type: 'invite', seat: command.seatId }
    case 'dismiss':
      return { type: 'dismiss', seat: command.seatId }
    case 'transfer':
      return {
        type: 'transfer',
        to: toOf(shell, hotlineId, command.to),
        attended: command.mode === 'attended',
      }
    default:
      return isPlain(command.command) ? plain[command.command] : null
  }
}

/** An outside number is sealed before it enters the call's state, which is stored as it is. */
function toOf(shell: Shell, hotlineId: string, to: TransferTarget): TransferTo {
  if (to.kind === 'seat') return { seat: to.seatId }
  if (to.kind === 'line') return { line: to.lineId }
  return { number: shell.keys.seal(hotlineId, to.number).toString('base64') }
}

/** Whether a call is in somebody's hands at this seat: rung there, talked to, or helped with. */
const isAt = (call: Call, seatId: string): boolean =>
  call.offer?.seat === seatId ||
  call.talk?.seat === seatId ||
  (call.talk?.guests.some((guest) => 'seat' in guest.to && guest.to.seat === seatId) ?? false)

/**
 * Gives a command to a call at the person's own seat. `duty.notOn`, `call.notFound`, `call.notYours`,
 * `call.wrongState`, `seat.busy`, `seat.offline`, `number.notAllowed`, `number.tooMany`, `transfer.unreachable`.
 */
export async function commandCall(
  shell: Shell,
  hotlineId: string,
  personId: string,
  contactId: string,
  command: CallCommand,
): Promise<void> {
  const seat = await inHotline(shell.db, hotlineId, (tx) => seatOf(tx, personId))
  if (!seat) throw new Problem('duty.notOn')
  if (command.command === 'extend-wrap-up' || command.command === 'finish-wrap-up') {
    return atSeat(shell, hotlineId, seat, command.command)
  }
  const event = eventOf(shell, hotlineId, command)
  if (!event) throw new Problem('request.malformed')
  const wish = outsideWish({ hotlineId, personId, contactId }, command)
  if (wish) await refuseOutside(shell, wish)
  const outcome = await inLaneNow(shell, contactId, () =>
    happen(shell, hotlineId, contactId, mine(seat.seatId, event), personId),
  )
  judge(outcome, seat.seatId)
  if (wish) await countOutside(shell, wish, 'transfer')
}

const mine =
  (seatId: string, event: CallEvent) =>
  (call: Call): CallEvent | null =>
    isAt(call, seatId) ? ownEvent(call, seatId, event) : null

/** A supervisor or consulted colleague in the room can only leave it; the counsellor's commands are the counsellor's. */
function ownEvent(call: Call, seatId: string, event: CallEvent): CallEvent | null {
  if (call.offer?.seat === seatId || call.talk?.seat === seatId) return event
  const guest = call.talk?.guests.find((each) => 'seat' in each.to && each.to.seat === seatId)
  if (!guest || (event.type !== 'hangUp' && event.type !== 'decline')) return null
  if (guest.role === 'supervisor') return { type: 'dismiss', seat: seatId }
  return { type: 'legEnded', leg: guest.leg, cause: event.type === 'decline' ? 'declined' : 'hangup' }
}

function judge(outcome: Outcome | null, seatId: string): void {
  if (!outcome) throw new Problem('call.notFound')
  if (!outcome.refused) return
  if (!isAt(outcome.call, seatId)) throw new Problem('call.notYours')
  throw new Problem('call.wrongState', { state: outcome.call.state })
}

const outsideWish = (who: Omit<OutsideWish, 'number'>, command: CallCommand): OutsideWish | null =>
  command.command === 'transfer' && command.to.kind === 'number'
    ? { ...who, number: command.to.number }
    : null

async function atSeat(
  shell: Shell,
  hotlineId: string,
  seat: StaffedSeat,
  command: 'extend-wrap-up' | 'finish-wrap-up',
): Promise<void> {
  const event =
    command === 'extend-wrap-up'
      ? ({ type: 'extend', by: extendBy } as const)
      : ({ type: 'finished' } as const)
  const after = await inHotline(shell.db, hotlineId, (tx) =>
    happenAtSeat(tx, hotlineId, seat.seatId, event, shell.now()),
  )
  if (!after) throw new Problem('duty.wrongState', { state: seat.duty.state })
  seatChanged(shell, hotlineId, after)
}

/** Takes over a seat's duty that was just written, tells the screens and, where it is another, the controlling process. */
function seatChanged(shell: Shell, hotlineId: string, seat: StaffedSeat): void {
  if (shell.switchboard) rememberSeat(shell, hotlineId, seat.seatId, seat)
  else shell.db.notify('hearthline_seats', hotlineId).catch(() => undefined)
  shell.changed(hotlineId, { people: [seat.personId], danger: null })
}

/**
 * Calls a contact's caller back from the person's own seat: rings the seat, then the caller. `duty.notOn`, `seat.busy`,
 * `seat.offline`, `number.notAllowed` (no trunk may dial it), `number.tooMany`, `call.wrongState`.
 */
export async function callBack(
  shell: Shell,
  hotlineId: string,
  personId: string,
  contactId: string,
): Promise<void> {
  const { seat, sealed } = await inHotline(shell.db, hotlineId, async (tx) => ({
    seat: await seatOf(tx, personId),
    sealed: await findSealedNumber(tx, contactId),
  }))
  if (!seat) throw new Problem('duty.notOn')
  if (seat.duty.state !== 'free' && seat.duty.state !== 'wrap-up') throw new Problem('seat.busy')
  if (!seat.connected) throw new Problem('seat.offline')
  const number = sealed ? shell.keys.open(hotlineId, sealed) : null
  if (number === null) throw new Problem('number.notAllowed')
  const wish = { hotlineId, personId, contactId, number }
  await refuseOutside(shell, wish)
  const outcome = await inLaneNow(shell, contactId, () =>
    happen(shell, hotlineId, contactId, { type: 'callBack', seat: seat.seatId }, personId),
  )
  if (!outcome) throw new Problem('call.notFound')
  if (outcome.refused) throw new Problem('call.wrongState', { state: outcome.call.state })
  await countOutside(shell, wish, 'call-back')
}

/**
 * Tells a call the level it was assessed at; a contact without a living call takes no notice. The level on the contact's
 * row counts where it has one: of two assessments at once, the one told later must not undo the graver one.
 */
export async function assessed(
  shell: Shell,
  hotlineId: string,
  contactId: string,
  risk: RiskLevel,
): Promise<void> {
  await inLane(shell, contactId, async () => {
    await happenSurely(shell, hotlineId, contactId, (call) => ({
      type: 'assessed',
      risk: call.risk ?? risk,
    }))
  })
}

/** Seats that were in wrap-up for a record that is finished now are free again: of whoever had it, and handed it over. */
export async function recordClosed(shell: Shell, hotlineId: string, contactId: string): Promise<void> {
  const after = await inHotline(shell.db, hotlineId, async (tx) => {
    const free: StaffedSeat[] = []
    for (const { seatId, duty } of await findStaffed(tx)) {
      if (duty.contact !== contactId || duty.state !== 'wrap-up') continue
      const seat = await happenAtSeat(tx, hotlineId, seatId, { type: 'finished' }, shell.now())
      if (seat) free.push(seat)
    }
    return free
  })
  for (const seat of after) seatChanged(shell, hotlineId, seat)
}

/** A desk phone pressed its transfer key: the same as a blind transfer from the desk, to a line, a seat or a number. */
export function askedByPhone(
  shell: Shell,
  event: Extract<SwitchboardEvent, { type: 'transfer.asked' }>,
): void {
  const owner = ownerOf(shell, event.leg)
  const answer = (result: 'ringing' | 'declined'): void => {
    shell.switchboard?.answerTransfer(event.leg, result).catch(() => undefined)
  }
  if (!owner?.hotlineId) return answer('declined')
  const { hotlineId, contactId } = owner
  void inLane(shell, contactId, async () => {
    const personId = personAt(shell, hotlineId, event.leg)
    const wish = { hotlineId, personId, contactId, number: event.to }
    const to = await dialledTo(shell, wish)
    const outcome = to
      ? await happen(shell, hotlineId, contactId, (call) =>
          call.talk?.leg === event.leg ? { type: 'transfer', to, attended: false } : null,
        )
      : null
    const done = outcome !== null && !outcome.refused
    answer(done ? 'ringing' : 'declined')
    if (done && to && 'number' in to) await countOutside(shell, wish, 'transfer')
  })
}

/** Who is on duty at the seat whose device this leg is. */
function personAt(shell: Shell, hotlineId: string, leg: string): string | null {
  const party = shell.switchboard?.snapshot().legs.find((each) => each.id === leg)?.party
  const device = party?.kind === 'seat' ? shell.devices.get(party.seat) : undefined
  return (device && memoryOf(shell, hotlineId).seats.get(device.seatId)?.personId) ?? null
}

async function dialledTo(shell: Shell, wish: OutsideWish): Promise<TransferTo | null> {
  const { hotlineId, number: dialled } = wish
  const device = shell.devices.get(dialled)
  if (device?.hotlineId === hotlineId) return { seat: device.seatId }
  const line = await lineOfNumber(shell.db, dialled)
  if (line?.hotlineId === hotlineId) return { line: line.lineId }
  try {
    await refuseOutside(shell, wish)
  } catch (error) {
    if (error instanceof Problem) return null
    throw error
  }
  return { number: shell.keys.seal(hotlineId, dialled).toString('base64') }
}
