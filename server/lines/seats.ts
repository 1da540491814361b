/* Seats: browsers and desk phones, and what the switchboard must know of them. */
import { randomBytes, randomInt } from 'node:crypto'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { seat } from '../../api/administration.ts'
import { Problem } from '../../domain/problem.ts'
import type { SeatSpec } from '../../telephony/switchboard.ts'
import type { Tx } from '../db/database.ts'
import { newId } from '../db/id.ts'
import { pageClauses, pageFrom, type ListQuery } from '../db/paging.ts'
import type { Keys } from '../records/keys.ts'
import { type Heard, heardWhere } from './heard.ts'

/** A seat as an administrator sees it, but for whether its device is registered. */
export type Seat = Omit<z.infer<typeof seat>, 'online'>

interface Row {
  seat_id: string
  name: string
  kind: 'browser' | 'phone'
  sip_user: string
  owner_id: string | null
  owner: string | null
  removed_at: Date | null
  heard: Heard
}

const columns = sql`t.seat_id, t.name, t.kind, t.sip_user, t.owner_id, t.removed_at,
  (select display_name from person p where p.person_id = t.owner_id) as owner,
  ${heardWhere(sql`v.seat_id = t.seat_id`)} as heard`

const shown = (row: Row): Seat => ({
  seatId: row.seat_id,
  name: row.name,
  kind: row.kind,
  sipUser: row.sip_user,
  ownerId: row.owner_id,
  owner: row.owner,
  removedAt: row.removed_at?.toISOString() ?? null,
  heard: row.heard,
})

/** One page of seats, removed ones last. */
export async function listSeats(tx: Tx, query: ListQuery): Promise<{ rows: Seat[]; next: string | null }> {
  const listed = {
    table: 'seat',
    id: 'seat_id',
    name: `(t.name || ' ' || t.sip_user)`,
    first: '(t.removed_at is not null)',
  }
  const { rows } = await sql<Row>`select ${columns} from seat t ${pageClauses(query, listed)}`.execute(tx)
  return pageFrom(rows.map(shown), query.limit, (one) => one.seatId)
}

/** One seat; `seat.notFound`. */
async function readSeat(tx: Tx, seatId: string): Promise<Seat> {
  const { rows } = await sql<Row>`select ${columns} from seat t where t.seat_id = ${seatId}`.execute(tx)
  const [row] = rows
  if (!row) throw new Problem('seat.notFound')
  return shown(row)
}

/** A password somebody types into a desk phone once: 16 signs that cannot be mistaken for each other. */
const newPassword = (): string =>
  Array.from({ length: 16 }, () => 'abcdefghjkmnpqrstuvwxyz23456789'[randomInt(31)] ?? 'x').join('')

/**
 * Adds a seat; a desk phone gets a SIP password, which is returned this once and kept sealed. A browser's is made anew
 * whenever somebody goes on duty. `seat.nameTaken`, `person.notFound`.
 */
export async function addSeat(
  tx: Tx,
  keys: Keys,
  hotlineId: string,
  given: {
    name: string
    kind: 'browser' | 'phone'
    ownerId: string | null
    sipUser?: string
    sipPassword?: string
  },
): Promise<Seat & { sipPassword: string | null }> {
  const seatId = newId()
  await refuseUnknownOwner(tx, given.ownerId)
  const sipPassword = given.kind === 'phone' ? (given.sipPassword ?? newPassword()) : null
  await tx
    .insertInto('seat')
    .values({
      seat_id: seatId,
      hotline_id: hotlineId,
      name: given.name,
      kind: given.kind,
      sip_user: given.sipUser ?? `${given.kind}-${randomBytes(4).toString('hex')}`,
      sip_secret_sealed: sipPassword === null ? null : keys.seal(hotlineId, sipPassword, 'devices'),
      owner_id: given.ownerId,
    })
    .execute()
  return { ...(await readSeat(tx, seatId)), sipPassword }
}

/** Changes a seat's name or owner; `seat.notFound`, `seat.nameTaken`, `person.notFound`. */
export async function changeSeat(
  tx: Tx,
  seatId: string,
  given: { name: string; ownerId: string | null },
): Promise<Seat> {
  await refuseRemoved(tx, seatId)
  await refuseUnknownOwner(tx, given.ownerId)
  await tx
    .updateTable('seat')
    .set({ name: given.name, owner_id: given.ownerId })
    .where('seat_id', '=', seatId)
    .execute()
  return readSeat(tx, seatId)
}

/** A new SIP password of a desk phone; the old one stops working. `seat.notFound` for browsers as well. */
export async function renewPassword(
  tx: Tx,
  keys: Keys,
  hotlineId: string,
  seatId: string,
): Promise<{ sipUser: string; sipPassword: string }> {
  const { kind, sipUser } = await refuseRemoved(tx, seatId)
  if (kind !== 'phone') throw new Problem('seat.notFound')
  const sipPassword = newPassword()
  await tx
    .updateTable('seat')
    .set({ sip_secret_sealed: keys.seal(hotlineId, sipPassword, 'devices') })
    .where('seat_id', '=', seatId)
    .execute()
  return { sipUser, sipPassword }
}

/** Removes a seat; `seat.busy` while somebody is on duty there. */
export async function removeSeat(tx: Tx, seatId: string, now: Date): Promise<Seat> {
  const present = await refuseRemoved(tx, seatId)
  const duty = await tx.selectFrom('duty').select('duty_id').where('seat_id', '=', seatId).executeTakeFirst()
  if (duty) throw new Problem('seat.busy')
  await tx.updateTable('seat').set({ removed_at: now }).where('seat_id', '=', seatId).execute()
  return present
}

async function refuseRemoved(tx: Tx, seatId: string): Promise<Seat> {
  const present = await readSeat(tx, seatId)
  if (present.removedAt !== null) throw new Problem('seat.notFound')
  return present
}

async function refuseUnknownOwner(tx: Tx, ownerId: string | null): Promise<void> {
  if (ownerId === null) return
  const known = await tx
    .selectFrom('person')
    .select('person_id')
    .where('person_id', '=', ownerId)
    .executeTakeFirst()
  if (!known) throw new Problem('person.notFound')
}

/** What the switchboard must know of every seat with a SIP password: desk phones, and browsers somebody is on duty at. */
export async function seatSpecs(tx: Tx, keys: Keys, hotlineId: string): Promise<SeatSpec[]> {
  const rows = await tx
    .selectFrom('seat')
    .select(['sip_user', 'kind', 'sip_secret_sealed'])
    .where('removed_at', 'is', null)
    .where(sql<boolean>`(kind = 'phone' or exists (select from duty d where d.seat_id = seat.seat_id))`)
    .orderBy('sip_user')
    .execute()
  return rows.flatMap((row) =>
    row.sip_secret_sealed === null
      ? []
      : [
          {
            seat: row.sip_user,
            kind: row.kind === 'phone' ? ('phone' as const) : ('browser' as const),
            secret: { password: keys.open(hotlineId, row.sip_secret_sealed) },
          },
        ],
  )
}
