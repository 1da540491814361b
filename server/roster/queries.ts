import { sql } from 'kysely'
import { z } from 'zod'
import { dutyStates, pauseReasons, type Duty } from '../../domain/duty.ts'
import { jsonb, type Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'

/** A seat somebody is on duty at, with all that offering a call to it needs. */
export interface StaffedSeat {
  seatId: string
  dutyId: string
  personId: string
  seatName: string
  kind: 'browser' | 'phone'
  sipUser: string
  displayName: string
  supervisor: boolean
  /** A device is registered, as far as the server knows. */
  connected: boolean
  lines: string[]
  languages: string[]
  duty: Duty
}

interface StaffedRow {
  seat_id: string
  duty_id: string
  person_id: string
  seat_name: string
  kind: 'browser' | 'phone'
  sip_user: string
  display_name: string
  roles: string[]
  connected: boolean
  lines: string[]
  languages: string[]
  state: string
  reason: string | null
  since: Date
  idle_since: Date
  contact_id: string | null
  until: Date | null
  next: unknown
}

const next = z
  .union([
    z.object({ state: z.literal('off') }),
    z.object({ state: z.literal('paused'), reason: z.enum(pauseReasons) }),
  ])
  .nullable()

const dutyOf = (row: StaffedRow): Duty => ({
  state: z.enum(dutyStates).parse(row.state),
  reason: z.enum(pauseReasons).nullable().parse(row.reason),
  since: row.since.getTime(),
  idleSince: row.idle_since.getTime(),
  contact: row.contact_id,
  until: row.until?.getTime() ?? null,
  next: next.parse(row.next),
})

const staffed = (row: StaffedRow): StaffedSeat => ({
  seatId: row.seat_id,
  dutyId: row.duty_id,
  personId: row.person_id,
  seatName: row.seat_name,
  kind: row.kind,
  sipUser: row.sip_user,
  displayName: row.display_name,
  supervisor: row.roles.includes('supervisor'),
  connected: row.connected,
  lines: row.lines,
  languages: row.languages,
  duty: dutyOf(row),
})

const staffedColumns = sql`d.seat_id, d.duty_id, d.person_id, s.name as seat_name, s.kind, s.sip_user,
  p.display_name, p.roles, p.languages, d.connected, d.state, d.reason, d.since, d.idle_since, d.contact_id, d.until,
  d.next, array(select pl.line_id::text from person_line pl where pl.person_id = d.person_id) as lines`

/** Every seat somebody is on duty at; `of` limits it to one seat or one person. */
export async function findStaffed(
  tx: Tx,
  of: { seatId: string } | { personId: string } | null = null,
): Promise<StaffedSeat[]> {
  const one =
    of === null
      ? sql`true`
      : 'seatId' in of
        ? sql`d.seat_id = ${of.seatId}`
        : sql`d.person_id = ${of.personId}`
  const { rows } = await sql<StaffedRow>`
    select ${staffedColumns} from duty d join seat s on s.seat_id = d.seat_id
    join person p on p.person_id = d.person_id where ${one}`.execute(tx)
  return rows.map(staffed)
}

/** Browser seats whose page has been gone since before the instant, nobody being called or talking there. */
export async function findForsaken(tx: Tx, before: Date): Promise<string[]> {
  const { rows } = await sql<{ seat_id: string }>`
    select d.seat_id from duty d join seat s on s.seat_id = d.seat_id
    where s.kind = 'browser' and not d.connected and d.state = 'paused' and d.since < ${before}`.execute(tx)
  return rows.map((row) => row.seat_id)
}

/** The duty of one seat with its row locked until the transaction ends; null when nobody is on duty there. */
export async function lockStaffed(tx: Tx, seatId: string): Promise<StaffedSeat | null> {
  const { rows } = await sql<StaffedRow>`
    select ${staffedColumns} from duty d join seat s on s.seat_id = d.seat_id
    join person p on p.person_id = d.person_id where d.seat_id = ${seatId} for update of d`.execute(tx)
  return rows[0] ? staffed(rows[0]) : null
}

/** Puts a person on duty at a seat, in the given state; `duty.seatTaken` when seat or person is on duty already. */
export async function insertDuty(
  tx: Tx,
  hotlineId: string,
  given: { seatId: string; personId: string; duty: Duty; connected: boolean },
): Promise<void> {
  const at = new Date(given.duty.since)
  const dutyId = newId()
  await sql`
    insert into duty (duty_id, hotline_id, person_id, seat_id, state, reason, since, idle_since, started_at, connected)
    values (${dutyId}, ${hotlineId}, ${given.personId}, ${given.seatId}, ${given.duty.state}, ${given.duty.reason},
      ${at}, ${at}, ${at}, ${given.connected})`.execute(tx)
  await openPeriod(tx, hotlineId, dutyId, at)
}

/** Opens the stretch of duty that the duty row now says, closing the one before it. */
async function openPeriod(tx: Tx, hotlineId: string, dutyId: string, at: Date): Promise<void> {
  await sql`
    insert into duty_period (period_id, hotline_id, duty_id, person_id, seat_id, state, reason, line_ids, started_at)
    select ${newId()}, ${hotlineId}, d.duty_id, d.person_id, d.seat_id, d.state, d.reason,
      array(select pl.line_id from person_line pl where pl.person_id = d.person_id), ${at}
    from duty d where d.duty_id = ${dutyId}`.execute(tx)
}

const closePeriod = (tx: Tx, dutyId: string, at: Date) =>
  sql`update duty_period set ended_at = ${at} where duty_id = ${dutyId} and ended_at is null`.execute(tx)

/** Writes a seat's duty after an event, with its stretch of duty when the state or its reason changed. */
export async function saveDuty(
  tx: Tx,
  hotlineId: string,
  seat: StaffedSeat,
  duty: Duty,
  now: number,
): Promise<void> {
  const at = new Date(now)
  const changed = duty.state !== seat.duty.state || duty.reason !== seat.duty.reason
  if (changed) await closePeriod(tx, seat.dutyId, at)
  if (duty.state === 'off') {
    await sql`delete from duty where duty_id = ${seat.dutyId}`.execute(tx)
    // A browser's SIP password was made for this duty and ends with it; a desk phone keeps its own.
    await sql`update seat set sip_secret_sealed = null where seat_id = ${seat.seatId} and kind = 'browser'`.execute(
      tx,
    )
    return
  }
  await sql`
    update duty set state = ${duty.state}, reason = ${duty.reason}, since = ${new Date(duty.since)},
      idle_since = ${new Date(duty.idleSince)}, contact_id = ${duty.contact},
      until = ${duty.until === null ? null : new Date(duty.until)},
      next = ${duty.next === null ? null : jsonb(duty.next)} where duty_id = ${seat.dutyId}`.execute(tx)
  if (changed) await openPeriod(tx, hotlineId, seat.dutyId, at)
}

/** Notes whether the seat's device is registered. */
export async function saveConnected(tx: Tx, seatId: string, connected: boolean): Promise<void> {
  await sql`update duty set connected = ${connected} where seat_id = ${seatId}`.execute(tx)
}

/** A seat of the hotline, staffed or not. */
export interface Seat {
  seatId: string
  hotlineId: string
  name: string
  kind: 'browser' | 'phone'
  sipUser: string
  secret: Buffer | null
  ownerId: string | null
}

interface SeatRow {
  seat_id: string
  hotline_id: string
  name: string
  kind: 'browser' | 'phone'
  sip_user: string
  sip_secret_sealed: Buffer | null
  owner_id: string | null
}

/** Seats that were not removed, by name. */
export async function findSeats(tx: Tx): Promise<Seat[]> {
  const { rows } = await sql<SeatRow>`
    select seat_id, hotline_id, name, kind, sip_user, sip_secret_sealed, owner_id from seat
    where removed_at is null order by name`.execute(tx)
  return rows.map((row) => ({
    seatId: row.seat_id,
    hotlineId: row.hotline_id,
    name: row.name,
    kind: row.kind,
    sipUser: row.sip_user,
    secret: row.sip_secret_sealed,
    ownerId: row.owner_id,
  }))
}

/** Keeps a seat's sealed SIP password, so that a restarted server can give it to the switchboard again. */
export async function saveSecret(tx: Tx, seatId: string, sealed: Buffer): Promise<void> {
  await sql`update seat set sip_secret_sealed = ${sealed} where seat_id = ${seatId}`.execute(tx)
}
