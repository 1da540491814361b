/* What the controlling process remembers: the queue, the seats, the timers. All of it can be read again. */
import { isLive } from '../../domain/call.ts'
import type { Call } from '../../domain/call-state.ts'
import type { Waiting } from '../../domain/queue.ts'
import { inHotline } from '../db/database.ts'
import { findStaffed, type StaffedSeat } from '../roster/roster.ts'
import { findLineLanguages } from './queries.ts'
import { noteVoices } from './voice.ts'
import { type HotlineMemory, memoryOf, type Shell, toldOf } from './shell.ts'

const waitingOf = (memory: HotlineMemory, call: Call): Waiting => {
  const language = memory.languages.get(call.line)
  return {
    contact: call.contact,
    line: call.line,
    since: call.queuedAt ?? call.arrivedAt,
    danger: call.danger,
    risk: call.risk,
    ringsAgain: call.ringsAgain,
    skills: language === undefined ? [] : [language],
    passed: call.passed,
  }
}

/** Takes a call as it now is into the memory: its place in the queue and its deadline; then looks whose turn it is. */
export function remember(shell: Shell, hotlineId: string, call: Call): void {
  const memory = memoryOf(shell, hotlineId)
  if (call.state === 'waiting' && (call.phase === 'queue' || call.phase === 'nobody')) {
    memory.waiting.set(call.contact, {
      waiting: waitingOf(memory, call),
      callerLeg: call.callerLeg,
      toldNobody: call.phase === 'nobody',
    })
  } else memory.waiting.delete(call.contact)
  if (isLive(call.state)) shell.contacts.set(call.contact, { contactId: call.contact, hotlineId })
  else {
    shell.contacts.delete(call.contact)
    shell.legs.delete(call.callerLeg)
  }
  noteVoices(shell, hotlineId, call)
  setDeadline(shell, hotlineId, call)
  soon(shell, hotlineId)
}

/** Takes a seat as it now is into the memory, with the end of its wrap-up; null when nobody is on duty there any more. */
export function rememberSeat(
  shell: Shell,
  hotlineId: string,
  seatId: string,
  seat: StaffedSeat | null,
): void {
  const memory = memoryOf(shell, hotlineId)
  clearTimeout(shell.timers.get(seatId))
  shell.timers.delete(seatId)
  if (!seat || seat.duty.state === 'off') endSeat(shell, memory, seatId)
  else memory.seats.set(seatId, seat)
  if (seat && seat.duty.until !== null && seat.duty.state === 'wrap-up') {
    const wait = Math.max(0, seat.duty.until - shell.now())
    const timer = setTimeout(() => shell.wrapUpOver(hotlineId, seatId), wait + 2)
    shell.timers.set(seatId, timer)
  }
  soon(shell, hotlineId)
}

/** Nobody is on duty there any more: a browser can no longer register with the password of that duty. */
function endSeat(shell: Shell, memory: HotlineMemory, seatId: string): void {
  const before = memory.seats.get(seatId)
  memory.seats.delete(seatId)
  if (before?.kind !== 'browser') return
  shell.switchboard?.dropSeat(before.sipUser).catch((error: unknown) => {
    shell.log('the account of an ended duty could not be taken away', toldOf(error))
  })
}

/** Reads a hotline's seats and lines again. */
export async function reloadSeats(shell: Shell, hotlineId: string): Promise<void> {
  const memory = memoryOf(shell, hotlineId)
  const { seats, languages } = await inHotline(shell.db, hotlineId, async (tx) => ({
    seats: await findStaffed(tx),
    languages: await findLineLanguages(tx),
  }))
  memory.languages = languages
  const gone = [...memory.seats.keys()].filter((seatId) => !seats.some((seat) => seat.seatId === seatId))
  for (const seatId of gone) rememberSeat(shell, hotlineId, seatId, null)
  for (const seat of seats) rememberSeat(shell, hotlineId, seat.seatId, seat)
  soon(shell, hotlineId)
}

/** Sets the timer of a call's one deadline. */
export function setDeadline(shell: Shell, hotlineId: string, call: Call): void {
  clearTimeout(shell.timers.get(call.contact))
  shell.timers.delete(call.contact)
  if (!call.deadline || !isLive(call.state) || shell.stopped || !shell.switchboard) return
  const { at } = call.deadline
  const wait = Math.min(2 ** 31 - 1, Math.max(0, at - shell.now()))
  shell.timers.set(
    call.contact,
    setTimeout(() => shell.deadline(hotlineId, call.contact, at), wait + 2),
  )
}

/** Looks whose turn it is once everything of this moment has been told. */
export function soon(shell: Shell, hotlineId: string): void {
  const memory = memoryOf(shell, hotlineId)
  if (memory.looking || shell.stopped || !shell.switchboard?.up()) return
  memory.looking = true
  setImmediate(() => {
    memory.looking = false
    if (!shell.stopped && shell.switchboard?.up()) shell.look(memory)
  })
}
