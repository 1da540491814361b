/* Failures at the door, kept in the database so that every server process slows the same guesser. */
import { sql } from 'kysely'
import {
  delayAfter,
  failuresAfter,
  forgottenAfterMs,
  freeForAccount,
  freeForAddress,
} from '../../domain/lock-out.ts'
import { appendAudit } from '../db/audit.ts'
import type { Tx } from '../db/database.ts'
import type { Keys } from '../records/keys.ts'

/** Something that failures are counted for besides an account; known by a keyed hash alone. */
export interface Gate {
  key: Buffer
  free: number
}

/**
 * The gate of an address, for one hotline: guessing at one hotline's people never makes those of another wait, though
 * they sit behind the same address.
 */
export const addressGate = (keys: Keys, hotlineId: string, address: string): Gate => ({
  key: keys.keyedHash(hotlineId, 'address', address),
  free: freeForAddress,
})

/** The gate of a name that is nobody's account, or of one name at one address where several hotlines know the name. */
export const nameGate = (keys: Keys, hotlineId: string, name: string): Gate => ({
  key: keys.keyedHash(hotlineId, 'name', name),
  free: freeForAccount,
})

/** How long the gates still make everybody wait, in milliseconds. */
export async function waitAt(tx: Tx, gates: readonly Gate[], now: Date): Promise<number> {
  const rows = await tx
    .selectFrom('login_failure')
    .select(['key', 'failures', 'at'])
    .where(
      'key',
      'in',
      gates.map((gate) => gate.key),
    )
    .execute()
  const waits = gates.map(({ key, free }) => {
    const row = rows.find((one) => one.key.equals(key))
    return row ? row.at.getTime() + delayAfter(row.failures, free) - now.getTime() : 0
  })
  return Math.max(0, ...waits)
}

/** Counts one more failure at every gate, in the order of their keys, so that two guessers never wait in a ring. */
export async function countAt(tx: Tx, hotlineId: string, gates: readonly Gate[], now: Date): Promise<void> {
  const forgotten = new Date(now.getTime() - 2 * forgottenAfterMs)
  await sql`delete from login_failure where key in
    (select key from login_failure where at < ${forgotten} limit 100 for update skip locked)`.execute(tx)
  for (const { key } of gates.toSorted((a, b) => a.key.compare(b.key))) {
    const none = { hotline_id: hotlineId, key, failures: 0, at: new Date(0) }
    await tx
      .insertInto('login_failure')
      .values(none)
      .onConflict((on) => on.doNothing())
      .execute()
    const row = await tx
      .selectFrom('login_failure')
      .select(['failures', 'at'])
      .where('key', '=', key)
      .forUpdate()
      .executeTakeFirst()
    const before = row ? { failures: row.failures, at: row.at.getTime() } : null
    await tx
      .updateTable('login_failure')
      .set({ failures: failuresAfter(before, now.getTime()), at: now })
      .where('key', '=', key)
      .execute()
  }
}

/** Forgets the failures of gates after a success. */
export async function clearAt(tx: Tx, gates: readonly Gate[]): Promise<void> {
  for (const { key } of gates) await tx.deleteFrom('login_failure').where('key', '=', key).execute()
}

/** Counts one more failure of an account and makes it wait. */
export async function countAccount(tx: Tx, personId: string, now: Date): Promise<void> {
  const { failures } = await tx
    .updateTable('person')
    .set((eb) => ({ failures: eb('failures', '+', 1) }))
    .where('person_id', '=', personId)
    .returning('failures')
    .executeTakeFirstOrThrow()
  const wait = delayAfter(failures, freeForAccount)
  if (wait > 0)
    await tx
      .updateTable('person')
      .set({ locked_until: new Date(now.getTime() + wait) })
      .where('person_id', '=', personId)
      .execute()
  await appendAudit(tx, { at: now, actor: personId, action: 'session.refused', data: { failures } })
}

/** Forgets an account's failures. */
export async function clearAccount(tx: Tx, personId: string): Promise<void> {
  await tx
    .updateTable('person')
    .set({ failures: 0, locked_until: null })
    .where('person_id', '=', personId)
    .execute()
}
