/* Devices that come and go: whose softphone or desk phone is registered, and what that means for duty. */
import { inHotline } from '../db/database.ts'
import {
  findSeats,
  findStaffed,
  goOnDutyByPhone,
  happenAtSeat,
  saveConnected,
  type Seat,
} from '../roster/roster.ts'
import { rememberSeat } from './memory.ts'
import { inLane, memoryOf, type Shell, toldOf } from './shell.ts'
import { happenSurely } from './stepping.ts'

/** A page that reloads is away for a moment; a seat that stays away this long is paused, a desk phone goes off duty. */
const graceFor = 5_000

/**
 * Told whether a device is registered, or, `more`, that one that was can be rung by one more of several switchboards; the work
 * of one seat is done in order.
 */
export function deviceSeen(shell: Shell, sipUser: string, online: boolean, more = false): void {
  if (online) shell.online.add(sipUser)
  else shell.online.delete(sipUser)
  void inLane(shell, sipUser, async () => {
    const seat = await seatBySipUser(shell, sipUser)
    if (!seat || shell.stopped) return
    if (online) await cameOnline(shell, seat, more)
    else await wentOffline(shell, seat)
  })
}

async function seatBySipUser(shell: Shell, sipUser: string): Promise<Seat | null> {
  const known = shell.devices.get(sipUser)
  if (known) return known
  for (const hotlineId of shell.hotlines.keys()) await reloadDevices(shell, hotlineId)
  return shell.devices.get(sipUser) ?? null
}

/** Reads which seats a hotline has, after an administrator changed them. */
export async function reloadDevices(shell: Shell, hotlineId: string): Promise<void> {
  const seats = await inHotline(shell.db, hotlineId, findSeats)
  for (const [sipUser, seat] of shell.devices) if (seat.hotlineId === hotlineId) shell.devices.delete(sipUser)
  for (const seat of seats) shell.devices.set(seat.sipUser, seat)
}

async function cameOnline(shell: Shell, seat: Seat, more: boolean): Promise<void> {
  const now = shell.now()
  const { hotlineId, seatId } = seat
  const staffed = await inHotline(shell.db, hotlineId, async (tx) => {
    const [present] = await findStaffed(tx, { seatId })
    if (!present) {
      if (more || seat.kind !== 'phone' || !(await goOnDutyByPhone(tx, seat, now))) return null
    } else {
      await saveConnected(tx, seatId, true)
      const { state, reason } = present.duty
      if (state === 'paused' && (reason === 'disconnected' || (reason === 'technical' && !more))) {
        await happenAtSeat(tx, hotlineId, seatId, { type: 'resume' }, now)
      }
    }
    const [after] = await findStaffed(tx, { seatId })
    return after ?? null
  })
  if (!staffed) return
  rememberSeat(shell, hotlineId, seatId, staffed)
  shell.changed(hotlineId, { people: [staffed.personId], danger: null })
  const { contact } = staffed.duty
  if (contact === null || staffed.duty.state !== 'busy') return
  void inLane(shell, contact, async () => {
    // One more switchboard has the seat, and it is being rung back already.
    await happenSurely(shell, hotlineId, contact, ({ talk }) =>
      more && talk?.leg ? null : { type: 'seatReturned', seat: seatId },
    )
  })
}

async function wentOffline(shell: Shell, seat: Seat): Promise<void> {
  const { hotlineId, seatId } = seat
  await inHotline(shell.db, hotlineId, (tx) => saveConnected(tx, seatId, false))
  const remembered = memoryOf(shell, hotlineId).seats.get(seatId)
  if (!remembered) return
  rememberSeat(shell, hotlineId, seatId, { ...remembered, connected: false })
  shell.changed(hotlineId, { people: [remembered.personId], danger: null })
  const timer = setTimeout(() => {
    shell.timers.delete(`away ${seatId}`)
    if (!shell.online.has(seat.sipUser)) void inLane(shell, seat.sipUser, () => staysAway(shell, seat))
  }, graceFor)
  clearTimeout(shell.timers.get(`away ${seatId}`))
  shell.timers.set(`away ${seatId}`, timer)
}

async function staysAway(shell: Shell, seat: Seat): Promise<void> {
  if (shell.stopped || shell.online.has(seat.sipUser)) return
  const { hotlineId, seatId } = seat
  try {
    const before = memoryOf(shell, hotlineId).seats.get(seatId)
    const after = await inHotline(shell.db, hotlineId, async (tx) => {
      const [present] = await findStaffed(tx, { seatId })
      if (!present) return null
      if (seat.kind === 'phone') return happenAtSeat(tx, hotlineId, seatId, { type: 'offDuty' }, shell.now())
      if (present.duty.state !== 'free') return present
      return happenAtSeat(tx, hotlineId, seatId, { type: 'disconnected' }, shell.now())
    })
    rememberSeat(shell, hotlineId, seatId, after)
    const personId = after?.personId ?? before?.personId
    if (personId !== undefined) shell.changed(hotlineId, { people: [personId], danger: null })
  } catch (error) {
    shell.log('a seat that is away could not be written', toldOf(error))
  }
}
