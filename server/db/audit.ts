import pg from 'pg'
import { withCommit, type Tx } from './database.ts'

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
 * Appends to the audit chain of the transaction's hotline, in the message that commits it: the chain's row is locked after
 * all others and let go at once, so nobody waits in a ring for it (G24-7.3, docs/decisions/audit-chain.md).
 */
export function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  const { at, actor, action, subject = '', contactId = null, data = {} } = entry
  const values = [at.toISOString(), actor, action, subject, contactId, JSON.stringify(data)].map(literal)
  withCommit(tx, `select append_audit(${values.join(', ')})`)
  return Promise.resolve()
}

/** A value as SQL text. A NUL, which would cut the message off, is no character of PostgreSQL's. */
function literal(value: string | null): string {
  if (value === null) return 'null'
  return pg.escapeLiteral(value.replaceAll('\0', '\uFFFD'))
}
