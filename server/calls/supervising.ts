/* Supervisors at a live call (G24-5.3.5), each at the own seat. */
import type { Call, CallEvent, SuperviseMode } from '../../domain/call-state.ts'
import { Problem } from '../../domain/problem.ts'
import { inHotline } from '../db/database.ts'
import { answersOf } from '../records/answers.ts'
import { keepWords } from '../records/kept-words.ts'
import { seatOf } from '../roster/roster.ts'
import { inLaneNow, type Shell } from './shell.ts'
import { happen } from './stepping.ts'

/** How a supervisor wants to be at a call, or not any more. */
export type Wish = { mode: SuperviseMode; reason?: string | undefined } | { mode: 'off' }

/**
 * Joins the person's own seat to a talk, changes the way it is there (for the same reason unless another is given), or
 * lets it leave. `request.malformed` (no reason to join), `duty.notOn`, `seat.busy`,
 * `seat.offline`, `call.notFound`, `call.wrongState`.
 */
export async function supervise(
  shell: Shell,
  hotlineId: string,
  personId: string,
  contactId: string,
  wish: Wish,
): Promise<void> {
  const seat = await inHotline(shell.db, hotlineId, (tx) => seatOf(tx, personId))
  if (!seat) throw new Problem('duty.notOn')
  if (wish.mode !== 'off' && !seat.connected) throw new Problem('seat.offline')
  const told = await keptReason(shell, hotlineId, contactId, wish)
  const outcome = await inLaneNow(shell, contactId, () =>
    happen(shell, hotlineId, contactId, (call) => wanted(call, seat.seatId, personId, told), personId),
  )
  if (!outcome) throw new Problem('call.notFound')
  if (outcome.refused && wish.mode !== 'off') {
    throw new Problem('call.wrongState', { state: outcome.call.state })
  }
}

/** The call's state and its timeline are stored as they are: the reason is kept beside them, and only referred to there. */
async function keptReason(shell: Shell, hotlineId: string, contactId: string, wish: Wish): Promise<Wish> {
  if (wish.mode === 'off' || wish.reason === undefined) return wish
  const { reason } = wish
  const kept = await inHotline(shell.db, hotlineId, async (tx) => {
    const contact = tx.selectFrom('contact').select('contact_id').where('contact_id', '=', contactId)
    if (!(await contact.executeTakeFirst())) throw new Problem('call.notFound')
    return keepWords(tx, { hotlineId, contactId }, { reason }, answersOf(shell.keys, hotlineId))
  })
  return { ...wish, reason: kept }
}

/** Leaving where one is not is no event, and so no failure. */
function wanted(call: Call, seat: string, by: string, wish: Wish): CallEvent | null {
  if (wish.mode === 'off') return call.state === 'talking' ? { type: 'dismiss', seat } : null
  const there = call.talk?.guests.find((guest) => guest.role === 'supervisor' && guest.to.seat === seat)
  const reason = wish.reason ?? (there?.role === 'supervisor' ? there.supervision.reason : null)
  if (reason === null) throw new Problem('request.malformed', { fields: ['reason'] })
  return { type: 'supervise', seat, by, mode: wish.mode, reason }
}
