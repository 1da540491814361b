import { sql } from 'kysely'
import { jsonb, type Tx } from './database.ts'

/** One entry of the audit chain; `subject` is an id or a code, `data` holds codes and counts: never a caller's words. */
export interface AuditEntry {
  at: Date
  actor: string | null
  action: string
  subject?: string
  contactId?: string | null
  data?: object
}

/**
 * Appends to the audit chain of the transaction's hotline. It holds the chain's row until the transaction ends, so it comes
 * last: whoever locks other rows after it can wait in a ring with a call that comes in.
 */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  const { at, actor, action, subject = '', contactId = null, data = {} } = entry
  await sql`select append_audit(${at}, ${actor}, ${action}, ${subject}, ${contactId}, ${jsonb(data)})`.execute(
    tx,
  )
}
