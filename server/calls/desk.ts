/* The counsellor's desk: duty, the call at the own seat, and the records still to be finished. */
import { sql } from 'kysely'
import type { Desk, DeskCall } from '../../api/desk.ts'
import { isLive } from '../../domain/call.ts'
import type { Call, Guest } from '../../domain/call-state.ts'
import { may, type Role } from '../../domain/permission.ts'
import { shownRisk } from '../../domain/risk.ts'
import type { Tx } from '../db/database.ts'
import type { Keys } from '../records/keys.ts'
import { findSeats, findStaffed, seatOf, type StaffedSeat } from '../roster/roster.ts'

/** Who looks at their desk. */
export interface Viewer {
  hotlineId: string
  personId: string
  roles: readonly Role[]
}

interface Row {
  contact_id: string
  number: number
  state: Call['state']
  channel: DeskCall['channel']
  line_id: string
  line_name: string
  line_kind: 'general' | 'event'
  line_number: string
  call: unknown
  started_at: Date
  queued_at: Date | null
  answered_at: Date | null
  ended_by: DeskCall['endedBy']
  caller_number_sealed: Buffer | null
  earlier: number
}

/** The desk of one person as it is now. */
export async function readDesk(tx: Tx, keys: Keys, viewer: Viewer): Promise<Desk> {
  const seat = await seatOf(tx, viewer.personId)
  return {
    duty: seat ? shownDuty(seat) : null,
    call: seat?.duty.contact ? await readCall(tx, keys, viewer, seat, seat.duty.contact) : null,
    toFinish: await findToFinish(tx, viewer.personId),
  }
}

const shownDuty = (seat: StaffedSeat): NonNullable<Desk['duty']> => ({
  seatId: seat.seatId,
  seatName: seat.seatName,
  seatKind: seat.kind,
  state: seat.duty.state === 'off' ? 'paused' : seat.duty.state,
  reason: seat.duty.reason,
  since: new Date(seat.duty.since).toISOString(),
  connected: seat.connected,
})

async function findToFinish(tx: Tx, personId: string): Promise<Desk['toFinish']> {
  const { rows } = await sql<{ contact_id: string; number: number; started_at: Date; line: string }>`
    select c.contact_id, c.number, c.started_at, l.name as line from contact c join line l on l.line_id = c.line_id
    where c.hotline_id = current_hotline() and c.person_id = ${personId} and c.closed_at is null
      and (c.state = 'wrap-up' or (c.state = 'failed' and c.answered_at is not null))
    order by c.number limit 50`.execute(tx)
  return rows.map((row) => ({
    contactId: row.contact_id,
    number: row.number,
    startedAt: row.started_at.toISOString(),
    line: row.line,
  }))
}

async function readCall(
  tx: Tx,
  keys: Keys,
  viewer: Viewer,
  seat: StaffedSeat,
  contactId: string,
): Promise<DeskCall | null> {
  const { rows } = await sql<Row>`
    select c.contact_id, c.number, c.state, c.channel, l.line_id, l.name as line_name, l.kind as line_kind,
      l.number as line_number, c.call, c.started_at, c.queued_at, c.answered_at, c.ended_by, c.caller_number_sealed,
      earlier_contacts(c) as earlier
    from contact c join line l on l.line_id = c.line_id where c.contact_id = ${contactId} and c.call is not null`.execute(
    tx,
  )
  const [row] = rows
  if (!row) return null
  // Written by the calls slice alone, so its shape is trusted here like any other column's.
  const call = { ...(row.call as Call), state: row.state }
  const names = await namesOf(tx)
  return {
    contactId,
    number: row.number,
    state: stateAt(call, seat.seatId),
    line: { lineId: row.line_id, name: row.line_name, kind: row.line_kind, number: row.line_number },
    channel: row.channel,
    dangerKey: shownRisk(call.danger, null) !== null,
    consent: call.consent,
    recording: call.recording > 0,
    earlierContacts: row.earlier,
    numberShown: numberFor(keys, viewer, row.caller_number_sealed),
    startedAt: row.started_at.toISOString(),
    queuedAt: iso(row.queued_at),
    answeredAt: call.talk ? new Date(call.talk.since).toISOString() : iso(row.answered_at),
    ...offerOf(call, seat.seatId),
    ...talkOf(call, names),
    supervising: supervisingAt(call, seat.seatId),
    wrapUpEndsAt: seat.duty.until === null ? null : new Date(seat.duty.until).toISOString(),
    endedBy: row.ended_by,
  }
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

/** At a seat that is being rung for a transfer or as a supervisor, the call is an offer; at one that gave it away, wrap-up. */
function stateAt(call: Call, seatId: string): DeskCall['state'] {
  if (call.state !== 'talking') {
    const elsewhere = (call.state === 'waiting' || call.state === 'offered') && call.offer?.seat !== seatId
    return elsewhere ? 'wrap-up' : call.state
  }
  const guest = call.talk?.guests.find((each) => 'seat' in each.to && each.to.seat === seatId)
  if (guest) return guest.up ? 'talking' : 'offered'
  return call.talk?.seat === seatId ? 'talking' : 'wrap-up'
}

/** How the person at this seat is at a call that is somebody else's. */
function supervisingAt(call: Call, seatId: string): DeskCall['supervising'] {
  const own = call.talk?.guests.find((each) => each.role === 'supervisor' && each.to.seat === seatId)
  return own?.role === 'supervisor' ? own.supervision.mode : null
}

function offerOf(call: Call, seatId: string): Pick<DeskCall, 'offeredAt' | 'offerEndsAt'> {
  if (call.offer?.seat !== seatId) return { offeredAt: null, offerEndsAt: null }
  const ends = call.deadline?.kind === 'offer' ? new Date(call.deadline.at).toISOString() : null
  return { offeredAt: new Date(call.offer.at).toISOString(), offerEndsAt: ends }
}

/** Only a hint of the number, and only to those who may see numbers. */
function numberFor(keys: Keys, viewer: Viewer, sealed: Buffer | null): string | null {
  if (!sealed || !may(viewer.roles, 'contact.number')) return null
  return `••••${keys.open(viewer.hotlineId, sealed).slice(-4)}`
}

type Names = ReadonlyMap<string, string>

/** Names of the people at seats, else of the seats. */
async function namesOf(tx: Tx): Promise<Names> {
  const names = new Map((await findSeats(tx)).map((seat) => [seat.seatId, seat.name]))
  for (const staffed of await findStaffed(tx)) names.set(staffed.seatId, staffed.displayName)
  return names
}

const guestName = (guest: Guest, names: Names): string =>
  'seat' in guest.to ? (names.get(guest.to.seat) ?? '') : ''

function talkOf(
  call: Call,
  names: Names,
): Pick<DeskCall, 'onHold' | 'muted' | 'callerPresent' | 'members' | 'transfer'> {
  const { talk } = call
  const callerPresent = isLive(call.state)
  const members: DeskCall['members'] = [
    { kind: 'caller', name: '', joined: callerPresent, muted: false, mode: null },
  ]
  if (talk?.seat) {
    const name = names.get(talk.seat) ?? ''
    members.push({ kind: 'counsellor', name, joined: talk.leg !== null, muted: talk.muted, mode: null })
  }
  for (const guest of talk?.guests ?? []) members.push({ ...memberOf(guest, names), muted: false })
  return {
    onHold: call.phase === 'held',
    muted: talk?.muted ?? false,
    callerPresent,
    members,
    transfer: transferOf(call, names),
  }
}

const memberOf = (guest: Guest, names: Names) => {
  const kind = 'number' in guest.to ? 'outside' : guest.role === 'supervisor' ? 'supervisor' : 'counsellor'
  const mode = guest.role === 'supervisor' ? guest.supervision.mode : null
  return { kind, name: guestName(guest, names), joined: guest.up, mode } as const
}

function transferOf(call: Call, names: Names): DeskCall['transfer'] {
  const guest = call.talk?.guests.find((each) => each.role === 'transfer')
  if (!guest || (call.phase !== 'consulting' && call.phase !== 'handing')) return null
  return {
    kind: call.phase === 'consulting' ? 'attended' : 'blind',
    to: guestName(guest, names),
    state: guest.up ? 'talking' : 'ringing',
  }
}
