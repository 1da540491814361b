/* Who is on duty at which seat, and how the seat stands. The table of moves is domain/duty.ts. */
import { dutyAfter, offDuty, type Duty, type DutyEvent, type PauseReason } from '../../domain/duty.ts'
import { Problem } from '../../domain/problem.ts'
import type { Tx } from '../db/database.ts'
import {
  findForsaken,
  findSeats,
  findStaffed,
  insertDuty,
  lockStaffed,
  saveDuty,
  type Seat,
  type StaffedSeat,
} from './queries.ts'
import { softphoneMs } from './softphone.ts'

export type { Seat, StaffedSeat } from './queries.ts'
export { findSeats, findStaffed, saveConnected } from './queries.ts'

/**
 * Something happens to a seat's duty. Returns the seat afterwards, or null when the table refuses it (or nobody is on
 * duty there), in which case nothing was changed.
 */
export async function happenAtSeat(
  tx: Tx,
  hotlineId: string,
  seatId: string,
  event: DutyEvent,
  now: number,
): Promise<StaffedSeat | null> {
  const seat = await lockStaffed(tx, seatId)
  if (!seat) return null
  const duty = dutyAfter(seat.duty, event, now)
  if (!duty) return null
  await saveDuty(tx, hotlineId, seat, duty, now)
  return { ...seat, duty }
}

/** The seat a person is on duty at, or null. */
export async function seatOf(tx: Tx, personId: string): Promise<StaffedSeat | null> {
  const [seat] = await findStaffed(tx, { personId })
  return seat ?? null
}

const pausedFor = (reason: PauseReason, now: number): Duty => ({ ...offDuty(now), state: 'paused', reason })

/**
 * Goes on duty at a browser seat: the one asked for, else one's own, else the first that nobody sits at. Starts paused
 * until the softphone has registered. `duty.seatTaken` when somebody sits there, also the same person in another tab
 * unless `takeOver` is set.
 */
export async function goOnDuty(
  tx: Tx,
  hotlineId: string,
  given: { personId: string; seatId: string | undefined; takeOver: boolean; now: number },
): Promise<StaffedSeat> {
  const present = await seatOf(tx, given.personId)
  if (present) {
    if (!given.takeOver) throw new Problem('duty.seatTaken', { mine: true })
    return present
  }
  const seat = await chooseSeat(tx, given.personId, given.seatId)
  if ((await lockStaffed(tx, seat.seatId)) !== null) throw new Problem('duty.seatTaken', { mine: false })
  await insertDuty(tx, hotlineId, {
    seatId: seat.seatId,
    personId: given.personId,
    duty: pausedFor('technical', given.now),
    connected: false,
  })
  const staffed = await seatOf(tx, given.personId)
  if (!staffed) throw new Problem('server.failed')
  return staffed
}

async function chooseSeat(tx: Tx, personId: string, asked: string | undefined): Promise<Seat> {
  const seats = await findSeats(tx)
  if (asked !== undefined) {
    const seat = seats.find((each) => each.seatId === asked)
    if (!seat) throw new Problem('seat.notFound')
    return seat
  }
  const taken = new Set((await findStaffed(tx)).map((each) => each.seatId))
  const open = seats.filter((each) => each.kind === 'browser' && !taken.has(each.seatId))
  const seat =
    open.find((each) => each.ownerId === personId) ?? open.find((each) => each.ownerId === null) ?? open[0]
  if (!seat) throw new Problem('seat.notFound')
  return seat
}

/** The owner of a registered desk phone is on duty there, unless already on duty elsewhere. Returns whether that is new. */
export async function goOnDutyByPhone(tx: Tx, seat: Seat, now: number): Promise<boolean> {
  if (seat.ownerId === null || (await seatOf(tx, seat.ownerId))) return false
  const taken = await lockStaffed(tx, seat.seatId)
  if (taken) return false
  const duty: Duty = { ...offDuty(now), state: 'free' }
  await insertDuty(tx, seat.hotlineId, { seatId: seat.seatId, personId: seat.ownerId, duty, connected: true })
  return true
}

/** Goes off duty; in mid-call `duty.inCall`. Not on duty at all is success. */
export async function goOffDuty(
  tx: Tx,
  hotlineId: string,
  personId: string,
  now: number,
): Promise<string | null> {
  const seat = await seatOf(tx, personId)
  if (!seat) return null
  if (seat.duty.state === 'busy' || seat.duty.state === 'offered') throw new Problem('duty.inCall')
  await happenAtSeat(tx, hotlineId, seat.seatId, { type: 'offDuty' }, now)
  return seat.seatId
}

/**
 * Ends the duty of browser seats whose page has been away for as long as its SIP account lasts, and the account with it: a
 * password nobody renews is one that somebody else may have. Gives how many.
 */
export async function endForsaken(tx: Tx, hotlineId: string, now: number): Promise<number> {
  const forsaken = await findForsaken(tx, new Date(now - softphoneMs))
  for (const seatId of forsaken) await happenAtSeat(tx, hotlineId, seatId, { type: 'offDuty' }, now)
  return forsaken.length
}

/** Pauses (in mid-call: after it) or is free again. `duty.notOn` when off duty, `duty.wrongState` when the table refuses. */
export async function pauseOrResume(
  tx: Tx,
  hotlineId: string,
  personId: string,
  wanted: { state: 'free' } | { state: 'paused'; reason: PauseReason },
  now: number,
): Promise<StaffedSeat> {
  const seat = await seatOf(tx, personId)
  if (!seat) throw new Problem('duty.notOn')
  const event: DutyEvent =
    wanted.state === 'free' ? { type: 'resume' } : { type: 'pause', reason: wanted.reason }
  if (wanted.state === 'free' && seat.duty.state === 'free') return seat
  if (wanted.state === 'free' && !seat.connected) throw new Problem('seat.offline')
  const after = await happenAtSeat(tx, hotlineId, seat.seatId, event, now)
  if (!after) throw new Problem('duty.wrongState', { state: seat.duty.state })
  return after
}
