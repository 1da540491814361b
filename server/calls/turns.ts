/* Whose turn it is: the queue of each hotline in memory, offers, deadlines, and what a waiting caller may be told. */
import type { Spot } from '../../domain/call-state.ts'
import { isPresent, isStaffed } from '../../domain/duty.ts'
import { Problem } from '../../domain/problem.ts'
import {
  assign,
  defaultPolicy,
  expectedWait,
  type FreeSeat,
  type Offer,
  position,
  spokenMinutes,
  type Waiting,
} from '../../domain/queue.ts'
import { inHotline } from '../db/database.ts'
import { findStaffed, happenAtSeat } from '../roster/roster.ts'
import { rememberSeat, setDeadline, soon } from './memory.ts'
import { dueContacts, recentHandling } from './queries.ts'
import { type HotlineMemory, inLane, memoryOf, type Shell, toldOf } from './shell.ts'
import { happen, happenSurely } from './stepping.ts'

/** Handling times are asked for again after this long. */
const handlingFor = 60_000

/** Ends a seat's wrap-up whose limit has come. */
export async function endWrapUp(shell: Shell, hotlineId: string, seatId: string): Promise<void> {
  if (shell.stopped) return
  try {
    const seat = await inHotline(shell.db, hotlineId, (tx) =>
      happenAtSeat(tx, hotlineId, seatId, { type: 'deadline' }, shell.now()),
    )
    if (!seat) return
    rememberSeat(shell, hotlineId, seatId, seat)
    shell.changed(hotlineId, { people: [seat.personId], danger: null })
  } catch (error) {
    shell.log('the end of a wrap-up could not be written', toldOf(error))
  }
}

/**
 * Tells a call that its deadline has come, if it still has one that has. `elapsed` is the deadline whose timer ran out: it is
 * over whatever the clock on the wall says, for that clock may have been put back meanwhile.
 */
export function fire(shell: Shell, hotlineId: string, contactId: string, elapsed?: number): void {
  void inLane(shell, contactId, async () => {
    if (shell.stopped) return
    const spot = await spotOf(shell, hotlineId, contactId)
    const outcome = await happenSurely(shell, hotlineId, contactId, ({ deadline }) => {
      if (!deadline || (deadline.at > shell.now() && deadline.at !== elapsed)) return null
      return { type: 'deadline', kind: deadline.kind, ...(spot ? { spot } : {}) }
    })
    if (outcome?.refused && outcome.call.deadline) setDeadline(shell, hotlineId, outcome.call)
  })
}

/** What a waiting caller may be told now: the place, and the expected wait if there is an honest one. */
async function spotOf(shell: Shell, hotlineId: string, contactId: string): Promise<Spot | null> {
  const memory = memoryOf(shell, hotlineId)
  const own = memory.waiting.get(contactId)
  if (!own) return null
  const all = [...memory.waiting.values()].map((each) => each.waiting)
  const ahead = position(all, contactId)
  const { line } = own.waiting
  const seats = [...memory.seats.values()].filter(
    (each) => each.lines.includes(line) && isStaffed(each.duty.state),
  )
  const times = await handlingOf(shell, memory, line)
  return { ahead, minutes: spokenMinutes(expectedWait(ahead, seats.length, times)) }
}

async function handlingOf(shell: Shell, memory: HotlineMemory, line: string): Promise<number[]> {
  const known = memory.handling.get(line)
  if (known && shell.now() - known.at < handlingFor) return known.times
  try {
    const times = await inHotline(shell.db, memory.hotlineId, (tx) => recentHandling(tx, line))
    memory.handling.set(line, { at: shell.now(), times })
    return times
  } catch {
    return known?.times ?? []
  }
}

/** A caller can be put through only to a seat that the caller's own switchboard can ring: one more thing a seat must be able to. */
const skillOf = (node: string): string => `at ${node}`

/** Offers waiting callers to free seats, and tells callers when nobody is there. */
export function look(shell: Shell, memory: HotlineMemory): void {
  const { switchboard } = shell
  if (memory.waiting.size === 0 || !switchboard) return
  const seats: FreeSeat[] = []
  for (const seat of memory.seats.values()) {
    if (seat.duty.state !== 'free' || !seat.connected || memory.busy.has(seat.seatId)) continue
    seats.push({
      seat: seat.seatId,
      lines: seat.lines,
      skills: [...seat.languages, ...switchboard.nodesOf(seat.sipUser).map(skillOf)],
      idleSince: seat.duty.idleSince,
    })
  }
  const waiting: Waiting[] = []
  for (const [contact, { waiting: each, callerLeg }] of memory.waiting) {
    if (memory.busy.has(contact)) continue
    const node = switchboard.nodeOf(callerLeg)
    waiting.push(node === null ? each : { ...each, skills: [...each.skills, skillOf(node)] })
  }
  for (const offer of assign(waiting, seats, defaultPolicy, shell.now())) make(shell, memory, offer)
  tellWhoIsThere(shell, memory)
}

function make(shell: Shell, memory: HotlineMemory, { contact, seat }: Offer): void {
  const { hotlineId } = memory
  memory.busy.add(contact).add(seat)
  void inLane(shell, contact, async () => {
    try {
      await happen(shell, hotlineId, contact, { type: 'offered', seat })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      // The seat was not as we remembered it: read it again.
      if (error.code === 'seat.busy') {
        const [fresh] = await inHotline(shell.db, hotlineId, (tx) => findStaffed(tx, { seatId: seat }))
        rememberSeat(shell, hotlineId, seat, fresh ?? null)
      }
    } finally {
      memory.busy.delete(contact)
      memory.busy.delete(seat)
      soon(shell, hotlineId)
    }
  })
}

/** Callers hear when nobody is on duty for their line, and wait again when somebody comes. */
function tellWhoIsThere(shell: Shell, memory: HotlineMemory): void {
  const lines = new Set<string>()
  for (const seat of memory.seats.values()) {
    if (isPresent(seat.duty)) for (const line of seat.lines) lines.add(line)
  }
  for (const [contact, each] of memory.waiting) {
    const present = lines.has(each.waiting.line)
    // Being told does not keep anybody from being offered meanwhile, so it is noted apart from offers.
    const telling = `tell ${contact}`
    if (present !== each.toldNobody || memory.busy.has(contact) || memory.busy.has(telling)) continue
    memory.busy.add(telling)
    void inLane(shell, contact, async () => {
      try {
        const type = present ? 'somebodyOnDuty' : 'nobodyOnDuty'
        await happenSurely(shell, memory.hotlineId, contact, { type })
      } finally {
        memory.busy.delete(telling)
        soon(shell, memory.hotlineId)
      }
    })
  }
}

/** Every two seconds: deadlines whose timer was lost (a clock that jumped), and seats whose rest after a pass is over. */
export function keepLooking(shell: Shell): NodeJS.Timeout {
  return setInterval(() => {
    if (!shell.switchboard?.up() || shell.stopped) return
    for (const hotlineId of shell.hotlines.keys()) soon(shell, hotlineId)
    dueContacts(shell.db, shell.now() - 1000)
      .then((due) => {
        for (const { hotlineId, contactId } of due) fire(shell, hotlineId, contactId)
      })
      .catch(() => undefined)
  }, 2000)
}
