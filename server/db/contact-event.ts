import { sql } from 'kysely'
import { jsonb, type Tx } from './database.ts'

/** Adds an event to the contact's chain; takes the lock of the contact's row. `data` holds codes and ids: never words. */
export async function appendEvent(
  tx: Tx,
  contactId: string,
  at: Date,
  kind: string,
  actor: string | null,
  data: object,
): Promise<void> {
  await sql`select append_contact_event(${contactId}, ${at}, ${kind}, ${actor}, ${jsonb(data)})`.execute(tx)
}
